"""Simple functions, made in a worker from what `_light.py` sent.

    code, name, defaults ──> make ──> a function ──> fill: what it names, which may name it in turn

It loads nothing that a worker does not have: that would take longer than a short loop.
"""

from __future__ import annotations

import builtins
import marshal

from clustrix._typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
else:
    FunctionType = type(lambda: None)

__all__ = ["fill", "make"]


def make(code: bytes, name: str, qualname: str, defaults: tuple[Any, ...] | None) -> FunctionType:
    """A function without globals of its own.

    Args:
        code: its code, as `marshal` writes it.
        name: its name.
        qualname: the same, with what it is in.
        defaults: of its positional parameters.
    """
    space = {"__builtins__": builtins, "__name__": "__main__"}
    made = FunctionType(marshal.loads(code), space, name, defaults)
    made.__qualname__ = qualname
    return made


def fill(function: FunctionType, state: tuple[dict[str, Any], str | None, dict[str, Any]]) -> None:
    """Give it its globals, its documentation and its annotations."""
    names, function.__doc__, function.__annotations__ = state
    function.__globals__.update(names)
