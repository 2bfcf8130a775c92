"""Chunks for a cluster: cut by the time that items were seen to take over there.

    1 item a worker ──> seconds come back ──> at most 16 times as many ──> … ──> 20 to 200 ms

A task of a cluster costs a millisecond or more wherever it is scheduled, so chunks are longer
than those of our own processes; towards the end they get shorter, so that nobody waits long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clustrix._records import Chunk
from clustrix.execution.chunking._window import Pace
from clustrix.execution.travel._weight import bulk

__all__ = ["MeasuredPace", "Portions", "Seen"]

# Seconds that a chunk shall take.  A task takes 2 to 5 ms from submit to result on a Dask
# cluster of one machine (benchmarks/cluster.py), a tenth or less of the least.
LEAST, MOST = 0.02, 0.2

# The same for the chunks of a stream: what comes back is waited for in order.
STREAMED = 0.05

# Items in a chunk of a stream at most: a few chunks for each worker are kept in memory, and a
# million items are some dozens of tasks all the same.
MOST_STREAMED = 20_000

# A scheduler hands out some thousand tasks a second; beyond so many workers chunks grow with them.
MANY_WORKERS = 64

# Chunks that each worker shall still get.  With three instead of two, 40 x 20 ms on Ray take 3 %
# longer, as each task costs some milliseconds (benchmarks/cluster.py).
ROUNDS = 2

# How far the next chunk may reach beyond the longest one that was measured.
GROWTH = 16

# Bytes of arrays or results that travel together.
PORTION = 1 << 25


class Seen:
    """What items have been seen to take on a cluster.

    Attributes:
        workers: items that the cluster can run at the same time; to be set before the first chunk.
    """

    def __init__(self) -> None:
        self.workers = 1
        self._wall = 0.0
        self._longest = 0
        self._bytes = 1

    def learn(self, count: int, seconds: float, size: int) -> None:
        """Take note of what some items took, and how many bytes they or their results are."""
        if not count:
            return
        self._wall = max(seconds / count, 1e-9)
        self._longest = max(self._longest, count)
        self._bytes = max(1, size // count)

    def fitting(self, most: float, left: int | None = None, heavy: int = 0) -> int:
        """Items that make a good chunk.

        Args:
            most: seconds that it may take.
            left: items that are left, where that is known.
            heavy: bytes of the next item.
        """
        if not self._longest:  # nothing is known yet
            return 1
        seconds = most * max(1.0, self.workers / MANY_WORKERS)
        if left is not None:
            seconds = min(max(left * self._wall / (self.workers * ROUNDS), LEAST), seconds)
        count = min(int(seconds / self._wall), self._longest * GROWTH)
        return max(1, min(count, PORTION // max(self._bytes, heavy)))


class Portions:
    """The chunks of a loop, cut as they are asked for.

    Args:
        items: the items of the loop.

    Attributes:
        seen: what is known of the items.
    """

    def __init__(self, items: Sequence[Any]) -> None:
        self.seen = Seen()
        self._items = items
        self._next = 0

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if self._next >= len(self._items):
            raise StopIteration
        left = len(self._items) - self._next
        size = self.seen.fitting(MOST, left, bulk(self._items[self._next]))
        chunk = Chunk(self._next, self._items[self._next : self._next + min(size, left)])
        self._next = chunk.stop
        return chunk

    def learn(self, count: int, seconds: float, size: int) -> None:
        """As `Seen.learn`."""
        self.seen.learn(count, seconds, size)

    @property
    def size(self) -> int:
        """Items in a chunk of what has been cut already, and comes back."""
        return self.seen.fitting(MOST, len(self._items) - self._next)


class MeasuredPace(Pace):
    """How many items of a stream travel together to a cluster: by the time that they take there.

    Args:
        workers: items that the cluster can run at the same time.
        most: items at most.
    """

    def __init__(self, workers: int, most: int | None = None) -> None:
        super().__init__(most=MOST_STREAMED if most is None else min(most, MOST_STREAMED))
        self.seen = Seen()
        self.seen.workers = workers

    def learn(self, count: int, seconds: float, size: int) -> None:
        """As `Seen.learn`."""
        self.seen.learn(count, seconds, size)
        self.size = min(self.seen.fitting(STREAMED), self._most)

    def note(self, count: int, seconds: float) -> None:
        """The way there and back says nothing of the items."""
