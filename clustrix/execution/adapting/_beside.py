"""Other lanes at work, worker processes or threads, and the calling thread beside them.

    calling thread:  hand out chunks ─> do one itself ─> collect ─> hand out … ─> end
                          │        <── take back what no lane has begun ────┘
    other lanes:          └> chunk, chunk, …

The calling thread is a lane like the others: two processors need one more lane only, which is
all that has to be woken, and nobody waits for workers that are still starting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from clustrix._records import Chunk, News, Outcome
from clustrix.basis._typing import Any, Protocol
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.lanes._partial import keep_partial

__all__ = ["Beside", "Lanes"]


class Lanes(Protocol):
    """Other lanes of one loop: `ProcessLoop`, `ThreadLanes`."""

    @property
    def idle(self) -> Iterable[Any]:
        """Those that have nothing to do."""

    def hand_out(self) -> Iterator[Outcome]:
        """Keep every lane in work; yields what cannot be sent."""

    def collect(self, *, wait: bool) -> Iterator[News]:
        """Yield what lanes have to tell; of nothing, or wait until there is something."""

    def busy(self) -> bool:
        """Whether a lane runs something that can still matter."""

    def take_back(self, least: int = 1, *, item: int | None = None) -> bool:
        """Get what no lane has begun back into the schedule, a chunk or a part of one."""

    def unfinished(self) -> list[Outcome]:
        """What is done of chunks that are still under way."""

    def end(self) -> None:
        """Let every lane stop."""

    def let_go(self) -> None:
        """The same, where that was interrupted."""


class Beside:
    """One loop, shared between other lanes and the calling thread.

    Args:
        loop: the other lanes' part.
        schedule: which chunk is next.
        taper: what cuts the chunks; learns what an item costs.
        here: runs a chunk in the calling thread.
        keep: takes every outcome, and what items have shown.
        works: whether the calling thread runs a chunk now, too, or only listens.
        enough: whether lanes of another kind shall take over what these have not begun.
    """

    def __init__(
        self,
        loop: Lanes,
        schedule: Schedule,
        taper: Taper,
        here: Callable[[Chunk], Outcome],
        keep: Callable[[News], None],
        works: Callable[[], bool] = lambda: True,
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
            try:
                self._loop.end()
            finally:
                self._loop.let_go()

    def _hand_over(self) -> None:
        """What no lane has begun goes back to the schedule; what has begun comes to its end."""
        while self._loop.take_back():
            pass
        while self._loop.busy():
            self._collect()

    def _turn(self) -> bool:
        """Serve the others, do a chunk oneself; ``False`` when nothing that matters is left."""
        works = self._works()
        chunk = self._schedule.take() if works else None
        self._hand_out()
        if chunk is None and works:
            chunk = self._take_back()
        if self._loop.idle and self._loop.take_back(least=2):  # one has run dry, one has plenty
            self._hand_out()
        if chunk is not None:
            start = time.perf_counter()
            outcome = self._here(chunk)
            self._keep(self._schedule.settle(chunk, outcome))
            wall = (time.perf_counter() - start) / max(1, len(outcome.values))
            self._taper.wall = (self._taper.wall + wall) / 2
        elif not self._loop.busy():
            return not works and self._works()  # no worker could be had: then it does all of it
        self._collect(wait=chunk is None)
        return chunk is not None or not self._over()

    def _over(self) -> bool:
        """Whether that was all; to find out by one more turn takes 0.02 ms."""
        return not (self._taper.left or self._schedule.waits() or self._loop.busy())

    def _collect(self, *, wait: bool = True) -> None:
        for news in self._loop.collect(wait=wait):
            self._keep(news)

    def _hand_out(self) -> None:
        for outcome in self._loop.hand_out():
            self._keep(outcome)

    def _take_back(self) -> Chunk | None:
        """A chunk that no lane has begun.

        The last one first, then the one in the middle of the loop, then on from the back: a loop
        whose cost grows, or whose dear items are all in one place, shows it early.
        """
        self._taken += 1
        middle = len(self._taper.items) // 2 if self._taken == 2 else None
        if not self._loop.take_back(item=middle):
            return None
        chunk = self._schedule.take()
        self._hand_out()  # a part of it may be left for others
        return chunk
