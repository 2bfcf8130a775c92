"""The calling thread as one lane among others.

chunk at the frontier  ──> the plain loop, and what it shows is seen at once
chunk further behind   ──> the plain loop, and what it shows is noted: others come first
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from clustrix._records import Call, Chunk, Heard, Outcome
from clustrix._typing import Any, NamedTuple, Protocol
from clustrix.execution._capture import hold, release
from clustrix.execution._lane import Unwatched, add_note, item_note, run_chunk
from clustrix.execution._recorder import Recorder, recording

__all__ = ["Aside", "Batches", "Cursor", "OwnLane", "run_plainly"]


class Cursor:
    """Gives the items of a chunk, all of them or in batches, and knows which one it gave last.

    A part of a range is a range; of anything else an iterator is cut, which costs some nanoseconds
    an item, the twentieth part of what a trivial function does (benchmarks/growth.py).

    Args:
        chunk: the items.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._items, self._stop = chunk.items, chunk.stop
        self._given = chunk.start if type(chunk.items) is range else None
        self._start = chunk.start
        self._iterator = iter(chunk.items)

    def all(self) -> Iterator[Any]:
        """All of them."""
        return self._iterator

    def batch(self, count: int) -> Iterator[Any]:
        """The next so many; those before have been taken."""
        if self._given is None:
            return islice(self._iterator, count)
        begin = self._given - self._start
        part = self._items[begin : begin + count]
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
        cursor = Cursor(chunk)
        if chunk.start == self._relay.frontier:
            return run_plainly(self._call, self._function, chunk, cursor, batches, cheap=cheap)
        recorder = Recorder(cursor.index)
        first, self._noting = self._noting is None, recording(recorder)
        if first:
            hold(self)
        with self._noting:
            outcome = run_plainly(self._call, self._function, chunk, cursor, batches, cheap=cheap)
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


def run_plainly(
    call: Call,
    function: Callable[[Any], Any],
    chunk: Chunk,
    cursor: Cursor,
    batches: Batches | None = None,
    *,
    cheap: bool = False,
) -> Outcome:
    """Nothing but the plain loop around the function.

    Args:
        call: the loop.
        function: of one item, as `Call.per_item` makes it.
        chunk: the items.
        cursor: gives them; tells which one failed.
        batches: who looks at it between batches, if anybody does.
        cheap: whether to note each value as it comes, so that they are there when Ctrl-C comes,
            would be a tenth of what an item does.
    """
    if call.collect or call.seed is not None:
        items = cursor.all() if batches is None else chain.from_iterable(batches(cursor))
        return run_chunk(call, chunk, Unwatched(), items=items)
    values: list[Any] = []
    parts = (cursor.all(),) if batches is None else batches(cursor)
    try:
        if cheap:
            values = [function(item) for part in parts for item in part]
        else:
            for part in parts:
                for item in part:
                    values.append(function(item))
        return Outcome(chunk.start, values)
    except BaseException as error:
        index = cursor.index()
        add_note(error, item_note(call, index, chunk.items[index - chunk.start]))
        if not isinstance(error, KeyboardInterrupt):
            values = []  # nobody wants them, and the traceback would keep them alive
        return Outcome(chunk.start, values, error, index)
