"""Module globals that the caller changed while the program ran: carried to the worker.

    caller:  reads(function) ──> {module: {name: pickle}}   ──┐ with the task
    worker:  imports the module, pickles its own value       <─┘ the same? left alone. else: set

Values are compared as pickles, so an untouched sentinel or table stays the very object that the
module made.  Lists, dictionaries and sets are refilled rather than replaced, since other modules
may hold them too.

What is as the module made it is not carried, or not by every function.  So what took its place for
a while, as a test does it, makes room again as soon as a loop comes without it.
"""

from __future__ import annotations

import sys

from clustrix.basis._native import pickle
from clustrix.basis._plain import PLAIN
from clustrix.basis._typing import Any

__all__ = ["Carried", "adopt", "carry"]

Carried = dict[str, dict[str, bytes]]

# In a worker: what the module itself had, by its place; and what was in its containers.
_ABSENT = object()
_replaced: dict[tuple[str, str], Any] = {}
_refilled: dict[tuple[str, str], list[Any]] = {}


def carry(function: object) -> Carried:
    """The data that a function reads from importable modules, as pickles.

    What no pickler can carry (a lock, a connection) is left out: the worker's import makes its
    own.
    """
    from clustrix.execution.travel._shipping import goes_by_value
    from clustrix.functions._reads import reads  # a worker only adopts

    carried: Carried = {}
    for module, name, value in reads(function):
        if goes_by_value(module):
            continue
        try:
            carried.setdefault(module, {})[name] = _dumps(value)
        except Exception:  # user code may raise anything here
            continue
    return carried


def adopt(carried: Carried) -> None:
    """In a worker: give module globals the values that they have in the caller."""
    for module, path in [*_replaced, *_refilled]:
        if path not in carried.get(module, ()):
            _put_back(module, path)
    for module, values in carried.items():
        if module not in sys.modules:
            __import__(module)
        for path, packed in values.items():
            holder, name = _find(module, path)
            own = vars(holder).get(name)
            if _same(own, packed):
                continue
            value = pickle.loads(packed)
            if type(own) is type(value) and isinstance(own, (list, dict, set)):
                if (module, path) not in _replaced:  # else it is not the module's own
                    _refilled.setdefault((module, path), _content(own))
                _refill(own, _content(value))
            else:
                _replaced.setdefault((module, path), vars(holder).get(name, _ABSENT))
                setattr(holder, name, value)


def _find(module: str, path: str) -> tuple[Any, str]:
    """What holds a value, and its name there."""
    *owners, name = path.split(".")
    holder: Any = sys.modules[module]
    for owner in owners:
        holder = getattr(holder, owner)
    return holder, name


def _put_back(module: str, path: str) -> None:
    """What stands there is the module's own again, with what that had in it."""
    place = (module, path)
    holder, name = _find(module, path)
    if place in _replaced:
        before = _replaced.pop(place)
        if before is not _ABSENT:
            setattr(holder, name, before)
        elif name in vars(holder):
            delattr(holder, name)
    if place in _refilled:
        content, own = _refilled.pop(place), vars(holder).get(name)
        if isinstance(own, (list, dict, set)):
            _refill(own, content)


def _dumps(value: Any) -> bytes:
    if type(value) in PLAIN:
        return pickle.dumps(value, protocol=5)
    from clustrix.execution.travel._transport import (
        dumps,  # a worker needs cloudpickle only for this
    )

    return dumps(value)


def _same(own: Any, packed: bytes) -> bool:
    try:
        return _dumps(own) == packed
    except Exception:
        return False


def _content(own: Any) -> list[Any]:
    return [*dict.items(own)] if isinstance(own, dict) else [*own]


def _refill(own: Any, content: list[Any]) -> None:
    own.clear()
    if isinstance(own, list):
        own.extend(content)
    else:
        own.update(content)
