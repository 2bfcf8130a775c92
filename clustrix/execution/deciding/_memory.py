"""What earlier loops showed of a function: so the next one goes straight to the right engine.

    code of the function ──> Known(wall, overlap, …)      kept for the last thousand functions

Only what is a property of the code is remembered as such: whether it lets go of the GIL, whether
it can travel.  The cost of an item is measured anew in every loop; the remembered one merely
says what to try first.
"""

from __future__ import annotations

import operator
import threading
from collections import OrderedDict
from collections.abc import Callable

from clustrix._model import Call, Plan
from clustrix.basis._typing import Any, NamedTuple
from clustrix.execution.deciding._figures import (
    Figures,
    cpus_used,
    in_words,
    parallel_already,
    rescaled,
)
from clustrix.execution.deciding._payoff import UNTRIED, Payoff, passed
from clustrix.functions._sameness import given, sameness

__all__ = ["ALONE", "PAUSE", "Known", "Memory", "binding", "remembered"]

MOST = 1024

# Items that take such a part of their time to move gain little on any number of workers.
MUCH = 0.25

# What a loop did that no other lane took part in.
ALONE = "finished in the calling thread"

# Who calls so many seconds after the last loop does not call again and again.
PAUSE = 0.005


class Known(NamedTuple):
    """What a loop showed.

    Attributes:
        figures: as they were when it last decided.
        report: what it did, in a few words.
        loop_var: the loop variable.
        bound: the engine to which the source binds the loop; ``"processes"`` where it only must
            not be threads; ``""`` for none; ``None`` when the source has not been read.
        shared: whether other lanes took part.
        hopeless: whether no other lane would gain anything, however many items there were.
        missed: seconds that other lanes would have saved, had the source been read.
        doubts: how many probes in a row have not shown whether it lets go of the GIL.
        payoff: whether workers have brought anything.
        dearer: how many times longer items took in the calling thread than on workers, where that
            was compared.
        items: how many the loop had.
        given: the classes of what the loop gave its function.
    """

    figures: Figures
    report: str
    loop_var: str = ""
    bound: str | None = None
    shared: bool = False
    hopeless: bool = False
    missed: float = 0.0
    doubts: int = 0
    payoff: Payoff = UNTRIED
    dearer: float = 0.0
    items: int = 0
    given: tuple[type, ...] = ()

    def in_words(self) -> str:
        """What the loop did, and what it was like."""
        each, work = self.figures.wall, self.items * self.figures.wall
        if self.shared or not work:
            return self.report
        return f"{self.report}: {in_words(each)} an item, {in_words(work)} of work{self._why()}"

    def _why(self) -> str:
        """What kept it in the calling thread, beside its being short."""
        figures, moved = self.figures, self.figures.moved or 0.0
        if parallel_already(figures):
            return f", on {cpus_used(figures):.1f} CPUs already"
        if not figures.portable:
            return ", which cannot run in a worker"
        if self.payoff.rest and not self.payoff.work:
            return ", where other lanes have gained nothing lately"
        if moved > MUCH * figures.wall:
            return f"; to move an item takes {in_words(moved)}"
        return ""

    def rested(self, items: int, wall: float) -> Known:
        """The same behind a loop that stayed, as sharing has gained nothing lately.

        On the lanes that gained nothing an item may have taken twenty times as long, if they had
        to import something first: what it takes here is what counts.

        Args:
            items: how many there were.
            wall: seconds that each took.
        """
        payoff = passed(self.payoff, wall)
        figures = rescaled(self.figures, payoff.alone)
        return self._replace(
            figures=figures, payoff=payoff, report=ALONE, shared=False, items=items
        )

    def bound_for(self, call: Call) -> str | None:
        """The engine to which the source binds such a loop, as far as is known."""
        now = given(call)
        alike = len(now) == len(self.given) and all(map(operator.is_, now, self.given))
        return self.bound if alike and call.loop_var == self.loop_var else None


def binding(known: Known | None, call: Call, plan: Callable[[], Plan]) -> str:
    """The engine about which the source leaves no choice; ``""`` where measuring decides.

    Args:
        known: what earlier loops showed.  One that was too short to share has not read the source,
            which may read what no worker has: an open file, say.
        call: the loop.
        plan: reads the source.
    """
    bound = known.bound_for(call) if known is not None else None
    return _bound_by(plan()) if bound is None else bound


def _bound_by(plan: Plan) -> str:
    first = plan.findings[0].code[:2] if plan.findings else ""
    if first == "SH" or (first == "PK" and plan.engine != "processes"):
        return plan.engine
    # Between a seed and a draw another thread would draw.
    return "processes" if any(one.code == "RN103" for one in plan.findings) else ""


class Memory:
    """The last functions that were run; may be shared between threads.

    Attributes:
        ended: when the last loop that measures itself had ended.
    """

    def __init__(self) -> None:
        self.ended = 0.0
        self._known: OrderedDict[tuple[int, ...], tuple[object, Known]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, function: Any) -> Known | None:
        """What is known of a function; ``None`` for one that has not run yet."""
        entry = self._known.get(tuple(map(id, sameness(function))))
        return entry[1] if entry is not None else None

    def put(self, function: Any, known: Known) -> None:
        """Remember what a loop showed."""
        same = sameness(function)
        key = tuple(map(id, same))
        with self._lock:
            # The entry holds the objects, so that no id is given to another one meanwhile.
            self._known[key] = (same, known)
            self._known.move_to_end(key)
            while len(self._known) > MOST:
                self._known.popitem(last=False)


# What this process knows, whichever executor found it out.
remembered = Memory()
