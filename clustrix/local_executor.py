"""Local parallel execution using processes or threads: where analysis and execution meet.

    execute_loop_parallel(func, loop_var, iterable, …)
        │ check           Call          what to run
        ├─ analysis ────> Plan          how, and why
        └─ execution ───> results       in loop order

The names, defaults and rules of this module are its published contract; whatever goes beyond it
is keyword-only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from clustrix import analysis, execution
from clustrix._model import Call, Finding, Options, Plan
from clustrix._settings import in_force
from clustrix.calling import _calls
from clustrix.calling._loop_executor import LoopExecutor

__all__ = ["LocalExecutor", "choose_executor_type", "create_local_executor"]

_MEASURED = "the first items are timed in the calling thread; little work is finished there"


class LocalExecutor(LoopExecutor):
    """Execute functions locally using worker processes or threads.

    It is a `concurrent.futures.Executor`, too: `submit`, `map` and `shutdown` do what they do
    there.

    Workers start when they are first needed and are kept until the executor is closed, at the
    end of its ``with`` block, by `shutdown`, or when the interpreter leaves.

    Args:
        max_workers: workers at most. ``None``: what `clustrix.configure` or the environment
            says, else one for each CPU that this process may use (affinity and cgroup quota
            respected) for processes, four times as many for threads.
        use_threads: ``True`` for threads, ``False`` for processes, ``None`` to let the analysis
            decide for each call.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: ``max_workers`` is less than 1.

    Examples:
        >>> def square(x):
        ...     return x ** 2
        >>> with LocalExecutor(max_workers=2) as executor:
        ...     executor.execute_loop_parallel(square, "x", range(5))
        [0, 1, 4, 9, 16]
    """

    def __init__(self, max_workers: int | None = None, use_threads: bool | None = False) -> None:
        if use_threads is not None and not isinstance(use_threads, bool):
            raise TypeError(f"use_threads must be True, False or None, not {use_threads!r}")
        names = {True: "threads", False: "processes", None: "auto"}
        if max_workers is None:
            max_workers = in_force().get("max_workers")
        options = Options(executor=names[use_threads], max_workers=max_workers)
        self._set_up(options, execution.Engines(max_workers))

    @classmethod
    def shared(cls, executor: Any = "auto", max_workers: int | None = None) -> LocalExecutor:
        """An executor on the workers that all decorated functions of this process share.

        Args:
            executor: ``"auto"``, ``"serial"``, ``"threads"``, ``"processes"``, a cluster by its
                name or address, or an executor or Dask client of somebody else's, which is
                used and left running.
            max_workers: workers at most, as for the class.
        """
        made = cls.__new__(cls)
        made._set_up(Options(executor=executor, max_workers=max_workers), execution.shared())
        return made

    def __enter__(self) -> LocalExecutor:
        """Context manager entry."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Context manager exit: the workers end."""
        self.shutdown()

    def show_stacks(self) -> None:
        """Print the stacks of the worker processes on standard error: what are they doing?

        ``kill -USR1`` with a worker's process id does the same from outside.
        """
        self._engines.request_stacks()

    def execute_single(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Execute a single function call, directly in the calling thread.

        Args:
            func: the function.
            args: its positional arguments.
            kwargs: its keyword arguments.

        Returns:
            What the function returns.

        Examples:
            >>> LocalExecutor().execute_single(pow, (2, 5), {})
            32
        """
        return func(*args, **kwargs)

    def execute_parallel(
        self,
        func: Callable[..., Any],
        work_chunks: Sequence[Mapping[str, Any]],
        timeout: float | None = None,
    ) -> list[Any]:
        """Execute a function in parallel with different arguments.

        Args:
            func: the function.
            work_chunks: for each task ``{"args": (...), "kwargs": {...}}``; either may be
                missing.
            timeout: seconds for each task, from the moment that this task starts.

        Returns:
            The results in the order of ``work_chunks``.

        Raises:
            TypeError: an entry of ``work_chunks`` is no mapping of this kind.
            ValueError: ``timeout`` is not more than 0.
            NotPicklableError: something cannot travel to or from a worker process.
            TaskTimeout: a task ran out of time.
            WorkerDied: a worker process ended under a task.
            BaseException: what the first failing task, in order, raised.

        Examples:
            >>> with LocalExecutor(max_workers=2, use_threads=True) as executor:
            ...     executor.execute_parallel(pow, [{"args": (2, n)} for n in range(4)])
            [1, 2, 4, 8]
        """
        call = _calls.work_call(func, work_chunks)
        return self._run(call, self._options.but(timeout=timeout, chunk_size=1, batched=False))

    def execute_loop_parallel(
        self,
        func: Callable[..., Any],
        loop_var: str | tuple[str, ...],
        iterable: Iterable[Any],
        func_args: tuple[Any, ...] = (),
        func_kwargs: Mapping[str, Any] | None = None,
        chunk_size: int | None = None,
        *,
        position: int | tuple[int | str, ...] | None = None,
        timeout: float | None = None,
        batched: bool | None = None,
        on_error: str = "raise",
        seed: int | None = None,
        progress: bool | Callable[[Any], object] | None = None,
    ) -> list[Any]:
        """Execute a function for each item of an iterable, in parallel.

        The items are cut into neighbouring chunks, the chunks are run by the workers item by
        item, and the results are joined in loop order. An empty iterable gives ``[]``, a single
        item runs directly in the calling thread unless it has a ``timeout``.

        Args:
            func: called as ``func(*func_args, **{**func_kwargs, loop_var: item})``.
            loop_var: name of the parameter that receives each item. A tuple of names: each item
                has a value for every one of them, as in ``for x, y in iterable``.
            iterable: the items.
            func_args: further positional arguments, the same for each item.
            func_kwargs: further keyword arguments, the same for each item; an entry named
                ``loop_var`` is overridden.
            chunk_size: items in a chunk. ``None``: the number of items divided by the number
                of workers, rounded down, at least 1.
            position: index among the positional arguments at which the item goes, instead of
                being passed by keyword; found out by itself for positional-only parameters. A
                tuple of indices and names for several loop variables.
            timeout: seconds for each item, from the moment that this item starts.
            batched: ``True``: the function gets whole chunks (lists, or ranges of a range) and
                list results are joined. ``None``: only when its code proves that it fails for
                a single item, because it iterates, subscripts or measures the loop variable
                while the items allow no such thing; then it must return lists, unless
                `chunk_size` is said.
            on_error: ``"raise"``: the first failure in loop order ends the loop.
                ``"collect"``: everything runs, and an exception stands where the value would.
            seed: gives each item random numbers of its own, the same on every engine.
            progress: ``True``: shown on standard error, if that is a terminal. A callable gets
                a `Progress` ten times a second and at the end, in the calling thread; what it
                raises ends the loop.

        Returns:
            The results in the order of the items.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: ``chunk_size`` is less than 1, or ``timeout`` is not more than 0.
            LoopVariableError: ``func`` has no parameter named ``loop_var``.
            NotPicklableError: something cannot travel to or from a worker process.
            TaskTimeout: an item ran out of time.
            WorkerDied: a worker process ended under an item.
            BaseException: what ``func`` raised for the first failing item in loop order.

        Examples:
            >>> def power(base, x, exp=2):
            ...     return (base + x) ** exp
            >>> executor = LocalExecutor(max_workers=2)
            >>> executor.execute_loop_parallel(
            ...     power, "x", [1, 2, 3], func_args=(10,), func_kwargs={"exp": 3}
            ... )
            [1331, 1728, 2197]
        """
        items: Any = _calls.fixed(iterable)
        begun: Any = None
        if (  # what most calls are, and nothing to be found out about it
            isinstance(loop_var, str)
            and type(items) in _calls.SEQUENCES
            and type(position) is int
            and position == 0
            and not func_args
            and not func_kwargs
            and callable(func)
        ):
            if chunk_size is timeout is batched is seed is progress is None and on_error == "raise":
                begun = self._at_once(func, loop_var, items)
                if begun is not None and len(begun.values) == len(items):
                    return begun.values  # type: ignore[no-any-return]
            call = Call(func, (), loop_var=loop_var)
        else:
            call = _calls.loop_call(func, loop_var, func_args, func_kwargs, position)
        options = self._said(chunk_size, timeout, batched, on_error, seed, progress)
        call, broken = _calls.with_items(call, items)
        if progress:
            from clustrix._progress import run_told

            results = run_told(self._run, call, options)
        else:
            results = self._run(call, options, begun=begun)
        if broken is not None:  # the iterable itself failed, behind the last item it gave
            raise broken
        return results

    def explain_loop_parallel(
        self,
        func: Callable[..., Any],
        loop_var: str | tuple[str, ...],
        iterable: Iterable[Any],
        func_args: tuple[Any, ...] = (),
        func_kwargs: Mapping[str, Any] | None = None,
        chunk_size: int | None = None,
        *,
        position: int | tuple[int | str, ...] | None = None,
        timeout: float | None = None,
        batched: bool | None = None,
        on_error: str = "raise",
        seed: int | None = None,
    ) -> Plan:
        """What `execute_loop_parallel` would do with these arguments, and why; nothing runs.

        Args:
            func: as for `execute_loop_parallel`, like all the others.
            loop_var: name of the parameter that receives each item.
            iterable: the items.
            func_args: further positional arguments.
            func_kwargs: further keyword arguments.
            chunk_size: items in a chunk.
            position: index among the positional arguments at which the item goes.
            timeout: seconds for each item.
            batched: whether the function gets whole chunks.
            on_error: ``"raise"`` or ``"collect"``.
            seed: of the items' random numbers.

        Returns:
            The plan: the engine, how many workers, and the evidence.

        Raises:
            TypeError: the iterable is an iterator, which looking at would use up; or an argument
                is of the wrong type.
            ValueError: ``chunk_size`` is less than 1, or ``timeout`` is not more than 0.
            LoopVariableError: ``func`` has no parameter named ``loop_var``.

        Examples:
            >>> plan = LocalExecutor(max_workers=2, use_threads=True).explain_loop_parallel(
            ...     abs, "x", range(10), position=0
            ... )
            >>> plan.engine, plan.workers, plan.chunk_size
            ('threads', 2, 5)
        """
        if _calls.reading_uses_up(iterable):
            raise TypeError("explaining would use up this iterator; give its items as a list")
        call = _calls.loop_call(func, loop_var, func_args, func_kwargs, position)
        options = self._said(chunk_size, timeout, batched, on_error, seed)
        (call, _), machine = _calls.with_items(call, iterable), execution.this_machine()
        plan = analysis.make_plan(call, options, machine)
        if plan.engine == "serial" or not self._finds_out(call, options):
            return plan
        known = execution.remembered.get(call.function)
        notes = [Finding("PL601", _MEASURED)]
        if known is not None:
            notes.append(Finding("PL602", f"the last loop: {known.in_words()}"))
        return plan._replace(findings=(*plan.findings, *notes))


def choose_executor_type(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> bool:
    """Choose between threads and processes from what a function and its arguments are.

    The rules, in order: what the standard pickle refuses needs threads; blocking input or
    output, found in the source of the function and its helpers, is served best by threads;
    everything else goes to processes. Nothing is run but the pickling methods of the arguments,
    as `pickle` would run them.

    Args:
        func: the function.
        args: the positional arguments that it will get.
        kwargs: the keyword arguments that it will get.

    Returns:
        ``True`` for threads, ``False`` for processes.

    Raises:
        TypeError: ``func`` cannot be called.

    Examples:
        >>> choose_executor_type(lambda x: x * 2, (5,), {})
        True
        >>> import textwrap
        >>> choose_executor_type(textwrap.dedent, ("  text",), {})
        False
    """
    _calls.check_callable(func)
    parts = (("func", func), ("args", tuple(args)), ("kwargs", dict(kwargs)))
    if any(analysis.check_picklable(part, name) is not None for name, part in parts):
        return True
    return bool(analysis.find_blocking_calls(func))


def create_local_executor(
    max_workers: int | None = None,
    use_threads: bool | None = None,
    func: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> LocalExecutor:
    """Create a `LocalExecutor` with appropriate settings.

    Args:
        max_workers: workers at most, as for `LocalExecutor`.
        use_threads: ``True`` or ``False`` settles the matter.
        func: otherwise the function for which `choose_executor_type` decides; without one the
            executor uses processes.
        args: positional arguments of ``func``.
        kwargs: keyword arguments of ``func``.

    Returns:
        The executor.

    Examples:
        >>> def read(path):
        ...     with open(path) as file:
        ...         return file.read()
        >>> create_local_executor(func=read).use_threads
        True
    """
    if use_threads is None:
        use_threads = func is not None and choose_executor_type(func, args, kwargs or {})
    return LocalExecutor(max_workers=max_workers, use_threads=use_threads)
