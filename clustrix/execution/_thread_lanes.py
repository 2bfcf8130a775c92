"""Threads that compute beside the calling thread, for C code that lets go of the GIL.

    ThreadLoop: ready ──> lanes ──> news        ThreadLanes: the same, as `Beside` sees it

One thread less has to be woken, and the caller does not wake up for every outcome: three threads
on two processors now and then shared one while the other was idle (benchmarks/arrays_in.py: 0.75
of the plain loop so, 0.60 like this).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clustrix._native import queue
from clustrix._records import Call, Chunk, News, Outcome
from clustrix.execution._parting import Apart
from clustrix.execution._schedule import Schedule
from clustrix.execution._threads import ThreadLoop

__all__ = ["ThreadLanes"]


class ThreadLanes:
    """Some threads of one loop.

    Args:
        call: the loop.
        schedule: which chunk is next.
        threads: how many.
        run: runs a chunk in the calling thread.
    """

    idle = ()  # all of them take from one queue: none runs dry while another has plenty

    def __init__(
        self, call: Call, schedule: Schedule, threads: int, run: Callable[[Chunk], Outcome]
    ) -> None:
        apart = Apart()
        self._loop = ThreadLoop(call, schedule, apart)
        self._threads = threads
        self._run = run
        self._spot = apart.lane(0)

    @property
    def cpu(self) -> float:
        """CPU seconds of the items that the threads have run."""
        return self._loop.cpu

    def here(self, chunk: Chunk) -> Outcome:
        """Run a chunk in the calling thread, the first of the lanes."""
        self._spot.begin()
        outcome = self._run(chunk)
        self._spot.end()
        return outcome

    def hand_out(self) -> Iterator[Outcome]:
        """Keep the threads in work."""
        self._loop.hand_out(self._threads)
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
        return place >= 0

    def unfinished(self) -> list[Outcome]:
        """What is done of chunks that are still under way."""
        return self._loop.unfinished()

    def end(self) -> None:
        """Let every thread go as soon as the item that it runs is done."""
        self._loop.end()

    def let_go(self) -> None:
        """There is nothing else to let go of."""
