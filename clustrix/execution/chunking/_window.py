"""The items of a stream, pulled when they are needed and not much sooner.

    iterable ──> Items ──> Window ──> chunks for the lanes ──> … ──> values for the consumer
                             │                                            │
                             └── never more than `ahead` items in between ┘

The iterable belongs to the user and may do anything, so it is asked in the thread that consumes
the stream, and never while a lock is held.
"""

from __future__ import annotations

import operator
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, islice, repeat
from typing import Any

from clustrix._records import Chunk, Outcome
from clustrix.basis._typing import NamedTuple

__all__ = ["CHUNKS_AHEAD", "MOST_ITEMS", "Items", "Pace", "Settings", "Window"]

# Chunks between the iterable and the consumer, for each lane: two that a lane has or gets next,
# and as many that are done and wait for something slower in front of them.
CHUNKS_AHEAD = 4

# Items in a chunk at most, where the user has not said it.  With items so cheap that more would
# be better, other lanes are of no use at all.
MOST_ITEMS = 1000

# Seconds from handing a chunk out until its outcome is there.  What comes sooner is doubled: it
# costs 0.1 ms to send.  What comes later is halved: the consumer waits for whole chunks.
SOON, LATE = 0.002, 0.02


class Items:
    """What a stream runs over, with the number of items that have been taken out.

    Args:
        iterable: the user's; nothing is taken out before it is asked for.

    Raises:
        TypeError: it is not iterable.

    Attributes:
        iterator: the items that are left; whoever pulls from it is counted.
        total: how many there are altogether; ``None`` when the iterable does not say.
    """

    def __init__(self, iterable: Iterable[Any]) -> None:
        iterator = iter(iterable)
        # These tell their place for nothing; counting for all others costs 5 ns an item.
        self._sequence = iterable if type(iterable) in (list, tuple, range) else None
        self._ticks = repeat(True, sys.maxsize)
        self._plain = iterator
        self.iterator = iterator if self._sequence is not None else compress(iterator, self._ticks)
        self.total: int | None = None
        if hasattr(type(iterable), "__len__"):
            self.total = len(iterable)  # type: ignore[arg-type]

    def pulled(self) -> int:
        """How many items have been taken out."""
        if self._sequence is not None:
            return len(self._sequence) - operator.length_hint(self._plain)  # type: ignore[arg-type]
        return sys.maxsize - operator.length_hint(self._ticks)

    def sample(self) -> Sequence[Any]:
        """The first item, for a look at its type; it stays where it is."""
        if self._sequence is not None:
            return self._sequence[:1]  # type: ignore[index,no-any-return]
        first = list(islice(self._plain, 1))
        self._plain = chain(first, self._plain)
        self.iterator = compress(self._plain, self._ticks)
        return first

    def take(self, count: int) -> tuple[Sequence[Any], BaseException | None]:
        """The next items, fewer at the end, and the error that was the end, if it was one."""
        start, items = self.pulled(), []
        error: BaseException | None = None
        try:
            for item in islice(self.iterator, count):
                items.append(item)  # extend would lose what came before an error
        except KeyboardInterrupt:
            raise
        except BaseException as reason:
            error = reason
        if type(self._sequence) is range:  # travels as three numbers
            return self._sequence[start : start + len(items)], error
        return items, error


