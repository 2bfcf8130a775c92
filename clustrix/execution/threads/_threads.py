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

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._records import Heard, News
from clustrix.basis._native import queue
from clustrix.errors import TaskTimeout
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.lanes._lane import item_note
from clustrix.execution.lanes._partial import keep_partial
from clustrix.execution.machine import _platform
from clustrix.execution.machine._apart import Apart
from clustrix.execution.machine._haste import in_haste
from clustrix.execution.threads._gil_watch import GilWatch
from clustrix.execution.threads._one_thread import OneThread

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
        self.lanes: set[OneThread] = set()
        self.watch: GilWatch | None = None
        self.held: deque[Chunk] = deque()
        self.seen_to = threading.Event()
        self._used = self._pushed = 0.0  # by lanes that are not there any more

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
        ticks, patient = every if tick is not None else None, self.call.seed is not None
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
            patient = False
            raise
        finally:
            lanes = [*self.lanes]
            self.end()
            if patient:
                self._out_of(lanes, timeout)

    def hand_out(self, workers: int, ahead: int = AHEAD) -> bool:
        """Keep the lanes in work, so many chunks for each; ``False`` when nothing is left."""
        while len(self.pending) < ahead * workers and (chunk := self.schedule.take()) is not None:
            self.give(chunk)
        while len(self.lanes) < min(workers, len(self.pending)):
            try:
                self.lanes.add(OneThread(self, len(self.lanes)))
            except RuntimeError:  # the system gives no more threads: those that are there do it
                if not self.lanes:
                    raise
                break
        return self.busy()

    def give(self, chunk: Chunk) -> None:
        """Let the lanes that are there run a chunk."""
        self.pending[chunk.start] = chunk
        self.ready.put(chunk)

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

    @property
    def pushed(self) -> float:
        """Seconds for which lanes that are kept apart had no processor, all of them together."""
        return self._pushed + sum(one.pushed() for one in self.lanes)

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
        left = min(_platform.LONGEST, max(0.0, min(starts, default=now) + timeout - now))
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

    def dry(self) -> bool:
        """Whether a lane has nothing to do."""
        return self.ready.empty() and any(one.idle for one in self.lanes)

    def split(self) -> bool:
        """Get a part of a chunk that runs back into the schedule, of the one that has most left."""
        longest = max(self.lanes, key=OneThread.left, default=None)
        parts = None if longest is None else longest.part()
        if parts is None:
            return False
        kept, rest = parts
        self.pending[kept.start] = kept
        self.schedule.put_back(rest)
        return True

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
        self._used, self._pushed = self.cpu, self.pushed
        self.lanes.clear()  # lanes know the run: a circle would keep the items alive

    def _out_of(self, lanes: list[OneThread], timeout: float | None) -> None:
        """Wait for the items of lanes that were let go, each within its time.

        With a seed they have the generators of the whole process, which the caller goes on with.
        """
        while starts := [running[1] for one in lanes if (running := one.running)]:
            left = None if timeout is None else max(0.0, min(starts) + timeout - time.monotonic())
            try:
                self.news.get(timeout=left)  # a lane tells of each chunk when it runs no item
            except queue.Empty:
                return

    def dismiss(self, one: OneThread) -> None:
        """Let one lane go, also when it is waiting for a chunk just now."""
        one.dismiss()
        self.ready.put(None)

    def _too_late(self, index: int, chunk: Chunk, timeout: float) -> TaskTimeout:
        note = item_note(self.call, index, chunk.items[index - chunk.start])
        return TaskTimeout(
            f"{note} ran longer than {timeout} s. Its thread cannot be killed and ends when "
            f'{describe(self.call.function)}() does; executor="processes" ends an item in time.',
            item=index,
            timeout=timeout,
        )
