"""What a lane lets others see: text, log records and warnings, noted in order with their items.

    user's function ── print, log, warn ──> Recorder.note ──> events ──> take() ──> Relay
                                                │ now and then, while an item takes long
                                                └──> hurry(): send what there is

A lane is a thread, so which recorder is in charge depends on the thread that asks.  A worker
process runs one item at a time; there all threads have the same one, so that what the threads
of an item print is the item's, too.
"""

from __future__ import annotations

import time

from clustrix._records import Event
from clustrix.basis._native import local
from clustrix.basis._typing import Any, Callable

__all__ = [
    "ERR",
    "FILTERS",
    "LOG",
    "OUT",
    "WARNING",
    "Recorder",
    "be_alone",
    "current",
    "forget",
    "recording",
    "silence",
]

# What an event is.  A text, bytes, or None for a flush go with the first two; FILTERS says that
# warning filters have been touched, which makes every module forget what it has warned of.
OUT, ERR, LOG, WARNING, FILTERS = range(5)

# Events that are noted while an item runs leave at most so often (seconds), but a few may
# follow each other at once: an item that prints as it begins should be seen to have begun.
PERIOD, BURST = 0.005, 4.0

# Who flushes wants it seen: `print(..., flush=True)` may be the last that is heard of an item.
FLUSH_PERIOD, FLUSH_BURST = 0.001, 50.0


class _Allowance:
    """Says yes a few times in a row, and then so often."""

    __slots__ = ("_burst", "_credit", "_last", "_period")

    def __init__(self, period: float, burst: float) -> None:
        self._period, self._burst = period, burst
        self._credit, self._last = burst, 0.0

    def take(self) -> bool:
        """Whether it may be done now."""
        now = time.monotonic()
        self._credit = min(self._burst, self._credit + (now - self._last) / self._period)
        self._last = now
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True


class _Thread(local):
    recorder: Recorder | None = None


class _Process:
    recorder: Recorder | None = None


_here: _Thread | _Process = _Thread()


def current() -> Recorder | None:
    """The recorder of the lane that asks; ``None`` for a thread that is no lane."""
    return _here.recorder


def be_alone() -> None:
    """In a worker process: all threads share what `recording` says."""
    global _here
    _here = _Process()


def forget() -> None:
    """In a forked child: no lane runs here."""
    _here.recorder = None


class recording:
    """Let a recorder note what this lane shows, in a ``with`` block."""

    __slots__ = ("_before", "_recorder")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder: Recorder | None = recorder
        self._before = _here.recorder

    def __enter__(self) -> None:
        _here.recorder = self._recorder

    def __exit__(self, *_: object) -> None:
        _here.recorder = self._before


class silence:
    """Note nothing meanwhile, in a ``with`` block: what runs now is no item."""

    __slots__ = ("_recorder",)

    def __enter__(self) -> None:
        recorder = _here.recorder
        self._recorder = None if recorder is None or recorder.muted else recorder
        if self._recorder is not None:
            self._recorder.muted = True

    def __exit__(self, *_: object) -> None:
        if self._recorder is not None:
            self._recorder.muted = False


class Recorder:
    """The events of one lane, until somebody takes them.

    Args:
        where: the item that runs now, as its position in the loop.
        hurry: called when there is something to show and it is not too soon after the last
            time; ``None`` when events can only leave with their chunk.
        portable: whether events leave the process, so that each must be bytes or text.

    Attributes:
        events: what has been noted, in order.
        muted: whether to note nothing, because no item runs.
        own: what this lane has put in the place of ``sys.stdout`` and the like, by name.
        hurry: as given.
        seen: warnings that have been noted since the last `take`.
    """

    def __init__(
        self,
        where: Callable[[], int],
        hurry: Callable[[], object] | None = None,
        *,
        portable: bool = False,
    ) -> None:
        self.events: list[Event] = []
        self.muted = False
        self.portable = portable
        self.own: dict[str, Any] = {}
        self.seen: set[Any] = set()
        self.hurry = hurry
        self._where = where
        self._texts = _Allowance(PERIOD, BURST)
        self._flushes = _Allowance(FLUSH_PERIOD, FLUSH_BURST)

    def note(self, kind: int, what: Any) -> None:
        """Note an event of the item that runs."""
        if self.muted:
            return
        self.events.append(Event(self._where(), kind, what))
        if self.hurry is None:
            return
        if (self._flushes if what is None else self._texts).take():
            self.hurry()

    def close(self) -> None:
        """Note nothing any more, and know nobody: the lane that knows it must not live on."""
        self.muted = True
        self.hurry = None
        self._where = lambda: -1
        self.events = []

    def take(self, upto: int | None = None) -> list[Event]:
        """The events since the last time, neighbouring texts joined.

        Args:
            upto: the last item whose events count; what others have noted is dropped.
        """
        if not self.events:
            return []
        events, self.events = self.events, []
        self.seen.clear()
        taken: list[Event] = []
        texts: list[str] = []
        for event in events:
            if upto is not None and event.item > upto:
                continue
            if texts and type(event.what) is str and event[:2] == taken[-1][:2]:
                texts.append(event.what)
                continue
            if len(texts) > 1:
                taken[-1] = taken[-1]._replace(what="".join(texts))
            texts = [event.what] if event.kind <= ERR and type(event.what) is str else []
            taken.append(event)
        if len(texts) > 1:
            taken[-1] = taken[-1]._replace(what="".join(texts))
        return taken
