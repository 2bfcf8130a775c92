"""One page of memory that the parent and a worker both see: where the worker is in the loop.

    worker:  page.enter(17) ──────> [phase | item | since | serial | cancel] <────── parent: page

A message for every item would cost more than many an item does; eight bytes of shared memory
cost next to nothing, and they are still there when the worker is not.
"""

from __future__ import annotations

import mmap
import struct
import threading
import time

__all__ = ["BUSY", "IDLE", "IN_ITEM", "Page"]

# What a worker is doing.  BUSY covers pickling and unpickling, which run user code too.
IDLE, BUSY, IN_ITEM = range(3)

_WHERE = struct.Struct("<qqd")  # phase, item, since
_SERIAL = 5  # the chunk that has begun; a word of its own, counted in words
_CANCEL = 64  # on a cache line of its own: the worker reads it before every item
_SKIP, _SKIPS = 1024, 2048  # a byte for each chunk under way: taken back, do not begin
_COUNT = struct.Struct("<q")
_EMPTIED = {"parent": 128, "worker": 192}  # frames with buffers that each side has emptied


class Page:
    """The worker's watch, and the parent's view of it.

    Args:
        memory: a page, shared by both.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._words = memoryview(memory).cast("q")
        self._barrier = threading.Lock()

    def enter(self, index: int) -> bool:
        """Worker: the item at ``index`` starts now; ``False`` when the loop has been ended."""
        if self._memory[_CANCEL]:
            return False
        _WHERE.pack_into(self._memory, 0, IN_ITEM, index, time.monotonic())
        return True

    def resume(self, index: int, since: float) -> None:
        """Worker: the item that began then goes on, after something else had to be done."""
        _WHERE.pack_into(self._memory, 0, IN_ITEM, index, since)

    def begin(self, serial: int) -> bool:
        """Worker: the chunk with this number is next; ``False`` when it has been taken back."""
        # A `struct` is filled with zeros before it is packed, and a worker may lose its processor
        # right then: the number that decides who runs a chunk is stored at once, as one word.
        self._words[_SERIAL] = serial
        self.phase(BUSY)
        self._fence()
        return not self._memory[_SKIP + serial % _SKIPS]

    def take_back(self, serial: int) -> bool:
        """Parent: a chunk shall not begin; ``True`` when it is certain that it will not.

        Each side writes first and reads the other's word then, with a fence in between, so it
        cannot be that the worker begins and the parent believes that it did not.
        """
        self._memory[_SKIP + serial % _SKIPS] = 1
        self._fence()
        return self._words[_SERIAL] < serial

    def send(self, serial: int) -> None:
        """Parent: a chunk with this number goes out."""
        self._memory[_SKIP + serial % _SKIPS] = 0

    def _fence(self) -> None:
        """Memory order: acquiring a lock is a full barrier on every processor in use."""
        with self._barrier:
            pass

    def phase(self, phase: int) -> None:
        """Worker: no item runs; the worker is idle or busy around one."""
        _WHERE.pack_into(self._memory, 0, phase, -1, 0.0)

    def where(self) -> tuple[int, int, float, int]:
        """Parent: the phase, the item that runs (-1 for none), since when, and in which chunk.

        The time is `time.monotonic`, one clock for all processes of a machine.
        """
        first = _WHERE.unpack_from(self._memory, 0)
        while first != (again := _WHERE.unpack_from(self._memory, 0)):
            first = again  # it was being written
        return (*first, self._words[_SERIAL])

    def cancel(self, on: bool) -> None:
        """Parent: ask the worker to stop before its next item, or take that back."""
        self._memory[_CANCEL] = on

    def emptied(self, side: str) -> int:
        """How many frames with buffers a side, ``"parent"`` or ``"worker"``, has emptied."""
        count: int = _COUNT.unpack_from(self._memory, _EMPTIED[side])[0]
        return count

    def note_emptied(self, side: str) -> None:
        """Count one more; only that side itself does."""
        _COUNT.pack_into(self._memory, _EMPTIED[side], self.emptied(side) + 1)

    def close(self) -> None:
        """Unmap the page."""
        self._words.release()
        self._memory.close()
