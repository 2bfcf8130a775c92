"""While threads run items that wait: has the GIL become the bottleneck?

    CPU of the process ── a second for each second, and no more ──> full
                       ── as much as the items always took ───────> full, but nothing new

Looked at some hundred times a second; two looks in a row must agree.
"""

from __future__ import annotations

import time

from clustrix.execution._cost import PARALLEL_ALREADY, Figures

__all__ = ["LOOK_EVERY", "GilWatch"]

# Seconds between two looks: as long as a thread keeps the GIL when others want it.
LOOK_EVERY = 0.005

# CPU seconds for each second: with less the lanes still wait.
FULL = 0.85

# Items that take so many times the CPU that they took before are of another kind.
ANOTHER_KIND = 3.0

# Where leaving would not pay, the next look comes so much later.
REST = 0.1


class GilWatch:
    """The clocks of a loop on threads.

    Args:
        figures: of the items that were timed before the threads came.
    """

    def __init__(self, figures: Figures) -> None:
        self._before = figures
        self._due = 0.0
        self._looks = 0
        self._restart(0)

    def _restart(self, done: int) -> None:
        self._since, self._cpu = time.perf_counter(), time.process_time()
        self._done = self._seen = done

    def full(self, done: int) -> bool:
        """Whether it has been full for two looks, with items of another kind.

        Args:
            done: items that threads have finished.
        """
        now = time.perf_counter()
        wall = now - self._since
        if now < self._due or wall < LOOK_EVERY * (self._looks + 1):
            return False
        cpu = time.process_time() - self._cpu
        self._seen = done
        expected = (done - self._done) * max(self._before.cpu, 1e-9)
        if not (FULL * wall < cpu < PARALLEL_ALREADY * wall and cpu > ANOTHER_KIND * expected):
            self._looks = 0
            self._restart(done)
            return False
        self._looks += 1
        return self._looks >= 2

    def figures(self, lanes: int) -> Figures:
        """What is known of the items by now: they compute, and hold the GIL.

        Args:
            lanes: threads at work; each has done a part of its item.
        """
        cpu = time.process_time() - self._cpu
        each = cpu / max(1, self._seen - self._done, lanes)
        each = max(each, self._before.cpu)
        return self._before._replace(
            wall=each, cpu=each, process_cpu=each, waits=0.0, looks=0, overlap=1.0
        )

    def rest(self) -> None:
        """It is full, and leaving would not pay."""
        self._looks, self._due = 0, time.perf_counter() + REST
        self._restart(self._seen)
