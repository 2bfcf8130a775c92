"""A calling thread that leaves items to workers, because they take longer here than there."""

from __future__ import annotations

import math
import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from clustrix._model import Call, Machine, Plan
from clustrix._records import Heard, Outcome
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _on_workers, _resting
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._resting import DEARER, ENOUGH, Here, Resting, dearer_here
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.deciding._cost import Decision
from clustrix.execution.deciding._memory import Known, remembered
from tests.scripts import soon

PROCESSES = Decision("processes", 2, "so")


@pytest.fixture
def engines() -> Any:
    """A pool of its own."""
    made = Engines(2)
    yield made
    made.close()


@pytest.fixture
def clock() -> SimpleNamespace:
    """Seconds, as the test says."""
    return SimpleNamespace(now=0.0)


@pytest.fixture
def workers() -> SimpleNamespace:
    """Workers as the resting thread sees them."""
    return SimpleNamespace(worked=0.0, cannot_start=False, lacking=lambda: False)


def run(engines: Engines, function: Any, items: Any, *decisions: Decision, **more: Any) -> Any:
    """A loop whose decisions are given, where workers are warm; with its results."""
    loop = AdaptiveLoop(
        Call(function, items), None, None, lambda: Plan("processes"), engines, machine=Machine(2)
    )
    loop.known = Known(loop.figures, "", shared=True)
    loop.dearer = more.pop("dearer", 2 * DEARER)
    waiting = iter(decisions)

    def decide(left: int | None = None) -> Decision:
        given = {"warm": 2, "wall": 0.01, "items": len(items), **more}
        loop.figures = loop.figures._replace(**given)
        return next(waiting, Decision("finish", 1, ""))

    loop.decide = decide  # type: ignore[method-assign]
    return loop, loop.run()


def where(x: int) -> tuple[int, int]:
    """The item, and the process that runs it."""
    return x, os.getpid()


@pytest.mark.parametrize("again", [math.inf, 0.0])
def test_the_calling_thread_runs_nothing_until_it_looks(engines, monkeypatch, again):
    """The values are those of the loop, whoever makes them."""
    monkeypatch.setattr(_resting, "LOOK_AGAIN", again)
    _, got = run(engines, where, range(40), PROCESSES)
    assert [x for x, _ in got] == [*range(40)]
    assert (os.getpid() in {pid for _, pid in got}) == (again == 0.0)


@pytest.mark.parametrize(
    "more", [{"dearer": 1.0}, {"warm": 1}, {"wall": ENOUGH / 100}], ids=lambda more: str(more)
)
def test_it_works_where_there_is_no_reason_to_rest(engines, monkeypatch, more):
    """Items cost the same on both sides, a worker is missing, or it is over in a moment."""
    monkeypatch.setattr(_resting, "LOOK_AGAIN", math.inf)
    _, got = run(engines, where, range(40), PROCESSES, **more)
    assert os.getpid() in {pid for _, pid in got}


def test_items_that_begin_to_wait_are_noticed_all_the_same(engines, monkeypatch):
    """The calling thread sees one of them, and threads take over."""
    monkeypatch.setattr(_resting, "LOOK_AGAIN", 0.02)

    def wait(x: int) -> int:
        time.sleep(0.01)
        return os.getpid()

    _, got = run(engines, wait, range(80), PROCESSES, Decision("threads", 8, "so"))
    assert got.count(os.getpid()) > 20


def test_an_item_that_fails_ends_the_loop(engines, monkeypatch):
    """The first one in the loop's order is raised."""
    monkeypatch.setattr(_resting, "LOOK_AGAIN", math.inf)

    def fail(x: int) -> int:
        if x % 7 == 3:
            raise LookupError(x)
        return x

    with pytest.raises(LookupError) as failed:
        run(engines, fail, range(40), PROCESSES)
    assert failed.value.args == (3,)
    assert run(engines, abs, range(-9, 0), PROCESSES)[1] == [*range(9, 0, -1)]


def test_where_no_worker_can_be_started_the_calling_thread_does_it(engines, monkeypatch):
    """For want of memory, say."""

    def take(*_: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(engines.processes(1).pool, "take", take)
    _, got = run(engines, where, range(40), PROCESSES)
    assert got == [(x, os.getpid()) for x in range(40)]


@pytest.mark.parametrize(
    ("found", "warm", "enough", "started"),
    [(2.0, 1, True, [2]), (1.0, 1, True, []), (2.0, 2, True, []), (2.0, 1, False, [])],
)
def test_one_more_worker_is_started_where_it_pays(
    engines, monkeypatch, found, warm, enough, started
):
    """Behind a loop whose items took longer here, once loops have lost what starting costs."""
    asked: list[int] = []
    monkeypatch.setattr(_on_workers, "dearer_here", lambda *_: found)
    monkeypatch.setattr(engines, "miss", lambda seconds, workers: seconds > 0 and enough)
    monkeypatch.setattr(engines, "start", asked.append)
    run(engines, where, range(40), PROCESSES, warm=warm, dearer=0.0)
    known = remembered.get(where)
    assert known is not None
    assert known.dearer == found
    assert soon(lambda: asked == started)


def test_it_looks_now_and_then_and_where_workers_are_missing(clock, workers):
    """Not at once."""
    resting = Resting(workers, Taper(range(9), 0, 1e-3), lambda: clock.now)
    seen = []
    for clock.now in (0.0, 0.09, 0.1, 0.15, 0.19, 0.21):
        seen.append(resting.works())
    assert seen == [False, False, True, False, False, True]
    workers.lacking = lambda: True
    assert resting.works()
    workers.lacking = lambda: False
    assert not resting.works()
    workers.cannot_start = True
    assert resting.works()


def test_what_an_item_costs_is_learned_from_workers(clock, workers):
    """Not from those that have just shown something, or from chunks of the calling thread."""
    taper = Taper(range(9), 0, 1e-3)
    resting = Resting(workers, taper, lambda: clock.now)
    resting.learn(Outcome(0, [1, 2]))
    assert taper.wall == 1e-3
    workers.worked = 0.012
    resting.learn(Outcome(2, [1, 2, 3, 4]))
    assert taper.wall == pytest.approx(2e-3)
    workers.worked = 0.02
    resting.learn(Heard(6, []))
    assert taper.wall == pytest.approx(2e-3)


def test_too_little_work_says_nothing():
    """A moment may be anybody's."""
    assert dearer_here(Here(ENOUGH / 2, 2, 10**6), 1.0, 2) == 0.0
    assert dearer_here(Here(1.0, 2, 10**6), ENOUGH / 2, 2) == 0.0
    assert dearer_here(Here(1.0, 0, 10**6), 1.0, 2) == 0.0
    assert dearer_here(Here(1.0, 2, 10**6), 1.0, 4) == 2.0


def test_items_that_differ_are_no_reason():
    """The calling thread takes the last ones, and these may be the dear ones."""
    assert dearer_here(Here(1.0, 2, 10), 1.0, 4) == 1.0
