"""What becomes of an item that does not come back as a value from its worker process.

    it raised                       ──> its error
    its bytes could not be read     ──> its chunk once more: with the code, or item by item
    its value could not be read     ──> NotPicklableError
    its worker has ended            ──> WorkerDied, if it had begun; else its chunk once more
    it ran for too long             ──> TaskTimeout, and its worker is ended

Most loops never need any of this, so it is loaded by the first that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clustrix._model import Chunk, Outcome
from clustrix._records import News
from clustrix.basis._native import pickle
from clustrix.errors import NotPicklableError
from clustrix.execution.lanes._lane import Raised
from clustrix.execution.machine import _platform
from clustrix.execution.travel._exceptions import unpack_error, unpack_raised
from clustrix.execution.travel._shipping import send_by_value
from clustrix.execution.workers._channel import Frame, unpack
from clustrix.execution.workers._frames import Kind
from clustrix.execution.workers._losses import (
    disagreement,
    never_began,
    too_long,
    unreadable,
    worker_died,
)
from clustrix.execution.workers._page import IDLE, IN_ITEM, is_late
from clustrix.functions._evident import is_silent

if TYPE_CHECKING:
    from clustrix.execution.workers._pool import Worker
    from clustrix.execution.workers._process_loop import ProcessLoop

__all__ = ["collected", "died", "disagreement", "not_done", "overdue", "unread"]

# Workers that end before they have begun anything: then it is not an item's fault.
MOST_FALSE_STARTS = 3


def not_done(loop: ProcessLoop, worker: Worker, frame: Frame) -> Outcome | None:
    """A worker says that an item raised, or that it could not make a chunk from its bytes."""
    chunk = worker.chunk
    if frame.kind == Kind.FAILED:
        error = unpack_error(bytes(frame.body), pickle.loads)
        if type(error) is NotPicklableError and (again := _again(loop, worker, frame.b)):
            return again
        return loop.settle(worker, Outcome(chunk.start, worker.values, error, frame.b))
    missing, reason = unpack(frame)
    if missing is not None and send_by_value(missing):
        loop.task = loop.make_task(loop.call)
        loop.packing.forget()
        loop.before_code = {one: one.serial for one in loop.working.values()}
    if worker.chunks[0][0] <= loop.before_code.get(worker, 0):  # this one was sent without it
        loop.schedule.put_back(chunk)
        loop.rest(worker)
        return None
    if len(chunk.items) > 1 and not loop.call.batched:  # then find out which one it is
        for index in reversed(range(len(chunk.items))):
            loop.schedule.put_back(Chunk(chunk.start + index, chunk.items[index : index + 1]))
        loop.rest(worker)
        return None
    if loop.unsent is not None:  # it has not begun, and need not go anywhere
        loop.refused = True
        return loop.settle(worker, loop.unsent(chunk))
    broken = unreadable(loop.call, chunk, chunk.start, "argument", reason)
    return loop.settle(worker, Outcome(chunk.start, [], broken, chunk.start))


def collected(values: list[Any]) -> list[Any]:
    """Values among which there may be errors, of a loop that goes on behind them."""
    return unpack_raised(values, pickle.loads)


def _again(loop: ProcessLoop, worker: Worker, index: int) -> Outcome | None:
    """The rest of a chunk here, from an item on whose value cannot travel: a generator, say.

    Only where running that item once more shows nowhere, and nobody has asked for processes.
    """
    chunk = worker.chunk
    if loop.unsent is None or loop.call.batched or loop.call.collect or not is_silent(loop.call):
        return None
    loop.refused = True
    rest = loop.unsent(Chunk(index, chunk.items[index - chunk.start :]))
    values = [*worker.values[: index - chunk.start], *rest.values]
    return loop.settle(worker, Outcome(chunk.start, values, rest.error, rest.failed))


def can_be_read(frame: Frame) -> bool:
    """Whether a frame unpickles after all: then what came up meanwhile was none of its doing."""
    try:
        unpack(frame)
    except BaseException:
        return False
    return True


def unread(
    loop: ProcessLoop, worker: Worker, count: int, reason: BaseException
) -> list[Any] | Outcome:
    """So many values came, and could not be made from their bytes.

    Returns:
        What takes their place, or the end of their chunk.
    """
    index = worker.chunk.start + len(worker.values)
    several = f"one of {count} results from here on" if count > 1 else "result"
    if again := _again(loop, worker, index):
        return again
    error = unreadable(loop.call, worker.chunk, index, several, reason)
    if loop.call.collect:
        return [Raised(error)] * count
    return _give_up(loop, worker, error, index)


def died(loop: ProcessLoop, worker: Worker) -> Outcome | None:
    """A worker has ended; its page still says where it was."""
    (serial, chunk), values = worker.chunks[0], worker.values
    phase, item, _, latest = worker.page.where()
    # All that it said has been heard: what it had done of an earlier chunk is not missing.
    begun = serial in (latest, worker.page.opened()) and phase != IDLE
    if begun:
        worker.chunks.popleft()
    code = loop.discard(worker)
    if not begun:  # the chunk was put back as good as new
        loop.false_starts += latest == 0
        if loop.false_starts > MOST_FALSE_STARTS:
            raise never_began(loop.false_starts, code)
        return None
    # Outside an item it was unpickling the first one, or pickling what has not come back.
    index = item if phase == IN_ITEM else min(chunk.start + len(values), chunk.stop - 1)
    error = worker_died(loop.call, chunk, index, code, running=phase == IN_ITEM)
    return loop.schedule.settle(chunk, Outcome(chunk.start, values, error, index))


def overdue(loop: ProcessLoop, timeout: float) -> Iterator[News]:
    """End the workers whose item is out of time, and say so for each."""
    for worker in list(loop.working.values()):
        chunk, where = worker.chunk, worker.page.where()
        if where[3] != worker.chunks[0][0] or not is_late(where, timeout):
            continue
        # The item may end just now: stop the worker first, then look again.
        _platform.freeze(worker.process.pid)
        if worker.page.where() != where:
            _platform.thaw(worker.process.pid)
            continue
        yield from loop.hear(worker)  # the values in front of it may still be on the way
        if not worker.chunks:
            continue
        yield _give_up(loop, worker, too_long(loop.call, chunk, where[1], timeout), where[1])


def _give_up(loop: ProcessLoop, worker: Worker, error: BaseException, index: int) -> Outcome:
    """End a worker together with the item that it runs."""
    chunk, values = worker.chunk, worker.values
    worker.chunks.popleft()
    loop.discard(worker)
    return loop.schedule.settle(chunk, Outcome(chunk.start, values, error, index))
