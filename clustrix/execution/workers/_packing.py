"""Chunks made ready to travel: each object is serialized once, however often its chunk is sent.

chunk ──> too big, by a glance?  ──> the first few of its items; the others wait
      ──> pickle ──> sent ──> taken back from a worker that is busy ──> sent again as it was
"""

from __future__ import annotations

from clustrix._model import Call, Chunk
from clustrix.basis._native import pickle
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.travel._weight import bulk
from clustrix.execution.workers._channel import EMPTY, Packed, pack

__all__ = ["Packing"]

# Bytes of buffers that travel together.  One worker computes on what it has while the next one
# is served, and the memory through which they travel is used again and again.
PORTION = 1 << 24

# Numbers that travel faster than a range of them.
FEW = 8

# Items of these types hold nothing that the standard pickle would send differently.
_PLAIN = frozenset((int, float, complex, bool, str, type(None)))


class Packing:
    """The chunks of one loop that are under way, as bytes.

    Args:
        call: the loop.
        schedule: gets back what is too much for one portion.
        eager: whether workers send each value as soon as it is there.

    Attributes:
        largest: bytes of the biggest portion so far, where that is more than numbers.
    """

    def __init__(self, call: Call, schedule: Schedule, *, eager: bool) -> None:
        self._call = call
        self._schedule = schedule
        self._eager = eager
        self.largest = 0
        self._bulk = 0  # bytes of big buffers in an item, as far as is known
        self._under_way: dict[int, tuple[int, Packed]] = {}  # by the first item

    def portion(self, chunk: Chunk, task_id: int, run_id: int) -> tuple[Chunk, Packed]:
        """A chunk ready to travel; of one with very big items the first few.

        Raises:
            NotPicklableError: an item cannot travel; it says which one.
        """
        stop, packed = self._under_way.get(chunk.start, (0, EMPTY))
        if stop == chunk.stop:
            return chunk, packed
        if type(chunk.items) is range:
            packed = self._pack_range(chunk.items, task_id, run_id)
            self._under_way[chunk.start] = (chunk.stop, packed)
            return chunk, packed
        each, rest = max(self._bulk, bulk(chunk.items[0])), None
        if each * len(chunk.items) > PORTION and not self._call.batched:
            middle = chunk.start + max(1, PORTION // each)
            rest = Chunk(middle, chunk.items[middle - chunk.start :])
            chunk = Chunk(chunk.start, chunk.items[: middle - chunk.start])
        packed = self._pack(chunk, (task_id, run_id, self._eager, chunk.items))
        if rest is not None and rest.items:  # not before: an error ends the chunk as it came
            self._schedule.put_back(rest)
        beside = sum(buffer.raw().nbytes for buffer in packed.buffers)
        self.largest = max(self.largest, len(packed.body) + beside)
        if beside:
            self._bulk = beside // len(chunk.items)
        self._under_way[chunk.start] = (chunk.stop, packed)
        return chunk, packed

    def settled(self, chunk: Chunk) -> None:
        """The chunk has been run; its bytes are not needed any more."""
        self._under_way.pop(chunk.start, None)

    def anew(self, chunk: Chunk) -> bool:
        """Whether to pack parts of it again costs next to nothing, and nobody can tell."""
        return type(chunk.items) is range or _PLAIN.issuperset(map(type, chunk.items))

    def forget(self) -> None:
        """The bytes are of no use any more: workers know the function by another number."""
        self._under_way.clear()

    def _pack_range(self, items: range, task_id: int, run_id: int) -> Packed:
        """A range as such; a very short one as its numbers, which takes half as long."""
        few = not self._call.batched and len(items) <= FEW
        message = (task_id, run_id, self._eager, list(items) if few else items)
        return Packed(pickle.dumps(message, protocol=5))

    def _pack(self, chunk: Chunk, message: tuple[object, ...]) -> Packed:
        if _PLAIN.issuperset(map(type, chunk.items)):
            return Packed(pickle.dumps(message, protocol=5))
        from clustrix.execution.travel._transport import dumps, unsendable  # brings cloudpickle

        try:
            return pack(message, dumps)
        except Exception as error:
            raise unsendable(self._call, chunk, error) from error
