"""The other side of a cluster: what one task does in a worker of Dask or Ray.

    order, task, chunk  ──> run_remote ──> the lane code ──> Reply: values, error, seconds

The function is importable and gets parcels of our own making, so whatever local function the
task holds, the cluster's own pickling never sees it.
"""

from __future__ import annotations

import pickle
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import Any, NamedTuple

from clustrix._records import Call, Chunk, Event, Heard, Outcome, describe
from clustrix.errors import NotPicklableError
from clustrix.execution.foreign._guest import Tidy, visit
from clustrix.execution.foreign._interrupts import deferred
from clustrix.execution.lanes._lane import Unwatched, item_note, lane, run_chunk
from clustrix.execution.showing import _logs, _warned
from clustrix.execution.showing._capture import capture
from clustrix.execution.showing._recorder import LOG, WARNING, Recorder, recording
from clustrix.execution.surroundings._place import Place
from clustrix.execution.surroundings._surroundings import Surroundings
from clustrix.execution.travel._exceptions import pack_error, pack_raised
from clustrix.execution.travel._globals import adopt
from clustrix.execution.travel._transport import dumps, loads

__all__ = ["Broken", "Order", "Parcel", "Reply", "run_remote", "versions", "wrap"]

# Buffers that travel beside the pickle; smaller ones are cheaper inside.
BIG_BUFFER = 1 << 16

# Tasks that a worker keeps unpickled; beyond this size only as long as the cluster keeps them.
TASKS_KEPT = 4
SMALL_TASK = 1 << 16

_lock = threading.Lock()
_calls: OrderedDict[str, Call] = OrderedDict()


class Parcel:
    """A pickle and its big buffers, which every pickler of protocol 5 sends without copying.

    Args:
        body: the pickle.
        buffers: what was taken out of it.

    Attributes:
        call: in a worker, what was made of it; lives as long as the parcel.
    """

    def __init__(self, body: bytes, buffers: Iterable[Any] = ()) -> None:
        self.body = body
        self.buffers = [memoryview(buffer) for buffer in buffers]
        self.call: Call | None = None

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        beside: type = pickle.PickleBuffer if protocol >= 5 else bytearray
        return Parcel, (self.body, [beside(buffer) for buffer in self.buffers])

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.body) + sum(buffer.nbytes for buffer in self.buffers)

    def open(self, *, writable: bool) -> Any:
        """What is inside.

        Args:
            writable: copy buffers that the cluster shares between tasks.
        """
        buffers: list[Any] = list(self.buffers)
        if writable:
            buffers = [bytearray(view) if view.readonly else view for view in buffers]
        return loads(self.body, buffers)


class Order(NamedTuple):
    """What else a task must know; it travels behind the versions that must fit.

    Attributes:
        run: names the loop.
        budget: seconds after which the rest of a chunk comes back; ``None`` for no limit.
        timeout: seconds that one item may run.
        surroundings: of the caller.
        local: whether all of them are to be had: the worker was started by the caller.
        home: the caller's machine and process.
    """

    run: str
    budget: float | None
    timeout: float | None
    surroundings: Surroundings
    local: bool
    home: tuple[Any, ...]


class Broken(NamedTuple):
    """Something could not be made from its bytes; nothing has run.

    Attributes:
        part: ``"versions"``, ``"task"`` or ``"chunk"``.
        missing: the module that cannot be imported, where that is the cause.
        reason: what happened, in words.
    """

    part: str
    missing: str | None
    reason: str


class Reply(NamedTuple):
    """What came of a chunk, ready to travel.

    Attributes:
        seconds: that the items took.
        values: one for each item that finished.
        error: what ended the chunk early, packed.
        failed: which item raised it.
        broken: why nothing has run.
        events: what the items have shown, packed.
    """

    seconds: float = 0.0
    values: Parcel | None = None
    error: bytes | None = None
    failed: int | None = None
    broken: Broken | None = None
    events: bytes = b""


def wrap(obj: object) -> Parcel:
    """Serialize, with big buffers beside the pickle."""
    taken: list[memoryview] = []

    def outside(buffer: pickle.PickleBuffer) -> bool:
        try:
            raw = buffer.raw()
        except BufferError:  # not contiguous
            return True
        if raw.nbytes < BIG_BUFFER:
            return True
        taken.append(raw)
        return False

    return Parcel(dumps(obj, buffer_callback=outside), taken)


def versions() -> tuple[str, str]:
    """Of Python, as far as code depends on it, and of clustrix."""
    return "{}.{}".format(*sys.version_info), sys.modules["clustrix"].__version__


def run_remote(order: bytes, task: Parcel, packed: Parcel) -> Reply:
    """Run one chunk in a worker of a cluster."""
    wanted, rest = pickle.loads(order)
    if wanted != versions():
        return Reply(broken=Broken("versions", None, "Python {}, clustrix {}".format(*versions())))
    with deferred() as may_come, lane():
        return _run(Order(*pickle.loads(rest)), task, packed, may_come)


