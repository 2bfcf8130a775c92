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

import os
import sys
from collections.abc import Generator, Iterable
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan
from clustrix._settings import portable
from clustrix.execution._cpus import available_cpus
from clustrix.execution._pool import Pool
from clustrix.execution._process_loop import ProcessLoop
from clustrix.execution._schedule import Schedule
from clustrix.execution._tasks import Tasks

__all__ = ["ProcessEngine"]

# The variables as the system keeps them: copying these takes 1 us instead of 50.
_environ: dict[Any, Any] | None = getattr(os.environ, "_data", None)


class ProcessEngine:
    """Runs chunks on the workers of a pool.

    Args:
        pool: where the workers come from, and where they go back to.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._tasks = Tasks()

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
        return ProcessLoop(self.pool, call, plan, schedule, context, self._tasks.make)


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
        "settings": portable(),
    }
