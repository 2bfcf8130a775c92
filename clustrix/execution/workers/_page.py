"""One page of memory that the parent and a worker both see: where the worker is in the loop.

    worker:  page.enter(17) ──> [state | since | spent | serial | cancel] <── parent: page.where()

A message for every item would cost more than many an item does; eight bytes of shared memory
cost next to nothing, and they are still there when the worker is not.

A worker may be killed, stopped or robbed of its processor between any two stores.  What belongs
together is therefore stored at once, as one word; a `struct` is filled with zeros before it is
packed, and what the page says then is not true.
"""

from __future__ import annotations

import mmap
import time

from clustrix.basis._native import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["BUSY", "IDLE", "IN_ITEM", "Page", "is_late", "patience_with"]

# What a worker is doing.  BUSY covers pickling and unpickling, which run user code too.
IDLE, BUSY, IN_ITEM = range(3)

# Places of words, counted in words, on cache lines of those who write them.
_STATE = 0  # 0 before the worker has come up; 1 + phase; 3 + the item that runs
_SINCE = 1  # when that began
_SPENT = 2  # seconds that items have taken, those of all chunks together
_SERIAL = 5  # the chunk that has begun
_OPENED = 6  # the chunk that is being unpickled, or was the last time
_EMPTIED = {"parent": 16, "worker": 24}  # frames with buffers that each side has emptied

# Places of bytes.
_CANCEL = 64  # the worker reads it before every item
_SKIP, _SKIPS = 1024, 2048  # a byte for each chunk under way: what becomes of it

# What that byte says.
_GOES, _TAKEN, _SURELY = range(3)


