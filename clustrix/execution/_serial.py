"""The engine that is the plain loop: one lane, the calling thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from typing import Any

from clustrix._model import Call, Chunk, Plan
from clustrix._records import News
from clustrix.execution.lanes._lane import Unwatched, Watch, run_chunk

__all__ = ["SerialEngine"]

# Seconds between two reports of how far it is, where somebody wants them.
TICK = 0.1


class SerialEngine:
    """Runs chunks one after the other where it is called.

    The calling thread is not marked as a lane: a loop inside the function may run in parallel,
    since this one does not.
    """

    def run(
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
    ) -> Generator[News, None, None]:
        """Run the chunks in order; stop behind the first error."""
        for chunk in chunks:
            watch: Watch = Unwatched() if tick is None else _Ticking(tick)
            outcome = run_chunk(call, chunk, watch)
            yield outcome
            if outcome.error is not None:
                return


class _Ticking:
    """Tells how many items of the chunk are done, now and then."""

    def __init__(self, tick: Callable[[int], object]) -> None:
        self._tick = tick
        self._last = time.perf_counter()

    def enter(self, index: int, values: list[Any]) -> bool:
        """Go on, always."""
        if time.perf_counter() - self._last > TICK:
            self._tick(len(values))
            self._last = time.perf_counter()
        return True
