"""A chunk as a guest: in a thread or a process that belongs to somebody else's executor.

    run_beside(call, chunk, context)  a thread of this process     ──> news
    run_there(task, chunk)            any process, as bytes        ──> bytes ──> news

The process is left as it was found: the caller's surroundings are put in place for the chunk,
and what was there before comes back.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from clustrix._records import Call, Chunk, Event, Heard, News, Outcome
from clustrix.execution.lanes._lane import Unwatched, lane, run_chunk
from clustrix.execution.showing._capture import capture
from clustrix.execution.showing._recorder import Recorder, recording
from clustrix.execution.surroundings._place import Place
from clustrix.execution.surroundings._surroundings import Surroundings, surroundings
from clustrix.execution.travel._exceptions import (
    pack_error,
    pack_raised,
    unpack_error,
    unpack_raised,
)
from clustrix.execution.travel._globals import adopt, carry
from clustrix.execution.travel._transport import dumps, loads

__all__ = ["Tidy", "here", "make_task", "run_beside", "run_there", "understand", "visit"]

# What of the surroundings has a meaning on this machine only.
_LOCAL = ("path", "argv", "folder", "environ", "zone", "authkey", "locale", "blas")

_token = os.urandom(8)


def run_beside(call: Call, chunk: Chunk, context: Context, over: threading.Event) -> list[News]:
    """Run a chunk in a thread of this process, until the loop is over."""
    watch = _Until(over)
    recorder = Recorder(lambda: watch.index)
    with lane(), capture(recorder):
        outcome = run_chunk(call, chunk, watch, context.copy)
    return [Heard(chunk.start, recorder.take()), outcome]


def make_task(call: Call) -> bytes:
    """What stays the same for a loop whose chunks go to other processes."""
    # In two parts: code can only be found once the other process has the caller's sys.path.
    code = dumps((call.task(), carry(call.function)))
    return dumps((code, surroundings(), here()))


def run_there(task: bytes, packed: bytes) -> tuple[bytes, ...]:
    """Run a chunk in another process; what `understand` makes news of."""
    watch = Unwatched()
    recorder = Recorder(lambda: watch.index, portable=True)
    recorder.muted = True
    with lane(), recording(recorder):
        code, wanted, home = loads(task)
        with visit(wanted, home) as place, capture(recorder):
            parts, carried = loads(code)
            adopt(carried)
            call, chunk = Call.from_task(parts), loads(packed)
            if place is not None:
                place.code_has_come()
                watch = Tidy(place)
            recorder.muted = False
            outcome = run_chunk(
                call, chunk, watch, Context().copy if place is None else place.fresh()
            )
            recorder.muted = True
        error = b"" if outcome.error is None else pack_error(outcome.error, dumps, loads)
        values = pack_raised(outcome.values, dumps, loads) if call.collect else outcome.values
        body = dumps((outcome.failed, values))
    return body, error, pickle.dumps([tuple(event) for event in recorder.take()])


def understand(result: tuple[bytes, ...], chunk: Chunk, call: Call) -> list[News]:
    """What `run_there` says of a chunk."""
    body, error, events = result
    values: Sequence[Any]
    failed, values = loads(body)
    if call.collect:
        values = unpack_raised(values, loads)
    raised = unpack_error(error, loads) if error else None
    heard = Heard(chunk.start, [Event(*event) for event in pickle.loads(events)])
    return [heard, Outcome(chunk.start, values, raised, failed)]


class _Until(Unwatched):
    """Begins no item any more when the loop is over: nobody wants what it would give or show."""

    def __init__(self, over: threading.Event) -> None:
        super().__init__()
        self._over = over

    def enter(self, index: int, values: list[Any]) -> bool:
        """Go on until then."""
        self.index = index
        return not self._over.is_set()


class Tidy(Unwatched):
    """What one item changes, the next one does not find.

    Args:
        place: where the items run.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def enter(self, index: int, values: list[Any]) -> bool:
        """Tidy up behind the item before."""
        if _guests == 1 and (self._place.changed or sys.path != self._place.path):
            self._place.restore()
        self.index = index
        return True


_place: Place | None = None
_guests = 0
_lock = threading.Lock()


@contextmanager
def visit(
    wanted: Surroundings, home: tuple[Any, ...], *, whole: bool = True
) -> Iterator[Place | None]:
    """Let this process be where the caller is; nothing to do where it is the caller's own.

    Args:
        wanted: the caller's surroundings.
        home: the caller's `here`.
        whole: whether its folders and its environment are to be had, too, on its own machine.
    """
    global _place, _guests
    if home == here():
        yield None
        return
    with _lock:
        # Without their context variables: these stay where they are, and may not even pickle.
        before = Context().run(surroundings)
        if _place is None:
            _place = Place()
        if home[0] != here()[0] or not whole:  # another machine has folders of its own
            wanted = {**wanted, **{name: before[name] for name in _LOCAL}}
        _guests += 1
        if _guests == 1:  # who comes later is of the same kind, or has to live with it
            _place.adopt(wanted)
    try:
        yield _place
    finally:
        with _lock:
            _guests -= 1
            if _guests == 0:
                _place.adopt(before)


def here() -> tuple[Any, ...]:
    """Which process this is, whether or not its number is used elsewhere too."""
    return os.uname().nodename if hasattr(os, "uname") else "", os.getpid(), _token
