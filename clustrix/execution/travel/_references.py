"""Functions by the name that leads to them, in a process that imports their module.

    importable function          ──> module, name
    original of a decorated one  ──> module, name of the decorated one, so many times __wrapped__
    one that travelled as code   ──> what it came from: `_made.py` has noted that

A place is what travels; `find` goes there in the process that needs the function.
"""

from __future__ import annotations

import sys
from types import FunctionType

from clustrix.basis._typing import Any
from clustrix.execution.travel._made import Place, origin
from clustrix.execution.travel._shipping import goes_by_value

__all__ = ["find", "importable", "place", "reference"]

# Decorators around one function; nobody has so many.
MOST_LAYERS = 100


def reference(function: FunctionType) -> tuple[Any, ...] | None:
    """How to find, in an importing process, a function that its own name does not lead to.

    Returns:
        A reduction; ``None`` when the function is what its name leads to, or nothing leads there.
    """
    if (came_from := origin(function)) is not None:
        return find, came_from
    found = place(function)
    return (find, found) if found and found[2] else None


def place(function: FunctionType) -> Place | None:
    """Where a function is: its module, the name there, and the decorations around it.

    Examples:
        >>> import functools
        >>> place(functools.wraps)
        ('functools', 'wraps', 0)
        >>> place(lambda: None) is None
        True
    """
    module, name = function.__module__, function.__qualname__
    if not _reachable(module, name):
        return None
    try:
        found = _look_up(module, name)
    except (AttributeError, KeyError):
        return None
    for layers in range(MOST_LAYERS):
        if found is function:
            return module, name, layers
        if (found := _next_layer(found)) is None:
            break
    return None


def importable(function: Any) -> bool:
    """Whether another process finds this very object under its name."""
    at = place(function)
    return at is not None and at[2] == 0


def find(module: str, name: str, layers: int) -> Any:
    """The function at a place."""
    found = _look_up(module, name)
    for _ in range(layers):
        found = _next_layer(found)
    return found


def _reachable(module: str | None, name: str) -> bool:
    if module in (None, "__main__") or "<" in name or module not in sys.modules:
        return False
    return not goes_by_value(module)


def _look_up(module: str, name: str) -> Any:
    """What a qualified name leads to, as it is stored: no descriptor is called."""
    if module not in sys.modules:
        __import__(module)
    first, *rest = name.split(".")
    found = vars(sys.modules[module])[first]
    for part in rest:
        found = vars(found)[part]
    return found


def _next_layer(found: Any) -> Any:
    """What a decoration wraps: wrapt, functools.wraps, classmethod and staticmethod agree."""
    return getattr(found, "__wrapped__", None)
