"""What items cost in the thread that runs them: clocks and counts, read before and behind a batch.

    start() ── a batch ── stop() ──> Figures: seconds an item, CPU share, waits, use of other CPUs

What other threads of the process use, such as those of BLAS, is booked late: at the next tick of
the processor that they run on.  So it is looked at over a longer time than a batch takes.  What
clustrix's own threads do beside the loop, such as reading its source, does not count.
"""

from __future__ import annotations

import time

from clustrix.basis._typing import NamedTuple
from clustrix.execution.deciding._figures import CERTAINLY_WAITS, WAITS, Figures
from clustrix.execution.machine import _processors, _thread_cache

__all__ = ["NOTHING", "Clocks", "Meter", "read_clocks"]

# Seconds after which what other threads used counts half.
HALF_LIFE = 0.02

# With this part of the time a helper may have been what the calling thread has waited for.
IN_THE_WAY = 0.1

# Between two ticks at the worst; what they used since is on no clock yet.
TICK = 0.004


class Clocks(NamedTuple):
    """Seconds, and what has happened to the calling thread.

    Attributes:
        wall: on the wall.
        cpu: CPU time of the calling thread.
        process: CPU time of all threads of the process but clustrix's own.
        waits: how often the thread gave up its processor by itself.
        helpers: CPU time of clustrix's own threads.
        faults: how many pages of memory the thread has got anew.
    """

    wall: float
    cpu: float
    process: float
    waits: float
    helpers: float
    faults: float

    def since(self, before: Clocks) -> Clocks:
        """What has passed."""
        return Clocks(*(now - then for now, then in zip(self, before, strict=True)))

    def blocked(self) -> float:
        """How often the thread has waited in that time, but for the GIL that a helper had."""
        in_the_way = self.helpers > IN_THE_WAY * self.wall
        return 0.0 if in_the_way and self.cpu > CERTAINLY_WAITS * self.wall else self.waits


NOTHING = Clocks(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def read_clocks() -> Clocks:
    """The clocks now."""
    (waits, faults), helpers = _processors.waits_and_faults(), _thread_cache.spent()
    process = time.process_time() - helpers
    return Clocks(time.perf_counter(), time.thread_time(), process, waits, helpers, faults)


class Meter:
    """The clocks of one loop.

    Args:
        figures: what is known of it so far.

    Attributes:
        faults: pages of memory that the last batch has got anew.
    """

    def __init__(self, figures: Figures) -> None:
        self.faults = 0.0
        # What earlier loops showed is not undone by one batch in which the threads stood in line.
        self._watched = 5 * HALF_LIFE if figures.wall > 0 else 0.0
        share = (figures.process_cpu - figures.cpu) / figures.wall if figures.wall > 0 else 0.0
        self._others = max(0.0, share) * self._watched
        self._begun = NOTHING

    def start(self) -> None:
        """A batch begins."""
        self._begun = read_clocks()

    def stop(self, figures: Figures, count: int) -> Figures:
        """A batch has ended.

        Args:
            figures: of the loop so far.
            count: items in the batch.

        Returns:
            The figures of the batch.
        """
        passed = read_clocks().since(self._begun)
        wall, cpu, process = passed[:3]
        waits, self.faults = passed.blocked(), passed.faults
        fade = 0.5 ** (wall / HALF_LIFE)
        self._watched = self._watched * fade + wall
        self._others = self._others * fade + process - cpu  # of a tick too early: less than nothing
        used = cpu + wall * max(0.0, self._others) / max(self._watched, TICK)
        return figures._replace(
            wall=wall / count,
            cpu=cpu / count,
            process_cpu=used / count,
            waits=waits / count,
            looks=figures.looks + 1 if waits and cpu < WAITS * wall else 0,
        )
