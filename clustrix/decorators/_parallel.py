"""The decorator: an ordinary function that takes many items at once.

    @parallel            square(7)         ──> the function itself
    def square(x): …     square(range(9))  ──> LocalExecutor.execute_loop_parallel(square, "x", …)

wrapt keeps everything else about the function as it was: its signature, name, docstring, and
how it binds as a method.  What is interesting happens elsewhere, and can be tested there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, overload

from clustrix._model import Options
from clustrix._settings import AUTO, RAISE, what_was_said
from clustrix.decorators._binding import check_function, is_async
from clustrix.decorators._several import find_loop, tidy_loop_var
from clustrix.decorators._wrapper import ParallelFunction

if TYPE_CHECKING:
    from clustrix._progress import Progress
    from clustrix.decorators._types import AsyncParallel, DaskClient, Decorate, P, Parallel, R

__all__ = ["parallel"]


@overload
def parallel(func: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncParallel[P, R]: ...
@overload
def parallel(func: Callable[P, R], /) -> Parallel[P, R]: ...
@overload
def parallel(func: classmethod[Any, P, R], /) -> Parallel[P, R]: ...
@overload
def parallel(
    func: None = None,
    *,
    loop_var: str | Sequence[str] | None = None,
    executor: str | Executor | DaskClient = "auto",
    max_workers: int | None = None,
    chunk_size: int | None = None,
    timeout: float | None = None,
    batched: bool | None = None,
    on_error: str = "raise",
    seed: int | None = None,
    progress: bool | Callable[[Progress], object] | None = None,
) -> Decorate: ...


def parallel(
    func: Any = None,
    *,
    loop_var: str | Sequence[str] | None = None,
    executor: str | Executor | DaskClient = AUTO,
    max_workers: int | None = None,
    chunk_size: int | None = None,
    timeout: float | None = None,
    batched: bool | None = None,
    on_error: str = RAISE,
    seed: int | None = None,
    progress: bool | Callable[[Progress], object] | None = None,
) -> Any:
    """Let a function take many items at once: ``f(items)`` is the loop, run in parallel.

    ``f(items, *others)`` returns ``[f.__wrapped__(item, *others) for item in items]``: the same
    values in the same order, or the exception of the first failing item. Called with one item,
    the function is what it was. One item is whatever is not iterable, and text, bytes and
    mappings.

    What is left out here is what `configure` says, then the environment, then the default.

    Args:
        func: the function, where the decorator stands without options.
        loop_var: the parameter that receives each item; ``None`` for the first one (behind
            ``self`` or ``cls``). Several names: their items run side by side, as in
            ``for x, y in zip(xs, ys)``, and there must be as many of each.
        executor: ``"auto"`` reads the function, times its first items and chooses;
            ``"serial"``, ``"threads"`` or ``"processes"`` settles it; a
            `concurrent.futures.Executor` is used as it is and left running. On a cluster:
            ``"dask"`` or ``"ray"`` for one on this machine, an address such as
            ``"dask://host:8786"`` or ``"ray://host:10001"``, or a ``distributed.Client``, which
            is left running, too.
        max_workers: workers at most. ``None``: one for each CPU that this process may use for
            processes, four times as many for threads, all that a cluster has.
        chunk_size: items that travel together. ``None``: cut by measured time with ``"auto"``
            and on a cluster; with a named engine one chunk for each worker.
        timeout: seconds that one item may run, counted from its own start; ``None`` or
            ``math.inf`` for no limit.
        batched: ``True``: the function takes whole chunks, and list results are joined;
            ``False``: single items; ``None``: single items, unless its code proves that it
            cannot take one. Then it must return lists, unless you say ``chunk_size``.
        on_error: ``"raise"``: the first failure in loop order is raised and the rest cancelled;
            ``"collect"``: everything runs, and an exception stands where the value would.
        seed: an integer, 0 or greater, that gives each item its own stream of random numbers:
            the same one on every engine, with any number of workers and any chunks. It reaches
            `random`, NumPy's global generator and `clustrix.rng`, and leaves the caller's
            generators as they were.
        progress: ``True`` shows how far the loop is, on standard error and only if that is a
            terminal; a callable gets a `Progress`, ten times a second and at the end.

    Returns:
        The decorated function. Besides being called it has ``stream(...)``, which yields the
        values one by one while later items run, ``explain(...)``, the `Plan` for a call with
        these arguments, and ``__wrapped__``, the plain function. An ``async def`` function is
        awaited; it has ``run(...)`` for callers that are not async, and no ``stream``.

    Raises:
        LoopVariableError: the function has no parameter of that name.
        TypeError: not a function, a generator function, an option of a wrong type, or one that
            does not go with an async function.
        ValueError: an option out of range.

    Examples:
        >>> @parallel(loop_var="x", executor="threads")
        ... def square(x):
        ...     return x * x
        >>> square(range(5))
        [0, 1, 4, 9, 16]
        >>> square(7)
        49
    """
    said = what_was_said(
        executor=executor,
        max_workers=max_workers,
        chunk_size=chunk_size,
        timeout=timeout,
        batched=batched,
        on_error=on_error,
        seed=seed,
        progress=progress,
    )
    Options(**said)  # a mistake shows here

    names = tidy_loop_var(loop_var)

    def decorate(function: Callable[..., Any]) -> Any:
        inner = check_function(function)
        loop = find_loop(inner, names)
        if not is_async(inner):
            return ParallelFunction(function, names, said, loop if inner is function else None)
        from clustrix.calling._async_loop import check_async_options
        from clustrix.decorators._async import AsyncParallelFunction

        check_async_options(inner, said)

        return AsyncParallelFunction(function, names, said)

    return decorate if func is None else decorate(func)