class Pace:
    """How many items make a chunk; learnt from how long chunks take to come back.

    A consumer that is slow makes chunks look slow, so they become small; then it is not the
    handing over that holds anything up.

    Args:
        said: items in every chunk, where the user has said so.
        wall: seconds that an item takes, where that is known.
        most: items at most.
    """

    def __init__(self, said: int | None = None, wall: float = 0.0, most: int = MOST_ITEMS) -> None:
        self.size = said or (max(1, min(most, int(SOON / wall))) if wall > 0 else 1)
        self._most = self.size if said else most
        self._least = self.size if said else 1

    def note(self, count: int, seconds: float) -> None:
        """A chunk of so many items has come back after so many seconds."""
        if count == self.size and seconds < SOON:
            self.size = min(2 * self.size, self._most)
        elif count >= self.size and seconds > LATE:
            self.size = max(self.size // 2, self._least)

    @property
    def useless(self) -> bool:
        """Whether items have shown to be so cheap that handing them over costs more."""
        return self.size == self._most > self._least


class Window:
    """The chunks of a stream, for an engine; its end means "nothing for the moment".

    Args:
        items: where they come from.
        pace: how many go together.
        lanes: how many chunks run at the same time.
        ahead: items that may be under way between `Items` and consumer; ``None`` for
            `CHUNKS_AHEAD` chunks for every lane.
        batched: whether a chunk may give any number of values.

    Attributes:
        next: position of the next item to pull.
        released: items that have left for the consumer.
        broken: the error with which the iterable ended, if it did.
        pace: as given.
    """

    def __init__(
        self, items: Items, pace: Pace, lanes: int, ahead: int | None, *, batched: bool = False
    ) -> None:
        self.broken: BaseException | None = None
        self._items = items
        self.pace = pace
        self._lanes = lanes
        self._ahead = ahead
        self._batched = batched
        self._ready: deque[Chunk] = deque()
        self._begun: dict[int, tuple[float, int]] = {}  # chunks at the engine: since when, up to
        self._over = False
        self.next = self._settled = self.released = items.pulled()

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        if not self._ready:
            raise StopIteration
        chunk = self._ready.popleft()
        self._begun[chunk.start] = (time.perf_counter(), chunk.stop)
        return chunk

    def fill(self) -> None:
        """Pull what the lanes can use and the look-ahead allows."""
        while not self._over:
            size = self.pace.size
            ahead = CHUNKS_AHEAD * self._lanes * size if self._ahead is None else self._ahead
            room = self.released + ahead - self.next
            if self.next - self._settled >= 2 * self._lanes * size or room < 1:
                return
            if room < size and self._batched:
                return
            items, self.broken = self._items.take(min(size, room))
            self._over = self.broken is not None or len(items) < min(size, room)
            if items:
                self._ready.append(Chunk(self.next, items))
                self.next += len(items)

    @property
    def ready(self) -> bool:
        """Whether there is something for an engine to take."""
        return bool(self._ready)

    def stop(self, *, drop: bool = False) -> None:
        """Pull nothing any more.

        Args:
            drop: whether what has been pulled and not been taken is not wanted either.
        """
        self._over = True
        if drop:
            self._ready.clear()

    def settle(self, outcome: Outcome) -> int:
        """Learn what has come back.

        Returns:
            The position in the loop just behind it.
        """
        since, stop = self._begun.pop(outcome.start, (None, 0))
        if outcome.error is not None or not self._batched:
            # Of a chunk that was divided this is one part; nothing behind an error may leave.
            stop = outcome.start + len(outcome.values)
        count = stop - outcome.start
        self._settled += count
        if since is not None:
            self.pace.note(count, time.perf_counter() - since)
        return stop

    def release(self, count: int) -> None:
        """So many items more have left for the consumer."""
        self.released += count


class Settings(NamedTuple):
    """What the user said of a stream.

    Attributes:
        most: lanes at most; ``None`` for no limit.
        chunk_size: items that travel together; ``None`` to let the pace find out.
        ahead: items under way at most; ``None`` for a few chunks for every lane.
        ordered: whether values leave in loop order.
    """

    most: int | None = None
    chunk_size: int | None = None
    ahead: int | None = None
    ordered: bool = True

    def pace(self, lanes: int, wall: float = 0.0) -> Pace:
        """How many items shall travel together, on so many lanes."""
        return Pace(self.chunk_size, wall, self.largest(lanes))

    def pace_there(self, workers: int) -> Pace:
        """The same for a cluster, which tells how long items take there."""
        if self.chunk_size is not None:
            return Pace(self.chunk_size)
        from clustrix.execution.chunking._portions import MeasuredPace

        return MeasuredPace(
            workers, None if self.ahead is None else -(-self.ahead // (2 * workers))
        )

    def largest(self, lanes: int) -> int:
        """Items in a chunk at most, so that the look-ahead feeds every lane."""
        return MOST_ITEMS if self.ahead is None else min(MOST_ITEMS, -(-self.ahead // (2 * lanes)))
