"""The worker's side of the process engine: a fresh interpreter that runs chunks.

    CONTEXT ──> sys.path, working directory, environment as the caller has them
    TASK    ──> the function and its constant arguments, kept as bytes until a loop needs them
    CHUNK   ──> run the items ──> PART … PART, then DONE, FAILED or BROKEN
    EXIT, or nobody there any more ──> leave

It begins in `_early.py`, which hands over what it has heard and not dealt with.
"""

from __future__ import annotations

import sys
import time

from clustrix._records import Call, Chunk, Outcome, describe
from clustrix.basis._native import get_ident, pickle, socket, suppress
from clustrix.basis._typing import Any, Callable, NamedTuple
from clustrix.execution.lanes._lane import add_note, item_note, lane, run_chunk
from clustrix.execution.machine import _platform
from clustrix.execution.showing._capture import hold, release
from clustrix.execution.showing._recorder import Recorder, be_alone, recording
from clustrix.execution.surroundings._place import Place
from clustrix.execution.workers import _lifeline
from clustrix.execution.workers._arena import Inbox, Outbox
from clustrix.execution.workers._channel import Channel, Frame, NoDescriptor, Packed, pack, unpack
from clustrix.execution.workers._frames import Kind
from clustrix.execution.workers._page import BUSY, IDLE, Page

__all__ = ["main"]

# A worker that has had nothing to do for so long leaves, and gives its memory back.
IDLE_SECONDS = 60.0

# After a chunk as short as this the next one may follow at once: it is waited for awake.
SHORT_SECONDS = 0.001

# Values leave at the latest so long after they were computed, with the next item: what waits
# in the worker is lost when it dies, and big results would pile up.
FLUSH_SECONDS = 0.005


def main(handle: int, page: Page, lifeline: int, heard: bytes) -> None:
    """Serve until the parent hangs up.

    Args:
        handle: descriptor of this side of the socket pair.
        page: where the worker is in the loop.
        lifeline: read end of a pipe that closes when the parent is gone.
        heard: what the parent has said so far.
    """
    _lifeline.watch(lifeline)
    _platform.keep_spare()
    end = socket.socket(fileno=handle)
    end.setblocking(True)  # a caller with a default timeout makes sockets that do not
    _platform.limit_waiting(end, IDLE_SECONDS)
    outbox = Outbox(lambda: page.emptied("parent"))
    inbox = Inbox(lambda: page.note_emptied("worker"), again=True)
    channel = Channel(end, outbox, inbox, patient=True, heard=heard)
    # Code that travels by value belongs to "__main__"; it must not find this start-up code there.
    sys.modules["__main__"] = type(sys)("__main__")
    be_alone()
    place = Place()
    hold(channel)
    with suppress(EOFError, BrokenPipeError, NoDescriptor), lane():  # another goes on instead
        _serve(channel, page, place)
    release(channel)  # exit handlers print where they always have
    channel.close()
    _flush_output()


def _serve(channel: Channel, page: Page, place: Place) -> None:
    tasks = _Tasks(place)
    recorder = Recorder(lambda: page.where()[1], portable=True)
    recorder.muted = True  # while anything but an item runs
    while True:
        page.phase(IDLE)
        frame = channel.read()
        if frame is None:  # nothing to do for IDLE_SECONDS
            return
        if frame.kind in (Kind.CHUNK, Kind.SIMPLE):
            began = time.perf_counter()
            with recording(recorder):
                _do(channel, page, tasks, recorder, frame)
            recorder.own.clear()
            if (now := time.perf_counter()) - began < SHORT_SECONDS:
                _platform.stay_awake(channel.fileno(), now + _platform.AWAKE_SECONDS)
        elif frame.kind == Kind.TASK:
            tasks.add(frame)
        elif frame.kind == Kind.DROP:
            tasks.drop(frame.a)
        elif frame.kind == Kind.CONTEXT:
            place.adopt(unpack(frame))
        elif frame.kind == Kind.EXIT:
            return


def _do(channel: Channel, page: Page, tasks: _Tasks, recorder: Recorder, frame: Frame) -> None:
    """Deal with a chunk; nothing of it is kept."""
    page.open(frame.b)
    # To make the items of one that has been taken back would be for nothing.
    work = None if page.taken_back(frame.b) else _understood(tasks, frame)
    if page.begin(frame.b) and work is not None:
        _run(channel, page, tasks, recorder, frame, work)
    elif not page.knows(frame.b):
        channel.send(Kind.SKIPPED, frame.a, frame.b)


