"""When two functions are the same one for everything that was found out about them.

    def make(step):                       make(1), make(2)       the same: only data differs
        return lambda x: x + step
    timed(load), timed(save)              not the same: what they wrap differs

Local functions are made anew for each call of the function around them; their code is one object.
What is kept for a function is kept under this key.
"""

from __future__ import annotations

import functools
from types import FunctionType, MethodType
from typing import Any

from clustrix._records import Call

__all__ = ["given", "receiver", "sameness"]

_DEEP = 4  # wrappers around wrappers


def sameness(function: Any) -> tuple[Any, ...]:
    """The objects that make a function what it is, whatever data it holds.

    Args:
        function: any callable.

    Returns:
        Its code and the code of the callables that it wraps or holds, and the types of the
        objects that its methods belong to. Whoever keeps the key alive may compare identities.
    """
    if type(function) is FunctionType and function.__closure__ is None:
        return (function.__code__,)  # nearly always
    parts: list[Any] = []
    _collect(function, parts, _DEEP)
    return tuple(parts)


def given(call: Call) -> tuple[type, ...]:
    """What a loop gives its function, as far as it matters for what the source says.

    Args:
        call: the loop.

    Returns:
        The classes of the arguments and of the first item: their methods are the ones that are
        called. Classes of users may compare as they like, so they are told apart by identity.
    """
    return (
        *map(type, call.args),
        *map(type, call.kwargs.values()),
        *map(type, call.items[:1]),
    )


def receiver(function: object) -> object:
    """The object whose method a call runs: that of a bound method, or one that can be called.

    Returns:
        ``None`` for functions and everything else. No code of the object runs.
    """
    if type(function) is MethodType:
        return function.__self__
    made = type(type(function).__dict__.get("__call__")) is FunctionType
    return function if made else None


def _collect(value: Any, parts: list[Any], depth: int) -> None:
    if type(value) is MethodType:
        owner = value.__self__
        parts.append(owner if isinstance(owner, type) else type(owner))
        value = value.__func__
    if type(value) is functools.partial:
        for part in (value.func, *value.args, *value.keywords.values()):
            if callable(part) and depth:
                _collect(part, parts, depth - 1)
        return
    if type(value) is not FunctionType:
        parts.append(
            type(value) if type(type(value).__dict__.get("__call__")) is FunctionType else value
        )
        return
    parts.append(value.__code__)
    for cell in value.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        if callable(held) and held is not value and depth:
            _collect(held, parts, depth - 1)
