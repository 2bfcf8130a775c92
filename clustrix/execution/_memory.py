"""What earlier loops showed of a function: so the next one goes straight to the right engine.

    code of the function ──> Known(wall, overlap, …)      kept for the last thousand functions

Only what is a property of the code is remembered as such: whether it lets go of the GIL, whether
it can travel.  The cost of an item is measured anew in every loop; the remembered one merely
says what to try first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from clustrix.execution._cost import Figures

__all__ = ["Known", "Memory", "remembered"]

MOST = 1024


class Known(NamedTuple):
    """What a loop showed.

    Attributes:
        figures: as they were when it last decided.
        report: what it did, in words.
    """

    figures: Figures
    report: str


class Memory:
    """The last functions that were run; may be shared between threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[object, Known]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, function: Any) -> Known | None:
        """What is known of a function; ``None`` for one that has not run yet."""
        key = _key(function)
        entry = self._known.get(id(key))
        return entry[1] if entry is not None and entry[0] is key else None

    def put(self, function: Any, known: Known) -> None:
        """Remember what a loop showed."""
        key = _key(function)
        with self._lock:
            # The entry holds the key, so that its id is not given to another object meanwhile.
            self._known[id(key)] = (key, known)
            self._known.move_to_end(id(key))
            while len(self._known) > MOST:
                self._known.popitem(last=False)


def _key(function: Any) -> object:
    """Local functions are made anew for each call; their code is the same object."""
    function = getattr(function, "__func__", function)
    return getattr(function, "__code__", function)


# What this process knows, whichever executor found it out.
remembered = Memory()
