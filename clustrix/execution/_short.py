"""Loops in which nothing can be gained: the plain loop, with as little around it as can be.

    one item                               ──> here
    a known function, too little work,
    or never worth sharing                 ──> here, with a look at the clock now and then
    items take twice as long as they did   ──> what is left goes the long way (_adaptive.py)

A call of a few microseconds shall not cost thirty (benchmarks/few.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from clustrix._records import Call, Chunk, Outcome
from clustrix.execution._alone import BATCH, LOOK
from clustrix.execution._cost import CHEAP, too_little
from clustrix.execution._figures import rescaled
from clustrix.execution._memory import remembered
from clustrix.execution._own_lane import Cursor, run_plainly

__all__ = ["run_here", "run_short"]

# Items that take so many times longer than they did are looked at properly.
DEARER = 2.0

# Looks at the clock, about: items that have become dear are at most such a part of the loop.
LOOKS = 16


def run_here(call: Call) -> Outcome:
    """The plain loop in the calling thread."""
    chunk = Chunk(0, call.items)
    return run_plainly(call, call.per_item(), chunk, Cursor(chunk))


def run_short(call: Call) -> Outcome | None:
    """The loop, if it is known to be too short to share; ``None`` if it is not.

    Where its items have become dear, it ends early: it has fewer values than items, and no error.
    """
    known = remembered.get(call.function)
    if known is None:
        return None
    wall, count = known.figures.wall, len(call.items)
    if wall <= 0 or not (known.hopeless or too_little(count * wall)):
        return None
    clock = _Clock(wall, count)
    chunk = Chunk(0, call.items)
    cheap = wall < CHEAP
    outcome = run_plainly(call, call.per_item(), chunk, Cursor(chunk), clock.batches, cheap=cheap)
    taken = (clock.now - clock.begun) / count
    if taken > DEARER * wall and clock.done == count:
        figures = rescaled(known.figures, taken)
        remembered.put(call.function, known._replace(figures=figures))
    return outcome


class _Clock:
    """Cuts a short loop in batches, until items take longer than they should.

    Args:
        wall: seconds that an item should take.
        count: items.

    Attributes:
        done: items.
        begun: when the first one began.
        now: when the last batch ended.
    """

    def __init__(self, wall: float, count: int) -> None:
        self._wall, self._count = wall, count
        self.done = 0
        self.begun = self.now = time.perf_counter()

    def batches(self, cursor: Cursor) -> Iterator[Iterable[Any]]:
        """One item, four, sixteen, and so on; then equal parts, or some milliseconds each."""
        size, most = 1, max(1, min(self._count // LOOKS, int(BATCH / self._wall)))
        while self.done < self._count:
            size = min(size, self._count - self.done)
            yield cursor.batch(size)
            before, self.now = self.now, time.perf_counter()
            self.done += size
            taken = self.now - before
            if taken > LOOK and taken > DEARER * self._wall * size:
                return
            size = min(4 * size, most)
