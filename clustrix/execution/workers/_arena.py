"""Big buffers between two processes, through memory that both have mapped.

    sender:  Outbox.put(buffer) ──> copied into a slot ── slot number, size ──> the frame
    receiver: Inbox.get(slot, size) ──> copied out into memory of its own ──> slot free again

A slot is anonymous shared memory, handed over as a descriptor when it is first used and reused
from then on: fresh pages cost ten times as much as the copying itself (8 MB into a new memory
file: 6 ms, into one that is mapped already: 0.2 ms).  What arrives is private to the receiver
and writable, and the caller may keep a million arrays without keeping a descriptor for any.

A counter in the shared page says how many frames the receiver has emptied, and so which slots
are free.  A sender that finds none waits: the bytes under way are bounded.
"""

from __future__ import annotations

import mmap
import os
import sys
import time

from clustrix.basis._native import suppress
from clustrix.basis._typing import Any, Callable, NamedTuple

__all__ = ["SHARES_MEMORY", "Copies", "Inbox", "Outbox", "Parcel"]

SHARES_MEMORY = hasattr(os, "memfd_create")

# Slots of one sender.  Two frames with a few arrays each are under way at most.
MOST_SLOTS = 16

# Bigger buffers get memory of their own, which goes with them: it would be kept for too long.
BIGGEST_SLOT = 1 << 26

# From here on huge pages pay; 4 MB is where NumPy asks for them too.
HUGE = 1 << 22

# Bytes that a worker keeps of the memory of its last arguments: zeroing fresh pages takes as long
# as copying 8 MB into them, and giving them back takes a part of that again.
MOST_KEPT = 1 << 25

# How often a sender without a free slot looks again.
RETRY_SECONDS = 0.0005


class Parcel(NamedTuple):
    """Where a buffer is.

    Attributes:
        slot: its number; 0 for memory that is used once.
        size: bytes.
        handle: the descriptor, where the receiver does not have the slot yet; otherwise -1.
    """

    slot: int
    size: int
    handle: int


class _Slot:
    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.handle = os.memfd_create("clustrix", os.MFD_CLOEXEC)
        os.ftruncate(self.handle, size)
        self.memory = mmap.mmap(self.handle, size)
        self.busy_until = 0

    def close(self) -> None:
        self.memory.close()
        os.close(self.handle)


class Outbox:
    """The sender's slots.

    Args:
        emptied: how many frames with buffers the receiver has emptied so far.
    """

    def __init__(self, emptied: Callable[[], int]) -> None:
        self._emptied = emptied
        self._slots: list[_Slot] = []
        self._frames = 0

    def put(self, buffers: list[memoryview], *, wait: bool) -> list[Parcel]:
        """Copy the buffers of one frame.

        Args:
            buffers: flat, contiguous.
            wait: whether to wait for a free slot; otherwise there is one more for this frame.

        Returns:
            A parcel for each; whoever sends it closes its handle afterwards.
        """
        self._frames += 1
        parcels: list[Parcel] = []
        try:
            for buffer in buffers:
                parcels.append(self._put(buffer, wait))
        except OSError:  # no descriptor is left: nobody will get this frame, nor its new slots
            self._frames -= 1
            new = {parcel.slot for parcel in parcels if parcel.handle >= 0}
            for parcel in parcels:
                if parcel.handle >= 0:
                    os.close(parcel.handle)
            for slot in [slot for slot in self._slots if slot.number in new]:
                self._slots.remove(slot)
                slot.close()
            raise
        return parcels

    def close(self) -> None:
        """Give the memory back."""
        while self._slots:
            self._slots.pop().close()

    def _put(self, buffer: memoryview, wait: bool) -> Parcel:
        size = buffer.nbytes
        if size > BIGGEST_SLOT:
            return Parcel(0, size, _once(buffer))
        slot = self._free(size)
        while slot is None and len(self._slots) >= MOST_SLOTS and wait and self._others_busy():
            time.sleep(RETRY_SECONDS)
            slot = self._free(size)
        handle = -1
        if slot is None:
            if len(self._slots) >= MOST_SLOTS:
                return Parcel(0, size, _once(buffer))
            # A number that has become free is used again: the receiver lets go of what had it.
            taken = {slot.number for slot in self._slots}
            number = next(number for number in range(1, MOST_SLOTS + 1) if number not in taken)
            slot = _Slot(number, 1 << (size - 1).bit_length())
            try:
                handle = os.dup(slot.handle)
            except OSError:
                slot.close()
                raise
            self._slots.append(slot)
        slot.memory[:size] = buffer
        slot.busy_until = self._frames
        return Parcel(slot.number, size, handle)

    def _free(self, size: int) -> _Slot | None:
        """A slot that is empty and fits; an empty one that does not fit makes room for another."""
        emptied = self._emptied()
        empty = [slot for slot in self._slots if slot.busy_until <= emptied]
        fitting = [slot for slot in empty if size <= slot.size <= 4 * size]
        if fitting:
            return min(fitting, key=lambda slot: slot.size)
        if empty and len(self._slots) >= MOST_SLOTS:
            self._slots.remove(empty[0])
            empty[0].close()
        return None

    def _others_busy(self) -> bool:
        """Whether a slot is held by an earlier frame, and so will become free."""
        return any(slot.busy_until < self._frames for slot in self._slots)


