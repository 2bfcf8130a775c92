"""Cut what is left of a loop by time rather than by number.

    seconds left / lanes ──> big chunks at first, smaller and smaller ones towards the end

Small enough that no lane waits long for another at the end, and that little is stuck behind an
item that takes a hundred times as long as the others; big enough that handing one over is
nothing beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from clustrix._records import Chunk

__all__ = ["Taper"]

# Seconds that a chunk shall take.  Handing one to a process costs 0.05 ms, a tenth of the least.
LEAST, MOST = 0.0005, 0.02

# The part of a lane's share that it gets at once.  In a short loop on processes it is a bigger one,
# up to so many seconds: there it is the handing out that counts (loops of 7 to 20 ms, 20 to 100
# items, behind a pause: 0.63 to 0.83 of the plain loop with six parts, 0.61 to 0.76 with three;
# 5,000 items of 6 us: 0.58 to 0.60 with chunks of 2 ms, 0.56 to 0.58 with 3).
PARTS = 24
SHORT_PARTS, SHORT = 3, 0.003

# Where items and values are next to nothing to move, the calling thread takes up to so many seconds
# of items at once from those that lie ready at another lane: what it does between two of its chunks
# takes 0.13 to 0.25 ms (of 160 items of 2 ms, one at a time, 10 % of its time; with 10 ms instead
# of 40 loops of 150 ms took 0 to 3 % longer, in twelve comparisons, and with 80 ms no less).  Of
# others less.
BITE, HEAVY_BITE = 0.04, 0.002

# The first chunks have one item each, where an item takes longer than this: what is known of them
# may be of yesterday, and no other lane takes over before a chunk ends (benchmarks/mixed.py).
LONG = 0.002
FIRST = 4


class Taper:
    """The chunks from some item on; an iterator, asked as lanes need them.

    Args:
        items: all items of the loop.
        start: where to begin.
        wall: seconds that an item takes, as far as it is known; may be changed at any time.
        size: items in every chunk, where the user has said so.

    Attributes:
        lanes: that share the loop; may be changed at any time, too.
        travels: whether a chunk has to be sent to another process.
        light: whether sending items and values is nothing beside the work on them.
        splits: whether a lane that runs dry gets half of what another one has not begun.
    """

    def __init__(
        self, items: Sequence[Any], start: int, wall: float, size: int | None = None
    ) -> None:
        self.items = items
        self.next = start
        self.wall = wall
        self.lanes = 2
        self.travels = True
        self.light = False
        self.splits = False
        self._size = size
        self._cut = 0

    @property
    def brief(self) -> bool:
        """Whether chunks take some milliseconds at most, as far as it is known."""
        return self._size is None and self.wall <= LONG

    @property
    def left(self) -> int:
        """Items that are in no chunk yet."""
        return len(self.items) - self.next

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if self.left <= 0:
            raise StopIteration
        chunk = Chunk(self.next, self.items[self.next : self.next + self.size()])
        self.next = chunk.stop
        self._cut += 1
        return chunk

    def bite(self, waiting: int) -> int:
        """Items that a lane takes at once, of so many that lie ready at another one."""
        if self._size is not None:
            return 1
        wall, most = max(self.wall, 1e-9), BITE if self.light else HEAVY_BITE
        return int(min(waiting * wall / (2 * self.lanes), most) / wall)

    def half(self, count: int) -> int:
        """Of so many items, the last that lie ready, what another lane gets; 0 for nothing."""
        return count // 2 if self._size is None and count * self.wall >= 2 * LEAST else 0

    def size(self) -> int:
        """Items in the next chunk."""
        if self._size is not None:
            return self._size
        wall = max(self.wall, 1e-9)
        if self.splits:
            return self._whole_share(wall)
        if self._cut < FIRST and self.wall > LONG:
            return 1
        share = self.left * wall / self.lanes
        short = min(share / SHORT_PARTS, SHORT) if self.travels else 0.0
        return self._items(max(share / PARTS, short) / wall, wall)

    def _whole_share(self, wall: float) -> int:
        """A chunk that may be split while it runs need not be small.

        Each costs 0.1 to 0.2 ms of code that arrays have pushed out of the caches, and the GIL
        (benchmarks/arrays_in.py: 0.71 with 24 parts, 0.65 with smaller and smaller ones, 0.61 with
        one for each lane).
        """
        return self._items(math.ceil(self.left / max(1, self.lanes - self._cut)), wall)

    def _items(self, count: float, wall: float) -> int:
        """So many, as far as they are there and take neither too long nor next to nothing."""
        return max(1, min(self.left, int(min(max(count, LEAST / wall), MOST / wall))))
