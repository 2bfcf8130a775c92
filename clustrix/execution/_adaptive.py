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

import contextlib
import math
import sys
import time
from collections.abc import Callable
from typing import Any

from clustrix._model import Call, Machine, Plan
from clustrix._records import Chunk, News, Outcome
from clustrix._sizes import THREADS_PER_CPU
from clustrix.errors import NotPicklableError
from clustrix.execution import _platform, _thread_cache
from clustrix.execution._beside import Beside
from clustrix.execution._cost import (
    NOTHING_KNOWN,
    PARALLEL_ALREADY,
    WAITS,
    Decision,
    decide,
    lasting,
    rescaled,
    waiting,
)
from clustrix.execution._engine import join, join_last
from clustrix.execution._engines import Engines
from clustrix.execution._memory import Known, remembered
from clustrix.execution._own_lane import OwnLane
from clustrix.execution._partial import keep_partial
from clustrix.execution._relay import Relay
from clustrix.execution._schedule import Schedule
from clustrix.execution._slow_start import SlowStart, Started
from clustrix.execution._source import Source
from clustrix.execution._taper import Taper
from clustrix.execution._threads import ThreadLoop
from clustrix.execution._weight import weigh

__all__ = ["AdaptiveLoop"]

# The first look at the figures: long enough for the clock, short enough to lose nothing.
LOOK = 0.0005

# Batches grow to this much work between two looks, so that a change is noticed within the call.
BATCH = 0.005

# How much of a use of several processors is still believed with the next look.
FADING = 0.95

# Seconds of work for each of two threads that shall show whether the GIL is let go of.
PROBE = 0.002

# Chunks that may lie ready at the workers.
AHEAD = 200

ALONE = "finished in the calling thread"


