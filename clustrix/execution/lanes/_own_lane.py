"""The calling thread as one lane among others.

chunk at the frontier  ──> the plain loop, and what it shows is seen at once
chunk further behind   ──> the plain loop, and what it shows is noted: others come first
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from clustrix._records import Call, Chunk, Heard, Outcome
from clustrix.basis._typing import Any, NamedTuple, Protocol
from clustrix.execution.lanes._lane import Unwatched, add_note, item_note, run_chunk
from clustrix.execution.showing._capture import hold, release
from clustrix.execution.showing._recorder import Recorder, recording

__all__ = ["Aside", "Batches", "Cursor", "OwnLane", "run_in_caller", "run_plainly"]


class Cursor:
    """Gives the items of a chunk, all of them or in batches, and knows which one it gave last.

    A part of a range is a range; of anything else an iterator is cut, which costs some nanoseconds
    an item, the twentieth part of what a trivial function does (benchmarks/growth.py).

    Args:
        items: those of the chunk.
        start: position in the loop of the first one.
    """

    def __init__(self, items: Sequence[Any], start: int = 0) -> None:
        self.items, self.start = items, start
        self._stop = start + len(items)
        self._given = start if type(items) is range else None
        self._iterator = iter(items)

    def all(self) -> Iterator[Any]:
        """All of them."""
        return self._iterator

    def batch(self, count: int) -> Iterator[Any]:
        """The next so many; those before have been taken."""
        if self._given is None:
            return islice(self._iterator, count)
        begin = self._given - self.start
        part = self.items[begin : begin + count]
        self._given = self._stop = self._given + len(part)
        self._iterator = iter(part)
        return self._iterator

    def index(self) -> int:
        """Which item was given last, counted in the loop."""
        return self._stop - 1 - operator.length_hint(self._iterator)


# Cuts what a cursor gives; is asked for the next batch when the one before is done.
Batches = Callable[[Cursor], Iterable[Iterable[Any]]]


class Front(Protocol):
    """Where a loop is, and who takes what its items show."""

    @property
    def frontier(self) -> int:
        """What the item at this position shows may be seen at once."""

    def hear(self, heard: Heard) -> None:
        """Take what other items have shown."""


class Aside(NamedTuple):
    """A loop of which nothing is seen at once: its values leave one by one.

    Attributes:
        hear: takes what the items have shown.
    """

    hear: Callable[[Heard], None]
    frontier: int = -1


class OwnLane:
    """Runs chunks of a loop where it was called.

    Args:
        call: the loop.
        relay: what the loop shows.
    """

    def __init__(self, call: Call, relay: Front) -> None:
        self._call = call
        self._function = call.per_item()
        self._relay = relay
        self._noting: recording | None = None

    def run(self, chunk: Chunk, batches: Batches | None = None, *, cheap: bool = False) -> Outcome:
        """Run a chunk.

        Args:
            chunk: the items.
            batches: somebody who looks at it between batches of items, and may end it there.
            cheap: as for `run_plainly`.

        Raises:
            KeyboardInterrupt: in an item while others are still out: nobody waits for those.
        """
        cursor = Cursor(chunk.items, chunk.start)
        parts = (cursor.all(),) if batches is None else batches(cursor)
        if chunk.start == self._relay.frontier:
            return run_in_caller(self._call, self._function, cursor, parts, cheap=cheap)
        recorder = Recorder(cursor.index)
        first, self._noting = self._noting is None, recording(recorder)
        if first:
            hold(self)
        with self._noting:
            outcome = run_in_caller(self._call, self._function, cursor, parts, cheap=cheap)
        if events := recorder.take():
            self._relay.hear(Heard(chunk.start, events))
        if isinstance(outcome.error, KeyboardInterrupt):
            raise outcome.error
        return outcome

    def end(self) -> None:
        """The loop is over, or was interrupted anywhere."""
        if self._noting is not None:
            self._noting.__exit__()
            release(self)


def run_in_caller(
    call: Call,
    function: Callable[[Any], Any],
    cursor: Cursor,
    parts: Iterable[Iterable[Any]],
    *,
    cheap: bool = False,
) -> Outcome:
    """The items in the calling thread, whatever the loop does about errors and random numbers.

    Args:
        call: the loop.
        function: of one item, as `Call.per_item` makes it.
        cursor: as for `run_plainly`, like the others.
        parts: the items.
        cheap: whether they are.
    """
    if call.collect or call.seed is not None:
        chunk = Chunk(cursor.start, cursor.items)
        return run_chunk(call, chunk, Unwatched(), items=chain.from_iterable(parts))
    return run_plainly(function, cursor, parts, lambda: call, cheap=cheap)


def run_plainly(
    function: Callable[[Any], Any],
    cursor: Cursor,
    parts: Iterable[Iterable[Any]],
    call: Callable[[], Call],
    *,
    cheap: bool = False,
) -> Outcome:
    """Nothing but the plain loop around a function.

    Args:
        function: of one item.
        cursor: tells which item failed.
        parts: what the cursor gives, at once or in batches.
        call: the loop, if a message must name it.
        cheap: whether to note each value as it comes, so that they are there when Ctrl-C comes,
            would be a tenth of what an item does.
    """
    values: list[Any] = []
    try:
        if cheap:
            values = [function(item) for part in parts for item in part]
        else:
            for part in parts:
                for item in part:
                    values.append(function(item))
        return Outcome(cursor.start, values)
    except BaseException as error:
        index = cursor.index()
        add_note(error, item_note(call(), index, cursor.items[index - cursor.start]))
        if not isinstance(error, KeyboardInterrupt):
            values = []  # nobody wants them, and the traceback would keep them alive
        return Outcome(cursor.start, values, error, index)
