"""Which chunk runs next, and which need not run any more.  Pure bookkeeping, no clocks.

    chunks ──> take() ──> a lane runs it ──> settle(outcome)
                 ▲                              │ an error at item k
                 └────── nothing from behind k ─┘

An error ends the loop at the first failing item.  Chunks in front of it still run, since one of
them may fail too and would be the first then; chunks behind it are not started.  So the error
that is raised depends on the loop alone, never on which lane was faster.  Where errors are
collected, nothing ends: the error becomes a value, and what its chunk still had to run comes
back as a chunk of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from clustrix._records import Call, Chunk, Outcome
from clustrix.errors import NotPicklableError
from clustrix.execution.lanes._lane import Raised

__all__ = ["Schedule"]


class Schedule:
    """Hands out the chunks of one loop in order; may be shared between threads.

    Args:
        call: the loop; says whether errors become values.
        chunks: the chunks in loop order; consumed lazily, one at a time.
    """

    def __init__(self, call: Call, chunks: Iterable[Chunk]) -> None:
        self._call = call
        self._chunks = iter(chunks)
        self._again: deque[Chunk] = deque()
        self._end: int | None = None
        self._lock = threading.Lock()

    def take(self) -> Chunk | None:
        """The next chunk to run; ``None`` when there is nothing left to start."""
        with self._lock:
            while self._again:
                if self._wanted(chunk := self._again.popleft()):
                    return chunk
            following = next(self._chunks, None)
            return following if following is not None and self._wanted(following) else None

    def put_back(self, chunk: Chunk) -> None:
        """Give back a chunk of which no item has started; it is the next to be taken."""
        with self._lock:
            self._again.appendleft(chunk)

    def waits(self) -> bool:
        """Whether a chunk that was given back waits to be taken again."""
        return bool(self._again)

    def settle(self, chunk: Chunk, outcome: Outcome) -> Outcome:
        """Learn what became of a chunk.

        Args:
            chunk: what was to be run.
            outcome: as far as it was run.

        Returns:
            The outcome to hand on: where errors are collected, with the error as a value.
        """
        if outcome.error is None or outcome.failed is None:
            return outcome
        if not self._call.collect or not isinstance(outcome.error, Exception):
            with self._lock:
                known = self._end
                self._end = outcome.failed if known is None else min(outcome.failed, known)
            return outcome
        done = len(outcome.values)
        if self._call.batched:  # a batch fails as a whole
            return Outcome(outcome.start, [Raised(outcome.error)] * len(chunk.items))
        if done < outcome.failed - chunk.start:
            raise AssertionError("an outcome must have the values in front of its error")
        if rest := chunk.items[done + 1 :]:
            self.put_back(Chunk(chunk.start + done + 1, rest))
        return Outcome(outcome.start, [*outcome.values, Raised(outcome.error)])

    def settle_unsent(self, chunk: Chunk, error: NotPicklableError) -> Outcome:
        """Learn that an item cannot travel; its neighbours in the chunk still can."""
        index = chunk.start if error.item is None or self._call.batched else error.item
        offset = index - chunk.start
        behind = Chunk(index, chunk.items[offset:])
        outcome = self.settle(behind, Outcome(index, [], error, index))
        if offset:
            self.put_back(Chunk(chunk.start, chunk.items[:offset]))
        return outcome

    def stop(self) -> None:
        """Start nothing any more."""
        with self._lock:
            self._end = 0

    def wanted(self, chunk: Chunk) -> bool:
        """Whether the outcome of this chunk can still matter."""
        with self._lock:
            return self._wanted(chunk)

    def _wanted(self, chunk: Chunk) -> bool:
        return self._end is None or chunk.start < self._end
