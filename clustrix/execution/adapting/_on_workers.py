"""A loop on worker processes, and what the calling thread does meanwhile.

    works     runs chunks, too; its items tell what they are like
    rests     hands out and listens, where items take longer here; it looks now and then
    listens   to items that wait

How much lies ready at workers depends on that: who computes sends nothing meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from clustrix._model import Call
from clustrix._records import Chunk, News, Outcome
from clustrix.basis._typing import Callable, Protocol
from clustrix.execution.adapting._beside import Beside
from clustrix.execution.adapting._meter import Meter
from clustrix.execution.adapting._resting import Here, Resting, dearer_here
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.deciding._figures import Figures
from clustrix.execution.lanes._own_lane import Batches, Cursor, OwnLane
from clustrix.execution.workers._parting import Parting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.workers._process_loop import ProcessLoop

__all__ = ["OnWorkers", "Role"]

Role = Literal["works", "rests", "listens"]

# Chunks that may lie ready at the workers, and so many at each before the calling thread begins.
# Its first item comes 0.03 ms later for each, and may take as long as many others: a worker was
# done with four chunks of 2 ms while that took 40 (benchmarks/giant.py).  Where it costs something
# to send them there are fewer: eight chunks of 40 small arrays each took 4.5 ms.
AHEAD = 200
AT_FIRST, LONG_AT_FIRST = 8, 24
HEAVY, HEAVY_AT_FIRST = 8, 2

# Items and values that take less than this part of the work to move are next to nothing.
LIGHT = 0.01

# The calling thread looks at the clock between items that take so many seconds.  Behind one that
# took so many times longer than the others it gives back what it has of them.
STEP, DEAR = 0.0002, 4.0


class Owner(Protocol):
    """The loop of which this is the rest."""

    call: Call
    figures: Figures
    own: OwnLane


class OnWorkers:
    """What is left of a loop, on workers.

    Args:
        owner: the loop.
        loop: the workers' part of it.
        schedule: which chunk is next.
        taper: what cuts the chunks.
        role: what the calling thread does.

    Attributes:
        worked: seconds that items of the calling thread have taken.
        items: how many these were.
    """

    def __init__(
        self, owner: Owner, loop: ProcessLoop, schedule: Schedule, taper: Taper, role: Role
    ) -> None:
        self.worked, self.items = 0.0, 0
        self._faults = 0.0
        self._owner = owner
        self._loop = loop
        self._schedule = schedule
        self._taper = taper
        self._role = role
        taper.wall = owner.figures.wall
        loop.depth = self._depth(begins=role != "listens")
        if role == "works":
            loop.parting, loop.bites = Parting(loop.pool), True
        if role == "rests":
            loop.awake_for = 0.0  # all processors have something better to do
        if role != "listens":
            loop.taper = taper
            taper.light = (owner.figures.moved or 0.0) < LIGHT * taper.wall

    def run(
        self,
        keep: Callable[[News], None],
        look: Callable[[Figures], None],
        enough: Callable[[], bool],
    ) -> None:
        """Run it.

        Args:
            keep: takes every outcome, and what items have shown.
            look: is told what items of the calling thread are like.
            enough: whether lanes of another kind shall take over.
        """
        here, works = self._here(look), self._role == "works"
        if self._role != "rests":
            Beside(self._loop, self._schedule, self._taper, here, keep, lambda: works, enough).run()
            return
        resting = Resting(self._loop, self._taper)

        def learn(news: News) -> None:
            keep(news)
            resting.learn(news)

        Beside(self._loop, self._schedule, self._taper, here, learn, resting.works, enough).run()

    def dearer(self, items: int) -> float:
        """How many times longer items took here than there, of so many on both; 0 if unknown."""
        here = Here(self.worked, self.items, self._faults)
        return dearer_here(here, self._loop.worked, items - self.items)

    def _here(self, look: Callable[[Figures], None]) -> Callable[[Chunk], Outcome]:
        owner, meter, seen = self._owner, Meter(self._owner.figures), self._owner.figures

        def here(chunk: Chunk) -> Outcome:
            nonlocal seen
            if self._role == "works":
                self._loop.depth = self._depth()
            meter.start()
            start = time.perf_counter()
            steps = self._steps(chunk)
            outcome = owner.own.run(chunk, steps)
            self.worked += time.perf_counter() - start
            self.items += len(outcome.values)
            if outcome.error is None:
                done = len(chunk.items) if steps is None else len(outcome.values)
                seen = meter.stop(seen, done)
                self._faults += meter.faults
                look(seen)
            return outcome

        return here

    def _steps(self, chunk: Chunk) -> Batches | None:
        """Cuts a chunk of the calling thread: what is behind a very dear item is given back.

        Not objects of the user's, which would be serialized once more.
        """
        wall, count = self._taper.wall, len(chunk.items)
        if count < 2 or wall < STEP or self._owner.call.batched:
            return None
        if not self._loop.packing.anew(chunk):
            return None

        def steps(cursor: Cursor) -> Iterator[Iterable[Any]]:
            for done in range(1, count + 1):
                start = time.perf_counter()
                yield cursor.batch(1)
                if time.perf_counter() - start > DEAR * wall and done < count:
                    self._schedule.put_back(Chunk(chunk.start + done, chunk.items[done:]))
                    return

        return steps

    def _depth(self, *, begins: bool = False) -> int:
        """Chunks that may lie ready at each worker.

        Args:
            begins: whether the calling thread waits until they have been sent.
        """
        workers = self._loop.plan.workers
        light = (self._owner.figures.moved or 0.0) < 0.1 * self._taper.wall
        if begins and light:
            return AT_FIRST if self._taper.brief else LONG_AT_FIRST
        if begins:
            return HEAVY_AT_FIRST
        return max(2, AHEAD // workers) if light else HEAVY
