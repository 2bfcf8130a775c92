"""Simple functions, made in a worker from what `_light.py` sent.

    code, name, defaults ──> make ──> a function ──> fill: what it names, which may name it in turn
                                           └── back to the caller: as the one that it came from

It loads nothing that a worker does not have: that would take longer than a short loop.
"""

from __future__ import annotations

import builtins
import marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any
else:
    FunctionType = type(lambda: None)

__all__ = ["Place", "fill", "make", "origin"]

# A module, the name there, and the decorations around it.
Place = tuple[str, str, int]

# What no code can name: where the globals of a function say whose they are.
_ORIGIN = "a function, and where it is in the caller"


def make(
    code: bytes,
    module: str,
    name: str,
    qualname: str,
    defaults: tuple[Any, ...] | None,
    place: Place | None,
) -> FunctionType:
    """A function without globals of its own.

    Args:
        code: its code, as `marshal` writes it.
        module: what it says of the module that it is in.
        name: its name.
        qualname: the same, with what it is in.
        defaults: of its positional parameters.
        place: where it is in the caller; ``None`` where no name leads.
    """
    space: dict[str, Any] = {"__builtins__": builtins, "__name__": module}
    made = FunctionType(marshal.loads(code), space, name, defaults)
    made.__qualname__ = qualname
    if place is not None:
        space[_ORIGIN] = made, place
    return made


def fill(function: FunctionType, state: tuple[dict[str, Any], str | None, dict[str, Any]]) -> None:
    """Give it its globals, its documentation and its annotations."""
    names, function.__doc__, function.__annotations__ = state
    function.__globals__.update(names)


def origin(function: FunctionType) -> Place | None:
    """Where a function that was made here is in the caller, so that it can go back as that one."""
    made, place = function.__globals__.get(_ORIGIN, (None, None))
    return place if made is function else None  # others, inside of it, have the same globals
