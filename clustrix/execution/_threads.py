"""The engine of threads: for work that waits, and for what cannot leave this process.

    calling thread                             lanes (cached threads)
    ──────────────                             ──────────────────────
    keeps a few chunks ready ──> ready ──────> run_chunk
    waits, until a deadline  <── outcomes <──  the outcome; then the next chunk
    yields what came

A thread cannot be killed.  When an item runs out of time, the call goes on without its lane
and says so; the thread ends by itself when the item does.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._native import queue
from clustrix._records import Heard, News
from clustrix.errors import TaskTimeout
from clustrix.execution import _platform, _thread_cache
from clustrix.execution._capture import capture
from clustrix.execution._gil_watch import GilWatch
from clustrix.execution._haste import in_haste
from clustrix.execution._lane import item_note, lane, run_chunk
from clustrix.execution._partial import keep_partial
from clustrix.execution._parting import Apart
from clustrix.execution._recorder import Recorder
from clustrix.execution._schedule import Schedule

__all__ = ["ThreadEngine", "ThreadLoop"]

# Chunks handed out for each lane: the one that runs and one that is ready, so that no lane
# waits for the calling thread to wake up.
AHEAD = 2

# Seconds that a lane leaves the GIL to the caller, who shall see to what it has held.
LEAVE = 0.05

# Seconds between two reports of how far the lanes are, where somebody wants them.
TICK = 0.1


class ThreadEngine:
    """Runs chunks on threads of this process."""

    def run(
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
    ) -> Generator[News, None, None]:
        """Run the chunks on up to ``plan.workers`` threads."""
        loop = ThreadLoop(call, Schedule(call, chunks))
        return loop.drive(lambda: plan.workers, plan.timeout, tick)


class ThreadLoop:
    """One loop on threads, as seen from the calling thread.

    Args:
        call: the loop.
        schedule: which chunk is next.
        apart: keeps lanes that compute from each other's processors; lane 0 is the caller.

    Attributes:
        ready: chunks for the lanes, in loop order.
        news: what the lanes have to tell.
        pending: chunks that were handed out, by their first item.
        lanes: the threads.
        watch: asked by each lane that has finished a chunk; says when to hold the others.
        held: chunks that no lane shall begin for now.
        seen_to: set when the caller has seen to them.
    """

    def __init__(self, call: Call, schedule: Schedule, apart: Apart | None = None) -> None:
        self.call = call
        self.schedule = schedule
        self.apart = apart
        self.ready: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self.pending: dict[int, Chunk] = {}
        self.lanes: set[_Lane] = set()
        self.watch: GilWatch | None = None
        self.held: deque[Chunk] = deque()
        self.seen_to = threading.Event()
        self._used = 0.0  # by lanes that are not there any more

    def drive(
        self,
        width: Callable[[], int],
        timeout: float | None = None,
        tick: Callable[[int], object] | None = None,
        every: float = TICK,
    ) -> Generator[News, None, None]:
        """Run the loop to its end.

        Args:
            width: how many lanes there may be now; asked again after every outcome.
            timeout: seconds that one item may run.
            tick: told from time to time how many items of unfinished chunks are done.
            every: seconds between two ticks while nothing comes.
        """
        ticks = every if tick is not None else None
        try:
            while self.hand_out(width()):
                try:
                    one = self.news.get(timeout=self.patience(timeout, ticks))
                except queue.Empty:
                    if tick is not None:
                        tick(self.under_way())
                    yield from self.overdue(timeout)
                    continue
                yield from self.heard(one)
        except KeyboardInterrupt as interrupt:
            keep_partial(interrupt, self.unfinished())
            raise
        finally:
            self.end()

    def hand_out(self, workers: int) -> bool:
        """Keep the lanes in work; ``False`` when nothing that matters is left."""
        while len(self.pending) < AHEAD * workers and (chunk := self.schedule.take()) is not None:
            self.pending[chunk.start] = chunk
            self.ready.put(chunk)
        while len(self.lanes) < min(workers, len(self.pending)):
            self.lanes.add(_Lane(self, len(self.lanes)))
        return self.busy()

    def busy(self) -> bool:
        """Whether a lane has something that can still matter."""
        return any(self.schedule.wanted(chunk) for chunk in self.pending.values())

    def heard(self, one: News) -> Iterator[News]:
        """What a lane had to tell; of one that was given up, nothing."""
        if type(one) is Heard:
            if one.start in self.pending:
                yield one
        elif chunk := self.pending.pop(one.start, None):
            yield self.schedule.settle(chunk, one)  # type: ignore[arg-type]

    def unfinished(self) -> list[Outcome]:
        """What is done of chunks that are still under way."""
        running = [at for one in self.lanes if (at := one.running) is not None]
        return [Outcome(at[2].start, list(at[3])) for at in running]

    def under_way(self) -> int:
        """Items that are done in chunks that are not."""
        running = [one.running for one in self.lanes]
        return sum(now[0] - now[2].start for now in running if now is not None)

    @property
    def cpu(self) -> float:
        """CPU seconds of the chunks that are done."""
        return self._used + sum(one.used for one in self.lanes)

    def spent(self) -> Iterator[float]:
        """CPU seconds of each item that runs, as far as it is."""
        return (seconds for one in self.lanes.copy() if (seconds := one.spent()) > 0)

    def patience(self, timeout: float | None, ticks: float | None = None) -> float | None:
        """Seconds until there may be something to do; ``None`` without an end.

        Args:
            timeout: the first running item may be out of time then.
            ticks: seconds until somebody wants to be told how far it is.
        """
        if timeout is None:
            return ticks
        now = time.monotonic()
        # A lane between two items has no deadline yet, but will have one this far ahead.
        starts = [running[1] for one in self.lanes if (running := one.running)]
        left = max(0.0, min(starts, default=now) + timeout - now)
        return left if ticks is None else min(ticks, left)

    def overdue(self, timeout: float | None) -> Iterator[News]:
        """Give up the lanes whose item is out of time, and say so for each."""
        if timeout is None:
            return
        now = time.monotonic()
        for late in list(self.lanes):
            running = late.running
            if running is None or now < running[1] + timeout:
                continue
            index, _, chunk, values = running
            done = values[: index - chunk.start]  # the lane may append to the list just now
            self.dismiss(late)
            self.lanes.discard(late)
            if self.pending.pop(chunk.start, None) is None:  # its outcome is on the way
                continue
            if events := late.recorder.take(upto=index):
                yield Heard(chunk.start, events)
            error = self._too_late(index, chunk, timeout)
            yield self.schedule.settle(chunk, Outcome(chunk.start, done, error, index))

    def hold(self) -> None:
        """Let no lane begin anything more for now; it may be a lane that says so."""
        self.seen_to.clear()
        with suppress(queue.Empty):
            while (chunk := self.ready.get_nowait()) is not None:
                self.held.append(chunk)

    def give_out(self) -> None:
        """Let the lanes go on."""
        while self.held:
            self.ready.put(self.held.popleft())
        self.seen_to.set()

    def leave_to_caller(self) -> None:
        """A lane has held what others would begin: the caller has its turn before them."""
        if self.held:
            with in_haste():
                self.seen_to.wait(LEAVE)

    def give_back(self) -> None:
        """What is held goes back to the schedule, for lanes of another kind."""
        while self.held:
            chunk = self.held.pop()
            del self.pending[chunk.start]
            self.schedule.put_back(chunk)
        self.seen_to.set()

    def end(self) -> None:
        """Let every lane go as soon as the item that it runs is done."""
        if self.pending:  # else others may go on with what the schedule has
            self.schedule.stop()
        for one in self.lanes:
            self.dismiss(one)
        self.seen_to.set()
        self._used = self.cpu
        self.lanes.clear()  # lanes know the run: a circle would keep the items alive

    def dismiss(self, one: _Lane) -> None:
        """Let one lane go, also when it is waiting for a chunk just now."""
        one.dismissed = True
        one.recorder.muted = True  # what its item still shows, the loop would not have shown
        self.ready.put(None)

    def _too_late(self, index: int, chunk: Chunk, timeout: float) -> TaskTimeout:
        note = item_note(self.call, index, chunk.items[index - chunk.start])
        return TaskTimeout(
            f"{note} ran longer than {timeout} s. Its thread cannot be killed and ends when "
            f'{describe(self.call.function)}() does; executor="processes" ends an item in time.',
            item=index,
            timeout=timeout,
        )


class _Lane:
    """One thread at work on one loop; also its own watch."""

    def __init__(self, run: ThreadLoop, number: int) -> None:
        self.dismissed = False
        self._number = number
        # What runs, since when, in which chunk, behind which values: one tuple, so that a
        # reader in another thread never pairs an item with the time of its neighbour.
        self.running: tuple[int, float, Chunk, list[Any]] | None = None
        self._run = run
        self._chunk: Chunk | None = None
        self._clock: int | None = None
        self._begun = 0.0  # what it showed when the chunk began
        self.used = 0.0  # CPU seconds of all chunks that are done
        self._context = contextvars.copy_context()
        self.recorder = Recorder(self._where, self._tell)
        _thread_cache.start(self._serve)

    def enter(self, index: int, values: list[Any]) -> bool:
        """Note which item starts, and when."""
        if self.dismissed or self._chunk is None:
            return False
        self.running = (index, time.monotonic(), self._chunk, values)
        return True

    def spent(self) -> float:
        """CPU seconds of the item that runs, if others may know; of a chunk, the mean so far."""
        clock, running = self._clock, self.running
        if clock is None or running is None:
            return 0.0
        index, _, chunk, _ = running
        return (time.clock_gettime(clock) - self._begun) / (1 + index - chunk.start)

    def _where(self) -> int:
        running = self.running
        return -1 if running is None else running[0]

    def _tell(self) -> None:
        """Let the caller know what the items have shown so far."""
        chunk = self._chunk
        if chunk is not None and (events := self.recorder.take()):
            self._run.news.put(Heard(chunk.start, events))

    def _serve(self) -> None:
        run, self._clock = self._run, _platform.thread_clock()
        spot = run.apart.lane(1 + self._number) if run.apart is not None else None
        if spot is None:
            _platform.spread(self._number)
        with lane(), capture(self.recorder):
            while not self.dismissed:
                chunk = run.ready.get()
                if self.dismissed:
                    run.ready.put(chunk)  # meant for a lane that stays
                    break
                if chunk is None or not run.schedule.wanted(chunk):
                    continue
                self._chunk, self._begun = chunk, time.thread_time()
                if spot is not None:
                    spot.begin()
                try:
                    outcome = run_chunk(run.call, chunk, self, self._context.copy)
                except BaseException as error:  # whatever it is, the caller must not wait for ever
                    outcome = Outcome(chunk.start, [], error, chunk.start)
                self.running, used = None, time.thread_time() - self._begun
                self.used += used
                if spot is not None:
                    spot.end()
                self._tell()
                holds = run.watch is not None and run.watch.full(
                    [used / len(chunk.items)] * len(chunk.items), run.spent
                )
                if holds:
                    run.hold()
                run.news.put(outcome)
                if holds:
                    run.leave_to_caller()
                del chunk, outcome  # while it waits, a lane keeps no data alive
                self._chunk = None
        self.recorder.close()