class Page:
    """The worker's watch, and the parent's view of it.

    Args:
        memory: a page, shared by both.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._words = memoryview(memory).cast("q")
        self._times = memoryview(memory).cast("d")
        self._barrier = Lock()

    def enter(self, index: int) -> bool:
        """Worker: the item at ``index`` starts now; ``False`` when the loop has been ended."""
        if self._memory[_CANCEL]:
            return False
        self._times[_SINCE] = time.monotonic()  # first: an item must not be seen with the time
        self._words[_STATE] = 1 + IN_ITEM + index  # of the one before
        return True

    def run(
        self, function: Callable[[Any], Any], items: Iterable[Any], start: int, values: list[Any]
    ) -> None:
        """Worker: simple items, one after the other, until the loop has been ended.

        What `enter` says of each, but since when: nobody asks that where there is no timeout.  It
        is 0.05 us an item, not 0.35 (5,000 items of 6 us: 0.61 of the plain loop with that, 0.59
        like this; benchmarks/small.py).

        Args:
            function: of one item.
            items: those to run.
            start: the position of the first.
            values: gets what they return.
        """
        memory, words, add = self._memory, self._words, values.append
        for words[_STATE], item in enumerate(items, start + 1 + IN_ITEM):
            if memory[_CANCEL]:
                return
            add(function(item))

    def resume(self, index: int, since: float) -> None:
        """Worker: the item that began then goes on, after something else had to be done."""
        self._times[_SINCE] = since
        self._words[_STATE] = 1 + IN_ITEM + index

    def spend(self, seconds: float) -> None:
        """Worker: the items of one more chunk have taken so long; it is about to say so."""
        self._times[_SPENT] += seconds

    def spent(self) -> float:
        """Parent: seconds that the worker's items have taken since it came up."""
        return self._times[_SPENT]

    def open(self, serial: int) -> None:
        """Worker: the chunk with this number is being unpickled; it may still be taken back.

        To unpickle may import a library, which can take longer than the loop.
        """
        self._words[_OPENED] = serial
        self.phase(BUSY)

    def opened(self) -> int:
        """Parent: the chunk that was unpickled last, or is just now."""
        return self._words[_OPENED]

    def begun(self) -> int:
        """Parent: the chunk that has begun last."""
        return self._words[_SERIAL]

    def begin(self, serial: int) -> bool:
        """Worker: the chunk with this number is next; ``False`` when it has been taken back."""
        self._words[_SERIAL] = serial
        self.phase(BUSY)
        self._fence()
        return self._memory[_SKIP + serial % _SKIPS] == _GOES

    def take_back(self, serial: int) -> bool:
        """Parent: a chunk shall not begin; ``True`` when it is certain that it will not.

        Each side writes first and reads the other's word then, with a fence in between, so it
        cannot be that the worker begins and the parent believes that it did not.
        """
        self._memory[_SKIP + serial % _SKIPS] = _TAKEN
        self._fence()
        if self._words[_SERIAL] >= serial:
            return False
        self._memory[_SKIP + serial % _SKIPS] = _SURELY
        return True

    def taken_back(self, serial: int) -> bool:
        """Worker: whether it is sure already that this chunk shall not begin."""
        return self._memory[_SKIP + serial % _SKIPS] != _GOES

    def knows(self, serial: int) -> bool:
        """Worker: whether the parent is certain that this chunk has not begun, and needs no word.

        In a loop of 15 ms ten of twenty chunks are taken back, and to hear that took 0.1 ms.
        """
        return self._memory[_SKIP + serial % _SKIPS] == _SURELY

    def has_room(self, serial: int) -> bool:
        """Parent: whether the mark of this chunk is free: an earlier one with it has been seen."""
        return serial - self._words[_OPENED] < _SKIPS

    def send(self, serial: int) -> None:
        """Parent: a chunk with this number goes out."""
        self._memory[_SKIP + serial % _SKIPS] = _GOES

    def _fence(self) -> None:
        """Memory order: acquiring a lock is a full barrier on every processor in use."""
        with self._barrier:
            pass

    def phase(self, phase: int) -> None:
        """Worker: no item runs; the worker is idle or busy around one."""
        self._words[_STATE] = 1 + phase

    def where(self) -> tuple[int, int, float, int]:
        """Parent: the phase, the item that runs (-1 for none), since when, and in which chunk.

        The time is `time.monotonic`, one clock for all processes of a machine.
        """
        words, times = self._words, self._times
        first = words[_STATE], times[_SINCE]
        while first != (again := (words[_STATE], times[_SINCE])):
            first = again  # it was being written
        state, since = first
        if state <= IN_ITEM:
            return max(IDLE, state - 1), -1, 0.0, words[_SERIAL]
        return IN_ITEM, state - 1 - IN_ITEM, since, words[_SERIAL]

    def awake(self) -> bool:
        """Parent: whether the worker has come up."""
        return bool(self._words[_STATE])

    def cancel(self, on: bool) -> None:
        """Parent: ask the worker to stop before its next item, or take that back."""
        self._memory[_CANCEL] = on

    def emptied(self, side: str) -> int:
        """How many frames with buffers a side, ``"parent"`` or ``"worker"``, has emptied."""
        return self._words[_EMPTIED[side]]

    def note_emptied(self, side: str) -> None:
        """Count one more; only that side itself does."""
        self._words[_EMPTIED[side]] += 1

    def close(self) -> None:
        """Unmap the page."""
        self._words.release()
        self._times.release()
        self._memory.close()


def is_late(where: tuple[int, int, float, int], timeout: float) -> bool:
    """Whether the item that runs there, as `Page.where` says, is out of time."""
    phase, _, since, _ = where
    return phase == IN_ITEM and time.monotonic() >= since + timeout


def patience_with(pages: Iterable[Page], timeout: float | None) -> float | None:
    """Seconds until the first item that runs is out of time; ``None`` without a timeout."""
    if timeout is None:
        return None
    now, places = time.monotonic(), [page.where() for page in pages]
    starts = [since for phase, _, since, _ in places if phase == IN_ITEM]
    # A worker between two items has no deadline yet, but will have one this far ahead.
    return max(0.0, min(starts, default=now) + timeout - now)
