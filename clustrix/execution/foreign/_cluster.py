"""What the engines of clusters have in common: one loop, as the caller sees it.

    the task, put once ──┐
    chunk ──> submit ────┴──> run_remote, somewhere ──> Reply ──> outcome
              a few for each worker                       │ seconds: the next chunks' size
              lost with its worker: smaller pieces  <─────┘

A scheduler runs the tasks of a worker that died once more on another, so an item may run twice.
A chunk that was given up is tried again in pieces, at last alone, until the item that ends its
workers is found.
"""

from __future__ import annotations

import pickle
import uuid
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._records import Event, Heard, News
from clustrix.errors import ClustrixError, NotPicklableError, WorkerDied
from clustrix.execution.chunking._chunks import cut
from clustrix.execution.chunking._portions import MOST, MeasuredPace, Portions
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.foreign._guest import here
from clustrix.execution.foreign._remote import Broken, Order, Parcel, Reply, versions, wrap
from clustrix.execution.lanes._lane import item_note
from clustrix.execution.surroundings._surroundings import surroundings
from clustrix.execution.travel._exceptions import unpack_error, unpack_raised
from clustrix.execution.travel._globals import carry
from clustrix.execution.travel._shipping import send_by_value
from clustrix.execution.travel._transport import loads, unsendable

__all__ = ["Cluster", "ClusterEngine", "Lost", "mismatch"]

# Chunks under way for each worker: enough that none waits for the caller, few enough that an
# error does not find the whole loop queued.
AHEAD = 2

# A chunk that takes so many times longer than it should comes back with what is done.
PATIENCE = 5

# Into how many pieces a chunk is cut that was lost, and after how many losses it is enough.
PIECES = 8
MOST_LOSSES = 24


class Lost(Exception):
    """A task came to nothing: its worker ended, or its data went with one."""


class Cluster(Protocol):
    """What a cluster must be able to do."""

    name: str
    local: bool

    def entered(self) -> AbstractContextManager[None]:
        """To be in while a loop runs."""

    def workers(self) -> int:
        """Tasks that can run at the same time; at least 1."""

    def put(self, parcel: Parcel) -> Any:
        """Store something once where all workers get it; returns what to submit in its place."""

    def submit(self, order: bytes, task: Any, chunk: Parcel) -> Any:
        """Start a task; returns a hashable handle."""

    def wait(self, handles: Collection[Any]) -> Iterable[Any]:
        """Wait until some of the tasks are over."""

    def result(self, handle: Any) -> Reply:
        """What a finished task returned.

        Raises:
            Lost: its worker ended.
        """

    def cancel(self, handles: Collection[Any]) -> None:
        """Forget tasks; those that run may run on."""


