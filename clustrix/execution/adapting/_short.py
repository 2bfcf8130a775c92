"""Loops in which nothing can be gained: the plain loop, with as little around it as can be.

    one item of a function nobody knows    ──> here
    a known function, too little work,
    or sharing it has gained nothing       ──> here, with a look at the clock now and then
    items take twice as long as they did   ──> what is left goes the long way (_adaptive.py)

A call of a few microseconds shall not cost thirty (benchmarks/few.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from clustrix._records import Call, Outcome
from clustrix.execution.adapting._alone import BATCH, LOOK, LOOKS
from clustrix.execution.deciding._cost import CHEAP, too_little, worth_waking
from clustrix.execution.deciding._figures import rescaled
from clustrix.execution.deciding._memory import PAUSE, Known, remembered
from clustrix.execution.deciding._payoff import spared
from clustrix.execution.lanes._own_lane import Cursor, run_in_caller, run_plainly

__all__ = ["run_at_once", "run_here", "run_short"]

# Items that take so many times longer than they did are looked at properly.
DEARER = 2.0


def run_here(call: Call) -> Outcome:
    """The plain loop in the calling thread."""
    cursor = Cursor(call.items)
    return run_in_caller(call, call.per_item(), cursor, (cursor.all(),))


def run_short(call: Call, idle_for: float = 0.0) -> Outcome | None:
    """The loop, if it is known to be too short to share; ``None`` if it is not.

    Where its items have become dear, it ends early: it has fewer values than items, and no error.

    Args:
        call: the loop.
        idle_for: seconds for which workers have had nothing to do.
    """
    short = _if_short(call.function, call.items, idle_for)
    if short is None:
        return None
    known, pace = short
    parts = pace.batches()
    outcome = run_in_caller(call, call.per_item(), pace, parts, cheap=pace.cheap)
    _note(call.function, known, pace)
    return outcome


def run_at_once(
    function: Callable[[Any], Any], items: Sequence[Any], loop_var: str, idle_for: float = 0.0
) -> Outcome | None:
    """As `run_short`, for ``[function(item) for item in items]`` where no option was said.

    Most short loops are such, and they touch as little code as can be: behind a pause, when none
    of it is in a cache, each function that is run costs some microseconds (benchmarks/growth.py).
    """
    short = _if_short(function, items, idle_for)
    if short is None:
        return None
    known, pace = short
    parts = pace.batches()
    outcome = run_plainly(
        function, pace, parts, lambda: Call(function, items, loop_var=loop_var), cheap=pace.cheap
    )
    _note(function, known, pace)
    return outcome


def _if_short(
    function: Callable[..., Any], items: Sequence[Any], idle_for: float
) -> tuple[Known, _Pace] | None:
    """What is known of a function, if its loop is to stay here, and how that is cut."""
    known = remembered.get(function)
    if known is None:
        return None
    figures, count = known.figures, len(items)
    if figures.wall <= 0:
        return None
    work, least, rests = count * figures.wall, 0.0, False
    if not (known.hopeless or too_little(work)):
        rests = figures.wall <= spared(known.payoff, work)
        if not rests:
            rest = time.perf_counter() - remembered.ended
            if rest > PAUSE:  # what loops in a row have missed is added up (`_adaptive.py`)
                rest = max(rest, idle_for)
            least = worth_waking(figures, count, rest)
            if work >= least:
                return None
    return known, _Pace(items, figures.wall, least, rests=rests)


def _note(function: Callable[..., Any], known: Known, pace: _Pace) -> None:
    """What the next loop shall know of one that has come to its end here."""
    remembered.ended = pace.now
    if not pace.done or not (pace.dearer or pace.rests):
        return
    wall = pace.seconds()
    if pace.dearer:  # from now on its items are known to be as dear as they were
        known = known._replace(figures=rescaled(known.figures, wall))
    if pace.rests:
        known = known.rested(len(pace.items), wall)
    remembered.put(function, known)


class _Pace(Cursor):
    """Cuts a short loop in batches, until items take longer than they should.

    Args:
        items: those of the loop, at least one.
        wall: seconds that an item should take.
        least: seconds of work that must be left, if it is to be looked at properly.
        rests: whether it is here because sharing has gained nothing lately.

    Attributes:
        now: the last look at the clock.
        cheap: whether looks at the clock are all that can be afforded.
        done: whether all items have run.
        dearer: whether all of them together took longer than they should.
    """

    done = dearer = False

    def __init__(self, items: Sequence[Any], wall: float, least: float, *, rests: bool) -> None:
        super().__init__(items)
        self.rests = rests
        self._wall, self._least = wall, least
        self.cheap = wall < CHEAP
        self._begun = self.now = time.perf_counter()

    def batches(self) -> Iterator[Iterable[Any]]:
        """One item, four, sixteen, and so on; then equal parts, or some milliseconds each."""
        clock, wall, count = time.perf_counter, self._wall, len(self.items)
        least = self._least
        size, most = 1, max(1, min(-(-count // LOOKS), int(BATCH / wall)))
        done, now = 0, self.now
        while done < count:
            size = min(size, count - done)
            yield self.batch(size)
            done += size
            before, now = now, clock()
            taken = now - before
            dear = taken > LOOK and taken > DEARER * wall * size
            if dear and (count - done) * taken >= least * size:
                break
            size = min(4 * size, most)
        self.now, self.done = now, done == count
        self.dearer = self.done and now - self._begun > DEARER * wall * count

    def seconds(self) -> float:
        """What an item took, where all of them have run."""
        return (self.now - self._begun) / len(self.items)
