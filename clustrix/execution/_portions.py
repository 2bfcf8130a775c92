"""Chunks for a cluster: cut by the time that items were seen to take over there.

    1 item a worker ──> seconds come back ──> at most 16 times as many ──> … ──> 20 to 200 ms

A task of a cluster costs a millisecond or more wherever it is scheduled, so chunks are longer
than those of our own processes; towards the end they get shorter, so that nobody waits long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clustrix._records import Chunk
from clustrix.execution._weight import bulk

__all__ = ["Portions"]

# Seconds that a chunk shall take.  A task takes 2 to 5 ms from submit to result on a Dask
# cluster of one machine (benchmarks/cluster.py), a tenth or less of the least.
LEAST, MOST = 0.02, 0.2

# A scheduler hands out some thousand tasks a second; beyond so many workers chunks grow with them.
MANY_WORKERS = 64

# Chunks that each worker shall still get.  With three instead of two, 40 x 20 ms on Ray take 3 %
# longer, as each task costs some milliseconds (benchmarks/cluster.py).
ROUNDS = 2

# How far the next chunk may reach beyond the longest one that was measured.
GROWTH = 16

# Bytes of arrays or results that travel together.
PORTION = 1 << 25


class Portions:
    """The chunks of a loop, cut as they are asked for.

    Args:
        items: the items of the loop.
        batched: whether the function gets whole chunks: then they are all alike.

    Attributes:
        workers: items that the cluster can run at the same time; to be set before the first chunk.
    """

    def __init__(self, items: Sequence[Any], *, batched: bool = False) -> None:
        self.workers = 1
        self._items = items
        self._batched = batched
        self._next = 0
        self._wall = 0.0
        self._longest = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if self._next >= len(self._items):
            raise StopIteration
        chunk = Chunk(self._next, self._items[self._next : self._next + self.size()])
        self._next = chunk.stop
        return chunk

    def learn(self, count: int, seconds: float, size: int) -> None:
        """Take note of what some items took, and how many bytes their results are."""
        if not count:
            return
        self._wall = max(seconds / count, 1e-9)
        self._longest = max(self._longest, count)
        self._bytes = size // count

    def size(self) -> int:
        """Items in the next chunk."""
        if self._batched:
            return max(1, len(self._items) // self.workers)
        if not self._longest:  # nothing is known yet
            return 1
        left = len(self._items) - self._next
        most = MOST * max(1.0, self.workers / MANY_WORKERS)
        seconds = min(max(left * self._wall / (self.workers * ROUNDS), LEAST), most)
        heavy = max(self._bytes, bulk(self._items[self._next]), 1)
        count = min(int(seconds / self._wall), self._longest * GROWTH, PORTION // heavy)
        return max(1, min(left, count))
