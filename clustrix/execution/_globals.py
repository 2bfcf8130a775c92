"""Module globals that the caller changed while the program ran: carried to the worker.

    caller:  reads(function) ──> {module: {name: pickle}}   ──┐ with the task
    worker:  imports the module, pickles its own value       <─┘ the same? left alone. else: set

Values are compared as pickles, so an untouched sentinel or table stays the very object that the
module made.  Lists, dictionaries and sets are refilled rather than replaced, since other modules
may hold them too.
"""

from __future__ import annotations

import sys

from clustrix._native import pickle
from clustrix._plain import PLAIN
from clustrix._typing import Any

__all__ = ["Carried", "adopt", "carry"]

Carried = dict[str, dict[str, bytes]]


def carry(function: object) -> Carried:
    """The data that a function reads from importable modules, as pickles.

    What no pickler can carry (a lock, a connection) is left out: the worker's import makes its
    own.
    """
    from clustrix._reads import reads  # a worker only adopts
    from clustrix.execution._shipping import goes_by_value

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
    for module, values in carried.items():
        if module not in sys.modules:
            __import__(module)
        for path, packed in values.items():
            *owners, name = path.split(".")
            holder: Any = sys.modules[module]
            for owner in owners:
                holder = getattr(holder, owner)
            own = vars(holder).get(name)
            if _same(own, packed):
                continue
            value = pickle.loads(packed)
            if type(own) is type(value) and isinstance(own, (list, dict, set)):
                _refill(own, value)
            else:
                setattr(holder, name, value)


def _dumps(value: Any) -> bytes:
    if type(value) in PLAIN:
        return pickle.dumps(value, protocol=5)
    from clustrix.execution._transport import dumps  # a worker needs cloudpickle only for this

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
