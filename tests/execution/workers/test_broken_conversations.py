"""A worker that breaks off anywhere: every item is accounted for, and none runs twice.

The worker is played by the test: it writes frames into the socket and marks the page.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import socket
import time
from types import SimpleNamespace

import pytest

from clustrix._model import Call, Chunk, Plan
from clustrix.errors import ClustrixError, TaskTimeout, WorkerDied
from clustrix.execution._engine import execute
from clustrix.execution.chunking._chunks import cut
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.lanes._lane import Raised
from clustrix.execution.machine import _platform
from clustrix.execution.workers import _birth
from clustrix.execution.workers._channel import Channel, Packed
from clustrix.execution.workers._frames import Kind
from clustrix.execution.workers._page import Page
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._process_loop import ProcessLoop
from clustrix.execution.workers._processes import ProcessEngine
from clustrix.execution.workers._recovery import overdue
from clustrix.execution.workers._tasks import Tasks
from tests.jobs import double

NOBODY = SimpleNamespace(put=None, get=None, close=lambda: None)  # no big buffers here


class Player:
    """The worker's side, and the process that the parent believes to have started."""

    def __init__(self, code: str, handles: tuple[int, int, int]) -> None:
        end, page, _ = map(os.dup, handles)
        self.end = socket.socket(fileno=end)
        self.channel = Channel(self.end, NOBODY, NOBODY, patient=True)  # type: ignore[arg-type]
        self.page = Page(mmap.mmap(page, mmap.PAGESIZE))
        os.close(page)
        self.pid, self.returncode = 0, None

    def poll(self) -> int | None:
        """As `Process`."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """As `Process`."""
        return self.returncode

    def kill(self) -> None:
        """As `Process`."""
        self.returncode = -signal.SIGKILL
        self.end.close()

    def begin(self, serial: int, item: int | None = None) -> None:
        """Begin a chunk, perhaps an item."""
        assert self.page.begin(serial)
        if item is not None:
            self.page.enter(item)

    def say(self, kind: int, start: int, values: list[object]) -> None:
        """Send values."""
        self.channel.send(kind, start, len(values), Packed(pickle.dumps(values)))


@pytest.fixture
def stage(monkeypatch):
    """Starts a loop of 6 items in chunks of 2 on one worker; gives the loop and the player."""
    pools = []
    monkeypatch.setattr(_birth, "start_interpreter", Player)
    for name in ("freeze", "thaw"):
        monkeypatch.setattr(_platform, name, lambda pid: None)

    def start(*, collect=True, timeout=None, depth=2, items=range(6)) -> tuple[ProcessLoop, Player]:
        pools.append(pool := Pool(1))
        call = Call(double, items, collect=collect)
        schedule = Schedule(call, cut(call.items, 2))
        plan = Plan("processes", 1, timeout=timeout)
        loop = ProcessLoop(pool, call, plan, schedule, {}, Tasks().make)
        loop.depth = depth
        assert list(loop.hand_out()) == []
        return loop, pool.processes()[0]

    yield start
    for pool in pools:
        pool.kill()


def rest(loop: ProcessLoop) -> list[int]:
    """The items that are in no outcome and at no worker."""
    items = []
    while (chunk := loop.schedule.take()) is not None:
        items += range(chunk.start, chunk.stop)
    return items


def shown(outcome) -> list[object]:
    """The values of an outcome, with the item for each that a worker took along."""
    return [v.error.item if type(v) is Raised else v for v in outcome.values]


def test_what_a_worker_said_before_it_died_counts(stage):
    """Also where the parent notices because it cannot send."""
    loop, worker = stage()
    worker.begin(1)
    worker.say(Kind.DONE, 0, [0, 2])
    worker.begin(2, item=3)
    worker.say(Kind.PART, 2, [4])
    worker.kill()
    loop.depth = 3
    list(loop.hand_out())  # the third chunk finds nobody
    outcomes = list(loop.collect())
    assert [(one.start, shown(one)) for one in outcomes] == [(0, [0, 2]), (2, [4, 3])]
    assert rest(loop) == [4, 5]


def frames(*messages: tuple[int, int, list[object]]) -> bytes:
    """Frames as they go through the socket."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, NOBODY, NOBODY, patient=True)  # type: ignore[arg-type]
    for kind, start, values in messages:
        channel.send(kind, start, len(values), Packed(pickle.dumps(values)))
    channel.close()
    with theirs, theirs.makefile("rb") as file:
        return file.read()


def test_a_worker_that_dies_in_the_middle_of_a_frame(stage):
    """At whichever byte: the values in front are there, one item is lost, the others wait."""
    said = [(Kind.PART, 0, [0]), (Kind.DONE, 0, [2]), (Kind.PART, 2, [4])]
    ends = [len(frames(*said[:count])) for count in range(4)]
    for stop in range(0, ends[-1] + 1, 3):
        loop, worker = stage()
        complete = sum(stop >= end for end in ends) - 1
        worker.begin(1)
        if complete >= 2:
            worker.begin(2)
        worker.end.sendall(frames(*said)[:stop])
        worker.kill()
        outcomes = list(loop.collect())
        expected = {0: [(0, [0])], 1: [(0, [0, 1])], 2: [(0, [0, 2]), (2, [2])]}
        expected[3] = [(0, [0, 2]), (2, [4, 3])]
        assert [(one.start, shown(one)) for one in outcomes] == expected[complete], stop
        done = sum(len(one.values) for one in outcomes)
        assert rest(loop) == list(range(done, 6)), stop


