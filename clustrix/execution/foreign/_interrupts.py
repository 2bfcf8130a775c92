"""Ctrl-C in a worker of somebody else's: an item hears it, the code around the items does not.

    deferred() ── what is put in place ── may_come() ── items ── what is put back
       SIGINT: noted                       SIGINT: as ever           SIGINT: noted

Ray cancels a running task by interrupting it.  That may strike anywhere, also where this process
is being brought back to what it was before, and half of that would be left for the next task.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

__all__ = ["deferred"]


@contextmanager
def deferred() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Hold Ctrl-C back; what it yields makes a block in which it may come."""
    before = signal.getsignal(signal.SIGINT)
    alone = threading.current_thread() is not threading.main_thread()  # it comes there only
    if alone or before is None:  # or is handled by something else than Python
        yield nullcontext
        return
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)

    signal.signal(signal.SIGINT, note)

    @contextmanager
    def may_come() -> Iterator[None]:
        if came:  # it was meant for what comes now
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, before)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, note)

    try:
        yield may_come
    finally:
        signal.signal(signal.SIGINT, before)
