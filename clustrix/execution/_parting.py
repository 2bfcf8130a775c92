"""Lanes on processors of their own, where the system would have two of them share one.

    wake ──> a lane goes on where the one is that woke it, as if that were about to sleep;
             but that computes, and another processor is idle

    Parting   workers: has the caller waited long for one that is at its place?  from then on
              workers are kept off that place for as long as a loop lasts
    Apart     threads: had this one its processor for itself?  if not, each goes to its own

The system parts them at one of its next ticks, when a loop of a millisecond is over
(benchmarks/warm_call.py: 1.35 of the plain loop so, 0.75 like this).  Where the processors share a
cache it puts them apart by itself, and nothing of this happens.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from clustrix.execution import _processors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution._pool import Pool, Worker

__all__ = ["Apart", "Parting", "Spot"]

# Seconds: who waits longer for a worker, or for its own processor, looks where that is.
LONG = 0.0002

# A thread that computes and has had its processor for less of the time shares it with another.
FOR_ITSELF = 0.75


class Parting:
    """Where the workers of one loop may run, beside a calling thread that works too.

    Args:
        pool: remembers whether the system has put them together.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._here: int | None = _processors.processor() if pool.parting else None
        self._allowed: dict[Worker, set[int]] = {}

    def part(self, workers: Iterable[Worker]) -> None:
        """Before workers are woken: not here, if that has happened before."""
        if self._here is None:
            return
        for worker in workers:
            if worker not in self._allowed:
                allowed = _processors.keep_off(worker.process.pid, self._here)
                self._allowed[worker] = allowed or set()

    def waited(self, seconds: float, workers: Iterable[Worker]) -> None:
        """The calling thread has waited for workers: have they waited for its processor?"""
        if seconds < LONG or self._pool.parting:
            return
        here = _processors.processor()
        if here is not None:
            places = {_processors.processor(worker.process.pid) for worker in workers}
            self._pool.parting = here in places

    def end(self) -> None:
        """The loop is over: they may run anywhere again."""
        for worker, allowed in self._allowed.items():
            if allowed:
                _processors.let_run(worker.process.pid, allowed)
        self._allowed.clear()


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