class ClusterEngine:
    """Runs chunks on a cluster.

    Args:
        cluster: where.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def lanes(self) -> int:
        """Tasks that can run at the same time."""
        with self._cluster.entered():
            return self._cluster.workers()

    def run(
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
    ) -> Generator[News, None, None]:
        """Run the chunks, a bounded number at a time; how far each of them is, nobody tells.

        Raises:
            ClustrixError: the workers have another version of Python or clustrix.
            NotPicklableError: the function or its constant arguments cannot travel.
        """
        with self._cluster.entered():
            loop = _Loop(self._cluster, call, plan, chunks)
            try:
                while True:
                    yield from loop.hand_out()
                    if not loop.busy():
                        return
                    yield from loop.collect()
            finally:
                loop.end()


class _Sent(NamedTuple):
    """A chunk that is under way.

    Attributes:
        chunk: as it was handed out.
        order: what it was sent with.
        size: its bytes.
        alone: whether nothing else of the loop is under way.
    """

    chunk: Chunk
    order: bytes
    size: int
    alone: bool


class _Loop:
    def __init__(self, cluster: Cluster, call: Call, plan: Plan, chunks: Iterable[Chunk]) -> None:
        self.cluster = cluster
        self.call = call
        self.schedule = Schedule(call, chunks)
        self.under_way: dict[Any, _Sent] = {}
        self.suspects: deque[Chunk] = deque()
        self.losses = 0
        self.measured = _measured(chunks)
        slots = cluster.workers()
        # More under way than the user allows to run would run, if the cluster has room.
        most = plan.workers or slots
        self.workers = min(most, slots)
        self.width = most if most < slots else AHEAD * slots
        budget = None
        if self.measured is not None:
            self.measured.seen.workers = self.workers
            budget = PATIENCE * MOST
        # What goes with every task: a worker of its own cluster is where the caller is.
        self.settings = (budget, plan.timeout, surroundings(blas=1), cluster.local, here())
        self._send_task()

    def busy(self) -> bool:
        """Whether something is under way that can still matter."""
        chunks = [*self.suspects, *(sent.chunk for sent in self.under_way.values())]
        return any(map(self.schedule.wanted, chunks))

    def hand_out(self) -> Iterator[Outcome]:
        """Keep the workers in work; yields what cannot be sent."""
        if self.suspects:
            if not self.under_way:
                yield from self._submit(self.suspects.popleft(), alone=True)
            return
        while len(self.under_way) < self.width and (chunk := self.schedule.take()):
            yield from self._submit(chunk)

    def _submit(self, chunk: Chunk, *, alone: bool = False) -> Iterator[Outcome]:
        try:
            packed = wrap((chunk.start, chunk.items))
        except Exception as error:
            refused = unsendable(self.call, chunk, error)
            yield self.schedule.settle_unsent(chunk, refused)
            return
        handle = self.cluster.submit(self.order, self.task, packed)
        self.under_way[handle] = _Sent(chunk, self.order, packed.size, alone)

    def collect(self) -> Iterator[News]:
        """Wait until something is over; yields what is settled by that."""
        for handle in self.cluster.wait(self.under_way):
            sent = self.under_way.pop(handle)
            try:
                reply = self.cluster.result(handle)
            except Lost as lost:
                yield from self._lost(sent, lost)
                continue
            if reply.broken is not None:
                yield from self._broken(sent, reply.broken)
            else:
                if reply.events:
                    events = [Event(*event) for event in pickle.loads(reply.events)]
                    yield Heard(sent.chunk.start, events)
                yield self._settle(sent.chunk, reply, sent.size)

    def end(self) -> None:
        """Leave nothing on the cluster."""
        self.cluster.cancel(list(self.under_way))
        self.under_way.clear()
        self.task = None

    def _send_task(self) -> None:
        try:
            parcel = wrap((self.call.task(), carry(self.call.function)))
        except Exception as error:
            raise NotPicklableError(
                f"{describe(self.call.function)}() cannot be sent to {self.cluster.name}: {error}"
            ) from error
        order = Order(uuid.uuid4().hex, *self.settings)
        self.order = pickle.dumps((versions(), pickle.dumps(tuple(order), protocol=5)))
        self.parcel = parcel
        self.task = self.cluster.put(parcel)

    def _settle(self, chunk: Chunk, reply: Reply, size: int) -> Outcome:
        assert reply.values is not None
        error = None if reply.error is None else unpack_error(reply.error, loads)
        try:
            values = reply.values.open(writable=True)
            if self.call.collect:
                values = unpack_raised(values, loads)
        except Exception as reason:  # code of a value's class runs here
            return self._unreadable(chunk, "one of the results", "when it came back", reason)
        outcome = Outcome(chunk.start, values, error, reply.failed)
        if error is None:
            done = len(chunk.items) if self.call.batched else len(values)
            if self.measured is not None:
                self.measured.learn(done, reply.seconds, max(size, reply.values.size))
            self._put_back_rest(Chunk(chunk.start + done, chunk.items[done:]))
        return self.schedule.settle(chunk, outcome)

    def _put_back_rest(self, rest: Chunk) -> None:
        """What a chunk had no time for, in chunks of the size that is right by now."""
        if rest.items:
            self._put_back(rest, self.measured.size if self.measured else len(rest.items))

    def _put_back(self, chunk: Chunk, size: int) -> None:
        for piece in reversed(list(cut(chunk.items, size))):
            self.schedule.put_back(Chunk(chunk.start + piece.start, piece.items))

    def _lost(self, sent: _Sent, lost: Lost) -> Iterator[Outcome]:
        """A worker took a chunk with it: which of its items is to blame?

        A scheduler counts for each task the workers that died with it, also where it only waited
        behind another one.  So an item is to blame when it is lost once more, alone.
        """
        chunk = sent.chunk
        self.losses += 1
        if self.losses <= MOST_LOSSES:
            self.task = self.cluster.put(self.parcel)  # may have gone with the worker
            if len(chunk.items) > 1 and not self.call.batched:
                self._put_back(chunk, max(1, len(chunk.items) // PIECES))
                return
            if not sent.alone:
                self.suspects.append(chunk)
                return
        note = item_note(self.call, chunk.start, chunk.items[0])
        if len(chunk.items) > 1:
            last = chunk.stop - 1
            note = f"clustrix: items {chunk.start} to {last} of {describe(self.call.function)}()"
        error = WorkerDied(f"{note}: lost with its worker on {self.cluster.name}: {lost}")
        error.item = chunk.start
        yield self.schedule.settle(chunk, Outcome(chunk.start, [], error, chunk.start))

    def _broken(self, sent: _Sent, broken: Broken) -> Iterator[Outcome]:
        """A worker could not make something from what it got; none of the items has run."""
        chunk = sent.chunk
        if broken.part == "versions":
            raise mismatch(self.cluster.name, {"a worker": broken.reason})
        if broken.missing is not None and send_by_value(broken.missing):
            self._send_task()
            self.schedule.put_back(chunk)
        elif sent.order is not self.order:  # more travels by value since this one left
            self.schedule.put_back(chunk)
        elif broken.part == "task":
            raise NotPicklableError(
                f"{describe(self.call.function)}() could not be unpickled in a worker on "
                f"{self.cluster.name}: {broken.reason}"
            )
        elif len(chunk.items) > 1 and not self.call.batched:  # then find out which one it is
            self._put_back(chunk, max(1, len(chunk.items) // PIECES))
        else:
            yield self._unreadable(chunk, "the argument", "in the worker", broken.reason)

    def _unreadable(self, chunk: Chunk, what: str, where: str, reason: object) -> Outcome:
        note = item_note(self.call, chunk.start, chunk.items[0])
        error = NotPicklableError(
            f"{note}: {what} could not be unpickled {where}: {reason}", item=chunk.start
        )
        return self.schedule.settle(chunk, Outcome(chunk.start, [], error, chunk.start))


def mismatch(cluster: str, found: dict[str, str]) -> ClustrixError:
    """The error that says whose versions differ from the caller's."""
    here = "Python {}, clustrix {}".format(*versions())
    there = "; ".join(f"{who} has {what}" for who, what in found.items())
    return ClustrixError(
        f"the workers on {cluster} do not fit: {there}; the caller has {here}. Functions travel "
        "as code, so both must be the same: install them alike on the workers."
    )


def _measured(chunks: Iterable[Chunk]) -> Portions | MeasuredPace | None:
    """What learns how long items take: of a list its chunks do, of a stream its pace."""
    if isinstance(chunks, Portions):
        return chunks
    pace = getattr(chunks, "pace", None)
    return pace if isinstance(pace, MeasuredPace) else None
