"""The object that stands where the function stood.

    f(…), obj.f(…), Class.f(…) ──> wrapt binds ──> Decoration.enter(wrapped, instance, args, kwargs)

It pickles by name, as functions do.  The transport between processes, which also carries
functions that have no name to import, asks for `__reduce_by_value__` instead.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from clustrix._model import Plan
from clustrix.decorators._decoration import Decoration, Loop
from clustrix.decorators._methods import owner_of
from clustrix.decorators._several import LoopVar
from clustrix.decorators._wrapt import wrapt

__all__ = ["BoundParallelFunction", "ParallelFunction"]

# wrapt's own types say nothing of the attributes that wrappers add.
_Base: Any = wrapt.FunctionWrapper
_BoundBase: Any = wrapt.BoundFunctionWrapper


def _names(function: Any) -> list[str]:
    """What stands behind the dot: the plain function's, and what the decorator adds."""
    ours = {name for name in ("explain", "run", "stream") if hasattr(type(function), name)}
    return sorted({*dir(function.__wrapped__), *ours, "__wrapped__"})


def _shown(function: Any) -> str:
    return f"<parallel {function.__wrapped__!r}>"


class _Asked:
    """What a decorated function answers beside being called, bound or not."""

    if TYPE_CHECKING:

        def _parts(self, args: tuple[Any, ...]) -> tuple[Decoration, Any, Any, tuple[Any, ...]]:
            """The decoration, the function, its instance and the arguments behind that."""

    def explain(self, *args: Any, **kwargs: Any) -> Plan:
        """The plan for a call with these arguments; nothing runs.

        Args:
            *args: as for the call.
            **kwargs: as for the call.

        Returns:
            The engine, how many workers, and why; its text says it all.

        Raises:
            TypeError: the items come from an iterator, which looking at would use up.

        Examples:
            >>> import time
            >>> from clustrix import parallel
            >>> @parallel
            ... def fetch(page):
            ...     time.sleep(0.01)
            ...     return page
            >>> fetch.explain(range(100)).engine
            'threads'
        """
        decoration, function, instance, rest = self._parts(args)
        return decoration.explain(function, instance, rest, kwargs)

    def stream(self, *args: Any, **kwargs: Any) -> Generator[Any, None, None]:
        """The values of the loop one by one, while later items run.

        Args:
            *args: as for the call; there must be something to loop over, endless or not.
            **kwargs: as for the call, and ``ordered=False`` for pairs of index and value as they
                come, ``ahead=`` for how many items may be under way.

        Returns:
            A generator of the values. An error is raised where its value would be.

        Raises:
            TypeError: nothing to loop over, or an option of the wrong type.
            ValueError: ``ahead`` is less than 1.

        Examples:
            >>> import itertools
            >>> from clustrix import parallel
            >>> @parallel
            ... def square(x):
            ...     return x * x
            >>> list(itertools.islice(square.stream(itertools.count()), 4))
            [0, 1, 4, 9]
        """
        kwargs, extras = _split(kwargs)
        decoration, function, instance, rest = self._parts(args)
        return decoration.stream(function, instance, rest, kwargs, extras)


class BoundParallelFunction(_Asked, _BoundBase):  # type: ignore[misc]
    """A decorated function bound to an instance or a class."""

    def _parts(self, args: tuple[Any, ...]) -> tuple[Decoration, Any, Any, tuple[Any, ...]]:
        function, instance = self.__wrapped__, self._self_instance
        if instance is None and self._self_binding == "function" and args:
            instance, *rest = args  # Class.method.explain(instance, …)
            function, args = function.__get__(instance, type(instance)), tuple(rest)
        return self._self_parent._self_decoration, function, instance, args

    __dir__, __repr__ = _names, _shown

    def __reduce_ex__(self, protocol: Any) -> Any:
        owner = getattr(self.__wrapped__, "__self__", self._self_instance)
        if owner is None:  # reached through the class, which gives a new object each time
            return _find, (self.__module__, self.__qualname__)
        return getattr, (owner, self.__wrapped__.__name__)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class ParallelFunction(_Asked, _Base):  # type: ignore[misc]
    """A decorated function.

    Args:
        wrapped: the plain function.
        loop_var: the loop variable, or several; ``None`` for the first parameter.
        said: the other options, as far as they were said.
        loop: what the loop variable was found to be, if it was looked for.
    """

    __bound_function_wrapper__ = BoundParallelFunction
    decoration = Decoration

    def __init__(
        self,
        wrapped: Callable[..., Any],
        loop_var: LoopVar,
        said: Mapping[str, Any],
        loop: Loop | None = None,
    ) -> None:
        decoration = type(self).decoration(loop_var, said, loop)
        super().__init__(wrapped, decoration.enter)
        self._self_decoration = decoration

    def _parts(self, args: tuple[Any, ...]) -> tuple[Decoration, Any, Any, tuple[Any, ...]]:
        if owner := owner_of(self.__wrapped__):  # Class.method.explain, where Python did not bind
            args = (owner, *args)
        return self._self_decoration, self.__wrapped__, None, args

    __dir__, __repr__ = _names, _shown

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__qualname__  # pickle finds a function again by its name

    def __reduce_by_value__(self) -> tuple[Any, ...]:
        """How the transport rebuilds a decorated function that cannot be imported."""
        decoration: Decoration = self._self_decoration
        said = {  # an executor stays here; inner loops are serial there
            name: value
            for name, value in decoration.said.items()
            if name != "executor" or isinstance(value, str)
        }
        return type(self), (self.__wrapped__, decoration.loop_var, said)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def _split(kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The function's arguments, and the stream's."""
    extras: dict[str, Any] = {}
    for name in ("ordered", "ahead"):
        if name in kwargs:
            extras[name] = kwargs.pop(name)
    return kwargs, extras


def _find(module: str, name: str) -> Any:
    """What a qualified name leads to."""
    return operator.attrgetter(name)(importlib.import_module(module))
