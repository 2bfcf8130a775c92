"""Decorated async functions: awaited like any other, or run from plain code.

await f(items)   ──> many items under way in the event loop that awaits
f.run(items)     ──> the same in an event loop of its own, for callers that are not async
f(item)          ──> the plain function's own coroutine
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clustrix._model import Plan, describe
from clustrix.calling._async_loop import execute_loop_async, explain_loop_async
from clustrix.decorators._binding import Bound, as_loop
from clustrix.decorators._decoration import Decoration, Loop
from clustrix.decorators._methods import as_called, owner_of
from clustrix.decorators._wrapper import BoundParallelFunction, ParallelFunction

__all__ = ["AsyncParallelFunction"]


class AsyncDecoration(Decoration):
    """What was said at the decorator of an async function."""

    def enter(
        self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """A coroutine for the call: of the loop, or of the function itself."""
        function, args, parameter, bound = self._find(wrapped, instance, args, kwargs)
        if parameter is None or bound is None or not parameter.fits(args, kwargs):
            return function(*args, **kwargs)  # a wrong call fails here, in Python's own words
        loop = (function, parameter.name, bound.items, bound.args, bound.kwargs, bound.position)
        return execute_loop_async(*loop, self.options)

    def explain(
        self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Plan:
        """The plan for the call that `enter` would run."""
        function, _, _, bound = self._find(wrapped, instance, args, kwargs)
        return explain_loop_async(function, bound.items if bound else None, self.options)

    def stream(self, wrapped: Any, *_: Any) -> Any:
        """There is none yet.

        Raises:
            TypeError: always.
        """
        name = describe(wrapped)
        raise TypeError(f"{name}() is async and cannot be streamed; write: await {name}(...)")

    def _find(
        self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Callable[..., Any], tuple[Any, ...], Loop | None, Bound | None]:
        function, args = as_called(wrapped, instance, args)
        parameter = self._parameter(function)
        bound = parameter.find(args, kwargs, as_async_loop) if parameter else None
        return function, args, parameter, bound


def as_async_loop(value: Any) -> Iterable[Any] | None:
    """As `as_loop`; async iterables are loops, too."""
    return value if hasattr(type(value), "__aiter__") else as_loop(value)


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Await a call in an event loop of its own."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        name = describe(function)
        raise RuntimeError(
            f"{name}.run() was called inside a running event loop, which it would hold up; "
            f"write: await {name}(...)"
        )

    async def main() -> Any:
        return await function(*args, **kwargs)

    return asyncio.run(main())


class _BoundAsyncParallelFunction(BoundParallelFunction):
    """A decorated async method, bound to an instance or a class."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """What ``await`` of the same call gives, for callers that are not async."""
        return _run(self, args, kwargs)


class AsyncParallelFunction(ParallelFunction):
    """A decorated async function."""

    __bound_function_wrapper__ = _BoundAsyncParallelFunction
    decoration = AsyncDecoration

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """What ``await`` of the same call gives, for callers that are not async.

        Args:
            *args: as for the call.
            **kwargs: as for the call.

        Returns:
            A list for an iterable of items, otherwise one value.

        Raises:
            RuntimeError: an event loop runs in this thread, which it would hold up.
            BaseException: what the first failing item, in loop order, raised.

        Examples:
            >>> import asyncio
            >>> from clustrix import parallel
            >>> @parallel
            ... async def fetch(page):
            ...     await asyncio.sleep(0.01)
            ...     return page * 2
            >>> fetch.run(range(3))
            [0, 2, 4]
        """
        if owner := owner_of(self.__wrapped__):  # Class.method.run, where Python did not bind
            if owner.__subclasses__():
                raise TypeError(
                    f"{describe(self.__wrapped__)}.run() cannot tell for which class it was "
                    "called; put @parallel above @classmethod"
                )
            args = (owner, *args)
        return _run(self, args, kwargs)
