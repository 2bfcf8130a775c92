"""The engine of worker processes: what one loop sends, and to whom.

    calling thread                             workers (fresh interpreters)
    ──────────────                             ────────────────────────────
    the function, once for each worker  ────>  keep it
    a chunk for each idle worker        ────>  run its items, one after the other
    wait: a frame, a death, a deadline  <────  values, or an error
    yields the outcome; the next chunk

There is no thread in between: the calling thread itself waits on the workers.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Generator, Iterable
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix.errors import NotPicklableError
from clustrix.execution._channel import pack
from clustrix.execution._cpus import available_cpus
from clustrix.execution._globals import carry
from clustrix.execution._pool import Pool
from clustrix.execution._process_loop import ProcessLoop, Task
from clustrix.execution._schedule import Schedule
from clustrix.execution._transport import dumps

__all__ = ["ProcessEngine"]

# Tasks that differ in nothing are the same task, unless they are too big to compare.
SMALL_TASK = 1 << 16

# Small tasks whose numbers are remembered; a worker keeps fewer of them.
TASKS_KNOWN = 64

# The variables as the system keeps them: copying these takes 1 us instead of 50.
_environ: dict[Any, Any] | None = getattr(os.environ, "_data", None)

_task_ids = itertools.count(1)


class ProcessEngine:
    """Runs chunks on the workers of a pool.

    Args:
        pool: where the workers come from, and where they go back to.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._known: dict[bytes, int] = {}

    def run(
        self, call: Call, plan: Plan, chunks: Iterable[Chunk]
    ) -> Generator[Outcome, None, None]:
        """Run the chunks on up to ``plan.workers`` processes.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
            WorkerDied: workers end before they have begun; the reason is on standard error.
        """
        loop = self.loop(call, plan, Schedule(call, chunks))
        try:
            while True:
                yield from loop.hand_out()
                if not loop.busy():
                    return
                yield from loop.collect()
        finally:
            loop.end()

    def loop(self, call: Call, plan: Plan, schedule: Schedule) -> ProcessLoop:
        """A loop to be driven by whoever wants to do more than wait for it.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
        """
        context = _context(plan.workers)
        return ProcessLoop(self.pool, call, plan, schedule, context, self._make_task)

    def _make_task(self, call: Call) -> Task:
        try:
            packed = pack((call.task(), carry(call.function)), dumps)
        except Exception as error:
            raise NotPicklableError(
                f"{describe(call.function)}() cannot be sent to a worker process: {error}"
            ) from error
        if len(packed.body) >= SMALL_TASK or packed.buffers:
            return Task(next(_task_ids), packed, kept=False)
        while len(self._known) >= TASKS_KNOWN:
            self._known.pop(next(iter(self._known)), None)
        return Task(self._known.setdefault(packed.body, next(_task_ids)), packed, kept=True)


def _authkey() -> bytes | None:
    """The key with which proxies of a `multiprocessing.Manager` introduce themselves."""
    process = sys.modules.get("multiprocessing.process")
    return None if process is None else bytes(process.current_process().authkey)


def _context(workers: int) -> dict[str, Any]:
    """The caller's surroundings, as a worker must have them."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # the caller's folder is gone; so be it
        folder = None
    return {
        "path": list(sys.path),
        "argv": list(getattr(sys, "argv", [])),
        "folder": folder,
        "authkey": _authkey(),
        "environ": os.environ.copy() if _environ is None else _environ.copy(),
        "blas": str(max(1, available_cpus() // workers)),
    }
