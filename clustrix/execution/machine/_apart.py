"""Threads that compute, each on a processor of its own.

    wake ──> a thread goes on where the one is that woke it, as if that were about to sleep;
             but that computes, and another processor is idle

    Apart     had this one its processor for itself?  if not, each goes to its own

The system parts them at one of its next ticks, when a loop of a millisecond is over.  Where the
processors share a cache it puts them apart by itself, and nothing of this happens.
"""

from __future__ import annotations

import time

from clustrix.execution.machine import _processors

__all__ = ["LONG", "Apart", "Spot"]

# Seconds: who waits longer for a worker, or for its own processor, looks where that is.
LONG = 0.0002

# A thread that computes and has had its processor for less of the time shares it with another.
FOR_ITSELF = 0.75


class Apart:
    """Threads of one loop that compute, each on a processor of its own.

    A wake-up may bring one to the processor of another at any time, where both would stay for some
    milliseconds: two threads that each held the GIL for a moment between two sums of an array
    shared a processor in half of all loops (benchmarks/arrays_in.py: 0.85 of the plain loop so,
    0.60 like this).  Whoever notices says so, and each goes to its place behind its chunk.
    """

    def __init__(self) -> None:
        self.shared = 0  # how often somebody has noticed

    def lane(self, number: int) -> Spot:
        """The place of the calling thread, which is one of the lanes."""
        return Spot(self, number)


class Spot:
    """Where one lane runs.

    Args:
        apart: of all lanes.
        number: of this one; each number has another processor, as long as there are enough.
    """

    def __init__(self, apart: Apart, number: int) -> None:
        self._apart, self._number = apart, number
        self._seen = apart.shared
        _processors.spread(number)
        self.begin()

    def begin(self) -> None:
        """A chunk begins."""
        self._wall, self._cpu = time.perf_counter(), time.thread_time()

    def end(self) -> None:
        """A chunk has ended."""
        wall = time.perf_counter() - self._wall
        if wall > LONG and time.thread_time() - self._cpu < FOR_ITSELF * wall:
            self._apart.shared += 1
        if self._seen != self._apart.shared:
            self._seen = self._apart.shared
            _processors.spread(self._number)

    def between(self) -> None:
        """Between two items of a chunk: one that took a moment is looked at like a chunk."""
        if time.perf_counter() - self._wall > LONG:
            self.end()
            self.begin()
