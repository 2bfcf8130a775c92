"""What type checkers see of the decorator and of the functions that it decorates.

    parallel(…) ──> Decorate ──> Parallel[P, R]       f(…), f.stream(…), f.explain(…)
                            └──> AsyncParallel[P, R]  await f(…), f.run(…)

A running program does without: what stands here takes 0.4 ms to make.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from clustrix._model import Plan

__all__ = ["AsyncParallel", "DaskClient", "Decorate", "Parallel"]

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
        """One item in place of the loop variable: one value; an iterable of items: a list.

        Args:
            *args: those of the plain function.
            **kwargs: those of the plain function.

        Raises:
            BaseException: what the first failing item, in loop order, raised.
        """

    def stream(
        self, *args: Any, ordered: bool = True, ahead: int | None = None, **kwargs: Any
    ) -> Generator[Any, None, None]:
        """The values of the loop one by one, while later items run.

        Args:
            *args: as for the call; there must be something to loop over.
            ordered: ``False``: pairs of index and value, as they come.
            ahead: items that may be pulled before their values are asked for; ``None`` for
                four chunks for every worker.
            **kwargs: as for the call.

        Raises:
            TypeError: nothing to loop over, or an option of the wrong type.
            ValueError: ``ahead`` is less than 1.
        """

    def explain(self, *args: Any, **kwargs: Any) -> Plan:
        """The plan for a call with these arguments; nothing runs.

        Args:
            *args: as for the call.
            **kwargs: as for the call.

        Raises:
            TypeError: the items come from an iterator, which looking at would use up.
        """

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Parallel[P, R_co]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Parallel[..., R_co]: ...


class AsyncParallel(Parallel[P, Coroutine[Any, Any, R_co]], Protocol[P, R_co]):
    """A decorated async function, as type checkers see it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """To be awaited: one value for one item, a list for an iterable of items."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """What ``await`` of the same call gives, for callers that are not async.

        Args:
            *args: as for the call.
            **kwargs: as for the call.

        Raises:
            RuntimeError: an event loop runs in this thread, which it would hold up.
        """

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> AsyncParallel[P, R_co]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> AsyncParallel[..., R_co]: ...


class Decorate(Protocol):
    """The decorator with its options, as type checkers see it."""

    @overload
    def __call__(self, func: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncParallel[P, R]: ...
    @overload
    def __call__(self, func: Callable[P, R], /) -> Parallel[P, R]: ...
    @overload
    def __call__(self, func: classmethod[Any, P, R], /) -> Parallel[P, R]: ...
