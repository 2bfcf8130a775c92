"""What lies ready at workers, and none of them has begun, comes back into the schedule.

    calling thread, out of work ──> the longest queue: its last chunks ──> as many as one bite has
                                                       └── of the last one half, for the worker

Whether a chunk has begun is a word in the page that both sides see, so nobody asks or waits.
"""

from __future__ import annotations

import itertools

from clustrix._records import Call, Chunk
from clustrix.basis._typing import Protocol
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.workers._packing import Packing
from clustrix.execution.workers._pool import Worker

__all__ = ["taken_back"]


class Loop(Protocol):
    """The loop whose chunks these are."""

    call: Call
    schedule: Schedule
    taper: Taper | None
    bites: bool
    packing: Packing
    idle: list[Worker]
    working: dict[int, Worker]


def taken_back(loop: Loop, least: int, item: int | None) -> bool:
    """Get a chunk that no worker has begun back into the schedule.

    Args:
        loop: the loop.
        least: chunks that the worker must have, so that it is not left with fewer.
        item: which item it should contain; ``None``, or where that has begun: the last chunk
            of the longest queue.

    Returns:
        Whether there was one.
    """
    for worker in sorted(loop.working.values(), key=lambda one: -len(one.chunks)):
        if len(worker.chunks) < least:
            continue
        last = len(worker.chunks) - 1
        starts = [chunk.start for _, chunk in worker.chunks]
        wanted = [at for at, start in enumerate(starts) if item is not None and start <= item]
        for place in dict.fromkeys((*wanted[-1:], last)):
            if _from(loop, worker, place, again=least > 1):
                return True
    return False


def _from(loop: Loop, worker: Worker, place: int, *, again: bool) -> bool:
    """Take back a chunk of a worker, unless it has begun.

    Args:
        loop: the loop.
        worker: who has it.
        place: where, among its chunks.
        again: whether it will be sent to another worker.
    """
    serial, chunk = worker.chunks[place]
    if not worker.page.take_back(serial):
        return False
    del worker.chunks[place]
    if loop.taper is not None and loop.bites and (not again or loop.packing.anew(chunk)):
        chunk = _bite(loop, loop.taper, worker, place, chunk)
    loop.schedule.put_back(chunk)
    if not worker.chunks:  # nothing of it is under way any more
        del loop.working[worker.channel.fileno()]
        loop.idle.append(worker)
    return True


def _bite(loop: Loop, taper: Taper, worker: Worker, place: int, chunk: Chunk) -> Chunk:
    """Small chunks in a row as one; of the last one that waits, half.

    The other half is sent again, and so are chunks that another worker gets: these stay as they
    are where their items are objects of the user's, which are serialized once.
    """
    chunks, items = worker.chunks, loop.call.items
    waiting = sum(len(one.items) for _, one in itertools.islice(chunks, 1, None))
    most = taper.bite(waiting)
    while place and chunk.stop - chunks[place - 1][1].start <= most:
        place -= 1
        serial, before = chunks[place]
        if before.stop != chunk.start or not worker.page.take_back(serial):
            break
        del chunks[place]
        chunk = Chunk(before.start, items[before.start : chunk.stop])
    half = taper.half(len(chunk.items)) if loop.packing.anew(chunk) else 0
    if half and all(len(one.chunks) < 2 for one in loop.working.values()):
        loop.schedule.put_back(Chunk(chunk.start, chunk.items[:half]))
        chunk = Chunk(chunk.start + half, chunk.items[half:])
    return chunk
