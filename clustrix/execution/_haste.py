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

_haste = threading.RLock()  # who is in haste already may start workers


@contextmanager
def in_haste() -> Iterator[None]:
    """Let this thread have its turn at once, although others compute.

    Workers that a helper starts during a first item of 50 ms would start behind it otherwise.
    """
    with _haste:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(TURN)
        try:
            yield
        finally:
            sys.setswitchinterval(usual)
