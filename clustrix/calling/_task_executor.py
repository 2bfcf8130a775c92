"""The standard interface: a `concurrent.futures.Executor` on the engines of an owner.

    submit(fn, …) ──┐
    map(fn, …) ─────┴─> Tasks ──> futures        shutdown() ──> the tasks end, then the workers

The loops of `LocalExecutor` do not come this way: they need no futures.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from clustrix import analysis, execution
from clustrix._model import Options
from clustrix._sizes import THREADS_PER_CPU

__all__ = ["TaskExecutor"]


class TaskExecutor(Executor):
    """What `LocalExecutor` has in common with the executors of the standard library."""

    def _set_up(self, options: Options, engines: execution.Engines) -> None:
        self._options = options
        self._engines = engines
        self._last_said: tuple[tuple[Any, ...], Options] | None = None
        self._tasks: execution.Tasks | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def max_workers(self) -> int:
        """Workers at most, with the default filled in."""
        if self._options.max_workers is not None:
            return self._options.max_workers
        return execution.available_cpus() * (THREADS_PER_CPU if self.use_threads else 1)

    @property
    def use_threads(self) -> bool | None:
        """Whether threads run the work; ``None`` when that is decided for each call."""
        return {"threads": True, "processes": False}.get(self._options.executor)

    @property
    def _max_workers(self) -> int:
        """The name under which others, such as Dask, look for it."""
        return self.max_workers

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; the executor cannot be used any more.

        Args:
            wait: whether to return only when the submitted tasks are done.
            cancel_futures: whether to cancel tasks that have not started.
        """
        self._closed = True
        if self._engines is execution.shared():
            return
        with self._lock:
            tasks, self._tasks = self._tasks, None
        if tasks is None:
            self._engines.close()
        else:
            tasks.close(wait=wait, cancel=cancel_futures, then=self._engines.close)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a single call.

        Args:
            fn: the function.
            args: its positional arguments.
            kwargs: its keyword arguments.

        Returns:
            A future for the result.

        Raises:
            RuntimeError: the executor has been shut down.

        Examples:
            >>> from clustrix import LocalExecutor
            >>> with LocalExecutor(max_workers=2) as executor:
            ...     executor.submit(pow, 2, 10).result()
            1024
        """
        threads = self.use_threads
        if threads is None:
            threads = _belongs_on_threads(fn, args, kwargs)
        tasks = self._task_queue()
        engine = None if threads else self._engines.get("processes")
        return tasks.submit(engine, fn, args, kwargs)

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        """Like the builtin `map`, with the calls scheduled on the workers.

        Args:
            fn: takes as many arguments as there are iterables.
            iterables: zipped to the arguments of the calls; read at once unless there is a
                ``buffersize``.
            timeout: seconds from now until the last result; ``None`` for no limit.
            chunksize: calls that travel to a process together; threads take single calls.
            buffersize: results that may be under way before they are asked for; ``None`` for
                any number.

        Returns:
            An iterator over the results, in order.

        Raises:
            TypeError: ``buffersize`` is not an integer.
            ValueError: ``chunksize`` or ``buffersize`` is less than 1.
            TimeoutError: from the iterator, when the time is over.

        Examples:
            >>> from clustrix import LocalExecutor
            >>> with LocalExecutor(max_workers=2, use_threads=True) as executor:
            ...     list(executor.map(pow, [2, 3], [5, 2]))
            [32, 9]
        """
        if chunksize < 1:
            raise ValueError(f"chunksize must be greater than 0, not {chunksize!r}")
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError(f"buffersize must be an integer or None, not {buffersize!r}")
        if buffersize is not None and buffersize < 1:
            raise ValueError(f"buffersize must be greater than 0, not {buffersize!r}")
        calls = zip(*iterables, strict=False)
        if chunksize == 1 or self.use_threads:
            one = functools.partial(self.submit, fn)
            return execution.results_in_order(one, calls, timeout, buffersize)
        many = functools.partial(self.submit, execution.run_batch, fn)
        ahead = None if buffersize is None else -(-buffersize // chunksize)
        joined = execution.results_in_order(
            many, execution.batches(calls, chunksize), timeout, ahead
        )
        return itertools.chain.from_iterable(joined)

    def _task_queue(self) -> execution.Tasks:
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._tasks is None:
                refused = analysis.explain_refusal
                self._tasks = execution.Tasks(self.max_workers, refused, self._engines)
            return self._tasks


def _belongs_on_threads(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> bool:
    """Where a single task goes when nobody said: functions travel by value, so closures may go."""
    if analysis.check_picklable((fn, args, kwargs), "task", by_value=True) is not None:
        return True
    writes = any(one.code.startswith("SH") for one in analysis.find_effects(fn, "", None))
    return writes or bool(analysis.find_blocking_calls(fn))
