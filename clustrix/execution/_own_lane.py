"""The calling thread as one lane among others.

chunk at the frontier  ──> the plain loop, and what it shows is seen at once
chunk further behind   ──> the plain loop, and what it shows is noted: others come first
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from clustrix._records import Call, Chunk, Heard, Outcome
from clustrix._typing import Any, NamedTuple, Protocol
from clustrix.execution._capture import hold, release
from clustrix.execution._lane import Unwatched, add_note, item_note, run_chunk
from clustrix.execution._recorder import Recorder, recording

__all__ = ["Aside", "Batches", "OwnLane", "run_plainly"]

# Cuts what an iterator gives; is asked for the next batch when the one before is done.
Batches = Callable[[Iterator[Any]], Iterable[Iterable[Any]]]


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

    def run(self, chunk: Chunk, batches: Batches | None = None) -> Outcome:
        """Run a chunk.

        Args:
            chunk: the items.
            batches: somebody who looks at it between batches of items, and may end it there.

        Raises:
            KeyboardInterrupt: in an item while others are still out: nobody waits for those.
        """
        iterator = iter(chunk.items)
        if chunk.start == self._relay.frontier:
            return run_plainly(self._call, self._function, chunk, iterator, batches)
        recorder = Recorder(lambda: _index(chunk, iterator))
        first, self._noting = self._noting is None, recording(recorder)
        if first:
            hold(self)
        with self._noting:
            outcome = run_plainly(self._call, self._function, chunk, iterator, batches)
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
    iterator: Iterator[Any],
    batches: Batches | None = None,
) -> Outcome:
    """Nothing but the plain loop around the function.

    Args:
        call: the loop.
        function: of one item, as `Call.per_item` makes it.
        chunk: the items.
        iterator: over them; tells which one failed.
        batches: who looks at it between batches, if anybody does.
    """
    if call.collect or call.seed is not None:
        items = iterator if batches is None else chain.from_iterable(batches(iterator))
        return run_chunk(call, chunk, Unwatched(), items=items)
    try:
        if batches is None:
            values = [function(item) for item in iterator]
        else:
            values = [function(item) for batch in batches(iterator) for item in batch]
        return Outcome(chunk.start, values)
    except BaseException as error:
        index = _index(chunk, iterator)
        add_note(error, item_note(call, index, chunk.items[index - chunk.start]))
        return Outcome(chunk.start, [], error, index)


def _index(chunk: Chunk, iterator: Iterator[Any]) -> int:
    """Which item an iterator has just given."""
    return chunk.stop - 1 - operator.length_hint(iterator)
