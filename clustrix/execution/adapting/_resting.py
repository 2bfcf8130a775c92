"""A calling thread that leaves the items to workers, where they take longer here than there.

    loop:       items here 3.8 ms, there 2.3 ──> behind it, one more worker is started
    the next:   a worker for every processor; the calling thread hands out and listens
                └── now and then it runs a chunk itself: do items still compute?

A program that makes arrays of some MB in each item gets new pages for each of them, and gives them
back: its allocator has not seen bigger ones yet.  Workers keep them (`../workers/_birth.py`).
"""

from __future__ import annotations

import time

from clustrix._records import News, Outcome
from clustrix.basis._typing import Callable, NamedTuple, Protocol
from clustrix.execution.chunking._taper import Taper

__all__ = ["DEARER", "ENOUGH", "GAIN", "Here", "Resting", "dearer_here"]

# Items that take so many times longer here than on workers are better off there, where one more
# worker takes the calling thread's processor (benchmarks/gil_free.py: sines in NumPy, here 1.33 to
# 1.39 times as dear; 0.46 to 0.53 of the plain loop with the calling thread at work, 0.42 without).
# One process may be a tenth slower than another for no reason that can be seen.
DEARER = 1.25

# Pages a second that such items get anew; each took 3 us.  The sines had 136,000, sums of squares
# none.  Where items differ, those of the calling thread may be the dear ones.
FAULTS = 20_000

# The part of a loop's time that this saves, at the least.
GAIN = 0.05

# Seconds of work on either side from which on the two can be compared.
ENOUGH = 0.02

# The calling thread runs a chunk itself so often, in seconds.
LOOK_AGAIN = 0.1


class Here(NamedTuple):
    """What the calling thread has done of a loop.

    Attributes:
        seconds: that items took.
        items: how many there were.
        faults: how many pages of memory they got anew.
    """

    seconds: float
    items: int
    faults: float


def dearer_here(here: Here, there: float, items_there: int) -> float:
    """How many times longer an item takes in the calling thread than on a worker.

    Args:
        here: its own items.
        there: seconds that items took on workers.
        items_there: how many these were.

    Returns:
        0 if unknown; 1 where it is not for want of memory: they are other items.

    Examples:
        >>> round(dearer_here(Here(0.076, 20, 11_000), 0.092, 40), 2)
        1.65
        >>> dearer_here(Here(0.076, 20, 0), 0.092, 40), dearer_here(Here(0.001, 1, 0), 0.001, 1)
        (1.0, 0.0)
    """
    if min(here.seconds, there) < ENOUGH or not (here.items and items_there):
        return 0.0
    if here.faults < FAULTS * here.seconds:
        return 1.0
    return (here.seconds / here.items) / (there / items_there)


class Workers(Protocol):
    """The workers of the loop."""

    worked: float
    cannot_start: bool

    def lacking(self) -> bool:
        """Whether it has fewer of them than it should."""


class Resting:
    """When the calling thread of such a loop runs items all the same.

    Args:
        workers: those of the loop.
        taper: what cuts the chunks; learns from the workers what an item costs.
        clock: seconds.
    """

    def __init__(
        self, workers: Workers, taper: Taper, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._workers = workers
        self._taper = taper
        self._clock = clock
        self._looked = clock()
        self._worked = 0.0

    def works(self) -> bool:
        """Whether it is to run a chunk now."""
        if self._workers.cannot_start or self._workers.lacking():
            return True
        if self._clock() - self._looked < LOOK_AGAIN:
            return False
        self._looked = self._clock()
        return True

    def learn(self, news: News) -> None:
        """What workers have told."""
        took = self._workers.worked - self._worked
        self._worked += took
        if took > 0 and isinstance(news, Outcome) and news.values:
            self._taper.wall = (self._taper.wall + took / len(news.values)) / 2
