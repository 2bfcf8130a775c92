"""Ctrl-C at every point where Python looks for it: the loops that follow notice nothing.

A first run notes the places in this package where a function is entered or a C function returns,
which is where the interpreter runs signal handlers; then the same loop is interrupted at each.
"""

from __future__ import annotations

import gc
import os
import sys
from types import FrameType

import pytest

import clustrix.execution
from clustrix._model import Call, Outcome, Plan
from clustrix._records import News
from clustrix.execution import _capture
from clustrix.execution._beside import Beside
from clustrix.execution._engine import execute, join
from clustrix.execution._own_lane import OwnLane
from clustrix.execution._pool import Pool
from clustrix.execution._processes import ProcessEngine
from clustrix.execution._relay import Relay
from clustrix.execution._schedule import Schedule
from clustrix.execution._taper import Taper
from tests.jobs import double

# Where Ctrl-C is held back until the step is over.
WHOLE = ("_capture.py", "_interrupts.py", "_logs.py", "_streams.py", "_warned.py")

ROOM = os.path.dirname(clustrix.execution.__file__)

Point = tuple[str, str, int, str]  # file, function, line, event


class Interrupt:
    """A profiler that raises at one point, or only notes all of them."""

    def __init__(self, at: Point | None = None) -> None:
        self.seen: dict[Point, None] = {}
        self._at = at

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        """Called by the interpreter."""
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        # Closing a generator is reported as a call, but no handler runs then.
        if event not in ("call", "c_return") or not file.startswith(ROOM) or name == "<genexpr>":
            return
        point = (os.path.basename(file), name, frame.f_lineno, event)
        if point[0] in WHOLE:
            return
        if point not in self.seen and point == self._at:
            raise KeyboardInterrupt
        self.seen[point] = None

    def __enter__(self) -> Interrupt:
        sys.setprofile(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def on_workers(engine: ProcessEngine, count: int, size: int) -> list[int]:
    """A loop on worker processes."""
    return execute(Call(double, range(count)), Plan("processes", 2, chunk_size=size), engine)


def beside(engine: ProcessEngine, count: int, size: int) -> list[int]:
    """A loop on a worker that has chunks in store, which the calling thread may take back."""
    call, done, relay = Call(double, range(count)), list[Outcome](), Relay()
    taper = Taper(call.items, 0, 1e-3, size)
    schedule = Schedule(call, taper)
    loop = engine.loop(call, Plan("processes", 1), schedule)
    loop.depth = 3
    own = OwnLane(call, relay)

    def keep(news: News) -> None:
        if (outcome := relay.take(news)) is not None:
            done.append(outcome)

    try:
        Beside(loop, schedule, taper, own.run, keep, works=True).run()
    finally:
        try:
            own.end()
        except KeyboardInterrupt:
            own.end()
            raise
    return join(done, count)


@pytest.mark.parametrize("run", [on_workers, beside])
def test_nothing_of_an_interrupted_loop_shows_in_the_next(run):
    """No answer of it is left, no worker that it had used, and no worker is lost to the pool."""
    pool = Pool(2)
    engine = ProcessEngine(pool)
    run(engine, 4, 1)
    with Interrupt() as points:
        run(engine, 6, 2)
    assert len(points.seen) > 80
    struck = 0
    for point in points.seen:
        try:
            with Interrupt(point):
                assert run(engine, 6, 2) == [2 * x for x in range(6)]
        except KeyboardInterrupt:
            struck += 1
        gc.collect()  # what was interrupted, and knows its own traceback
        assert not _capture._holders, point
        for count, size in ((3, 1), (5, 3)):
            assert run(engine, count, size) == [2 * x for x in range(count)], point
        assert pool.idle() == len(pool.processes()) > 0, point
    assert struck > len(points.seen) // 2  # which points a loop comes by depends on the workers
    pool.close()
    assert pool.processes() == []
