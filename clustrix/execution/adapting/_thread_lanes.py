"""Threads that compute beside the calling thread, for C code that lets go of the GIL.

    ThreadLoop: ready ──> lanes ──> news        ThreadLanes: the same, as `Beside` sees it

    calling thread  ▒▒▒▒▒▒▒▒░░░░╎░░░░           a lane that runs dry gets half of what another one
    other thread    ▒▒▒▒▒▒▒▒    └──> ░░░░       has not begun of its chunk, whoever that is

One thread less has to be woken, and the caller does not wake up for every outcome: three threads
on two processors now and then shared one while the other was idle (benchmarks/arrays_in.py: 0.75
of the plain loop so, 0.60 like this).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from clustrix._records import Call, Chunk, News, Outcome
from clustrix.basis._native import queue
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.lanes._own_lane import Batches, Cursor
from clustrix.execution.machine._apart import LONG, Apart
from clustrix.execution.threads._threads import ThreadLoop

__all__ = ["ThreadLanes"]

# Chunks that lie ready for each thread: nobody hands out more while the calling thread is at an
# item that takes long.  Of chunks of 20 ms that is a second.
AHEAD = 50


class ThreadLanes:
    """Some threads of one loop.

    Args:
        call: the loop.
        schedule: which chunk is next.
        taper: what cuts the chunks; says whether those that run may be split.
        threads: how many.
        run: runs a chunk in the calling thread, in batches.
    """

    idle = ()  # all of them take from one queue: none runs dry while another has plenty

    def __init__(
        self,
        call: Call,
        schedule: Schedule,
        taper: Taper,
        threads: int,
        run: Callable[[Chunk, Batches], Outcome],
    ) -> None:
        apart = Apart()
        self._loop = ThreadLoop(call, schedule, apart)
        self._taper = taper
        self._threads = threads
        self._run = run
        self._spot = apart.lane(0)

    @property
    def cpu(self) -> float:
        """CPU seconds of the items that the threads have run."""
        return self._loop.cpu

    @property
    def pushed(self) -> float:
        """Seconds for which the threads could have run and had no processor."""
        return self._loop.pushed

    def here(self, chunk: Chunk) -> Outcome:
        """Run a chunk in the calling thread, the first of the lanes; or what others leave of it."""
        self._spot.begin()
        return self._run(chunk, lambda cursor: self._batches(cursor, chunk))

    def _batches(self, cursor: Cursor, chunk: Chunk) -> Iterator[Iterable[Any]]:
        """The items, some at a time; another lane that has nothing to do gets half of the rest."""
        done, stop = 0, len(chunk.items)
        size = max(1, int(LONG / max(self._taper.wall, 1e-9)))
        while done < stop:
            count = min(size, stop - done)
            yield cursor.batch(count)
            done += count
            self._spot.between()
            if self._taper.splits and stop - done > 1 and self._loop.dry():
                end, stop = stop, stop - (stop - done) // 2
                self._loop.give(Chunk(chunk.start + stop, chunk.items[stop:end]))

    def hand_out(self) -> Iterator[Outcome]:
        """Keep the threads in work."""
        self._loop.hand_out(self._threads, AHEAD)
        return iter(())  # everything can be sent to a thread

    def collect(self, *, wait: bool) -> Iterator[News]:
        """What the threads have to tell by now; if told to wait, at least one thing."""
        while True:
            try:
                one = self._loop.news.get(wait)
            except queue.Empty:
                return
            yield from self._loop.heard(one)
            wait = False

    def busy(self) -> bool:
        """Whether a thread has something that can still matter."""
        return self._loop.busy()

    def take_back(self, least: int = 1, *, item: int | None = None) -> bool:
        """Get a chunk that no thread has begun back into the schedule.

        Args:
            least: of no meaning here: they share what is ready.
            item: which item it should contain; ``None`` for the last chunk.
        """
        loop = self._loop
        loop.hold()
        place = len(loop.held) - 1
        if item is not None:
            before = [at for at, chunk in enumerate(loop.held) if chunk.start <= item]
            place = before[-1] if before else place
        if place >= 0:
            chunk = loop.held[place]
            del loop.held[place], loop.pending[chunk.start]
            loop.schedule.put_back(chunk)
        loop.give_out()
        return place >= 0 or (self._taper.splits and loop.split())

    def unfinished(self) -> list[Outcome]:
        """What is done of chunks that are still under way."""
        return self._loop.unfinished()

    def end(self) -> None:
        """Let every thread go as soon as the item that it runs is done."""
        self._loop.end()

    def let_go(self) -> None:
        """There is nothing else to let go of."""
