"""While threads run items that wait: has the GIL become the bottleneck?

    CPU of the process ── a second for each second, and no more ──────> full
    CPU of each item ──── most of it in items that take twice as much
                          as items did before ────────────────────────> and it is something new

Looked at some hundred times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from clustrix.execution.deciding._figures import PARALLEL_ALREADY, Figures

__all__ = ["LOOK_EVERY", "GilWatch"]

# Seconds between two looks: as long as a thread keeps the GIL when others want it.
LOOK_EVERY = 0.005

# CPU seconds for each second: with less the lanes still wait.
FULL = 0.85

# Items that take so many times the CPU that they took before are of another kind; one of them may
# be the only one, and the part of the time that they use says whether they are to blame.
ANOTHER_KIND = 2.0
SEVERAL, MOSTLY = 2, 0.5

# Where leaving would not pay, the next look comes so much later.
REST = 0.1


class GilWatch:
    """The clocks of a loop on threads.

    A lane looks when it has finished a chunk, as it has the GIL then; whoever else wants to look
    may have to wait for one lane after the other.

    Args:
        figures: of the items that were timed before the threads came.
    """

    def __init__(self, figures: Figures) -> None:
        self._before = figures
        self._due = 0.0
        self._lock = threading.Lock()
        self._restart()

    def _restart(self) -> None:
        self._since, self._cpu = time.perf_counter(), time.process_time()
        self._ended: list[float] = []
        self._each = 0.0

    def full(self, ended: Iterable[float], running: Callable[[], Iterable[float]]) -> bool:
        """Whether it has been full for a while, with items of another kind.

        Args:
            ended: CPU seconds of each item that has been finished now.
            running: asks for those of each that runs, as far as it is.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._ended += ended
            now = time.perf_counter()
            wall = now - self._since
            if now < self._due or wall < LOOK_EVERY:
                return False
            cpu = time.process_time() - self._cpu
            if not FULL * wall < cpu < PARALLEL_ALREADY * wall:
                self._restart()
                return False
            ended, begun = self._others(self._ended), self._others(running())
            count, used = len(ended) + len(begun), sum(ended) + sum(begun)
            if count < SEVERAL or used < MOSTLY * cpu:
                return False
            self._each = (used + sum(begun)) / count  # who is met on the way is half-way there
            return True
        finally:
            self._lock.release()

    def _others(self, items: Iterable[float]) -> list[float]:
        return [seconds for seconds in items if seconds > ANOTHER_KIND * self._before.cpu]

    def figures(self) -> Figures:
        """What is known of the items by now: they compute, and hold the GIL."""
        each = max(self._each, self._before.cpu)
        return self._before._replace(
            wall=each, cpu=each, process_cpu=each, waits=0.0, looks=0, overlap=1.0
        )

    def rest(self) -> None:
        """It is full, and leaving would not pay."""
        self._due = time.perf_counter() + REST
        self._restart()
