"""One loop on worker processes, from the first chunk to the last outcome.

    hand_out()  ──> CHUNK to every worker that is idle, or that the pool still has
    collect()   <── HEARD, PART, DONE, FAILED, BROKEN, a death, a deadline ──> news
    end()       ──> idle workers back to the pool, all others stopped or killed

A worker that dies or runs out of time costs the loop its item and nothing else: the page that
it shares with this process says which item that was.

Every item of the loop is, at each moment, in exactly one of these: the schedule, the chunks of one
worker, an outcome.  What worker and parent say of a chunk is compared when an answer arrives.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan
from clustrix._records import Event, Heard, News
from clustrix.errors import NotPicklableError
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.machine import _platform
from clustrix.execution.travel._copies import among
from clustrix.execution.workers._channel import Frame, unpack
from clustrix.execution.workers._frames import Kind
from clustrix.execution.workers._packing import Packing
from clustrix.execution.workers._page import patience_with
from clustrix.execution.workers._parting import Parting
from clustrix.execution.workers._pool import Pool, Worker
from clustrix.execution.workers._taken_back import taken_back
from clustrix.execution.workers._tasks import Task

__all__ = ["ProcessLoop"]

# When a loop ends early, workers get so long to come to the end of their item.
CANCEL_SECONDS = 0.05

# Bytes that may wait at a worker behind its second chunk.
MOST_WAITING = 1 << 24

# Chunks at most at a worker that has not begun with the first of them: it may come up too late.
UNSEEN = 8

_run_ids = itertools.count(1)


class ProcessLoop:
    """The state of one loop.

    Args:
        pool: where workers come from, and go back to.
        call: the loop.
        plan: how many workers, and the timeout for one item.
        schedule: which chunk is next.
        context: the caller's surroundings.
        make_task: serializes what stays the same; asked again when a worker cannot import it.
    """

    def __init__(
        self,
        pool: Pool,
        call: Call,
        plan: Plan,
        schedule: Schedule,
        context: dict[str, Any],
        make_task: Callable[[Call], Task],
    ) -> None:
        self.pool = pool
        self.call = call
        self.plan = plan
        self.schedule = schedule
        self.make_task = make_task
        self.task = make_task(call)
        self.run_id = 0 if self.task.settled else next(_run_ids)
        self.context = context
        self.depth = 1  # chunks that a worker may have: the one that it runs, and those behind
        self.unsent: Callable[[Chunk], Outcome] | None = None  # who runs what cannot travel
        self.parting: Parting | None = None  # of a calling thread that works, too
        self.taper: Taper | None = None  # which says how long chunks take
        self.bites = False  # whether chunks that are taken back may be cut anew, or joined
        self.idle: list[Worker] = []
        self.working: dict[int, Worker] = {}  # by the descriptor to wait on
        self.worked = 0.0  # seconds that items have taken on all workers together
        self.false_starts = 0
        self.cannot_start = False
        self.before_code: dict[Worker, int] = {}  # their last chunks before the code went along
        self.refused = False  # whether a worker could not make a chunk from its bytes
        self.aside = False  # whether nobody knows when it goes on
        self.ending = False
        self.awake = 0.0  # until when an answer is waited for without going to sleep
        self.awake_for = _platform.AWAKE_SECONDS  # behind what was sent
        # What has come back is not lost when the worker ends; nothing has to run twice.
        eager = plan.timeout is not None or call.collect
        self.packing = Packing(call, schedule, eager=eager)

    @property
    def takes_back(self) -> bool:
        """Whether chunks that a worker does not begin are run by the calling thread."""
        return self.taper is not None

    def lacking(self) -> bool:
        """Whether it has begun, with fewer workers than it should have."""
        return 0 < len(self.working) + len(self.idle) < self.plan.workers

    def busy(self) -> bool:
        """Whether a worker runs something that can still matter."""
        return any(
            self.schedule.wanted(chunk)
            for worker in self.working.values()
            for _, chunk in worker.chunks
        )

    def hand_out(self) -> Iterator[Outcome]:
        """Give every worker that this loop may have a chunk; yields what cannot be sent."""
        while (worker := self._next_worker()) is not None:
            chunk = self.schedule.take()
            if chunk is None:
                return
            if self.unsent is not None and among(self.task.copied, chunk.items):
                self.refused = True
                yield self.schedule.settle(chunk, self.unsent(chunk))
                continue
            try:
                chunk, packed = self.packing.portion(chunk, self.task.id, self.run_id)
            except NotPicklableError as error:
                if self.unsent is None:
                    yield self.schedule.settle_unsent(chunk, error)
                else:
                    yield self.schedule.settle(chunk, self.unsent(chunk))
                continue
            if self.parting is not None:
                self.parting.part([worker])
            worker.talking = True
            worker.serial += 1
            worker.page.send(worker.serial)
            worker.chunks.append((worker.serial, chunk))
            if worker in self.idle:
                self.idle.remove(worker)
                worker.worked()  # for others, before
            self.working[worker.channel.fileno()] = worker
            begin = time.perf_counter()
            try:
                worker.prepare(self.context, self.task.id, self.task.packed)
                worker.channel.send(self._kind(), chunk.start, worker.serial, packed)
                worker.talking = False
            except ConnectionError:  # it is gone already; reading from it will say so
                continue
            now = time.perf_counter()
            self.awake = now + self.awake_for
            if self.parting is not None:  # it may have run here, in front of the caller
                self.parting.waited(now - begin, [worker])

    def _kind(self) -> int:
        """What a chunk is to its worker.

        One that has only just begun may run a simple one twice, and shows nothing of it before its
        end.  So it must be brief, too.
        """
        brief = self.taper is not None and self.taper.brief
        return Kind.SIMPLE if brief and self.task.simple else Kind.CHUNK

    def collect(self, *, wait: bool = True) -> Iterator[News]:
        """Yield what has been settled; unless told otherwise, wait until something happens."""
        writers = [handle for handle, w in self.working.items() if w.channel.wants_to_write]
        pages = [worker.page for worker in self.working.values()]
        patience = patience_with(pages, self.plan.timeout) if wait else 0.0
        begin = time.perf_counter()
        ready = _platform.wait_for(self.working, writers, patience, self.awake)
        if wait and self.parting is not None:
            self.parting.waited(time.perf_counter() - begin, self.working.values())
        for handle in ready:
            yield from self.hear(self.working[handle])
        if self.plan.timeout is not None:
            yield from _recovery().overdue(self, self.plan.timeout)

    def unfinished(self) -> list[Outcome]:
        """What has come back of chunks that are still under way."""
        return [Outcome(one.chunk.start, one.values) for one in self.working.values() if one.chunks]

    def end(self) -> None:
        """Let running workers stop, and give back those that are fit for the next loop."""
        self.ending = True
        if self.parting is not None:
            self.parting.end()
        self._stop_working()
        for worker in self.idle:
            if worker.whole:
                worker.drop_chunks()
            if not self.task.kept:
                self._drop_task(worker)
            if worker.whole:
                worker.page.cancel(False)
                self.pool.give_back(worker)
        self.let_go()

    def let_go(self) -> None:
        """End the workers that this loop still has; to be called when `end` was interrupted."""
        for worker in self.pool.held_by(self):
            self.pool.discard(worker)

    def _stop_working(self) -> None:
        """Give the workers that run something a moment to come to the end of their item.

        Not those with whom a step of the conversation was interrupted: bytes of it may be gone.
        """
        for worker in [one for one in self.working.values() if one.talking]:
            self.discard(worker)
        for worker in self.working.values():
            worker.page.cancel(True)
        deadline = time.monotonic() + CANCEL_SECONDS
        while self.working and (left := deadline - time.monotonic()) > 0:
            writers = [handle for handle, w in self.working.items() if w.channel.wants_to_write]
            for handle in _platform.wait_for(self.working, writers, left):
                for _ in self.hear(self.working[handle]):
                    pass

    def _drop_task(self, worker: Worker) -> None:
        whole, worker.talking = worker.whole, True
        with contextlib.suppress(OSError):  # it is gone
            worker.forget(self.task.id)
            worker.talking = not whole

    def _next_worker(self) -> Worker | None:
        """A worker for the next chunk: an idle one, one more, or one that has room for it."""
        while self.idle:
            last = self.idle[-1]
            if last.alive() and last.page.has_room(last.serial + 1):
                return last
            self.pool.discard(self.idle.pop())  # it left after a while without work; or reads none
        while (worker := self._taken()) is not None:
            if worker.page.has_room(worker.serial + 1):
                self.idle.append(worker)
                return worker
            self.pool.discard(worker)
        least = min(self.working.values(), key=lambda one: len(one.chunks), default=None)
        return least if least is not None and self._has_room(least) else None

    def _taken(self) -> Worker | None:
        """One from the pool.

        Where none can be started, for want of memory or descriptors say, a calling thread that
        works does the rest alone.
        """
        if self.cannot_start:
            return None
        try:
            return self.pool.take(len(self.working), self.plan.workers, self)
        except OSError:
            if not self.takes_back:
                raise
            self.cannot_start = True
            return None

    def _has_room(self, worker: Worker) -> bool:
        """Whether a worker may get one more chunk.

        Of big ones it has few, and so it has while it still imports what the first one needs.
        """
        count, page = len(worker.chunks), worker.page
        if count >= self.depth or not page.has_room(worker.serial + 1):
            return False
        if count >= UNSEEN and page.begun() < worker.chunks[0][0]:
            return False
        return count < 2 or count * self.packing.largest <= MOST_WAITING

    def hear(self, worker: Worker) -> Iterator[News]:
        """Read what a worker has to say; yields what is settled by that."""
        interrupted, worker.talking = worker.talking, True
        try:
            gone = _cannot_send(worker)
            while worker.chunks and (frame := worker.channel.read()) is not None:
                if frame.kind == Kind.SKIPPED:
                    self._skipped(worker, frame.b)
                elif frame.kind == Kind.HEARD:
                    yield Heard(frame.a, [Event(*event) for event in unpack(frame)])
                elif (outcome := self._understand(worker, frame)) is not None:
                    yield outcome
            if gone is not None and worker.chunks:
                raise gone
        except (EOFError, ConnectionError):
            if (outcome := _recovery().died(self, worker)) is not None:
                yield outcome
        worker.talking = interrupted

    def _skipped(self, worker: Worker, serial: int) -> None:
        """A chunk was not begun: it was taken back, now or for a loop that has ended."""
        if worker.chunks[0][0] == serial:  # the taking was not certain then; it is now
            self.schedule.put_back(worker.chunk)
            self.rest(worker)

    def take_back(self, least: int = 1, *, item: int | None = None) -> bool:
        """Get a chunk that no worker has begun back into the schedule; as `taken_back` does."""
        return taken_back(self, least, item)

    def _understand(self, worker: Worker, frame: Frame) -> Outcome | None:
        chunk = worker.chunk
        if frame.a != chunk.start:
            raise _recovery().disagreement(worker, f"answers for items from {frame.a} on")
        if frame.kind in (Kind.FAILED, Kind.BROKEN):
            ended: Outcome | None = _recovery().not_done(self, worker, frame)
            return ended
        try:
            values = unpack(frame)
            if self.call.collect:
                values = _recovery().collected(values)
        except KeyboardInterrupt:
            raise
        except BaseException as reason:  # code of the value's class runs here
            if _recovery().can_be_read(frame):
                raise  # a signal handler raised it: it says nothing of the value
            values = _recovery().unread(self, worker, frame.b, reason)
            if type(values) is Outcome:
                return values
        worker.values.extend(values)
        if frame.kind == Kind.PART:
            return None
        if not (self.call.batched or self.ending) and len(worker.values) != len(chunk.items):
            raise _recovery().disagreement(worker, "is done")
        return self.settle(worker, Outcome(chunk.start, worker.values))

    def settle(self, worker: Worker, outcome: Outcome) -> Outcome:
        """The worker is done with its chunk."""
        chunk = worker.chunk
        self.packing.settled(chunk)
        self.false_starts = 0
        self.worked += worker.worked()
        self.rest(worker)
        return self.schedule.settle(chunk, outcome)

    def rest(self, worker: Worker) -> None:
        """The worker goes on with its next chunk, or waits for one."""
        worker.chunks.popleft()
        worker.values = []
        if not worker.chunks:
            del self.working[worker.channel.fileno()]
            self.idle.append(worker)

    def discard(self, worker: Worker) -> int:
        """End a worker; what waited behind its first chunk runs elsewhere."""
        self.working.pop(worker.channel.fileno(), None)
        while worker.chunks:
            self.schedule.put_back(worker.chunks.pop()[1])
        worker.values = []
        return self.pool.discard(worker)


def _recovery() -> ModuleType:
    """What to do about an item that does not come back as a value: most loops never need it."""
    from clustrix.execution.workers import _recovery as recovery

    return recovery


def _cannot_send(worker: Worker) -> ConnectionError | None:
    """Send what waits; the error when nobody is there.  What it had said before still counts."""
    try:
        worker.channel.flush()
    except ConnectionError as error:
        return error
    return None
