"""What to say when an item is lost to its process: which one it was, and what became of it.

it crashed ──> WorkerDied      it took too long ──> TaskTimeout
its bytes cannot be read ──> NotPicklableError
worker and parent disagree about what is where ──> ClustrixError: a fault of ours
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from clustrix._model import Call, Chunk
from clustrix.errors import ClustrixError, NotPicklableError, TaskTimeout, WorkerDied
from clustrix.execution.lanes._lane import item_note

if TYPE_CHECKING:
    from clustrix.execution.workers._pool import Worker

__all__ = ["disagreement", "never_began", "too_long", "unreadable", "worker_died"]


def worker_died(call: Call, chunk: Chunk, index: int, code: int, *, running: bool) -> WorkerDied:
    """A worker process ended while it ran an item, or had to do with its data."""
    doing = "" if running else " while an argument or result was on the way"
    return WorkerDied(
        f"{_note(call, chunk, index)}: its worker process ended{doing}: {_cause(code)}",
        item=index,
        exitcode=code,
    )


def never_began(times: int, code: int) -> WorkerDied:
    """Workers end before they have begun anything: it is no item's fault."""
    return WorkerDied(
        f"{times} worker processes in a row ended before they began ({_cause(code)}); "
        "standard error may say why",
        exitcode=code,
    )


def too_long(call: Call, chunk: Chunk, index: int, timeout: float) -> TaskTimeout:
    """An item was still running when its time was up."""
    note = _note(call, chunk, index)
    return TaskTimeout(
        f"{note} ran longer than {timeout} s; its worker process was ended",
        item=index,
        timeout=timeout,
    )


def unreadable(
    call: Call, chunk: Chunk, index: int, what: str, reason: object
) -> NotPicklableError:
    """An argument or a result arrived, and could not be made from its bytes."""
    where = "in the worker process" if what == "argument" else "when it came back"
    note = _note(call, chunk, index)
    return NotPicklableError(
        f"{note}: the {what} could not be unpickled {where}: {reason}", item=index
    )


def disagreement(worker: Worker, says: str) -> ClustrixError:
    """Worker and parent differ in what has been run: a wrong result would come of it."""
    serial, chunk = worker.chunks[0]
    return ClustrixError(
        f"a worker process {says} where {len(worker.values)} of {len(chunk.items)} values from "
        f"item {chunk.start} on are here (chunk {serial} of {worker.serial}, "
        f"{len(worker.chunks)} under way; its page says {worker.page.where()}); please report this"
    )


def _note(call: Call, chunk: Chunk, index: int) -> str:
    return item_note(call, index, chunk.items[index - chunk.start])


def _cause(code: int) -> str:
    """An exit status in words."""
    if code >= 0:
        return f"it exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    usual = "; the usual cause is that memory ran out" if name == "SIGKILL" else ""
    return f"it was ended by {name}{usual}"
