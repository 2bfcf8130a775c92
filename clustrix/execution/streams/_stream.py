"""A stream on an engine: values leave while later items run.

    Window ──> engine.run ──> outcomes, in any order ──> InOrder ──> values, one by one
       ^                                                                   │
       └────────────── as much again as the consumer has taken ────────────┘

It is a generator: it works while it is asked.  In between lanes finish what they have been given
and wait; a consumer that takes its time finds a bounded number of values, whatever the loop's
length.  Closing it ends the engine's work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

from clustrix._model import Call, Outcome, Plan
from clustrix._records import Event, Heard
from clustrix.errors import ClustrixError
from clustrix.execution._engine import Engine
from clustrix.execution.chunking._order import InOrder
from clustrix.execution.chunking._window import Items, Pace, Window
from clustrix.execution.lanes._lane import Raised
from clustrix.execution.showing._relay import replay

__all__ = ["EngineStream"]


class EngineStream:
    """One loop, streamed from an engine.

    Args:
        call: the loop; its own ``items`` are not looked at.
        plan: how many workers, and the timeout for one item.
        engine: what runs it.
        items: what the loop runs over.
        pace: how many items travel together.
        ahead: items that may be under way; ``None`` for a few chunks for every lane.
        ordered: whether values leave in loop order.
        enough: asked now and then; ``True`` stops pulling, and the stream ends when what is
            under way has left.
        owner: of the engine; kept alive as long as the stream.
    """

    def __init__(
        self,
        call: Call,
        plan: Plan,
        engine: Engine,
        items: Items,
        pace: Pace,
        ahead: int | None = None,
        *,
        ordered: bool = True,
        enough: Callable[[], bool] = lambda: False,
        owner: object = None,
    ) -> None:
        self._owner = owner
        self._call = call
        self._plan = plan
        self._engine = engine
        self._ordered = ordered
        self._enough = enough
        self._window = Window(items, pace, plan.workers, ahead, batched=call.batched)
        self._order = InOrder(self._window.next)
        self._shown: dict[int, list[Event]] = {}  # by the chunk that the items are in
        self._error: tuple[int, BaseException] | None = None

    def run(self) -> Generator[Any, None, None]:
        """Yield the values, or where order does not matter pairs of position and value.

        Raises:
            BaseException: the error of the first item in loop order that failed, where its
                value would be.
        """
        window, came = self._window, True
        window.fill()
        while window.ready and came:  # an engine ends when there is nothing for the moment
            came = False
            with closing(self._engine.run(self._call, self._plan, window)) as news:
                for one in news:
                    if isinstance(one, Heard):
                        self.hear(one)
                        continue
                    came = True
                    stop = window.settle(one)
                    self._look(one)
                    yield from self._leave(one, stop)
                    del one
                    if self._enough():
                        window.stop()
                    window.fill()
        self._finish()

    def hear(self, heard: Heard) -> None:
        """Keep what items have shown until their values leave."""
        self._shown.setdefault(heard.start, []).extend(heard.events)

    def _look(self, outcome: Outcome) -> None:
        """Remember the first error in loop order; nothing behind it is wanted any more."""
        if outcome.error is None or outcome.failed is None:
            return
        self._window.stop(drop=True)
        if self._error is None or outcome.failed < self._error[0]:
            self._error = (outcome.failed, outcome.error)

    def _leave(self, outcome: Outcome, stop: int) -> Iterator[Any]:
        """The values that an outcome sets free."""
        if self._ordered:
            for free in self._order.add(outcome, stop):
                yield from self._told(free, _values(free, self._call))
                self._window.release(self._order.next - free.start)
            return
        if self._error is None or outcome.start <= self._error[0]:
            values = _values(outcome, self._call)
            if self._call.batched:  # any number of them for the whole chunk
                yield from self._told(outcome, [(outcome.start, value) for value in values])
            else:
                yield from self._told(outcome, enumerate(values, outcome.start))
        self._window.release(stop - outcome.start)

    def _told(self, outcome: Outcome, values: Iterable[Any]) -> Iterator[Any]:
        """The values, each behind what its item has shown; of a batch all is shown first."""
        events = self._shown.pop(outcome.start, None)
        if events is None:  # nearly always
            yield from values
            return
        events.sort(key=lambda event: event.item)
        place = 0
        for index, value in enumerate(values, outcome.start):
            begin = place
            while place < len(events) and (self._call.batched or events[place].item <= index):
                place += 1
            replay(events[begin:place])
            yield value
        last = outcome.failed if outcome.failed is not None else math.inf
        replay(event for event in events[place:] if event.item <= last)

    def _finish(self) -> None:
        window, error = self._window, self._error
        self._error = None
        if error is not None:
            try:
                raise error[1]
            finally:  # an exception that refers to its own frame would keep the values alive
                del error
        if lost := window.next - window.released:
            raise ClustrixError(f"clustrix lost {lost} results of a stream; please report this")
        if window.broken is not None:  # the iterable itself failed, behind its last item
            raise window.broken


def _values(outcome: Outcome, call: Call) -> Iterable[Any]:
    if call.collect:
        return [value.error if type(value) is Raised else value for value in outcome.values]
    return outcome.values
