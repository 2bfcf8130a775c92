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

from collections.abc import Callable, Generator, Iterable

from clustrix._model import Call, Chunk, Outcome, Plan, describe
from clustrix._records import News
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.lanes._partial import keep_partial
from clustrix.execution.machine._cpus import available_cpus
from clustrix.execution.showing import _logs  # noqa: F401  (what looks for a loop's log levels has it then)
from clustrix.execution.surroundings._surroundings import surroundings
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._process_loop import ProcessLoop
from clustrix.execution.workers._tasks import Tasks

__all__ = ["ProcessEngine"]


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
    ) -> Generator[News, None, None]:
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
        found: list[News] = []
        try:
            while True:
                found[:] = loop.hand_out()
                if loop.busy():
                    found += loop.collect(wait=not found)
                    if found:
                        found += loop.hand_out()  # no worker waits for the caller
                elif not found:
                    return
                if tick is not None:
                    tick(sum(len(worker.values) for worker in loop.working.values()))
                for one in found:
                    loop.aside = True
                    try:
                        yield one
                    finally:
                        loop.aside = False
                    if self.pool.era != era:
                        raise RuntimeError(
                            f"the loop over {describe(call.function)}() cannot go on: its worker "
                            "processes have ended, or belong to the process that this one was "
                            "forked from"
                        )
        except KeyboardInterrupt as interrupt:
            done = [one for one in found if isinstance(one, Outcome)]
            keep_partial(interrupt, [*done, *loop.unfinished()])
            raise
        finally:
            if self.pool.era == era:
                try:
                    loop.end()
                finally:
                    loop.let_go()

    def loop(
        self, call: Call, plan: Plan, schedule: Schedule, lanes: int | None = None
    ) -> ProcessLoop:
        """A loop to be driven by whoever wants to do more than wait for it.

        Args:
            call: what to run.
            plan: how many workers.
            schedule: which chunk is next.
            lanes: that compute, the caller's among them; ``None``: the workers alone.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
        """
        context = surroundings(blas=max(1, available_cpus() // (lanes or plan.workers)))
        return ProcessLoop(self.pool, call, plan, schedule, context, self._tasks.make)
