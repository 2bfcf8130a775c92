"""Module globals that the caller changed while the program ran: carried to the worker.

    caller:  reads(function) ──> {module: {name: pickle}}   ──┐ with the task
    worker:  imports the module, pickles its own value       <─┘ the same? left alone. else: set

Values are compared as pickles, so an untouched sentinel or table stays the very object that the
module made.  Lists, dictionaries and sets are refilled rather than replaced, since other modules
may hold them too.

A function that is what its name leads to is not carried.  So one that took its place for a while,
as a test does it, makes room again as soon as a loop comes without it.
"""

from __future__ import annotations

import sys

from clustrix.basis._native import pickle
from clustrix.basis._plain import PLAIN
from clustrix.basis._typing import Any

__all__ = ["Carried", "adopt", "carry"]

Carried = dict[str, dict[str, bytes]]

# In a worker: functions, and names that were not there, which something else has replaced, by their
# places.  Data need no such care: whoever reads them gets them.
_ABSENT = object()
_replaced: dict[tuple[str, str], Any] = {}


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
    for module, path in [place for place in _replaced if place[1] not in carried.get(place[0], ())]:
        _put_back(module, path, _replaced.pop((module, path)))
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
                _refill(own, value)
            else:
                if name not in vars(holder) or callable(own):
                    _replaced.setdefault((module, path), vars(holder).get(name, _ABSENT))
                setattr(holder, name, value)


def _find(module: str, path: str) -> tuple[Any, str]:
    """What holds a value, and its name there."""
    *owners, name = path.split(".")
    holder: Any = sys.modules[module]
    for owner in owners:
        holder = getattr(holder, owner)
    return holder, name


def _put_back(module: str, path: str, before: Any) -> None:
    holder, name = _find(module, path)
    if before is not _ABSENT:
        setattr(holder, name, before)
    elif name in vars(holder):
        delattr(holder, name)


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


def _refill(own: Any, value: Any) -> None:
    own.clear()
    if isinstance(own, list):
        own.extend(value)
    else:
        own.update(value)
