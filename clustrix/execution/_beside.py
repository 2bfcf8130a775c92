"""Worker processes at work, and the calling thread beside them.

    calling thread:  hand out chunks ─> do one itself ─> collect ─> hand out … ─> end
                          │        <── take back what no worker has begun ──┘
    workers:              └> chunk, chunk, …

The calling thread is a lane like the others, so two processors need one worker only, and nobody
waits for workers that are still starting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from clustrix._records import Chunk, News, Outcome
from clustrix.execution._partial import keep_partial
from clustrix.execution._parting import Parting
from clustrix.execution._schedule import Schedule
from clustrix.execution._taper import Taper

if TYPE_CHECKING:
    from clustrix.execution._process_loop import ProcessLoop

__all__ = ["Beside"]


class Beside:
    """One loop, shared between workers and the calling thread.

    Args:
        loop: the workers' part.
        schedule: which chunk is next.
        taper: what cuts the chunks; learns what an item costs.
        here: runs a chunk in the calling thread.
        keep: takes every outcome, and what items have shown.
        works: whether the calling thread runs chunks, too, or only listens.
        enough: whether others shall take over what the workers have not begun.
    """

    def __init__(
        self,
        loop: ProcessLoop,
        schedule: Schedule,
        taper: Taper,
        here: Callable[[Chunk], Outcome],
        keep: Callable[[News], None],
        works: bool,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        self._loop = loop
        self._schedule = schedule
        self._taper = taper
        self._here = here
        self._keep = keep
        self._works = works
        self._enough = enough
        self._taken = 0
        self._parting = Parting(loop.pool)
        if works:
            loop.parting = self._parting

    def run(self) -> None:
        """Run all that the schedule has."""
        try:
            while not self._enough() and self._turn():
                pass
            if self._enough():
                self._hand_over()
        except KeyboardInterrupt as interrupt:
            keep_partial(interrupt, self._loop.unfinished())
            raise
        finally:
            self._parting.end()
            try:
                self._loop.end()
            finally:
                self._loop.let_go()

    def _hand_over(self) -> None:
        """What no worker has begun goes back to the schedule; what has begun comes to its end."""
        while self._loop.take_back():
            pass
        while self._loop.busy():
            self._collect()

    def _turn(self) -> bool:
        """Serve the workers, do a chunk oneself; ``False`` when nothing that matters is left."""
        chunk = self._schedule.take() if self._works else None
        self._hand_out()
        if chunk is None and self._works:
            chunk = self._take_back()
        if self._loop.idle and self._loop.take_back(least=2):  # one has run dry, one has plenty
            self._hand_out()
        if chunk is not None:
            start = time.perf_counter()
            self._keep(self._schedule.settle(chunk, self._here(chunk)))
            wall = (time.perf_counter() - start) / len(chunk.items)
            self._taper.wall = (self._taper.wall + wall) / 2
        elif not self._loop.busy():
            return False
        self._collect(wait=chunk is None)
        return True

    def _collect(self, *, wait: bool = True) -> None:
        workers, start = [*self._loop.working.values()], time.perf_counter()
        for news in self._loop.collect(wait=wait):
            self._keep(news)
        if wait and self._works:
            self._parting.waited(time.perf_counter() - start, workers)

    def _hand_out(self) -> None:
        for outcome in self._loop.hand_out():
            self._keep(outcome)

    def _take_back(self) -> Chunk | None:
        """A chunk that no worker has begun.

        The last one first, then the one in the middle of the loop, then on from the back: a loop
        whose cost grows, or whose dear items are all in one place, shows it early.
        """
        self._taken += 1
        middle = len(self._taper.items) // 2 if self._taken == 2 else None
        return self._schedule.take() if self._loop.take_back(item=middle) else None