class _Unreadable(NamedTuple):
    """What could not be made from its bytes.

    Attributes:
        missing: the module that is not there, if it was that.
        reason: in words.
    """

    missing: str | None
    reason: str


def _understood(tasks: _Tasks, frame: Frame) -> tuple[Call, bool, Any] | _Unreadable:
    """The call of a chunk, whether its values leave one by one, and its items."""
    try:
        task_id, run_id, eager, items = unpack(frame)
        return tasks.call(task_id, run_id), eager, items
    except BaseException as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        return _Unreadable(missing, f"{type(error).__name__}: {error}")


def _run(
    channel: Channel,
    page: Page,
    tasks: _Tasks,
    recorder: Recorder,
    frame: Frame,
    work: tuple[Call, bool, Any] | _Unreadable,
) -> None:
    """Run one chunk and answer with what became of it."""
    start = frame.a
    if isinstance(work, _Unreadable):
        channel.send(Kind.BROKEN, start, packed=Packed(pickle.dumps(tuple(work))))
        return
    call, eager, items = work
    reply = _Reply(channel, page, tasks.place, recorder, call, Chunk(start, items), eager)
    try:
        recorder.muted = False
        began = time.perf_counter()
        if frame.kind == Kind.SIMPLE:
            outcome = reply.run_simple()
        else:
            outcome = run_chunk(call, reply.chunk, reply, tasks.place.fresh())
        page.spend(time.perf_counter() - began)
        recorder.muted = True
        raised, failed = outcome.error, outcome.failed or start
        reply.send(Kind.DONE if raised is None else Kind.PART, outcome.values)
    except _Unsendable as culprit:
        recorder.muted = True
        raised, failed = culprit.error, culprit.index
        reply.show(upto=failed)
    finally:
        recorder.hurry = None  # which knows the reply, and that the data
    if raised is not None:
        with _platform.spare():
            from clustrix.execution.travel._exceptions import pack_error
            from clustrix.execution.travel._transport import dumps, loads  # brings cloudpickle

            packed = Packed(pack_error(raised, dumps, loads))
        channel.send(Kind.FAILED, start, failed, packed)


