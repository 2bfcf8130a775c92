"""From what lanes showed to what the caller sees: in the order of the loop, as soon as it can be.

    Heard(start, events)  ──┐                       frontier: all items in front of it are done
    Outcome(start, values) ─┴─> Relay ── frontier ──> sys.stdout, sys.stderr, loggers, warnings

What the item at the frontier shows is shown at once.  What others show waits for its turn, and
is dropped when an item in front of it fails: the loop would never have come to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from clustrix._records import Chunk, Event, Heard, News, Outcome
from clustrix.execution.showing._recorder import FILTERS, LOG, OUT, WARNING

__all__ = ["Relay", "replay"]


class Relay:
    """What one loop shows to its caller.  Belongs to the calling thread.

    Attributes:
        frontier: all items in front of this one are done, and what they showed is shown.
    """

    def __init__(self) -> None:
        self.frontier = 0
        self._over = False
        self._waiting: dict[int, list[Event]] = {}
        self._done: dict[int, Outcome] = {}
        self._stops: dict[int, int] | None = None

    def of_batches(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Note where chunks end: how many items a batch had cannot be seen from its values."""
        self._stops = {}
        for chunk in chunks:
            self._stops[chunk.start] = chunk.stop
            yield chunk

    def take(self, news: News) -> Outcome | None:
        """Learn what an engine has to tell; an outcome comes back."""
        if isinstance(news, Heard):
            self.hear(news)
            return None
        self.settle(news)
        return news

    def hear(self, heard: Heard) -> None:
        """Learn what the items of a chunk have shown so far."""
        if self._over:
            return
        if heard.start == self.frontier:
            replay(heard.events)
        else:
            self._waiting.setdefault(heard.start, []).extend(heard.events)

    def settle(self, outcome: Outcome) -> None:
        """Learn that a chunk is done, or a part of it from its start on."""
        if self._over:
            return
        if outcome.start == self.frontier and outcome.failed is None and not self._waiting:
            self.frontier = self._stop(outcome)
            if not self._done:  # most loops show nothing
                return
        else:
            self._done[outcome.start] = outcome
        while (following := self._done.pop(self.frontier, None)) is not None:
            events = self._waiting.pop(following.start, ())
            if following.failed is not None:
                self._over = True
                self._waiting.clear()
                self._done.clear()
                failed = following.failed
                replay(event for event in events if event.item <= failed)
                return
            if events:
                replay(events)
            stop = self._stop(following)
            if stop == self.frontier:  # it was ended before its first item
                return
            self.frontier = stop
            if events := self._waiting.pop(stop, ()):  # the next one is at work already
                replay(events)

    def _stop(self, outcome: Outcome) -> int:
        if self._stops is None:
            return outcome.start + len(outcome.values)
        return self._stops.get(outcome.start, outcome.start)


def replay(events: Iterable[Event]) -> None:
    """Show to the caller what items have shown."""
    for _, kind, what in events:
        if kind == LOG:
            from clustrix.execution.showing import _logs

            _logs.replay(what)
        elif kind == WARNING:
            from clustrix.execution.showing import _warned

            _warned.replay(what)
        elif kind == FILTERS:
            from clustrix.execution.showing import _warned

            _warned.forget()
        else:
            _show(sys.stdout if kind == OUT else sys.stderr, what)


def _show(stream: Any, what: str | bytes | None) -> None:
    if stream is None:  # there is no standard output in this process
        return
    if what is None:
        stream.flush()
    elif isinstance(what, str):
        stream.write(what)
    else:
        stream.buffer.write(what)
