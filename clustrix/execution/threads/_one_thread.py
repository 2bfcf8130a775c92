"""One thread at work on one loop.

    ready ──> chunk ── item, item, item ╎ item, item ──> news, then the next chunk
                             │          └── others may take over what it has not begun
                             └── which item runs, since when: for whoever asks

The chunk and its end change hands under a lock, which the thread holds as an item starts.
"""

from __future__ import annotations

import contextvars
import threading
import time
from typing import Any

from clustrix._records import Chunk, Heard, Outcome
from clustrix.execution.lanes._lane import lane, run_chunk
from clustrix.execution.machine import _processors, _thread_cache
from clustrix.execution.machine._apart import Spot
from clustrix.execution.showing._capture import capture
from clustrix.execution.showing._recorder import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.threads._threads import ThreadLoop

__all__ = ["OneThread"]


class OneThread:
    """One thread at work on one loop; also its own watch.

    Args:
        run: the loop.
        number: of the lane, from 0.
    """

    def __init__(self, run: ThreadLoop, number: int) -> None:
        self.dismissed = False
        self._number = number
        # What runs, since when, in which chunk, behind which values: one tuple, so that a
        # reader in another thread never pairs an item with the time of its neighbour.
        self.running: tuple[int, float, Chunk, list[Any]] | None = None
        self._run = run
        self._chunk: Chunk | None = None
        self._clock: int | None = None
        self._begun = 0.0  # what it showed when the chunk began
        self.used = 0.0  # CPU seconds of all chunks that are done
        self._line: tuple[int, float] | None = None  # its thread, and how long that had stood there
        self._spot: Spot | None = None
        self._turn = threading.Lock()
        self._stop = 0  # where it ends, in the loop: others may take over what is behind that
        self._context = contextvars.copy_context()
        self.recorder = Recorder(self._where, self._tell)
        _thread_cache.start(self._serve)

    def enter(self, index: int, values: list[Any]) -> bool:
        """Note which item starts, and when."""
        if self._chunk is None:
            return False
        if self._spot is not None:
            self._spot.between()
        with self._turn:
            if self.dismissed or index >= self._stop:
                return False
            self.running = (index, time.monotonic(), self._chunk, values)
        return True

    def dismiss(self) -> None:
        """Begin no item any more: afterwards it is known whether one runs."""
        self.recorder.muted = True  # what its item still shows, the loop would not have shown
        with self._turn:
            self.dismissed = True

    def left(self) -> int:
        """Items of its chunk that it has not begun."""
        running = self.running
        return 0 if running is None else self._stop - running[0] - 1

    def part(self) -> tuple[Chunk, Chunk] | None:
        """Its chunk, without the half of what it has not begun, and that; ``None`` of nothing."""
        with self._turn:
            running, left = self.running, self.left()
            if running is None or left < 1:
                return None
            chunk, end = running[2], self._stop
            self._stop = end - (left + 1) // 2
            cut = self._stop - chunk.start
            kept, rest = chunk.items[:cut], chunk.items[cut : end - chunk.start]
            return Chunk(chunk.start, kept), Chunk(self._stop, rest)

    @property
    def idle(self) -> bool:
        """Whether it has no chunk."""
        return self._chunk is None

    def spent(self) -> float:
        """CPU seconds of the item that runs, if others may know; of a chunk, the mean so far."""
        clock, running = self._clock, self.running
        if clock is None or running is None:
            return 0.0
        index, _, chunk, _ = running
        return (time.clock_gettime(clock) - self._begun) / (1 + index - chunk.start)

    def pushed(self) -> float:
        """Seconds for which it could have run and had no processor."""
        if self._line is None:
            return 0.0
        thread, before = self._line
        return max(0.0, _processors.stood_in_line(thread) - before)

    def _where(self) -> int:
        running = self.running
        return -1 if running is None else running[0]

    def _tell(self) -> None:
        """Let the caller know what the items have shown so far."""
        chunk = self._chunk
        if chunk is not None and (events := self.recorder.take()):
            self._run.news.put(Heard(chunk.start, events))

    def _serve(self) -> None:
        run, self._clock = self._run, _processors.thread_clock()
        spot = run.apart.lane(1 + self._number) if run.apart is not None else None
        self._spot = spot
        if spot is None:
            _processors.spread(self._number)
        else:
            self._line = threading.get_native_id(), _processors.stood_in_line()
        with lane(), capture(self.recorder):
            while not self.dismissed:
                chunk = run.ready.get()
                if self.dismissed:
                    run.ready.put(chunk)  # meant for a lane that stays
                    break
                if chunk is None or not run.schedule.wanted(chunk):
                    continue
                self._chunk, self._stop, self._begun = chunk, chunk.stop, time.thread_time()
                if spot is not None:
                    spot.begin()
                try:
                    outcome = run_chunk(run.call, chunk, self, self._context.copy)
                except BaseException as error:  # whatever it is, the caller must not wait for ever
                    outcome = Outcome(chunk.start, [], error, chunk.start)
                self.running, used = None, time.thread_time() - self._begun
                self.used += used
                if spot is not None:
                    spot.end()
                self._tell()
                holds = run.watch is not None and run.watch.full(
                    [used / len(chunk.items)] * len(chunk.items), run.spent
                )
                if holds:
                    run.hold()
                run.news.put(outcome)
                if holds:
                    run.leave_to_caller()
                del chunk, outcome  # while it waits, a lane keeps no data alive
                self._chunk = None
        self.recorder.close()
