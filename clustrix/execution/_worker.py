"""The worker's side of the process engine: a fresh interpreter that runs chunks.

    CONTEXT ──> sys.path, working directory, environment as the caller has them
    TASK    ──> the function and its constant arguments, kept as bytes until a loop needs them
    CHUNK   ──> run the items ──> PART … PART, then DONE, FAILED or BROKEN
    EXIT, or nobody there any more ──> leave

It is started as ``python -c "…main(socket, page, lifeline)"``: the caller's main module is not
imported again, so no ``if __name__ == "__main__"`` guard is needed.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import socket
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from clustrix._records import Call, Chunk, describe
from clustrix.execution import _platform
from clustrix.execution._arena import Inbox, Outbox
from clustrix.execution._channel import Channel, Frame, Kind, Packed, pack, unpack
from clustrix.execution._exceptions import pack_error, pack_raised
from clustrix.execution._globals import adopt
from clustrix.execution._lane import item_note, lane, run_chunk
from clustrix.execution._page import BUSY, IDLE, Page

__all__ = ["main"]

# A worker that has had nothing to do for so long leaves, and gives its memory back.
IDLE_SECONDS = 60.0

# After a chunk as short as this the next one may follow at once: it is waited for awake.
SHORT_SECONDS = 0.001

# Without a limit every worker would start a thread for every CPU.
BLAS_LIMITS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# Values leave at the latest so long after they were computed, with the next item: what waits
# in the worker is lost when it dies, and big results would pile up.
FLUSH_SECONDS = 0.005


def main(socket_handle: int, page_handle: int, lifeline: int) -> None:
    """Serve until the parent hangs up.

    Args:
        socket_handle: descriptor of this side of the socket pair.
        page_handle: descriptor of the shared page.
        lifeline: read end of a pipe that closes when the parent is gone.
    """
    _platform.end_with_parent(lifeline)
    _platform.show_stacks_on_request()
    page = Page(mmap.mmap(page_handle, mmap.PAGESIZE))
    os.close(page_handle)
    end = socket.socket(fileno=socket_handle)
    _platform.limit_waiting(end, IDLE_SECONDS)
    outbox = Outbox(lambda: page.emptied("parent"))
    inbox = Inbox(lambda: page.note_emptied("worker"))
    channel = Channel(end, outbox, inbox, patient=True)
    # Code that travels by value belongs to "__main__"; it must not find this start-up code there.
    sys.modules["__main__"] = ModuleType("__main__")
    with contextlib.suppress(EOFError, BrokenPipeError), lane():
        _serve(channel, page)
    channel.close()
    _flush_output()


def _serve(channel: Channel, page: Page) -> None:
    tasks = _Tasks()
    while True:
        page.phase(IDLE)
        frame = channel.read()
        if frame is None:  # nothing to do for IDLE_SECONDS
            return
        began = time.perf_counter()
        if frame.kind == Kind.CHUNK:
            if page.begin(frame.b):
                _run(channel, page, tasks, frame)
            else:
                channel.send(Kind.SKIPPED, frame.a, frame.b)
            if (now := time.perf_counter()) - began < SHORT_SECONDS:
                _platform.stay_awake(channel.fileno(), now + _platform.AWAKE_SECONDS)
        elif frame.kind == Kind.TASK:
            tasks.add(frame)
        elif frame.kind == Kind.DROP:
            tasks.drop(frame.a)
        elif frame.kind == Kind.CONTEXT:
            _adopt(unpack(frame))
        elif frame.kind == Kind.EXIT:
            return


def _run(channel: Channel, page: Page, tasks: _Tasks, frame: Frame) -> None:
    """Run one chunk and answer with what became of it."""
    start = frame.a
    try:
        task_id, run_id, eager, items = unpack(frame)
        call = tasks.call(task_id, run_id)
    except BaseException as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        reason = (missing, f"{type(error).__name__}: {error}")
        channel.send(Kind.BROKEN, start, packed=Packed(pickle.dumps(reason)))
        return
    reply = _Reply(channel, page, call, Chunk(start, items), eager)
    try:
        outcome = run_chunk(call, reply.chunk, reply)
        _flush_output()
        raised, failed = outcome.error, outcome.failed or start
        reply.send(Kind.DONE if raised is None else Kind.PART, outcome.values)
    except _Unsendable as culprit:
        raised, failed = culprit.error, culprit.index
    if raised is not None:
        from clustrix.execution._transport import dumps, loads  # brings cloudpickle

        channel.send(Kind.FAILED, start, failed, Packed(pack_error(raised, dumps, loads)))


class _Tasks:
    """The functions that the parent sent, as bytes, and the one that is in use, alive."""

    def __init__(self) -> None:
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
            adopt(carried)
            self._current = ((task_id, run_id), Call.from_task(parts))
        return self._current[1]


class _Unsendable(Exception):
    """The value of an item cannot travel back."""

    def __init__(self, index: int, error: BaseException) -> None:
        super().__init__(index, error)
        self.index = index
        self.error = error


class _Reply:
    """What goes back for one chunk; as the lane's watch it sends finished values in time."""

    def __init__(self, channel: Channel, page: Page, call: Call, chunk: Chunk, eager: bool) -> None:
        self.chunk = chunk
        self._channel = channel
        self._page = page
        self._call = call
        self._eager = eager
        self._sent = 0
        self._last = time.monotonic()

    def enter(self, index: int, values: list[Any]) -> bool:
        """Send what is due, then note that the next item starts."""
        if values and (self._eager or time.monotonic() - self._last > FLUSH_SECONDS):
            self.send(Kind.PART, values)
            values.clear()
            self._last = time.monotonic()
        return self._page.enter(index)

    def send(self, kind: int, values: Any) -> None:
        """Send values; if they do not pickle, those in front of the culprit."""
        self._page.phase(BUSY)
        start = self.chunk.start
        if self._call.collect:
            from clustrix.execution._transport import dumps, loads

            values = pack_raised(values, dumps, loads)
        try:
            packed = pack(values, _dumps)
        except BaseException:
            index, error = self._culprit(values)
            if kept := values[: index - start - self._sent]:
                self._channel.send(Kind.PART, start, len(kept), pack(kept, _dumps))
            raise _Unsendable(index, error) from None
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
        from clustrix.execution import _transport  # loads cloudpickle, which most work never needs

        return _transport.dumps(obj, buffer_callback)


def _adopt(context: dict[str, Any]) -> None:
    """Put this process where the caller is."""
    sys.path[:] = context["path"]
    sys.argv[:] = context["argv"]
    if context["authkey"] is not None:  # proxies of a multiprocessing.Manager ask for it
        from multiprocessing.process import current_process

        current_process().authkey = context["authkey"]
    if context["settings"] or "clustrix._settings" in sys.modules:
        from clustrix import _settings  # loads dataclasses; most programs never configure

        _settings.adopt(context["settings"])
    if context["folder"] is not None:
        os.chdir(context["folder"])
    # As the system keeps the variables, bytes on POSIX; decoding them here is off the fast path.
    environ = {os.fsdecode(name): os.fsdecode(value) for name, value in context["environ"].items()}
    for name in BLAS_LIMITS:
        environ.setdefault(name, context["blas"])
    if os.environ.copy() != environ:
        os.environ.clear()
        os.environ.update(environ)


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