class _Tasks:
    """The functions that the parent sent, as bytes, and the one that is in use, alive."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._frames: dict[int, Frame] = {}
        self._current: tuple[tuple[int, int], Call] | None = None

    def add(self, frame: Frame) -> None:
        self._frames[frame.a] = frame

    def drop(self, task_id: int) -> None:
        self._frames.pop(task_id, None)
        self._current = None

    def call(self, task_id: int, run_id: int) -> Call:
        """The call that a chunk belongs to; made anew for each loop.

        A function may change its own constant arguments.  The next loop must find them as the
        caller has them, so it gets its own copy.  Where nothing can change, the loops of a task
        have the same number.
        """
        if self._current is None or self._current[0] != (task_id, run_id):
            self._current = None
            parts, carried = unpack(self._frames[task_id])
            if carried or "clustrix.execution.travel._globals" in sys.modules:
                from clustrix.execution.travel._globals import adopt

                adopt(carried)
            self._current = ((task_id, run_id), Call.from_task(parts))
            self.place.code_has_come()
        return self._current[1]


class _Unsendable(Exception):
    """The value of an item cannot travel back."""

    def __init__(self, index: int, error: BaseException) -> None:
        super().__init__(index, error)
        self.index = index
        self.error = error


class _Reply:
    """What goes back for one chunk; as the lane's watch it sends finished values in time."""

    def __init__(
        self,
        channel: Channel,
        page: Page,
        place: Place,
        recorder: Recorder,
        call: Call,
        chunk: Chunk,
        eager: bool,
    ) -> None:
        self.chunk = chunk
        self._channel = channel
        self._page = page
        self._place = place
        self._changed, self._path = place.changed, place.path
        self._recorder = recorder
        recorder.hurry = self._hurry
        self._thread = get_ident()
        self._values: list[Any] = []
        self._refused: _Unsendable | None = None
        self._call = call
        self._eager = eager
        self._sent = 0
        self._last = time.monotonic()

    def enter(self, index: int, values: list[Any]) -> bool:
        """Send what is due, then note that the next item starts."""
        self._values = values
        if self._changed or sys.path != self._path:
            self._tidy_up()
        if values and (self._eager or time.monotonic() - self._last > FLUSH_SECONDS):
            self.send(Kind.PART, values)
            values.clear()
            self._last = time.monotonic()
        return self._page.enter(index)

    def run_simple(self) -> Outcome:
        """Run items that reach nothing behind which anybody would have to tidy up."""
        call, chunk, values = self._call, self.chunk, self._values
        try:
            self._page.run(call.per_item(), chunk.items, chunk.start, values)
        except BaseException as error:
            index = self._page.where()[1]
            add_note(error, item_note(call, index, chunk.items[index - chunk.start]))
            return Outcome(chunk.start, values, error, index)
        return Outcome(chunk.start, values)

    def _tidy_up(self) -> None:
        """The last item has left something behind."""
        if self._refused is not None:
            self._changed.discard("refused")
            raise self._refused
        self._place.restore()

    def _hurry(self) -> None:
        """An item that is still running has shown something."""
        if get_ident() != self._thread or self._refused is not None:
            return
        _, item, since, _ = self._page.where()
        try:
            if self._values:
                self.send(Kind.PART, self._values)
                self._values.clear()
            self.show()
        except _Unsendable as refused:  # not this item's fault, so not raised in its code
            self._refused = refused
            self._changed.add("refused")  # so that the next item does not begin
        self._page.resume(item, since)

    def show(self, upto: int | None = None) -> None:
        """Send what the items have shown so far."""
        if events := self._recorder.take(upto):
            packed = Packed(pickle.dumps([tuple(event) for event in events], protocol=5))
            self._channel.send(Kind.HEARD, self.chunk.start, packed=packed)

    def send(self, kind: int, values: Any) -> None:
        """Send values; if they do not pickle, those in front of the culprit."""
        if self._refused is not None:  # it has been found already
            raise self._refused
        self._page.phase(BUSY)
        start = self.chunk.start
        if self._call.collect:
            with _platform.spare():
                from clustrix.execution.travel._exceptions import pack_raised
                from clustrix.execution.travel._transport import dumps, loads

                values = pack_raised(values, dumps, loads)
        if any(issubclass(kind, BaseException) for kind in {*map(type, values)}):
            with _platform.spare():
                from clustrix.execution.travel._exceptions import pack_returned
                from clustrix.execution.travel._transport import dumps, loads

                values = pack_returned(values, dumps, loads)
        try:
            before, self._recorder.muted = self._recorder.muted, True
            packed = pack(values, _dumps)
            self._recorder.muted = before
        except BaseException:
            with _platform.spare():
                index, error = self._culprit(values)
            if kept := values[: index - start - self._sent]:
                self._channel.send(Kind.PART, start, len(kept), pack(kept, _dumps))
            raise _Unsendable(index, error) from None
        self.show()
        if values or kind != Kind.PART:
            self._channel.send(kind, start, len(values), packed)
        self._sent += len(values)

    def _culprit(self, values: Any) -> tuple[int, BaseException]:
        from clustrix.errors import NotPicklableError  # loads logging; hardly ever needed here

        first = self.chunk.start + self._sent
        name = describe(self._call.function)
        for offset, value in enumerate(values):
            index = self.chunk.start if self._call.batched else first + offset
            try:
                _dumps(value)
            except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
                return index, error  # raised by the value's own code, on purpose
            except Exception as error:
                note = item_note(self._call, index, self.chunk.items[index - self.chunk.start])
                return index, NotPicklableError(
                    f"{note} returned a {type(value).__qualname__} that cannot be sent back from "
                    f"a worker process ({error}). Return plain data from {name}(), or run it on "
                    f'threads with executor="threads".',
                    item=index,
                )
        raise AssertionError("values that pickle one by one pickle together")


def _dumps(obj: object, buffer_callback: Callable[..., object] | None = None) -> bytes:
    """Serialize for the parent; classes and functions that came by value go back by value."""
    try:
        return pickle.dumps(obj, protocol=5, buffer_callback=buffer_callback)
    except Exception:
        with _platform.spare():
            from clustrix.execution.travel import (
                _transport,  # loads cloudpickle; most work never needs it
            )

        return _transport.dumps(obj, buffer_callback)


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
