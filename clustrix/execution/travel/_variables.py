"""Context variables on their way: found again by the module that holds them, and their name there.

variable ──> (module, name) ──> the same one in another process, made there if need be
"""

from __future__ import annotations

import sys

from clustrix.basis._native import Context, ContextVar
from clustrix.basis._typing import Any, Iterable

__all__ = ["find_variable", "homes_of", "reduce_variable"]

_homes: dict[ContextVar[Any], tuple[str, str] | None] = {}


def homes_of(variables: Iterable[ContextVar[Any]]) -> list[tuple[str, str] | None]:
    """For each variable the module that holds it, and its name there; ``None`` where none does."""
    if any(variable not in _homes for variable in variables):
        _find_homes(variables)
    return [_homes[variable] for variable in variables]


def _find_homes(variables: Iterable[ContextVar[Any]]) -> None:
    """Look for variables in all modules; once for each variable."""
    homes = {
        id(value): (module, name)
        for module, loaded in list(sys.modules.items())
        for name, value in list(getattr(loaded, "__dict__", {}).items())
        if type(value) is ContextVar
    }
    for variable in variables:
        _homes.setdefault(variable, homes.get(id(variable)))


def reduce_variable(variable: ContextVar[Any]) -> tuple[Any, ...]:
    """A reduction of a context variable: where it is, and how to make it where it is not.

    Raises:
        TypeError: no module has it under any name.
    """
    if _homes.get(variable) is None:
        _homes.pop(variable, None)
        _find_homes([variable])
    home = _homes[variable]
    if home is None:
        raise TypeError(f"cannot pickle {variable.name!r}, a context variable that no module holds")
    default: tuple[Any, ...]
    try:
        default = (Context().run(variable.get),)
    except LookupError:
        default = ()
    return find_variable, (*home, variable.name, default)


def find_variable(module: str, name: str, own: str, default: tuple[Any, ...]) -> Any:
    """In another process: the context variable of that name, made if need be."""
    if module not in sys.modules:
        __import__(module)
    holder = sys.modules[module]
    if not isinstance(getattr(holder, name, None), ContextVar):
        made: ContextVar[Any] = ContextVar(own, default=default[0]) if default else ContextVar(own)
        setattr(holder, name, made)
    return getattr(holder, name)
