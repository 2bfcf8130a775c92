"""The engine that is somebody else's: any `concurrent.futures.Executor`.

    chunk ──> executor.submit(run, task, chunk) ──> future ──> outcome

For an executor of threads the chunk goes as it is.  For every other the function and the items
travel as bytes of our own making, so that local functions work wherever the executor runs.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextvars import copy_context
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._records import News
from clustrix.errors import NotPicklableError, WorkerDied
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.foreign._guest import make_task, run_beside, run_there, understand
from clustrix.execution.travel._transport import dumps, unsendable

__all__ = ["ForeignEngine"]

# Chunks under way for each worker: enough that none waits for the caller to wake up, few
# enough that an error does not find the whole loop queued.
AHEAD = 2


class ForeignEngine:
    """Runs chunks on an executor that the user made, and leaves it running.

    Args:
        executor: anything with the interface of `concurrent.futures.Executor`.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def run(
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
    ) -> Generator[News, None, None]:
        """Run the chunks, a bounded number at a time; how far each of them is, nobody tells."""
        over = threading.Event()
        submit = _submitter(self._executor, call, over)
        schedule = Schedule(call, chunks)
        pending: dict[Future[Any], Chunk] = {}
        # An item with a seed has the generators of the process, which the caller goes on with.
        patient = call.seed is not None and isinstance(self._executor, ThreadPoolExecutor)
        try:
            while True:
                while len(pending) < AHEAD * plan.workers and (chunk := schedule.take()):
                    try:
                        pending[submit(chunk)] = chunk
                    except NotPicklableError as error:
                        yield schedule.settle_unsent(chunk, error)
                if not any(schedule.wanted(chunk) for chunk in pending.values()):
                    return
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    chunk = pending.pop(future)
                    for one in _news(future, chunk, call):
                        yield schedule.settle(chunk, one) if isinstance(one, Outcome) else one
        except KeyboardInterrupt:
            patient = False
            raise
        finally:
            over.set()
            running = [future for future in pending if not future.cancel()]
            if patient:
                wait(running)


def _submitter(executor: Executor, call: Call, over: threading.Event) -> Any:
    if isinstance(executor, ThreadPoolExecutor):
        context = copy_context()
        return lambda chunk: executor.submit(run_beside, call, chunk, context, over)
    try:
        task = make_task(call)
    except Exception as error:
        raise NotPicklableError(
            f"{describe(call.function)}() cannot be sent to {type(executor).__name__}: {error}"
        ) from error

    def submit(chunk: Chunk) -> Future[Any]:
        try:
            packed = dumps(chunk)
        except Exception as error:
            raise unsendable(call, chunk, error) from error
        return executor.submit(run_there, task, packed)

    return submit


def _news(future: Future[Any], chunk: Chunk, call: Call) -> list[News]:
    try:
        result = future.result()
    except (Exception, CancelledError) as error:
        what = f"items {chunk.start} to {chunk.stop - 1} of {describe(call.function)}()"
        kind = WorkerDied if isinstance(error, BrokenExecutor) else NotPicklableError
        lost = kind(f"{what} came to nothing in the executor: {error!r}", item=chunk.start)
        with contextlib.suppress(Exception):
            lost.__cause__ = error
        return [Outcome(chunk.start, [], lost, chunk.start)]
    return result if isinstance(result, list) else understand(result, chunk, call)
