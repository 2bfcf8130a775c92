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

from collections.abc import Generator, Iterable

from clustrix._model import Call, Chunk, Plan
from clustrix._records import News
from clustrix.execution._cpus import available_cpus
from clustrix.execution._partial import keep_partial
from clustrix.execution._pool import Pool
from clustrix.execution._process_loop import ProcessLoop
from clustrix.execution._schedule import Schedule
from clustrix.execution._surroundings import surroundings
from clustrix.execution._tasks import Tasks

__all__ = ["ProcessEngine"]


class ProcessEngine:
    """Runs chunks on the workers of a pool.

    Args:
        pool: where the workers come from, and where they go back to.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._tasks = Tasks()

    def run(self, call: Call, plan: Plan, chunks: Iterable[Chunk]) -> Generator[News, None, None]:
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
        except KeyboardInterrupt as interrupt:
            keep_partial(interrupt, loop.unfinished())
            raise
        finally:
            loop.end()

    def loop(self, call: Call, plan: Plan, schedule: Schedule) -> ProcessLoop:
        """A loop to be driven by whoever wants to do more than wait for it.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
        """
        context = surroundings(blas=max(1, available_cpus() // plan.workers))
        return ProcessLoop(self.pool, call, plan, schedule, context, self._tasks.make)
