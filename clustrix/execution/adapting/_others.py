"""The rest of a loop on other lanes: threads, worker processes, or first these and then those.

    threads that wait ──> the GIL is full: items cost far more CPU by now ───┐
       ▲                                                                     ▼
       └────── items of the calling thread wait for most of their time ── processes

    threads that compute ──> the calling thread works beside them

    processes, and items of the calling thread show a library that uses all processors
                         ──> the calling thread alone

A loop may change half-way.  What no lane has begun goes back to the schedule then, which the other
kind of lanes takes over; what runs comes to its end.
"""

from __future__ import annotations

import contextlib
import time

from clustrix._model import Call, Machine, Plan
from clustrix._records import News, Outcome
from clustrix._sizes import THREADS_PER_CPU
from clustrix.basis._typing import Protocol
from clustrix.errors import NotPicklableError
from clustrix.execution._engines import Engines
from clustrix.execution.adapting._computing import TELLING, share
from clustrix.execution.adapting._on_workers import OnWorkers, Role
from clustrix.execution.adapting._resting import DEARER, ENOUGH, GAIN
from clustrix.execution.adapting._slow_start import Started
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.deciding._cost import Decision, answering
from clustrix.execution.deciding._figures import (
    Figures,
    Use,
    having_waited,
    parallel_already,
    rescaled,
    waiting,
)
from clustrix.execution.deciding._memory import Known
from clustrix.execution.deciding._payoff import Shared
from clustrix.execution.lanes._own_lane import OwnLane
from clustrix.execution.machine import _thread_cache
from clustrix.execution.machine._haste import in_haste
from clustrix.execution.threads._gil_watch import LOOK_EVERY, GilWatch
from clustrix.execution.threads._threads import ThreadLoop
from clustrix.execution.travel._copies import among

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.workers._process_loop import ProcessLoop

__all__ = ["Others"]

# A loop that changes behind this part of it will probably do so again: then the next one begins
# with what the first items were like, not the last ones (benchmarks/mixed.py: 20 ms).
BEGINNING = 0.25

# A loop that goes back and forth more often than this stays where it is.
MOST_TURNS = 8


class Owner(Protocol):
    """The loop of which this is the rest."""

    call: Call
    chunk_size: int | None
    engines: Engines
    known: Known | None
    figures: Figures
    began: Figures | None
    next: int
    start: float
    on_lanes: Shared | None
    dearer: float
    own: OwnLane

    @property
    def machine(self) -> Machine:
        """What this process may use."""

    def keep(self, news: News) -> None:
        """Take what became of items, or what they showed."""

    def decide(self, left: int | None = None) -> Decision:
        """What to do with the rest."""


