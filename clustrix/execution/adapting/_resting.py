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
from clustrix.basis._typing import Callable, Protocol
from clustrix.execution.chunking._taper import Taper

__all__ = ["DEARER", "ENOUGH", "GAIN", "Resting", "dearer_here"]

# Items that take so many times longer here than on workers are better off there, where one more
# worker takes the calling thread's processor (benchmarks/gil_free.py: sines in NumPy, here 1.65
# times as dear, 0.46 of the plain loop with the calling thread at work, 0.41 without).  One process
# may be a tenth slower than another for no reason that can be seen.
DEARER = 1.25

# The part of a loop's time that this saves, or less.
GAIN = 0.05

# Seconds of work on either side from which on the two can be compared.
ENOUGH = 0.02

# The calling thread runs a chunk itself so often, in seconds.
LOOK_AGAIN = 0.1


def dearer_here(here: float, items_here: int, there: float, items_there: int) -> float:
    """How many times longer an item takes in the calling thread than on a worker; 0 if unknown.

    Args:
        here: seconds that items took in the calling thread.
        items_here: how many these were.
        there: the same, on workers.
        items_there: how many these were.

    Examples:
        >>> round(dearer_here(0.076, 20, 0.092, 40), 2), dearer_here(0.001, 1, 0.001, 1)
        (1.65, 0.0)
    """
    if min(here, there) < ENOUGH or not (items_here and items_there):
        return 0.0
    return (here / items_here) / (there / items_there)


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
