"""A loop that finds out by itself how it is best run, while it runs.

    calling thread ── first items, timed ──> decide ──> finish here
                                               ├──────> threads          (it waits, or lets go
                                               │                          of the GIL)
                                               └──────> worker processes, the calling thread
                                                        working beside them

No item runs twice, no result of the measuring is thrown away, and the calling thread never
waits for workers that are still starting: what they have not begun it takes back and does
itself.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

from clustrix._model import Call, Machine, Plan
from clustrix._records import News, Outcome
from clustrix.execution._engine import join
from clustrix.execution._engines import Engines
from clustrix.execution.adapting._alone import Alone, first_batch
from clustrix.execution.adapting._computing import probe, trial
from clustrix.execution.adapting._others import Others
from clustrix.execution.adapting._slow_start import Started
from clustrix.execution.adapting._source import Source, reader_is_loaded
from clustrix.execution.deciding._cost import Decision, decide, hopeless, reading_takes
from clustrix.execution.deciding._figures import (
    NOTHING_KNOWN,
    OVERLAPS,
    Figures,
    doubtful,
    lasting,
    parallel_already,
    rescaled,
    waiting,
)
from clustrix.execution.deciding._machine import this_machine
from clustrix.execution.deciding._memory import ALONE, PAUSE, Known, remembered
from clustrix.execution.deciding._payoff import UNTRIED, Shared, judged, passed, spared, vain
from clustrix.execution.lanes._own_lane import OwnLane
from clustrix.execution.lanes._partial import keep_partial
from clustrix.execution.machine import _thread_cache
from clustrix.execution.machine._cpus import cpus_at_most, gil_enabled
from clustrix.execution.showing._relay import Relay
from clustrix.execution.travel._weight import weigh
from clustrix.functions._sameness import given

__all__ = ["AdaptiveLoop"]

# Items that are weighed.
FEW = 8

# With this part of the workers that would be best, no more are started: their number is a guess.
NEARLY = 0.75


class AdaptiveLoop:
    """One loop with ``executor="auto"``.

    Args:
        call: the loop.
        most: lanes at most, if the user said so.
        chunk_size: items that travel together, if the user said so.
        plan: makes the plan from the source; called at most once, possibly in another thread.
        engines: whose workers to use.
        begun: what was done while it seemed to be too short for anything else; it is not any more.
        machine: what this process may use; found out where it matters, if it is not said.
    """

    tally: Callable[[int], object] | None = None  # is told how many items are done, if set

    def __init__(
        self,
        call: Call,
        most: int | None,
        chunk_size: int | None,
        plan: Callable[[], Plan],
        engines: Engines,
        begun: Outcome | None = None,
        machine: Machine | None = None,
    ) -> None:
        self.call = call
        self._machine = machine
        self.most = most
        self.chunk_size = chunk_size
        self.engines = engines
        self.known = remembered.get(call.function)
        self.start = time.perf_counter()
        self._pause = self.start - remembered.ended
        if self.known is not None and begun is not None:  # what an item costs is open again
            self.known = self.known._replace(figures=rescaled(self.known.figures, 0.0))
        self.began: Figures | None = None  # what items were like, if most of them are not any more
        self.done: list[Outcome] = []
        self.relay = Relay()
        self.next = 0
        self.failed = False
        self.source = Source(call, plan, self.known)
        self.missed = self.known.missed if self.known else 0.0
        self._missing: tuple[Decision, float] | None = None
        self._last: tuple[Figures, Decision] | None = None
        self.own = OwnLane(call, self.relay)
        self.report = ALONE
        self.on_lanes: Shared | None = None  # what came of it, if it was shared from its beginning
        self.dearer = self.known.dearer if self.known else 0.0
        self._payoff = self.known.payoff if self.known else UNTRIED
        before = self.known.figures if self.known else NOTHING_KNOWN
        self.figures = before._replace(
            cpus=cpus_at_most() if machine is None else machine.cpus,
            most=most,
            gil=gil_enabled() if machine is None else machine.gil,
            read=self._may_read(),
            spared=spared(self._payoff, len(call.items) * before.wall),
        )
        if begun is not None:
            self.keep(begun)
            self.next = len(begun.values)

    def run(self) -> list[Any]:
        """Run the loop.

        Returns:
            The results in loop order.

        Raises:
            BaseException: the error of the first item in loop order that failed.
        """
        try:
            self._run_all()
        except KeyboardInterrupt as interrupt:
            keep_partial(interrupt, self.done)
            raise
        finally:
            try:
                self.own.end()
            except KeyboardInterrupt:
                self.own.end()
                raise
            self._remember()
        return join(self.done, len(self.call.items), collect=self.call.collect)

    def _run_all(self) -> None:
        decision: Decision | None = None
        started: Started | None = None
        if self._worth_deciding():  # try at once what was right the last time
            decision = self.decide()
        while self.next < len(self.call.items) and not self.failed:
            if decision is not None and decision.way in ("threads", "processes"):
                if self._pays(decision):
                    Others(self, started).run(decision)
                decision = started = None
            elif self.done and decision is not None and decision.way == "probe":
                self._report(decision)
                probe(self)
                decision = self.decide()
            else:
                alone = Alone(self)
                alone.run()
                decision, started = alone.decision, alone.started

    @property
    def machine(self) -> Machine:
        """What this process may use."""
        if self._machine is None:
            self._machine = this_machine()
        return self._machine

    def _worth_deciding(self) -> bool:
        """Whether what earlier loops showed may say more than the first batch of this one will."""
        if self.known is None:
            return False
        return first_batch(self.known) > len(self.call.items) / 8 or self.known.shared

    def _pays(self, decision: Decision) -> bool:
        """Whether to do what was decided; what has gained nothing lately is tried first."""
        self._report(decision)
        if decision.way != "threads" or waiting(self.figures):
            return True
        if trial(self):
            return not self.failed
        self.report, self.figures = ALONE, self.figures._replace(spared=math.inf)
        return False

    def _report(self, decision: Decision) -> None:
        self.report = f"{decision.way}, {decision.workers} lanes: {decision.why}"

    def _remember(self) -> None:
        """For the next loop of this function."""
        self._note_missed()
        figures, total = self.figures, len(self.call.items)
        if figures.moved is None and not self.failed:  # then it may be decided before the first
            whole = figures._replace(items=total, warm=sys.maxsize, moved=0.0, read=True)
            if decide(whole).way == "processes":
                self._weigh()
        if figures.overlap is None and self.known is None and self.source.evident():
            self.figures = self.figures._replace(overlap=1.0)  # what has plain data holds the GIL
        if self.began is not None:
            self.figures = self.began._replace(moved=self.figures.moved, read=self.figures.read)
        doubts = self.known.doubts if self.known else 0
        if self.figures.overlap is not None:
            doubts = doubts + 1 if doubtful(self.figures) else 0
        lasts, shared = lasting(self.figures, doubts), self.report is not ALONE
        if self.on_lanes is not None:
            each = self.on_lanes.worked / self.on_lanes.items
            self._payoff = judged(self._payoff, self.on_lanes, max(self.figures.wall, each))
        elif not shared:
            wall, nothing = self.figures.wall, self._nothing_to_gain()
            self._payoff = (
                vain(self._payoff, wall, wall * total) if nothing else passed(self._payoff, wall)
            )
        known = Known(
            figures=lasts,
            report=self.report,
            loop_var=self.call.loop_var,
            given=given(self.call),
            bound=self.source.bound,
            shared=shared,
            hopeless=hopeless(lasts),
            missed=self.missed,
            doubts=doubts,
            payoff=self._payoff,
            dearer=self.dearer,
            items=total,
        )
        remembered.put(self.call.function, known)
        remembered.ended = time.perf_counter()

    def keep(self, news: News, *, counted: bool = False) -> None:
        """Take what became of items, or what they showed.

        Args:
            news: from any lane.
            counted: whether the tally knows of it already.
        """
        outcome = self.relay.take(news)
        if outcome is not None:
            self.done.append(outcome)
            self.failed = self.failed or outcome.error is not None
            if self.tally is not None and not counted:
                self.tally(len(outcome.values))

    # ---- deciding -------------------------------------------------------------------------

    def decide(self, left: int | None = None) -> Decision:
        """What to do with the rest; the source is read, and data weighed, only if it matters.

        Args:
            left: items in it, where they are not those from `next` on.
        """
        items = len(self.call.items) - self.next if left is None else left
        self.figures = self.figures._replace(
            items=items,
            warm=self.engines.warm(items * self.figures.wall),
            rest=self.engines.rest(),
            loaded=reader_is_loaded(),
            threads=self.call.seed is None and self.source.bound != "processes",
        )
        decision = self._decided(self.figures._replace(read=True))
        if decision.way == "probe" and self.source.evident():  # what has plain data holds the GIL
            self.figures = self.figures._replace(overlap=1.0)
            decision = self._decided(self.figures._replace(read=True))
        elif decision.way in ("threads", "probe") and not _thread_cache.possible():
            self.figures = self.figures._replace(threads=False)
            decision = self._decided(self.figures)
        if decision.way != "finish" and self._machine is None:  # fewer CPUs change no "finish"
            self.figures = self.figures._replace(cpus=self.machine.cpus)
            decision = self._decided(self.figures._replace(read=True))
        if decision.way != "finish" and not (self.figures.read or self.source.evident()):
            decision = self._decided(self.figures)
        if decision.way != "finish":
            if self.source.bound is None:
                blocks = self.source.bind(self.figures.blocks)
                self.figures = self.figures._replace(read=True, blocks=blocks)
            if self.source.bound == "processes":
                self.figures = self.figures._replace(threads=False)
            if self.source.bound == "serial":
                return Decision("finish", 1, "items depend on what others wrote")
            if self.source.bound == "threads":
                self.figures = self.figures._replace(portable=False)
            decision = self._decided(self.figures)
        if decision.way in ("probe", "processes") and self.figures.moved is None:
            if not self._weigh():
                return Decision("finish", 1, "nothing to weigh yet")
            decision = self._decided(self.figures)
        self._see_missed(decision)
        return decision

    def _decided(self, figures: Figures) -> Decision:
        """As `decide`, which would be asked thrice about the same figures, for 2.5 us each."""
        if self._last is None or self._last[0] != figures:
            self._last = figures, decide(figures)
        return self._last[1]

    def _may_read(self) -> bool:
        """Whether reading the source costs nothing any more, or loops have lost as much by now."""
        if self.source.bound is not None:
            return True
        return reader_is_loaded() and self.missed >= reading_takes(loaded=True)

    def _see_missed(self, decision: Decision) -> None:
        """What the whole loop could save on other lanes; from the first decision about it."""
        if self.known is None or self._missing is not None or decision.way == "processes":
            return
        if not decision.seconds:  # nothing was compared, or one more look is needed
            return
        hoped = self.figures._replace(warm=sys.maxsize, rest=self._pause, read=True)
        best = decide(hoped)
        if best.way == "probe":
            best = decide(hoped._replace(overlap=OVERLAPS))
        self._missing = best, decision.seconds - best.seconds

    def _nothing_to_gain(self) -> bool:
        """Whether such a loop stays here even when all workers are awake and wait for it."""
        if self.source.bound == "serial" or parallel_already(self.figures):
            return True
        if self._missing is None or self._missing[0].way != "finish" or self.figures.spared:
            return False
        whole = self.figures._replace(items=len(self.call.items), warm=sys.maxsize, read=True)
        return decide(whole._replace(rest=0.0)).way == "finish"

    def _note_missed(self) -> None:
        """Many loops are worth other lanes for which a single one is not.

        When what these could have saved adds up to what it takes, the source is read; when it adds
        up to what starting costs, workers start behind the loop; and those that rest are woken when
        it adds up to what that costs.
        """
        if self._missing is None or self.report.startswith("processes"):
            return
        best, saved = self._missing
        if self.figures.warm:
            self.engines.doze(saved, anew=self._pause > PAUSE)
        if best.way == "finish" or saved <= 0:
            return
        if not (self.figures.read or self.source.evident()):
            self.missed += saved
            if self.missed >= reading_takes(loaded=False):
                self.source.load_reader()
            return
        workers = best.workers - (not waiting(self.figures))
        if best.way != "processes" or self.figures.warm >= NEARLY * workers:
            return
        if self.engines.miss(saved, workers):
            _thread_cache.aside(lambda: self.engines.start(workers))

    def _weigh(self) -> bool:
        """Seconds to move an item and its result; from some that have been run."""
        outcome = max(self.done, key=lambda one: len(one.values), default=None)
        if outcome is None or not outcome.values:
            return False
        values = outcome.values[:FEW]  # what has been run is not sent: nothing is serialized twice
        items = self.call.items[outcome.start : outcome.start + len(values)]
        seconds = weigh(items, values)
        portable = self.figures.portable and seconds is not None
        self.figures = self.figures._replace(moved=seconds or 0.0, portable=portable)
        return True
