"""The engine that is the plain loop: one lane, the calling thread."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from clustrix._model import Call, Chunk, Plan
from clustrix._records import News
from clustrix.execution._lane import Unwatched, run_chunk

__all__ = ["SerialEngine"]


class SerialEngine:
    """Runs chunks one after the other where it is called.

    The calling thread is not marked as a lane: a loop inside the function may run in parallel,
    since this one does not.
    """

    def run(self, call: Call, plan: Plan, chunks: Iterable[Chunk]) -> Generator[News, None, None]:
        """Run the chunks in order; stop behind the first error."""
        watch = Unwatched()
        for chunk in chunks:
            outcome = run_chunk(call, chunk, watch)
            yield outcome
            if outcome.error is not None:
                return
