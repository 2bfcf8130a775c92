"""The decorator: an ordinary function that takes many items at once.

    @parallel            square(7)         ──> the function itself
    def square(x): …     square(range(9))  ──> LocalExecutor.execute_loop_parallel(square, "x", …)

wrapt keeps everything else about the function as it was: its signature, name, docstring, and
how it binds as a method.  What is interesting happens elsewhere, and can be tested there.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from clustrix._model import Options, Plan
from clustrix.decorators._binding import check_loop_var
from clustrix.decorators._wrapper import Decoration, ParallelFunction

__all__ = ["Parallel", "parallel"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class DaskClient(Protocol):
    """A ``distributed.Client``, as type checkers see it where Dask is not installed."""

    @property
    def scheduler(self) -> Any:
        """The connection to its scheduler."""

    def get_executor(self, **kwargs: Any) -> Any:
        """Its own interface to `concurrent.futures`."""


class Parallel(Protocol[P, R_co]):
    """A decorated function, as type checkers see it.

    Attributes:
        __wrapped__: the plain function, with its own types.
    """

    __name__: str
    __qualname__: str

    @property
    def __wrapped__(self) -> Callable[P, R_co]:
        """The plain function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """One item in place of the loop variable: one value; an iterable of items: a list."""

    def explain(self, *args: Any, **kwargs: Any) -> Plan:
        """The plan for a call with these arguments; nothing runs."""

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Parallel[P, R_co]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Parallel[..., R_co]: ...


@overload
def parallel(func: Callable[P, R], /) -> Parallel[P, R]: ...
@overload
def parallel(func: classmethod[Any, P, R], /) -> Parallel[P, R]: ...
@overload
def parallel(
    func: None = None,
    *,
    loop_var: str | None = None,
    executor: str | Executor | DaskClient = "auto",
    max_workers: int | None = None,
    chunk_size: int | None = None,
    timeout: float | None = None,
    batched: bool | None = None,
    on_error: str = "raise",
) -> Callable[[Callable[P, R]], Parallel[P, R]]: ...


def parallel(
    func: Any = None,
    *,
    loop_var: str | None = None,
    executor: str | Executor | DaskClient = "auto",
    max_workers: int | None = None,
    chunk_size: int | None = None,
    timeout: float | None = None,
    batched: bool | None = None,
    on_error: str = "raise",
) -> Any:
    """Let a function take many items at once: ``f(items)`` is the loop, run in parallel.

    ``f(items, *others)`` returns ``[f.__wrapped__(item, *others) for item in items]``: the same
    values in the same order, or the exception of the first failing item. Called with one item,
    the function is what it was. One item is whatever is not iterable, and text, bytes and
    mappings.

    Args:
        func: the function, where the decorator stands without options.
        loop_var: the parameter that receives each item; ``None`` for the first one (behind
            ``self`` or ``cls``).
        executor: ``"auto"`` lets the analysis choose; ``"serial"``, ``"threads"`` or
            ``"processes"`` settles it; a `concurrent.futures.Executor` is used as it is and left
            running. On a cluster: ``"dask"`` or ``"ray"`` for one on this machine, an address
            such as ``"dask://host:8786"`` or ``"ray://host:10001"``, or a
            ``distributed.Client``, which is left running, too.
        max_workers: workers at most. ``None``: one for each CPU that this process may use for
            processes, four times as many for threads, all that a cluster has.
        chunk_size: items that travel together. ``None``: the number of items divided by the
            number of workers; on a cluster as many as take some tenths of a second.
        timeout: seconds that one item may run, counted from its own start; ``None`` for no
            limit.
        batched: ``True``: the function takes whole chunks, and list results are joined;
            ``False``: single items; ``None``: single items, unless its code proves that it
            cannot take one.
        on_error: ``"raise"``: the first failure in loop order is raised and the rest cancelled;
            ``"collect"``: everything runs, and an exception stands where the value would.

    Returns:
        The decorated function. Besides being called it has ``explain(...)``, the `Plan` for a
        call with these arguments, and ``__wrapped__``, the plain function.

    Raises:
        LoopVariableError: the function has no parameter of that name.
        TypeError: not a function, an async or generator function, or an option of a wrong type.
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
    options = Options(executor, max_workers, chunk_size, timeout, batched, on_error)

    def decorate(function: Callable[P, R]) -> Parallel[P, R]:
        check_loop_var(function, loop_var)
        return cast("Parallel[P, R]", ParallelFunction(function, Decoration(loop_var, options)))

    return decorate if func is None else decorate(func)
