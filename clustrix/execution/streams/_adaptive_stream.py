"""A stream that finds out by itself how it is best run, while it runs.

    consuming thread ── item by item, now and then timed ──> decide ──> go on here
          ^                                                    ├──────> threads, ahead
          └── back here when items have become too cheap ──────┴──────> worker processes, ahead

Cheap items stay in the consuming thread for good and cost what the plain generator loop costs.
Nothing is pulled ahead there, either: an item is asked for when its value is.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

from clustrix._model import Call, Machine, Plan
from clustrix.errors import NotPicklableError
from clustrix.execution._engines import Engines
from clustrix.execution.adapting._meter import NOTHING, Clocks, read_clocks
from clustrix.execution.adapting._source import Source, reader_is_loaded
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._window import Items, Pace, Settings
from clustrix.execution.deciding._cost import Decision, decide
from clustrix.execution.deciding._figures import NOTHING_KNOWN, WAITS
from clustrix.execution.deciding._memory import Known, remembered
from clustrix.execution.deciding._payoff import UNTRIED, spared
from clustrix.execution.lanes._lane import add_note, item_note
from clustrix.execution.lanes._own_lane import Aside, OwnLane
from clustrix.execution.lanes._random import seeded
from clustrix.execution.streams._stream import EngineStream
from clustrix.execution.travel._weight import weigh
from clustrix.functions._sameness import given

__all__ = ["AdaptiveStream"]

# Items that take less never leave the thread: handing one over costs a good part of that.
TINY = 5e-6

# A look times single items, which costs 2 us for each: so many at most, or so much work.
LOOK_ITEMS, LOOK_SECONDS = 32, 0.0005

# Seconds between looks; twice as many each time, as long as they find nothing to do.
SOONEST, LATEST = 0.005, 0.1

# Between two looks at the clock: so much work, but not so many items that a sudden change of
# their cost goes unnoticed for long.
BATCH_SECONDS, BATCH_ITEMS = 0.001, 1024

ALONE = "streamed in the calling thread"

# Seconds for which items that were too cheap for other lanes are left alone; then four times.
SHY = 0.1

# Seconds of work for each of two threads that shall show whether the GIL is let go of.
PROBE = 0.002

# Items of a stream that nobody knows the end of.
LONG = 1_000_000

_END = object()


class AdaptiveStream:
    """One stream with ``executor="auto"``.

    Args:
        call: the loop; its own ``items`` are not looked at.
        items: what the loop runs over.
        settings: what the user said.
        machine: what this process may use.
        plan: makes a plan from the source and a sample of the items; called at most once.
            ``None``: nothing is decided, everything runs in the consuming thread.
        engines: whose workers to use.
    """

    def __init__(
        self,
        call: Call,
        items: Items,
        settings: Settings,
        machine: Machine,
        plan: Callable[[Sequence[Any]], Plan] | None,
        engines: Engines,
    ) -> None:
        self.call = call
        self.items = items
        self.settings = settings
        self.machine = machine
        self.engines = engines
        self.report = ALONE
        self._make_plan = plan
        # An item that runs here is the one that was pulled last.
        self._single = (
            call.per_item() if call.seed is None else seeded(call, lambda: items.pulled() - 1)
        )
        plainly = settings.ordered and not call.collect
        self._function: Callable[[Any], Any] = self._single if plainly else self._careful
        self._sample: tuple[Any, Any] | None = None
        self._gap = SOONEST
        self._shy = SHY
        known = remembered.get(call.function) if plan is not None else None
        self.known = known
        self._source: Source | None = None  # of a loop over a sample; when there is one
        self.figures = (known.figures if known else NOTHING_KNOWN)._replace(
            cpus=machine.cpus,
            most=settings.most,
            gil=machine.gil,
            threads=call.seed is None,
            read=known is not None,
            spared=spared(known.payoff, math.inf) if known else 0.0,
        )

    def run(self) -> Generator[Any, None, None]:
        """Yield the values, or where order does not matter pairs of position and value.

        Raises:
            BaseException: the error of the first item in loop order that failed, where its
                value would be.
        """
        # All in one frame: a value that climbed through another generator would cost half as
        # much again.
        function, iterator, pulled = self._function, self.items.iterator, self.items.pulled
        size = 1
        try:
            looks = self._make_plan is not None
            if looks and (decision := self._at_once()).way != "finish":
                yield from self._elsewhere(decision)
            while True:
                if looks:
                    if (yield from self._look()):
                        return
                    decision = self._decide()
                    if decision.way != "finish" and not (yield from self._elsewhere(decision)):
                        continue
                due = time.perf_counter() + (self._gap if looks else math.inf)
                before, start = pulled(), time.perf_counter()
                while start < due:
                    for item in islice(iterator, size):
                        try:  # a name for the value would cost 5 % of a cheap item
                            yield function(item)
                        except BaseException as error:
                            self._blame(error, item)
                            raise
                    item = None
                    after, now = pulled(), time.perf_counter()
                    if after - before < size:
                        return
                    each = (now - start) / size  # the consumer's time included
                    before, start = after, now
                    size = min(2 * size, BATCH_ITEMS, 1 + int(BATCH_SECONDS / max(each, 1e-9)))
                    if each < TINY:
                        due = max(due, start + self._gap)
                self._gap = min(2 * self._gap, LATEST)
        finally:
            if self._make_plan is not None:
                self._remember()

    def _remember(self) -> None:
        """For the next stream, or loop, of this function."""
        known = Known(
            figures=self.figures,
            report=self.report,
            loop_var=self.call.loop_var,
            given=given(self.call),
            bound=self._bound(),
            shared=self.report is not ALONE,
            payoff=self.known.payoff if self.known else UNTRIED,
            items=self.items.pulled(),
        )
        remembered.put(self.call.function, known)

    # ---- in the consuming thread ------------------------------------------------------------

    def _careful(self, item: Any) -> Any:
        """What leaves for an item where that is more than its value."""
        index = self.items.pulled() - 1
        try:
            value = self._single(item)
        except Exception as error:
            if not self.call.collect:
                raise
            add_note(error, item_note(self.call, index, item))
            value = error
        return value if self.settings.ordered else (index, value)

    def _blame(self, error: BaseException, item: Any) -> None:
        """Name the item that failed, unless the consumer has thrown the error into the stream."""
        behind = error.__traceback__ and error.__traceback__.tb_next
        if behind is not None or not hasattr(self._function, "__code__"):
            add_note(error, item_note(self.call, self.items.pulled() - 1, item))

    def _look(self) -> Generator[Any, None, bool]:
        """Run some items, timing each by itself: the consumer's time is not the function's.

        Returns:
            Whether the iterable has ended; it is not asked again.
        """
        count, spent = 0, NOTHING
        for item in islice(self.items.iterator, LOOK_ITEMS):
            begun = read_clocks()
            try:
                value = self._function(item)
            except BaseException as error:
                add_note(error, item_note(self.call, self.items.pulled() - 1, item))
                raise
            passed = read_clocks().since(begun)
            spent = Clocks(*(s + max(0.0, p) for s, p in zip(spent, passed, strict=True)))
            count += 1
            if self._sample is None:
                self._sample = (item, value if self.settings.ordered else value[1])
            yield value
            if spent.wall >= LOOK_SECONDS:
                break
        else:
            if count < LOOK_ITEMS:
                return True
        wall, cpu, process = spent[:3]
        waits = spent.blocked()
        self.figures = self.figures._replace(
            wall=wall / count,
            cpu=cpu / count,
            process_cpu=process / count,
            waits=waits / count,
            looks=self.figures.looks + 1 if waits and cpu < WAITS * wall else 0,
        )
        return False

    # ---- deciding -----------------------------------------------------------------------------

    def _at_once(self) -> Decision:
        """What was right the last time, where the function and the number of items are known."""
        if self.known is None or self.items.total is None:
            return Decision("finish", 1, "")
        return self._decide()

    def _left(self) -> int:
        """Items left; of an iterator that does not say, as many again as there have been."""
        pulled = self.items.pulled()
        return pulled if self.items.total is None else max(0, self.items.total - pulled)

    def _decide(self) -> Decision:
        """What to do with the rest; the source is read, and data weighed, only if it matters."""
        here = Decision("finish", 1, "")
        if self.figures.wall < TINY:
            return here
        left = self._left()
        self.figures = self.figures._replace(
            items=left,
            warm=self.engines.warm(left * self.figures.wall),
            loaded=reader_is_loaded(),
        )
        decision = decide(self.figures)
        if decision.way != "finish":
            if not self._may_leave():
                return here
            decision = decide(self.figures)
        if decision.way in ("probe", "processes") and self.figures.moved is None:
            if self._sample is None:
                return here
            seconds = weigh(*([one] for one in self._sample))
            self.figures = self.figures._replace(moved=seconds or 0.0, portable=seconds is not None)
            decision = decide(self.figures)
        if decision.way == "processes" and not self._started(self._width(decision)):
            return here
        return decision

    def _may_leave(self) -> bool:
        """Whether items may run elsewhere at all; the source is read before the first one does."""
        if self._bound() is None:
            if self._make_plan is None or self._sample is None:
                return False
            make_plan, sample = self._make_plan, [self._sample[0]] * 2
            call = self.call._replace(items=sample)
            self._source = source = Source(call, lambda: make_plan(sample), self.known)
            blocks = source.bind(self.figures.blocks)
            overlap = 1.0 if source.evident() else self.figures.overlap  # plain data holds the GIL
            self.figures = self.figures._replace(read=True, blocks=blocks, overlap=overlap)
        if self._bound() == "threads":
            self.figures = self.figures._replace(portable=False)
        if self._bound() == "processes":
            self.figures = self.figures._replace(threads=False)
        return self._bound() != "serial"

    def _bound(self) -> str | None:
        """The engine to which the source binds the stream, as far as is known."""
        if self._source is not None:
            return self._source.bound
        return self.known.bound_for(self.call) if self.known else None

    def _started(self, workers: int) -> bool:
        """Whether a worker process is there to begin at once; if not, some are on their way."""
        engine = self.engines.processes(workers)
        try:  # the analysis may have missed something; nothing has been pulled for others yet
            engine.loop(self.call, Plan("processes", workers), Schedule(self.call, ()))
        except NotPicklableError:
            self.figures = self.figures._replace(portable=False)
            return False
        self._gap = SOONEST
        return engine.pool.awake()

    # ---- with others --------------------------------------------------------------------------

    def _elsewhere(self, decision: Decision) -> Generator[Any, None, bool]:
        """Stream from other lanes until the end, or until that is no use: then `True`."""
        self._gap = SOONEST
        if decision.way == "probe":
            yield from self._probe()
            return False
        self.report = f"{decision.way}, {decision.workers} lanes: {decision.why}"
        lanes = self._width(decision)
        pace = self.settings.pace(lanes, self.figures.wall)
        yield from self._stream(decision.way, lanes, pace, lambda: pace.useless)
        if pace.useless:
            self._gap, self._shy = self._shy, 4 * self._shy
            self.figures = self.figures._replace(wall=0.0)
        return pace.useless

    def _width(self, decision: Decision) -> int:
        """Lanes; a stream that does not tell its length is taken to be long."""
        if self.items.total is not None:
            return decision.workers
        wide = decide(self.figures._replace(items=LONG))
        return wide.workers if wide.way == decision.way else decision.workers

    def _stream(
        self, way: str, lanes: int, pace: Pace, enough: Callable[[], bool]
    ) -> Generator[Any, None, None]:
        own: OwnLane
        engine: Any = self.engines.get(way, lanes)
        if way == "processes":
            engine = SimpleNamespace(run=partial(engine.run, unsent=lambda chunk: own.run(chunk)))
        stream = EngineStream(
            self.call,
            Plan(way, lanes),
            engine,
            self.items,
            pace,
            self.settings.ahead,
            ordered=self.settings.ordered,
            enough=enough,
        )
        own = OwnLane(self.call, Aside(stream.hear))
        try:
            with contextlib.closing(stream.run()) as values:
                yield from values
        finally:
            try:
                own.end()
            except KeyboardInterrupt:
                own.end()
                raise

    def _probe(self) -> Generator[Any, None, None]:
        """Run some items on two threads: do they use more than one processor?"""
        wall = max(self.figures.wall, TINY)
        pace = Pace(min(math.ceil(PROBE / wall), self.settings.largest(2)))
        seconds = cpu = 0.0
        with contextlib.closing(self._stream("threads", 2, pace, lambda: True)) as values:
            while True:  # what is pulled at once, and no more
                start, before = time.perf_counter(), time.process_time()
                value = next(values, _END)
                seconds += time.perf_counter() - start
                cpu += time.process_time() - before
                if value is _END:
                    break
                yield value  # what the consumer takes is on no clock
        self.figures = self.figures._replace(overlap=cpu / max(seconds, TINY))
