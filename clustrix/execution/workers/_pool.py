"""The worker processes of this process: started, lent to loops, taken back, ended.

    take() ──> an idle worker, or a new one ──> a loop holds it ──> give_back() ──> idle again
                                                       │ it died, hangs, or cannot be trusted
                                                       └──> discard(): killed, never seen again

One warm pool serves every decorated function.  A loop holds workers only while it has work for
them, and a loop that holds none always gets one, so loops in several threads, or one that its
caller has left half read, cannot wait for each other.

Ctrl-C strikes between any two steps.  Who holds a worker is therefore one entry of one table,
and a loop that ends gives back only the workers whose conversation is whole.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable

from clustrix._model import Chunk
from clustrix.basis._native import pickle
from clustrix.basis._typing import Any, Protocol
from clustrix.execution.workers import _lifeline
from clustrix.execution.workers._arena import Inbox, Outbox
from clustrix.execution.workers._birth import Newborn, Process
from clustrix.execution.workers._channel import Channel, Packed
from clustrix.execution.workers._frames import Kind
from clustrix.execution.workers._page import Page

__all__ = ["Pool", "Worker"]

# Functions that a worker keeps as bytes for loops to come.
TASKS_KEPT = 8

# A worker that was asked to leave gets so long to run its exit handlers.
GRACE_SECONDS = 1.0

# So long a worker that was alive is taken for alive.  Work for one that has ended since goes to
# another.
SURE_SECONDS = 0.01


class Holder(Protocol):
    """A loop, for the pool."""

    @property
    def aside(self) -> bool:
        """Whether it waits for its caller, nobody knows for how long."""

    @property
    def takes_back(self) -> bool:
        """Whether it can do without a worker that begins too late."""


class Worker:
    """One worker process, as the parent sees it.

    Args:
        born: the process; a new one is started without it.

    Attributes:
        process: the interpreter.
        channel: the conversation with it.
        page: where it is in the loop.
        chunks: what it runs and what waits behind that, each with its serial number.
        values: what has come back for the first of them so far.
        serial: how many chunks it has been sent.
        lent: how many those were when the last loop got it.
        talking: whether a step of the conversation has begun and not been ended: what interrupted
            it may have left half a frame in the socket, or sent one that is not noted.
    """

    def __init__(self, born: Newborn | None = None) -> None:
        born = born or Newborn()
        self.process: Process = born.process
        self._lifeline = born.lifeline
        self.page = page = Page(born.memory)
        outbox = Outbox(lambda: page.emptied("worker"))
        inbox = Inbox(lambda: page.note_emptied("parent"))
        self.channel = Channel(born.end, outbox, inbox, patient=False)
        self.chunks: deque[tuple[int, Chunk]] = deque()
        self.values: list[Any] = []
        self.serial = self.lent = 0
        self._surely = self._seen = 0.0
        self.talking = False
        self._context: object = None
        self._tasks: dict[int, None] = {}

    @property
    def chunk(self) -> Chunk:
        """What it runs at the moment."""
        return self.chunks[0][1]

    @property
    def whole(self) -> bool:
        """Whether it owes no answer, and no half of a frame was said that nobody will end."""
        return not (self.talking or self.chunks)

    @property
    def ready(self) -> bool:
        """Whether it has begun with what the last loop sent, or passed over it: it can begin anew.

        Else it has been importing something for longer than that loop has lasted.
        """
        begun = self.page.begun()
        return begun > self.lent or begun >= self.serial

    def worked(self) -> float:
        """Seconds that its items have taken since this was asked the last time."""
        before, self._seen = self._seen, self.page.spent()
        return self._seen - before

    def push(self) -> None:
        """Send what still waits: of a chunk that nobody wants any more, a part may have left."""
        self.talking = True
        with contextlib.suppress(OSError):  # it is gone; who takes it next will see that
            self.channel.flush()
        self.talking = False

    def drop_chunks(self) -> None:
        """All chunks have been taken back: those of which nothing has left yet need not go out.

        A worker that imports something for longer than a loop lasts reads nothing meanwhile.
        """
        self.serial -= self.channel.drop_chunks()

    def prepare(self, context: dict[str, Any], task_id: int, task: Packed) -> None:
        """Send the caller's surroundings and a task, unless the worker has them."""
        if context != self._context:
            self.channel.send(Kind.CONTEXT, packed=Packed(pickle.dumps(context)))
            self._context = context
        if task_id in self._tasks:
            return
        self.channel.send(Kind.TASK, task_id, packed=task)
        self._tasks[task_id] = None
        if len(self._tasks) > TASKS_KEPT:
            self.forget(next(iter(self._tasks)))

    def forget(self, task_id: int) -> None:
        """Let the worker drop a task."""
        if self._tasks.pop(task_id, 0) is None:
            self.channel.send(Kind.DROP, task_id)

    def alive(self) -> bool:
        """Whether the process still runs, or did a moment ago; reaps it if it does not."""
        now = time.monotonic()
        if now < self._surely:  # else a short loop would ask the system five times
            return True
        self._surely = now + SURE_SECONDS
        return self.process.poll() is None

    def awake(self) -> bool:
        """Whether the process has come up; before that its page is empty."""
        return self.page.awake()

    def ask_to_leave(self) -> None:
        """Let an idle worker run its exit handlers and go."""
        with contextlib.suppress(OSError):
            self.channel.send(Kind.EXIT)

    def end(self, grace: float = 0.0) -> int:
        """End the process and free what belongs to it.

        Returns:
            The exit status, as in `subprocess.Popen.returncode`.
        """
        status = self.process.wait(grace)
        if status is None:
            self.process.kill()
            status = self.process.wait()
        self.abandon()
        return status or 0

    def abandon(self) -> None:
        """Close this side's ends without a word to the process."""
        self._lifeline.close()
        self.channel.close()
        self.page.close()


