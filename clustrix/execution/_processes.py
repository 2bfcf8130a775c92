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
from collections.abc import Callable, Generator, Iterable
from typing import Any

from clustrix._model import Call, Chunk, Outcome, Plan, describe
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
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
        *,
        unsent: Callable[[Chunk], Outcome] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Run the chunks on up to ``plan.workers`` processes.

        While the caller looks at an outcome, the workers go on with what they have, and do not
        count as the pool's: other loops get as many as if this one were not there.

        Args:
            call: the loop.
            plan: how many workers, and the timeout for one item.
            chunks: consumed lazily, in loop order.
            tick: told from time to time how many items of unfinished chunks are done.
            unsent: runs what cannot travel; without it that is an error.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
            WorkerDied: workers end before they have begun; the reason is on standard error.
        """
        loop = self.loop(call, plan, Schedule(call, chunks))
        loop.unsent = unsent
        era = self.pool.era
        try:
            while True:
                found = [*loop.hand_out()]
                if loop.busy():
                    found += loop.collect(wait=not found)
                    found += loop.hand_out()  # no worker waits for the caller
                elif not found:
                    return
                if tick is not None:
                    tick(sum(len(worker.values) for worker in loop.working.values()))
                for outcome in found:
                    held = len(loop.working) + len(loop.idle)
                    self.pool.set_aside(held)
                    try:
                        yield outcome
                    finally:
                        if self.pool.era == era:
                            self.pool.set_aside(-held)
                    if self.pool.era != era:
                        raise RuntimeError(
                            f"the loop over {describe(call.function)}() cannot go on: its worker "
                            "processes have ended, or belong to the process that this one was "
                            "forked from"
                        )
        finally:
            if self.pool.era == era:
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
    }
