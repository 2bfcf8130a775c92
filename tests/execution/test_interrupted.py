"""Ctrl-C at every point where Python looks for it: the loops that follow notice nothing.

A first run notes the places in this package where a function is entered or a C function returns,
which is where the interpreter runs signal handlers; then the same loop is interrupted at each.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from types import FrameType

import pytest

import clustrix.execution
from clustrix._model import Call, Outcome, Plan
from clustrix._records import News
from clustrix.execution._engine import execute, join
from clustrix.execution.adapting._beside import Beside
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.lanes._own_lane import OwnLane
from clustrix.execution.showing import _recorder
from clustrix.execution.showing._relay import Relay
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._processes import ProcessEngine

ROOM = os.path.dirname(clustrix.execution.__file__)

# Where something is known that outlives a loop, or done to it.
FILES = {
    *("_arena.py", "_channel.py", "_page.py", "_platform.py", "_pool.py", "_tasks.py"),
    *("_beside.py", "_capture.py", "_own_lane.py", "_process_loop.py", "_processes.py"),
    *("_recorder.py", "_recovery.py"),
}

Point = tuple[str, str, int, str]  # file, function, line, event


class Interrupt:
    """A profiler that raises at one point, or only notes all of them."""

    def __init__(self, at: Point | None = None) -> None:
        self.seen: dict[Point, None] = {}
        self._at = at

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        """Called by the interpreter."""
        folder, file = os.path.split(frame.f_code.co_filename)
        name = frame.f_code.co_name
        # Closing a generator is reported as a call, but no handler runs then.
        if event not in ("call", "c_return") or name == "<genexpr>":
            return
        # Python 3.10 ends a generator whose profiler raises as it goes on, and runs no `finally`
        # of it; of an error of a signal handler it does.
        if sys.version_info < (3, 11) and event == "call" and frame.f_lasti >= 0:
            return
        if os.path.dirname(folder) != ROOM or file not in FILES:
            return
        point = (file, name, frame.f_lineno, event)
        if point not in self.seen and point == self._at:
            raise KeyboardInterrupt
        self.seen[point] = None

    def __enter__(self) -> Interrupt:
        sys.setprofile(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def double(x: int) -> int:
    """The work, which can be seen."""
    print(x)
    return 2 * x


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
        Beside(loop, schedule, taper, own.run, keep).run()
    finally:
        try:
            own.end()
        finally:
            own.end()
    return join(done, count)


@pytest.mark.parametrize("run", [on_workers, beside])
def test_nothing_of_an_interrupted_loop_shows_in_the_next(run):
    """No answer of it is left, nothing that shows goes astray, no worker is lost to the pool."""
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
        assert _recorder.current() is None, point
        for count, size in ((3, 1), (5, 3)):
            with contextlib.redirect_stdout(io.StringIO()) as text:
                assert run(engine, count, size) == [2 * x for x in range(count)], point
            assert text.getvalue() == "".join(f"{x}\n" for x in range(count)), point
        assert len(pool.held_by(None)) == len(pool.processes()) > 0, point
    assert struck > len(points.seen) // 2  # which points a loop comes by depends on the workers
    pool.close()
    assert pool.processes() == []