class Others:
    """What is left of a loop.

    Args:
        owner: the loop.
        started: what is under way already, behind a first item that took long.
    """

    def __init__(self, owner: Owner, started: Started | None = None) -> None:
        self._owner = owner
        self._threads = started.threads if started else None
        self._processes = started.processes if started else None
        if started is not None:
            self._taper, self._schedule = started.taper, started.schedule
        else:
            self._taper = Taper(owner.call.items, owner.next, owner.figures.wall, owner.chunk_size)
            self._schedule = Schedule(owner.call, self._taper)
        self._turn: Decision | None = None
        self._turns = 0
        self._done = owner.next  # items

    def run(self, decision: Decision) -> None:
        """Run all that is left, unless its function cannot travel: then nothing has begun."""
        following: Decision | None = decision
        try:
            while following is not None:
                self._turn, self._taper.lanes = None, following.workers
                self._taper.travels, self._taper.splits = following.way == "processes", False
                if following.way == "threads":
                    works = self._threads is None and not waiting(self._owner.figures)
                    (self._beside_threads if works else self._on_threads)(following.workers)
                elif following.way == "finish":
                    self._alone()
                elif not self._on_processes(following):
                    return
                following = self._turn
                self._turns += 1
        finally:
            if self._processes is not None:  # an interrupt, before anybody listened to it
                self._processes.end()
        self._owner.next = len(self._owner.call.items)

    # ---- on threads -----------------------------------------------------------------------

    def _on_threads(self, most: int) -> None:
        """More and more threads, once they have shown that they wait.

        The calling thread runs nothing: it sees when they begin to compute.
        """
        owner, taper = self._owner, self._taper
        loop, self._threads = self._threads or ThreadLoop(owner.call, self._schedule), None
        few = min(most, THREADS_PER_CPU * owner.machine.cpus)
        start, cpu, begun = time.perf_counter(), time.process_time(), self._done
        watch = GilWatch(owner.figures) if owner.figures.gil else None
        loop.watch = watch

        def width() -> int:
            if self._turn is not None:
                return 0
            if runs := self._done - begun:  # each lane's share of the time, by item
                taper.wall = (time.perf_counter() - start) * min(few, runs) / runs
            return most if runs else few

        def look(_: int = 0) -> None:
            if watch is None or self._turn is not None:
                return
            if loop.held or watch.full((), loop.spent):
                with in_haste():  # as many threads compute as there were that waited
                    loop.hold()
                    self._leave_threads(loop, watch)
                loop.give_out()  # what is held still

        ticks = (look, LOOK_EVERY) if watch is not None else (None, LOOK_EVERY)
        with contextlib.closing(loop.drive(width, None, *ticks)) as outcomes:
            for outcome in outcomes:
                self._keep(outcome)
                look()
        if self._turn is None:
            seconds, count = time.perf_counter() - start, self._done - begun
            if seconds >= TELLING and count:
                owner.on_lanes = Shared(count, self._alone_takes() * count, seconds)
                use = Use(count, seconds, time.process_time() - cpu)
                owner.figures = having_waited(owner.figures, use, few)

    def _alone_takes(self) -> float:
        """Seconds for an item that waits, one after the other, as far as that was measured.

        Lanes that wait for the same server wait longer, all together, than one that is alone.
        """
        known = self._owner.known
        return (known.payoff.alone if known else 0.0) or self._owner.figures.wall

    def _beside_threads(self, lanes: int) -> None:
        """Threads that compute, the calling thread among them."""
        share(self._owner, self._schedule, self._taper, lanes - 1, self._keep)

    def _alone(self) -> None:
        """The calling thread does the rest."""
        while (chunk := self._schedule.take()) is not None:
            self._keep(self._schedule.settle(chunk, self._owner.own.run(chunk)))

    def _keep(self, news: News) -> None:
        self._owner.keep(news)
        if type(news) is Outcome:
            self._done += len(news.values)

    def _leave_threads(self, loop: ThreadLoop, watch: GilWatch) -> None:
        """Items compute by now: the rest goes to processes, while threads finish what they have."""
        owner, before = self._owner, self._owner.figures
        running = len(loop.pending) - len(loop.held)
        left = len(owner.call.items) - self._done - running
        owner.figures = watch.figures()
        decision = owner.decide(left)
        if decision.way != "processes" or self._turns >= MOST_TURNS:
            owner.figures = before
            watch.rest()
            return
        self._taper.wall = owner.figures.wall
        self._processes = self._process_loop(decision, works=True)
        if self._processes is None:
            owner.figures = before._replace(portable=False)
            watch.rest()
            return
        self._turn_to(decision, before, left)
        loop.give_back()
        for outcome in self._processes.hand_out():
            self._keep(outcome)

    # ---- on processes ---------------------------------------------------------------------

    def _process_loop(self, decision: Decision, *, works: bool) -> ProcessLoop | None:
        """A loop on workers, beside a caller that works or not.

        Returns:
            ``None`` where the function cannot travel, or items would lose what they are to it.
        """
        owner, workers = self._owner, decision.workers - works
        engine, plan = owner.engines.processes(workers), Plan("processes", workers)
        try:
            loop = engine.loop(owner.call, plan, self._schedule, decision.workers)
        except NotPicklableError:  # the analysis did not see it; nothing has been sent
            owner.figures = owner.figures._replace(portable=False)
            return None
        if among(loop.task.copied, owner.call.items):
            owner.figures = owner.figures._replace(portable=False)
            return None
        loop.unsent = owner.own.run
        return loop

    def _on_processes(self, decision: Decision) -> bool:
        """Worker processes, the calling thread working beside them unless items wait."""
        owner, role = self._owner, self._role(decision)
        # From start to end, on workers that were there: that tells what they bring.
        tells, had = self._processes is None and self._turns == 0, owner.engines.started
        begin = time.perf_counter()
        if owner.next == 0 and owner.known is not None and owner.known.shared:
            begin = owner.start  # what came before is part of every such loop
        answer = answering(owner.engines.idle_for())
        loop = self._processes or self._process_loop(decision, works=role == "works")
        self._processes = None
        if loop is None:
            return False
        lanes = OnWorkers(owner, loop, self._schedule, self._taper, role)
        lanes.run(self._keep, self._look_here, lambda: self._turn is not None)
        if loop.refused:
            owner.figures = owner.figures._replace(portable=False)
        if self._turn is None:
            count, seconds = len(owner.call.items) - owner.next, time.perf_counter() - begin
            worked = lanes.worked + loop.worked
            if role == "works":
                self._compare(lanes.dearer(count), decision.workers, seconds)
            elif role == "listens":
                worked = self._alone_takes() * count
            # Workers that still unpickle what the last loop sent are busy, and to nobody's gain.
            warm = owner.figures.warm >= loop.plan.workers
            if tells and (warm or (had and worked < seconds)):
                owner.on_lanes = Shared(count, worked, seconds, answer)
            owner.figures = rescaled(owner.figures, self._taper.wall)
        return True

    def _role(self, decision: Decision) -> Role:
        """It works, unless items wait, or take longer here and there are workers for all lanes."""
        owner = self._owner
        if waiting(owner.figures):
            return "listens"
        left, there = owner.figures.items * owner.figures.wall, owner.figures.warm
        rests = owner.dearer >= DEARER and there >= decision.workers and left >= ENOUGH
        return "rests" if rests and self._processes is None else "works"

    def _compare(self, dearer: float, lanes: int, seconds: float) -> None:
        """Have one more worker for the next loop, where enough has been lost without it."""
        owner = self._owner
        owner.dearer = dearer or owner.dearer
        if owner.dearer < DEARER or owner.figures.warm >= lanes:
            return
        if owner.engines.miss(GAIN * seconds, lanes):
            _thread_cache.aside(lambda: owner.engines.start(lanes))

    def _look_here(self, figures: Figures) -> None:
        """Do items wait by now?  Then threads are the better lanes.

        Or does a library use all processors?  Then it is: a busy machine had hidden that.
        """
        owner = self._owner
        if self._turn is not None or self._turns >= MOST_TURNS:
            return
        waits = waiting(figures) and owner.figures.blocks is not False
        if not waits and not parallel_already(figures):
            return
        before, left = owner.figures, len(owner.call.items) - self._done
        owner.figures = figures
        decision = owner.decide(left)
        if decision.way == ("threads" if waits else "finish"):
            self._turn_to(decision, before, left)
        else:
            owner.figures = before

    def _turn_to(self, decision: Decision, before: Figures, left: int) -> None:
        """Other lanes take over what is left; the figures say why, and what they were."""
        owner, self._turn = self._owner, decision
        late = left <= (1 - BEGINNING) * len(owner.call.items)
        if late and owner.began is None and decision.way != "finish":  # that undoes a mistake
            owner.began = before
