"""Classes that travel as code: made once, as they were written, and changed from one side only.

    caller                              worker
    class C ── skeleton, state ──────>  C is made, and has the state       first task
    C.limit = 2 ── state ────────────>  C has the new state                next task
    C stays as it is <────── instances, and what they are of ── C          results

cloudpickle does the rest.  By itself it makes a class anew wherever its bytes arrive, finds that
there is one already, and gives that one the state: results would undo in the caller what it has
changed since, and replace its registries by copies.  And it makes classes without their slots,
whose instances no class with slots can take back.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, lru_cache
from types import FunctionType, MemberDescriptorType
from typing import Any
from weakref import WeakValueDictionary

from clustrix.execution.travel._references import importable

__all__ = ["class_by_value", "reduce_cached", "reduce_property"]

# By cloudpickle's number for a class, whichever side it comes from; and those of them that were
# made here from bytes, by identity: a metaclass may say what it likes about equality.
_here: WeakValueDictionary[str, type] = WeakValueDictionary()
_received: WeakValueDictionary[int, type] = WeakValueDictionary()

# What those had when they came last: what the caller has deleted since is deleted here, too.
_given: dict[int, frozenset[str]] = {}

_TRACKER = -2  # where both reductions of cloudpickle have that number
_NAMESPACE = 3  # and that of classes what they are made with


def class_by_value(kind: type, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """A reduction of a class that is made only where it is not known yet.

    Args:
        kind: the class.
        reduced: as cloudpickle would send it: what makes a skeleton, its arguments, the state, and
            what gives it the state.
    """
    make, arguments, state, _, _, set_state = reduced
    _here[arguments[_TRACKER]] = kind
    if not issubclass(kind, enum.Enum):
        arguments, state = _as_written(kind, arguments, state)
    return _made, (make, arguments), (set_state, state), None, None, _give_state


def _as_written(
    kind: type, arguments: tuple[Any, ...], state: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """With what belongs to a class from the moment that it is made: its full name, and slots."""
    namespace, held = {**arguments[_NAMESPACE], "__qualname__": kind.__qualname__}, state[0]
    # A named tuple has none of its own, and `typing.NamedTuple` will not be told so.
    if "__slots__" in vars(kind) and not (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        namespace["__slots__"] = vars(kind)["__slots__"]
        held = {
            name: value
            for name, value in held.items()
            if name != "__slots__" and type(value) is not MemberDescriptorType
        }
    before, behind = arguments[:_NAMESPACE], arguments[_NAMESPACE + 1 :]
    return (*before, namespace, *behind), (held, *state[1:])


def _made(make: Callable[..., type], arguments: tuple[Any, ...]) -> type:
    """The class that is here, or one that is made now.

    Nothing is made in vain: that would call the hooks of its metaclass, and of its bases.
    """
    number = arguments[_TRACKER]
    kind = _here.get(number)
    if kind is None:
        kind = _here[number] = make(*arguments)
        _received[id(kind)] = kind
        _given.pop(id(kind), None)
    return kind


def _give_state(kind: type, state: tuple[Callable[..., object], Any]) -> None:
    if _received.get(id(kind)) is not kind:
        return
    set_state, given = state
    names = frozenset(given[0])
    for name in _given.get(id(kind), names) - names:
        with suppress(AttributeError):  # an item was first
            type.__delattr__(kind, name)
    _given[id(kind)] = names
    set_state(kind, given)


def reduce_cached(function: Any) -> tuple[Any, ...] | None:
    """A function of ``functools.lru_cache`` that no name leads to, with a cache of its own there.

    Returns:
        A reduction; ``None`` where the name is enough.
    """
    inner = function.__wrapped__
    if type(inner) is not FunctionType or importable(function):
        return None
    return _cached, (inner, function.cache_parameters())


def _cached(inner: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return lru_cache(**parameters)(inner)


def reduce_property(found: cached_property[Any]) -> tuple[Any, ...]:
    """A cached property, with a lock of its own there: before Python 3.12 it has one."""
    return _property, (found.func, found.attrname)


def _property(func: Callable[[Any], Any], name: str | None) -> cached_property[Any]:
    made = cached_property(func)
    made.attrname = name
    return made
