"""The engine that is somebody else's: any `concurrent.futures.Executor`.

    chunk ──> executor.submit(run, task, chunk) ──> future ──> outcome

For an executor of threads the chunk goes as it is.  For every other the function and the items
travel as bytes of our own making, so that local functions work wherever the executor runs.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._settings import Configuration, portable
from clustrix.errors import NotPicklableError, WorkerDied
from clustrix.execution._exceptions import (
    pack_error,
    pack_raised,
    unpack_error,
    unpack_raised,
)
from clustrix.execution._globals import adopt, carry
from clustrix.execution._lane import Unwatched, lane, run_chunk
from clustrix.execution._schedule import Schedule
from clustrix.execution._transport import dumps, loads, unsendable

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
        self, call: Call, plan: Plan, chunks: Iterable[Chunk]
    ) -> Generator[Outcome, None, None]:
        """Run the chunks, a bounded number at a time."""
        submit = _submitter(self._executor, call)
        schedule = Schedule(call, chunks)
        pending: dict[Future[Any], Chunk] = {}
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
                    yield schedule.settle(chunk, _outcome(future, chunk, call))
        finally:
            for future in pending:
                future.cancel()


def _submitter(executor: Executor, call: Call) -> Any:
    if isinstance(executor, ThreadPoolExecutor):
        copy = contextvars.copy_context  # for each chunk: two lanes cannot be in the same one
        return lambda chunk: executor.submit(copy().run, _run_here, call, chunk)
    try:
        task = dumps((call.task(), carry(call.function), portable()))
    except Exception as error:
        raise NotPicklableError(
            f"{describe(call.function)}() cannot be sent to {type(executor).__name__}: {error}"
        ) from error

    def submit(chunk: Chunk) -> Future[Any]:
        try:
            packed = dumps(chunk)
        except Exception as error:
            raise unsendable(call, chunk, error) from error
        return executor.submit(_run_there, task, packed)

    return submit


def _run_here(call: Call, chunk: Chunk) -> Outcome:
    with lane():
        return run_chunk(call, chunk, Unwatched())


def _run_there(task: bytes, packed: bytes) -> tuple[bytes, bytes | None, int | None]:
    """In the foreign worker: values, error and failed position, all portable."""
    parts, carried, settings = loads(task)
    with lane(), Configuration(settings):
        adopt(carried)
        call = Call.from_task(parts)
        outcome = run_chunk(call, loads(packed), Unwatched())
    error = None if outcome.error is None else pack_error(outcome.error, dumps, loads)
    values = pack_raised(outcome.values, dumps, loads) if call.collect else outcome.values
    return dumps(values), error, outcome.failed


def _outcome(future: Future[Any], chunk: Chunk, call: Call) -> Outcome:
    try:
        result = future.result()
    except (Exception, CancelledError) as error:
        what = f"items {chunk.start} to {chunk.stop - 1} of {describe(call.function)}()"
        kind = WorkerDied if isinstance(error, BrokenExecutor) else NotPicklableError
        lost = kind(f"{what} came to nothing in the executor: {error!r}", item=chunk.start)
        with contextlib.suppress(Exception):
            lost.__cause__ = error
        return Outcome(chunk.start, [], lost, chunk.start)
    if isinstance(result, Outcome):
        return result
    packed, error_bytes, failed = result
    values: Sequence[Any] = loads(packed)
    if call.collect:
        values = unpack_raised(values, loads)
    raised = None if error_bytes is None else unpack_error(error_bytes, loads)
    return Outcome(chunk.start, values, raised, failed)