class Pool:
    """A set of workers that loops share.

    Args:
        size: workers that are kept; loops may ask for more and get them while they run.
        born: workers that are coming up already.
    """

    def __init__(self, size: int, born: Iterable[Newborn] = ()) -> None:
        self.size = size
        # Who has a worker; nobody: it is idle.
        self._holders: dict[Worker, Holder | None] = {Worker(one): None for one in born}
        self._lock = threading.Lock()
        self._closed = False
        self.used = time.monotonic()  # when a loop last had one of its workers
        self.parting = False  # whether the system puts workers where their caller is
        self.era = 0  # another one begins when all workers are gone at once
        _pools.add(self)

    def take(self, held: int, most: int, holder: Holder) -> Worker | None:
        """A worker for a loop that has ``held`` and may have ``most``; ``None`` for not now.

        One that still imports something is better than a new one, which would have to do so, too;
        but not for a loop that would have to wait for it.
        """
        if held >= most:
            return None
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot run a loop on a process pool that has been shut down")
            for worker in sorted(self.held_by(None), key=lambda one: not one.ready):
                if not worker.alive() or worker.talking:
                    worker.abandon()  # it left after a while without work, or hears half a frame
                    del self._holders[worker]
                elif worker.ready or holder.takes_back or self._active() >= self.size:
                    self._holders[worker], worker.lent = holder, worker.serial
                    return worker
            if held and self._active() >= max(self.size, most):
                return None
            worker = Worker()
            self._holders[worker] = holder
            return worker

    def start(self, workers: int) -> None:
        """Start workers ahead of the first loop, which then finds them idle."""
        with self._lock:
            for _ in range(min(workers, self.size) - len(self._holders)):
                self._holders[Worker()] = None

    def widen(self, size: int) -> None:
        """Keep more workers than so far, and start those that are missing."""
        self.size = max(self.size, size)
        self.start(size)

    def held_by(self, holder: Holder | None) -> list[Worker]:
        """The workers that a loop has, or nobody."""
        return [worker for worker, its in self._holders.copy().items() if its is holder]

    def give_back(self, worker: Worker) -> None:
        """Take an idle worker back; it serves the next loop, unless there are too many."""
        with self._lock:
            if not self._closed and self._active() <= self.size:
                self._holders[worker] = None
                self.used = time.monotonic()
                return
            self._holders.pop(worker, None)
        worker.ask_to_leave()
        worker.end(GRACE_SECONDS)

    def discard(self, worker: Worker) -> int:
        """End a worker that is of no use any more; its exit status."""
        code = worker.end()
        with self._lock:
            self._holders.pop(worker, None)
        return code

    def processes(self) -> list[Process]:
        """The processes that belong to the pool now."""
        with self._lock:
            return [worker.process for worker in self._holders]

    def idle(self) -> int:
        """How many workers wait for work, or will when they have come up."""
        free = self.held_by(None)
        ready = sum(worker.ready for worker in free)
        if ready < len(free):
            with self._lock:
                for worker in self.held_by(None):
                    worker.push()
        return ready

    def awake(self) -> bool:
        """Whether a loop would find a worker that has come up, or none that is coming up."""
        free = self.held_by(None)
        return not free or any(worker.awake() and worker.ready for worker in free)

    def request_stacks(self) -> None:
        """Let every worker print the stacks of its threads on its standard error."""
        for process in self.processes():
            if process.poll() is None:
                _lifeline.request_stacks(process.pid)

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the idle workers; busy ones are ended by the loops that hold them."""
        with self._lock:
            self._closed = True
            idle = self.held_by(None)
            for worker in idle:
                del self._holders[worker]
        for worker in idle:
            worker.ask_to_leave()
        for worker in idle:
            worker.end(grace)

    def kill(self) -> None:
        """End every worker at once: the interpreter is leaving.

        Exit handlers of the program may run loops yet: new workers end with this process.
        """
        with self._lock:
            workers, self._holders = list(self._holders), {}
            self.era += 1
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.end()

    def forget(self) -> None:
        """In a forked child: the workers belong to the parent; let go of this copy's ends."""
        self._lock = threading.Lock()
        for worker in self._holders:
            worker.process.returncode = 0  # not this process's child, so not its to wait for
            worker.abandon()
        self._holders = {}
        self.era += 1

    def _active(self) -> int:
        """Workers that are idle or at work.

        A stream whose consumer is busy elsewhere keeps its workers; other loops shall not have
        fewer for that.
        """
        return sum(its is None or not its.aside for its in self._holders.values())


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for pool in list(_pools):
        pool.kill()


def _forget_all() -> None:
    for pool in list(_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
