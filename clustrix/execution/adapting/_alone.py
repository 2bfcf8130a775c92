"""The calling thread at work by itself, until all is done or something better is found.

    items ──> batch ── clocks ── decide ──> batch ── clocks ── decide ──> …
              └──────────────── one list for all of them ───────────────┘

Batches grow to some milliseconds.  Their values go into one list, since joining those of several
would cost a tenth of what cheap items do (benchmarks/growth.py); and cheap items run in one
comprehension over all batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from clustrix._records import Chunk, News
from clustrix.basis._typing import Protocol
from clustrix.execution.adapting._meter import Meter
from clustrix.execution.adapting._slow_start import MANY, Helped, SlowStart, Started
from clustrix.execution.deciding._cost import CHEAP, Decision
from clustrix.execution.deciding._figures import (
    PARALLEL_ALREADY,
    Figures,
    no_dearer,
    parallel_already,
)
from clustrix.execution.deciding._memory import Known
from clustrix.execution.lanes._own_lane import Cursor, OwnLane
from clustrix.execution.machine._processors import leave_processor

__all__ = ["Alone", "first_batch"]

# The first look at the figures: long enough for the clock, short enough to lose nothing.
LOOK = 0.0005

# So much of it is enough.  A first batch is cut to whole items: it takes half of a look to a whole
# one, or less where items are quicker than they were; the next batch may be all that is left, and
# then nobody would be asked: twenty items of 0.45 ms stayed here for dozens of loops.
ENOUGH = 1 / 3

# Batches grow to this much work between two looks, so that a change is noticed within the call.
BATCH = 0.005

# Where a library uses all processors there is less to look for, and a look takes 0.07 ms behind its
# threads (benchmarks/blas.py: 1.03 of the plain loop with 5 ms, 1.01 like this).
LIBRARY_BATCH = 0.02

# Where a library uses several processors, items that take so many times longer have its threads
# where the calling thread is.
SLOWER = 1.5

# Where nobody knows what is to come, or it is known that it will be dearer, a batch is no more than
# such a part of the loop: twenty dear items were in one piece with eighty that are done already.
# Short loops are cut like that, too (`_short.py`).
LOOKS = 16

# Items that take so many times longer than those before are looked at once more before anything
# is decided: another program may have had the processor.
JUMP = 3.0


class Owner(Helped, Protocol):
    """The loop that works here."""

    known: Known | None
    figures: Figures
    next: int
    failed: bool
    own: OwnLane
    tally: Callable[[int], object] | None

    def keep(self, news: News, *, counted: bool = False) -> None:
        """Take what became of items, or what they showed."""

    def decide(self) -> Decision:
        """What to do with the rest."""


class Alone:
    """Work in the calling thread.

    Args:
        owner: the loop.

    Attributes:
        decision: what was found to be better; to finish here, if nothing was.
        started: what is under way already, behind a first item that took long.
    """

    def __init__(self, owner: Owner) -> None:
        self.decision = Decision("finish", 1, "")
        self.started: Started | None = None
        self._owner = owner
        self._size = first_batch(owner.known)
        self._meter = Meter(owner.figures)
        self._worked = 0.0
        self._helper: SlowStart | None = None
        self._settled: Figures | None = None  # by which it was decided to finish here
        self._doubt = self._parted = False
        self._trouble: BaseException | None = None  # between batches: no item is to blame

    def run(self) -> None:
        """Work until all is done, or until something better is found."""
        owner = self._owner
        if owner.known is None and owner.next == 0 and len(owner.call.items) <= MANY:
            self._helper = SlowStart(owner)
        try:
            while self._goes_on():
                chunk, cheap = self._portion(), self._cheap()
                owner.keep(owner.own.run(chunk, self._batches, cheap=cheap), counted=True)
                if self._trouble is not None:
                    raise self._trouble
        finally:
            self._first_is_over(failed=True)  # unless it was before
            self._trouble = None

    def _goes_on(self) -> bool:
        owner = self._owner
        return (
            self.decision.way == "finish"
            and self.started is None
            and owner.next < len(owner.call.items)
            and not owner.failed
        )

    def _cheap(self) -> bool:
        return 0 < self._owner.figures.wall < CHEAP

    def _portion(self) -> Chunk:
        """What runs in one go: all that are left, behind a first batch that tells what they are."""
        owner, start = self._owner, self._owner.next
        if owner.figures.wall > 0:
            items = owner.call.items[start:] if start else owner.call.items
        else:
            items = owner.call.items[start : start + self._size]
        return Chunk(start, items)

    def _batches(self, cursor: Cursor) -> Iterator[Iterable[Any]]:
        """Batches of what there is, with a look at the clocks behind each."""
        known, cheap = self._owner.figures.wall > 0, self._cheap()
        while True:
            count = min(self._size, len(self._owner.call.items) - self._owner.next)
            self._meter.start()
            yield cursor.batch(count)
            try:
                self._note(count)
            except BaseException as trouble:
                self._trouble = trouble
                return
            if not (known and self._cheap() == cheap and self._goes_on()):
                return

    def _note(self, count: int) -> None:
        """A batch is done."""
        owner, before = self._owner, self._owner.figures.wall
        figures = self._meter.stop(owner.figures, count)
        self._worked += figures.wall * count
        owner.next += count
        owner.figures = figures._replace(items=len(owner.call.items) - owner.next)
        if owner.tally is not None:
            owner.tally(count)
        self._first_is_over(failed=False)
        if not self._goes_on():
            return
        self._part()
        wall = owner.figures.wall
        self._doubt = not self._doubt and 0 < JUMP * before < wall
        if self._doubt:
            self._size = min(self._size, max(1, int(LOOK / wall)))
            return
        if self._worked >= ENOUGH * LOOK and not self._stands():
            self.decision = owner.decide()
            self._settled = owner.figures if self.decision.seconds else None
        self._size = self._grown()

    def _stands(self) -> bool:
        """Whether nothing has changed since it was decided to finish here."""
        owner, settled = self._owner, self._settled
        if settled is None or not no_dearer(owner.figures, settled):
            return False
        return owner.engines.warm() <= settled.warm

    def _part(self) -> None:
        """A library's threads may have come to share this thread's processor: go elsewhere.

        Items that are slower than they were say nothing against what was known of the library.
        """
        owner = self._owner
        if owner.known is None:
            return
        before, now = owner.known.figures, owner.figures
        used = before.process_cpu / before.wall if before.wall > 0 else 0.0
        if used > PARALLEL_ALREADY and now.wall > SLOWER * before.wall:
            if not self._parted:
                self._parted = True
                leave_processor()
            owner.figures = now._replace(process_cpu=max(now.process_cpu, used * now.wall))

    def _first_is_over(self, *, failed: bool) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            self.started = helper.over(cancel=failed)
            if self.started is not None:
                self.decision = self.started.decision

    def _grown(self) -> int:
        """Up to a batch; at once where items cost what they did the last time.

        What is less than two batches stays in one piece: looking takes time, too.
        """
        owner, wall = self._owner, self._owner.figures.wall
        if wall <= 0:
            return 2 * self._size
        batch = LIBRARY_BATCH if parallel_already(owner.figures) else BATCH
        size = max(1, int(batch / wall))
        step = 2 if self._worked >= LOOK else 4  # of a function that is new here
        before = owner.known.figures.wall if owner.known else 0.0
        if not before / 2 < wall < 2 * before:
            size = min(step * self._size, size)
        left = len(owner.call.items) - owner.next
        if before > 2 * wall or not before:
            return min(size, -(-len(owner.call.items) // LOOKS))
        return left if left < 2 * size else size


def first_batch(known: Known | None) -> int:
    """One item of a function that nobody knows; of another, what should take a moment."""
    wall = known.figures.wall if known else 0.0
    return max(1, int(LOOK / wall)) if wall > 0 else 1
