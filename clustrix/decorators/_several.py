"""Several loop variables, which run side by side.

    loop_var=("x", "y")   f(xs, ys)   ──> Bound(items=Together(xs, ys), position=(0, 1))
                          f(1, 2)     ──> None: every one is one item, so it is an ordinary call
                          f(xs, 2)    ──> TypeError: neither

A mixture is an error rather than a guess: whoever wants the same value in every round takes its
name out of ``loop_var``.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Sequence

from clustrix._model import describe
from clustrix.basis._typing import Any, NamedTuple
from clustrix.calling._together import Together
from clustrix.decorators._binding import AsLoop, Bound, LoopParameter, as_loop, loop_parameter

__all__ = ["LoopParameters", "LoopVar", "find_loop", "tidy_loop_var"]

LoopVar = str | tuple[str, ...] | None


class LoopParameters(NamedTuple):
    """The loop variables of a function as it is called.

    Attributes:
        function: name of the function, for messages.
        parameters: one for each.
    """

    function: str
    parameters: tuple[LoopParameter, ...]

    @property
    def name(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def signature(self) -> inspect.Signature | None:
        """Of the function as it is called."""
        return self.parameters[0].signature

    def find(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], as_loop: AsLoop = as_loop
    ) -> Bound | None:
        """Take the loop out of a call; ``None`` when it is an ordinary one.

        Raises:
            TypeError: some loop variables have items and others have not, or have async ones.
        """
        places = [parameter.place(args, kwargs) for parameter in self.parameters]
        values = [None if place is None else _at(place, args, kwargs) for place in places]
        loops = [as_loop(value) for value in values]
        if all(loop is None for loop in loops):
            return None
        if any(loop is None for loop in loops):
            if not self.fits(args, kwargs):  # Python has words of its own for that
                return None
            raise TypeError(self._mixed(places, values, loops))
        if any(hasattr(type(loop), "__aiter__") for loop in loops):
            raise TypeError(
                f"{self.function}(): async iterables go with a single loop variable; "
                f"collect the items of {', '.join(self.name)} in lists first"
            )
        taken = {place for place in places if isinstance(place, int)}
        return Bound(
            items=Together(self.function, self.name, [one for one in loops if one is not None]),
            args=tuple(arg for index, arg in enumerate(args) if index not in taken),
            kwargs={**kwargs, **{place: None for place in places if isinstance(place, str)}},
            position=tuple(place for place in places if place is not None),
        )

    def fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether the function can be called so at all."""
        return self.parameters[0].fits(args, kwargs)

    def _mixed(self, places: Sequence[Any], values: Sequence[Any], loops: Sequence[Any]) -> str:
        many = next(name for name, loop in zip(self.name, loops, strict=True) if loop is not None)
        at = next(index for index, loop in enumerate(loops) if loop is None)
        name, value = self.name[at], values[at]
        found = f"is one item, {reprlib.repr(value)}" if places[at] is not None else "is not given"
        return (
            f"{self.function}(): {many} is a loop and {name} {found}. Give each of "
            f"{', '.join(self.name)} its items; for the same value in every round leave "
            f"{name!r} out of loop_var."
        )


def find_loop(function: Callable[..., Any], loop_var: LoopVar) -> LoopParameter | LoopParameters:
    """The loop variable of a function, or several.

    Raises:
        LoopVariableError: one of them is no parameter.
    """
    if not isinstance(loop_var, tuple):
        return loop_parameter(function, loop_var)
    found = tuple(loop_parameter(function, name) for name in loop_var)
    return LoopParameters(describe(function), found)


def tidy_loop_var(loop_var: str | Sequence[str] | None) -> LoopVar:
    """What was said about the loop variable, in one of three forms.

    Raises:
        TypeError: it is neither a name nor several.
        ValueError: there is no name in it, or one comes twice.
    """
    if loop_var is None or isinstance(loop_var, str):
        return loop_var
    if not isinstance(loop_var, (tuple, list)) or not all(isinstance(n, str) for n in loop_var):
        raise TypeError(
            f"loop_var must be the name of a parameter, or a tuple of names, not {loop_var!r}"
        )
    names = tuple(loop_var)
    if not names:
        raise ValueError("loop_var is empty; name one parameter, or several")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"loop_var={names!r} has {twice[0]!r} twice")
    return names if len(names) > 1 else names[0]


def _at(place: int | str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[place] if isinstance(place, int) else kwargs[place]
