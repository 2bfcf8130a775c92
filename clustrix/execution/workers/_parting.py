"""Workers on other processors than the thread that wakes them, where that one goes on computing.

    wake ──> a worker goes on where the thread is that woke it, as if that were about to sleep;
             but that computes, and another processor is idle

    Parting   has the caller waited long for a worker that is at its place?  from then on workers
              are kept off that place for as long as a loop lasts

The system parts them at one of its next ticks, when a loop of a millisecond is over
(benchmarks/warm_call.py: 1.35 of the plain loop so, 0.75 like this).  Threads that compute have
the same trouble: `../machine/_apart.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from clustrix.execution.machine import _processors, _thread_cache
from clustrix.execution.machine._apart import LONG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.workers._pool import Pool, Worker

__all__ = ["Parting"]


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
            if self._pool.parting:  # each loop will ask
                _thread_cache.aside(_processors.ask_quickly)

    def end(self) -> None:
        """The loop is over: they may run anywhere again."""
        for worker, allowed in self._allowed.items():
            if allowed:
                _processors.let_run(worker.process.pid, allowed)
        self._allowed.clear()