def _run(
    said: Order,
    task: Parcel,
    packed: Parcel,
    may_come: Callable[[], AbstractContextManager[None]],
) -> Reply:
    recorder = Recorder(lambda: watch.index, portable=True)
    recorder.muted = True  # while anything but an item runs
    with (
        recording(recorder),
        visit(said.surroundings, said.home, whole=said.local) as place,
        capture(recorder),
    ):
        part = "task"
        try:
            call = _call(said.run, task)
            part = "chunk"
            chunk = Chunk(*packed.open(writable=True))
            if place is not None:
                place.code_has_come()
        except BaseException as error:  # importing and unpickling run user code
            missing = error.name if isinstance(error, ModuleNotFoundError) else None
            return Reply(broken=Broken(part, missing, f"{type(error).__name__}: {error}"))
        fresh = copy_context if place is None else place.fresh(copy_context())
        watch = _Budget(said.budget, place)
        began = time.perf_counter()
        with may_come():
            if said.timeout is not None:
                outcome, events = fresh().run(_run_timed, call, chunk, said.timeout)
            else:
                recorder.muted = False
                outcome, events = run_chunk(call, chunk, watch, fresh), []
        recorder.muted = True
        seconds = time.perf_counter() - began
        reply = _reply(call, chunk, outcome, seconds)
    return reply._replace(events=_portable([*events, *recorder.take()]))


def _portable(events: Iterable[Event]) -> bytes:
    """What items have shown, as bytes; a record that was noted here is packed now."""
    packed = [
        tuple(event._replace(what=_logs.pack(event.what)))
        if event.kind == LOG and not isinstance(event.what.record, (bytes, type(None)))
        else tuple(event._replace(what=_warned.pack(event.what)))
        if event.kind == WARNING and event.what.scope is not None
        else tuple(event)
        for event in events
    ]
    return pickle.dumps(packed) if packed else b""


class _Budget(Unwatched):
    """Stops a chunk that takes much longer than was thought; one item always runs."""

    def __init__(self, seconds: float | None, place: Place | None) -> None:
        super().__init__()
        self._end = None if seconds is None else time.perf_counter() + seconds
        self._tidy = Unwatched() if place is None else Tidy(place)

    def enter(self, index: int, values: list[Any]) -> bool:
        """Whether there is time for one more item."""
        self.index = index
        if self._end is not None and values and time.perf_counter() >= self._end:
            return False
        return self._tidy.enter(index, values)


def _call(run: str, task: Parcel) -> Call:
    """The call of a loop: made once for all chunks that meet in this process."""
    with _lock:
        call = task.call or _calls.get(run)
        if call is None:
            parts, carried = task.open(writable=False)
            adopt(carried)
            task.call = call = Call.from_task(parts)
            if task.size < SMALL_TASK:
                _calls[run] = call
                while len(_calls) > TASKS_KEPT:
                    _calls.popitem(last=False)
        return call


def _run_timed(call: Call, chunk: Chunk, timeout: float) -> tuple[Outcome, list[Event]]:
    """Run the items on a thread that can be given up."""
    from clustrix.execution.chunking._schedule import Schedule
    from clustrix.execution.threads._threads import ThreadLoop

    news = list(ThreadLoop(call, Schedule(call, [chunk])).drive(lambda: 1, timeout))
    events = [event for one in news if isinstance(one, Heard) for event in one.events]
    outcomes = [one for one in news if isinstance(one, Outcome)]
    outcomes.sort(key=lambda one: one.start)
    values = [value for one in outcomes for value in one.values]
    last = outcomes[-1]
    return Outcome(chunk.start, values, last.error, last.failed), events


def _reply(call: Call, chunk: Chunk, outcome: Outcome, seconds: float) -> Reply:
    values, error, failed = outcome.values, outcome.error, outcome.failed
    if call.collect:
        values = pack_raised(values, dumps, loads)
    try:
        packed = wrap(values)
    except Exception:  # values may raise anything while they are pickled
        failed, error = _culprit(call, chunk, values)
        packed = wrap(values[: failed - chunk.start])
    portable = None if error is None else pack_error(error, dumps, loads)
    return Reply(seconds, packed, portable, failed)


def _culprit(call: Call, chunk: Chunk, values: Any) -> tuple[int, NotPicklableError]:
    for offset, value in enumerate(values):
        index = chunk.start if call.batched else chunk.start + offset
        try:
            dumps(value)
        except Exception as error:
            note = item_note(call, index, chunk.items[index - chunk.start])
            return index, NotPicklableError(
                f"{note} returned a {type(value).__qualname__} that cannot be sent back from a "
                f"worker process ({error}). Return plain data from {describe(call.function)}(), "
                'or run it on threads with executor="threads".',
                item=index,
            )
    raise AssertionError("values that pickle one by one pickle together")
