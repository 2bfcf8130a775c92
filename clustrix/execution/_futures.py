"""Single tasks as futures: the interface of `concurrent.futures` on this room's engines.

    submit(fn, …) ──> queue ──> a thread of the standard ThreadPoolExecutor ──> fn, in that thread
                                     │ on processes: the thread drives one worker
                                     └──> a loop of one item on the process engine

Everything that a future can do (cancel, wait, callbacks, shutdown, joining at exit) is the
standard library's.  Only the work itself goes elsewhere.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from clustrix._model import Call, Plan
from clustrix.errors import NotPicklableError
from clustrix.execution._engine import Engine, execute
from clustrix.execution.lanes._lane import lane

__all__ = ["Tasks", "batches", "results_in_order", "run_batch"]


class Tasks:
    """The submitted tasks of one owner.

    Args:
        workers: tasks that run at the same time.
        refused: is told what could not be sent to a worker, to say more about it.
        owner: lives for as long as there is a task to be done.
    """

    def __init__(
        self,
        workers: int,
        refused: Callable[[NotPicklableError, Call], object],
        owner: object = None,
    ) -> None:
        self._refused = refused
        self._owner = owner
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="clustrix-task")

    def submit(
        self, engine: Engine | None, fn: Callable[..., Any], args: Any, kwargs: Any
    ) -> Future[Any]:
        """Run ``fn(*args, **kwargs)`` later; in this process where there is no engine."""
        if engine is None:
            return self._threads.submit(_run_here, fn, args, kwargs)
        return self._threads.submit(self._run_on, engine, fn, args, kwargs)

    def close(self, *, wait: bool, cancel: bool, then: Callable[[], object]) -> None:
        """Take no more tasks; when the last one is done, do what comes then."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel)
        if wait:
            then()
            return
        # The standard pool's threads hold until the tasks are done; one more waits for them.
        last = ThreadPoolExecutor(1, thread_name_prefix="clustrix-close")
        last.submit(self._finish, then)
        last.shutdown(wait=False)

    def _run_on(self, engine: Engine, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        call = Call(fn, [{"args": args, "kwargs": kwargs}], slot=None)
        try:
            return execute(call, Plan("processes", workers=1), engine)[0]
        except NotPicklableError as error:
            self._refused(error, call)
            raise

    def _finish(self, then: Callable[[], object]) -> None:
        self._threads.shutdown(wait=True)
        then()


def _run_here(fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with lane():
        return fn(*args, **kwargs)


def run_batch(fn: Callable[..., Any], batch: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Several calls of `map` as one task."""
    return [fn(*args) for args in batch]


def batches(
    calls: Iterator[tuple[Any, ...]], size: int
) -> Iterator[tuple[Sequence[tuple[Any, ...]]]]:
    """Neighbouring calls of `map`, so many at a time, as the last argument of `run_batch`."""
    while batch := list(itertools.islice(calls, size)):
        yield (batch,)


def _result(future: Future[Any], end: float | None) -> Any:
    try:
        return future.result(None if end is None else end - time.monotonic())
    finally:
        future.cancel()
        del future  # nor may a traceback


def results_in_order(
    submit: Callable[..., Future[Any]],
    calls: Iterator[tuple[Any, ...]],
    timeout: float | None,
    ahead: int | None,
) -> Iterator[Any]:
    """Submit calls and yield their results in order, as `Executor.map` promises.

    Args:
        submit: takes the arguments of one call and gives a future.
        calls: the arguments of each call; read at once, or as results are taken where
            ``ahead`` is given.
        timeout: seconds from now until the last result; ``None`` for no limit.
        ahead: tasks under way at most; ``None`` for all of them.

    Returns:
        An iterator; leaving it early cancels what has not started.
    """
    end = None if timeout is None else time.monotonic() + timeout
    futures = deque(submit(*call) for call in itertools.islice(calls, ahead))

    def take() -> Iterator[Any]:
        try:
            while futures:
                following = next(calls, None)
                if following is not None:
                    futures.append(submit(*following))
                # No name here: this frame would keep the result alive until the next one.
                yield _result(futures.popleft(), end)
        finally:
            for future in futures:
                future.cancel()

    return take()