class Inbox:
    """The receiver's view of the sender's slots.

    Args:
        note_emptied: says that one more frame with buffers has been emptied.
        again: whether memory of buffers that nobody has any more is used for others. A worker
            runs one item after the other; a caller keeps its results, and what it has let go of
            shall be free.
    """

    def __init__(self, note_emptied: Callable[[], None], *, again: bool = False) -> None:
        self._note_emptied = note_emptied
        self._slots: dict[int, mmap.mmap] = {}
        # Without the GIL a count of references may be that of a moment ago.
        counted = getattr(sys, "_is_gil_enabled", lambda: True)()
        self._copies = Copies(MOST_KEPT if again and counted else 0)

    def get(self, parcels: list[Parcel]) -> tuple[Any, ...]:
        """Copy the buffers of one frame out, and let the sender reuse their slots."""
        buffers = tuple(self._get(parcel) for parcel in parcels)
        self._note_emptied()
        return buffers

    def close(self) -> None:
        """Unmap the slots."""
        for memory in self._slots.values():
            with suppress(BufferError):  # an interrupted copy still looks at it
                memory.close()
        self._slots.clear()

    def _get(self, parcel: Parcel) -> Any:
        number, size, handle = parcel
        if handle >= 0:
            try:
                memory = mmap.mmap(handle, os.fstat(handle).st_size)
            finally:
                os.close(handle)
            if not number:  # memory of its own: nobody else can reach it any more
                return memory
            if number in self._slots:
                self._slots[number].close()
            self._slots[number] = memory
        with memoryview(self._slots[number]) as view:
            return self._copies.make(view[:size])


def _once(buffer: memoryview) -> int:
    """Memory for one journey."""
    handle = os.memfd_create("clustrix", os.MFD_CLOEXEC)
    try:
        done = 0
        while done < len(buffer):
            done += os.write(handle, buffer[done:])
    except BaseException:
        os.close(handle)
        raise
    return handle


class Copies:
    """Private copies of buffers.

    Args:
        most: bytes of memory that is kept for the next ones.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[mmap.mmap] = []

    def make(self, view: memoryview) -> Any:
        """A copy that nobody else has."""
        size = view.nbytes
        if size < HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
            return bytearray(view)
        memory = self._unused(size)
        if memory is None:
            memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            memory.madvise(mmap.MADV_HUGEPAGE)
            if size <= self._most:
                self._kept.append(memory)
        memory[:] = view
        return memory

    def _unused(self, size: int) -> mmap.mmap | None:
        """Kept memory of this size that nobody refers to, or room for some."""
        for place in range(len(self._kept)):
            # An array or a view of it holds a reference, however many others lie in between.
            if len(self._kept[place]) == size and sys.getrefcount(self._kept[place]) <= NOBODY:
                return self._kept[place]
        while self._kept and sum(map(len, self._kept)) + size > self._most:
            del self._kept[0]  # it goes with the last one who has it
        return None


def _references() -> int:
    """How many references `sys.getrefcount` sees to what only a list has."""
    only = [mmap.mmap(-1, 1)]
    return sys.getrefcount(only[0])


NOBODY = _references()