class AdaptiveLoop:
    """One loop with ``executor="auto"``.

    Args:
        call: the loop.
        machine: what this process may use.
        most: lanes at most, if the user said so.
        chunk_size: items that travel together, if the user said so.
        plan: makes the plan from the source; called at most once, possibly in another thread.
        engines: whose workers to use.
    """

    tally: Callable[[int], object] | None = None  # is told how many items are done, if set

    def __init__(
        self,
        call: Call,
        machine: Machine,
        most: int | None,
        chunk_size: int | None,
        plan: Callable[[], Plan],
        engines: Engines,
    ) -> None:
        self.call = call
        self.machine = machine
        self.most = most
        self.chunk_size = chunk_size
        self.engines = engines
        self.known = remembered.get(call.function)
        self.done: list[Outcome] = []
        self.relay = Relay()
        self.next = 0
        self.failed = False
        self.source = Source(call, plan, self.known)
        self._started: Started | None = None
        self._own = OwnLane(call, self.relay)
        self._unsure = False
        self._helped = False  # whether another thread of ours uses the processors just now
        self.figures = (self.known.figures if self.known else NOTHING_KNOWN)._replace(
            cpus=machine.cpus, most=most, gil=machine.gil, read=self.known is not None
        )

    def run(self) -> list[Any]:
        """Run the loop.

        Returns:
            The results in loop order.

        Raises:
            BaseException: the error of the first item in loop order that failed.
        """
        total, report = len(self.call.items), ALONE
        try:
            if self._worth_deciding():  # try at once what was right the last time
                decision = self._decide()
                if decision.way in ("threads", "processes"):
                    report = self._go(decision)
            while self.next < total and not self.failed:
                decision = self._alone()
                if decision.way == "finish":
                    break
                report = self._go(decision)
        except KeyboardInterrupt as interrupt:
            keep_partial(interrupt, self.done)
            raise
        finally:
            try:
                self._own.end()
            except KeyboardInterrupt:
                self._own.end()
                raise
            figures, name = lasting(self.figures), self.call.loop_var
            known = Known(figures, report, name, self.source.bound, shared=report is not ALONE)
            remembered.put(self.call.function, known)
        return join(self.done, total, collect=self.call.collect)

    def _worth_deciding(self) -> bool:
        """Whether what earlier loops showed may say more than the first batch of this one will."""
        if self.known is None:
            return False
        return self._first_batch() > len(self.call.items) / 8 or self.known.shared

    # ---- in the calling thread ------------------------------------------------------------

    def _alone(self) -> Decision:
        """Work here until all is done, or until something better is found."""
        total, size = len(self.call.items), self._first_batch()
        start = time.perf_counter()
        helper = SlowStart(self) if self.known is None and self.next == 0 else None
        self._helped = helper is not None
        decision = Decision("finish", 1, "")
        while self.next < total and not self.failed:
            try:
                self._batch(size)
            finally:
                if helper is not None:
                    self._started = helper.over(cancel=self.failed or self.next == 0)
            if self._started is not None:
                return self._started.decision
            helper, self._helped = None, False
            if self.failed or self.next == total:  # nothing behind it matters, or nothing is
                break
            if time.perf_counter() - start >= LOOK and not self._unsure:
                decision = self._decide()
                if decision.way != "finish":
                    return decision
            size = self._grow(size)
        return decision

    def _first_batch(self) -> int:
        """One item of a function that nobody knows; of another, what should take a moment."""
        wall = self.known.figures.wall if self.known else 0.0
        return max(1, int(LOOK / wall)) if wall > 0 else 1

    def _grow(self, size: int) -> int:
        """Up to a batch; at once where items cost what they did the last time.

        What is less than two batches stays in one piece: joining pieces takes time, too.
        """
        wall = self.figures.wall
        if wall <= 0:
            return 2 * size
        whole = max(1, int(BATCH / wall))
        if self.known is None or wall > 2 * self.known.figures.wall:
            whole = min(2 * size, whole)
        left = len(self.call.items) - self.next
        return left if left < 2 * whole else whole

    def _batch(self, size: int) -> None:
        """Run the next items, and note what they cost."""
        chunk = Chunk(self.next, self.call.items[self.next : self.next + size])
        waits, process = _platform.voluntary_waits(), time.process_time()
        cpu, wall = time.thread_time(), time.perf_counter()
        self._keep(self._own.run(chunk))
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        process, waits = time.process_time() - process, _platform.voluntary_waits() - waits
        count = len(chunk.items)
        join_last(self.done)
        # What other threads use is booked late, at the next tick of their processor: believe the
        # most that was seen, and forget it slowly.
        before = self.figures.process_cpu / self.figures.wall if self.figures.wall > 0 else 0.0
        self._unsure = self._helped and process > PARALLEL_ALREADY * wall  # theirs, or ours?
        process = cpu if self._helped else max(process, FADING * before * wall)
        self.next = chunk.stop
        self.figures = self.figures._replace(
            items=len(self.call.items) - self.next,
            wall=wall / count,
            cpu=cpu / count,
            process_cpu=process / count,
            waits=waits / count,
            looks=self.figures.looks + 1 if waits and cpu < WAITS * wall else 0,
        )

    def _keep(self, news: News) -> None:
        outcome = self.relay.take(news)
        if outcome is not None:
            self.done.append(outcome)
            self.failed = self.failed or outcome.error is not None
            if self.tally is not None:
                self.tally(len(outcome.values))

    # ---- deciding -------------------------------------------------------------------------

    def _decide(self) -> Decision:
        """What to do with the rest; the source is read, and data weighed, only if it matters."""
        items = len(self.call.items) - self.next
        self.figures = self.figures._replace(
            items=items,
            warm=self.engines.warm(items * self.figures.wall),
            loaded="clustrix.execution._processes" in sys.modules,
            threads=self.call.seed is None,
        )
        figures = self.figures
        decision = decide(figures if figures.read else figures._replace(read=True))
        if decision.way == "probe" and self.source.evident():  # what has plain data holds the GIL
            self.figures = self.figures._replace(overlap=1.0)
        if decision.way != "finish" and not (self.figures.read or self.source.evident()):
            decision = decide(self.figures)
        if decision.way == "finish":
            self._note_missed()
        else:
            if self.source.bound is None:
                blocks = self.source.bind(self.figures.blocks)
                self.figures = self.figures._replace(read=True, blocks=blocks)
            if self.source.bound == "serial":
                return Decision("finish", 1, "items depend on what others wrote")
            if self.source.bound == "threads":
                self.figures = self.figures._replace(portable=False)
            decision = decide(self.figures)
        if decision.way in ("probe", "processes") and self.figures.moved is None:
            if not self._weigh():
                return Decision("finish", 1, "nothing to weigh yet")
            decision = decide(self.figures)
        return decision

    def _note_missed(self) -> None:
        """Small loops are not worth starting workers for; many of them are.

        When what workers could have saved adds up to what starting costs, they start behind.
        """
        lanes = self.machine.cpus
        if self.figures.warm >= lanes - 1 or self.known is None:
            return
        if decide(self.figures._replace(warm=lanes)).way == "processes":
            saved = self.figures.items * self.figures.wall * (1 - 1 / lanes)
            if self.engines.miss(saved):
                _thread_cache.start(lambda: self.engines.processes(lanes - 1))

    def _weigh(self) -> bool:
        """Seconds to move an item and its result; from the first that have been run."""
        outcome = next((one for one in self.done if one.values), None)
        if outcome is None:
            return False
        item, value = self.call.items[outcome.start], outcome.values[0]
        seconds = weigh(item, value)
        portable = self.figures.portable and seconds is not None
        self.figures = self.figures._replace(moved=seconds or 0.0, portable=portable)
        return True

    # ---- with others ----------------------------------------------------------------------

    def _go(self, decision: Decision) -> str:
        """Run the rest, or some of it, on other lanes; what was done in words."""
        if decision.way == "probe":
            self._probe()
        elif decision.way == "threads":
            self._on_threads(decision.workers)
        else:
            self._on_processes(decision)
        return f"{decision.way}, {decision.workers} lanes: {decision.why}"

    def _taper(self) -> Taper:
        return Taper(self.call.items, self.next, self.figures.wall, self.chunk_size)

    def _probe(self) -> None:
        """Run some items on two threads: do they use more than one processor?"""
        wall = max(self.figures.wall, 1e-9)
        count = max(2, 2 * math.ceil(PROBE / wall))
        stop = min(self.next + count, len(self.call.items))
        taper = Taper(self.call.items[:stop], self.next, wall, max(1, (stop - self.next) // 2))
        loop = ThreadLoop(self.call, Schedule(self.call, taper))
        start, cpu = time.perf_counter(), time.process_time()
        self._gather_threads(loop, lambda: 2)
        seconds = time.perf_counter() - start
        self._note_overlap((time.process_time() - cpu) / seconds)
        self.next = stop

    def _note_overlap(self, used: float) -> None:
        """CPU seconds for each second on two threads: more than one is proof.

        Less is none on a busy machine; the loop then goes a way that is right for Python code.
        """
        self.figures = self.figures._replace(overlap=used)

    def _on_threads(self, most: int) -> None:
        """All that is left, on threads; more of them once they have shown that they wait."""
        taper = self._taper()
        loop = ThreadLoop(self.call, Schedule(self.call, taper))
        if self._started is not None and self._started.threads is not None:
            loop, taper = self._started.threads, self._started.taper
        few = min(most, THREADS_PER_CPU * self.machine.cpus)
        start, begun = time.perf_counter(), len(self.done)

        def width() -> int:
            runs = sum(len(one.values) for one in self.done[begun:])
            if runs:  # each lane's share of the time, by item: the chunks to come follow it
                taper.wall = (time.perf_counter() - start) * min(few, runs) / runs
            return most if runs else few

        cpu = time.process_time()
        self._gather_threads(loop, width)
        self._check(time.perf_counter() - start, time.process_time() - cpu, self.next)
        self.next = len(self.call.items)

    def _check(self, seconds: float, cpu: float, first: int) -> None:
        """Was it right?  What the threads used says what to believe the next time."""
        count = len(self.call.items) - first
        if seconds < LOOK or count == 0:
            return
        if not waiting(self.figures):
            self._note_overlap(cpu / seconds)
        elif cpu > WAITS * seconds:  # it has filled the GIL: that was no waiting
            each = cpu / count
            self.figures = self.figures._replace(wall=each, cpu=each, process_cpu=each, looks=0)

    def _gather_threads(self, loop: ThreadLoop, width: Callable[[], int]) -> None:
        with contextlib.closing(loop.drive(width)) as outcomes:
            for outcome in outcomes:
                self._keep(outcome)

    def _on_processes(self, decision: Decision) -> None:
        """All that is left, on worker processes, the calling thread working beside them."""
        works = not waiting(self.figures)
        workers = decision.workers - works
        started = self._started
        if started is not None and started.processes is not None:
            loop, schedule, taper = started.processes, started.schedule, started.taper
            taper.wall = self.figures.wall
        else:
            engine, taper = self.engines.processes(workers), self._taper()
            schedule = Schedule(self.call, taper)
            try:
                loop = engine.loop(self.call, Plan("processes", workers), schedule)
            except NotPicklableError:  # the analysis did not see it; nothing has been sent
                self.figures = self.figures._replace(portable=False)
                return
        light = (self.figures.moved or 0.0) < 0.1 * self.figures.wall
        loop.depth = max(2, AHEAD // workers) if light else 2
        loop.unsent = self._own.run
        Beside(loop, schedule, taper, self._own.run, self._keep, works).run()
        self.next = len(self.call.items)
        self.figures = rescaled(self.figures, taper.wall)
