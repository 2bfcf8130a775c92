"""Turns for a thread that has to do something soon, while others compute.

    a thread that computes keeps the GIL for 5 ms ──> in haste: for 20 us, while somebody starts
                                                      workers or hands out work to them

A thread that reads a file, starts a process or writes to a socket gives the GIL away each time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["in_haste"]

# How long a thread that computes may keep another one waiting that is in haste.
TURN = 20e-6

_lock = threading.Lock()
_in_haste: set[object] = set()
_usual: float | None = None


@contextmanager
def in_haste() -> Iterator[None]:
    """Let this thread have its turn at once, although others compute.

    Workers that a helper starts during a first item of 50 ms would start behind it otherwise.
    Several threads may be in haste; the last one sets back what the first one has changed.
    """
    global _usual
    this = object()
    try:
        with _lock:
            if not _in_haste:
                _usual = sys.getswitchinterval()
            _in_haste.add(this)
            sys.setswitchinterval(TURN)
        yield
    finally:
        with _lock:
            _in_haste.discard(this)
            # What an item has set meanwhile stays.
            unchanged = abs(sys.getswitchinterval() - TURN) < TURN / 10
            if not _in_haste and _usual is not None and unchanged:
                sys.setswitchinterval(_usual)