@pytest.mark.parametrize("phase", ["unheard", "noted", "idle"])
def test_a_chunk_that_had_not_begun_runs_elsewhere(stage, phase):
    """Nobody is blamed, whether it was still in the socket or about to begin."""
    loop, worker = stage()
    worker.begin(1)
    worker.say(Kind.DONE, 0, [0, 2])
    if phase != "unheard":
        worker.page.phase(0)
    if phase == "noted":  # killed between the two stores of `Page.begin`
        worker.page._words[5] = 2
    worker.kill()
    assert [(one.start, shown(one)) for one in loop.collect()] == [(0, [0, 2])]
    assert rest(loop) == [2, 3, 4, 5]


def test_where_the_chunk_that_is_wanted_has_begun_another_one_is_taken_back(stage):
    """The last one; so the caller has something to do while there is anything."""
    loop, worker = stage(depth=3)
    worker.begin(1, item=0)
    assert loop.take_back(item=1)
    assert rest(loop) == [4, 5]
    worker.begin(2, item=2)
    assert not loop.take_back(item=1)


def test_small_chunks_are_taken_back_together(stage):
    """As many as the calling thread bites off, up to one that has begun; each runs once."""
    loop, worker = stage(depth=3)
    worker.begin(1, item=0)
    loop.taper, loop.bites = Taper(loop.call.items, 6, 1e-6), True
    loop.taper.lanes = 0.25  # so that all of it is its part
    assert loop.take_back()
    assert loop.schedule.take() == Chunk(2, range(2, 6))
    assert not loop.take_back()
    assert rest(loop) == []


def test_objects_are_not_serialized_again(stage):
    """So their chunks stay whole: no half goes to a worker once more, and no two of them as one."""
    loop, worker = stage(depth=3, items=[[x] for x in range(6)])
    worker.begin(1, item=0)
    loop.taper, loop.bites = Taper(loop.call.items, 6, 1.0), True
    assert loop.take_back()
    assert loop.take_back()
    assert [loop.schedule.take().start for _ in "ab"] == [2, 4]  # nothing else was cut
    assert loop.schedule.take() is None
    loop, worker = stage(depth=3, items=[[x] for x in range(6)])
    worker.begin(1, item=0)
    loop.taper, loop.bites = Taper(loop.call.items, 6, 1e-6), True
    loop.taper.lanes = 0.25
    assert loop.take_back(least=2)  # for another worker
    assert loop.schedule.take() == Chunk(4, [[4], [5]])
    assert loop.take_back()
    assert loop.schedule.take() == Chunk(2, [[2], [3]])


def test_of_the_last_chunk_that_waits_another_lane_keeps_half(stage):
    """Where it is worth it; so none waits for one that has just begun a big chunk."""
    loop, worker = stage(depth=3)
    worker.begin(1, item=0)
    loop.taper, loop.bites = Taper(loop.call.items, 6, 1.0), True
    assert loop.take_back()
    assert loop.schedule.take() == Chunk(4, range(4, 6))
    assert loop.take_back()
    assert loop.schedule.take() == Chunk(3, range(3, 4))
    assert loop.schedule.take() == Chunk(2, range(2, 3))
    assert rest(loop) == []


def test_values_on_their_way_when_time_is_up(stage):
    """They were there in time, however late the parent hears of them."""
    loop, worker = stage(timeout=1e-6)
    worker.begin(1, item=1)
    worker.say(Kind.PART, 0, [0])
    time.sleep(0.001)
    (outcome,) = overdue(loop, 1e-6)
    value, late = outcome.values
    assert (value, type(late.error), late.error.item) == (0, TaskTimeout, 1)
    assert rest(loop) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("start", "values", "words"),
    [(2, [4, 6], "answers for items from 2 on where 0 of 2"), (0, [0], "is done where 1 of 2")],
)
def test_an_answer_that_does_not_fit_is_an_error(stage, start, values, words):
    """Rather than a result in the wrong place, or one too few."""
    loop, worker = stage()
    worker.begin(1)
    worker.say(Kind.DONE, start, values)
    with pytest.raises(ClustrixError, match=words):
        list(loop.collect())


def fatal(x: int, first: int, step: int, path: str) -> bytes:
    """The worker of some item dies a number of steps later, once."""
    import sys

    with open(f"{path}.runs", "a") as file:
        file.write(f"{x}\n")
    if x >= first:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return bytes([x])
        left = step

        def count(frame, event, arg):
            nonlocal left
            if "clustrix" in frame.f_code.co_filename:
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
    print(x)
    return bytes([x])


@pytest.mark.parametrize("size", [1, 3])
def test_a_worker_that_dies_at_any_step(size, tmp_path, capsys):
    """While it prints, sends, waits: one item at most is lost, and no item runs twice."""
    pool = Pool(2)
    engine = ProcessEngine(pool)
    for step in range(1, 100, 9):
        path = str(tmp_path / str(step))
        call = Call(fatal, range(8), (3, step, path), collect=True)
        results = execute(call, Plan("processes", 2, chunk_size=size), engine)
        lost = [x for x, value in enumerate(results) if value != bytes([x])]
        assert [results[x].item for x in lost if isinstance(results[x], WorkerDied)] == lost
        assert len(lost) <= 1
        with open(f"{path}.runs") as file:
            runs = sorted(map(int, file))
        assert len(runs) == len({*runs})
        assert {*range(8)} - {*runs} <= {*lost}
    pool.close()
