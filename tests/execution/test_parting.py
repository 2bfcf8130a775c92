"""Lanes do not share a processor where the system would have it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from clustrix.execution import _parting, _processors
from clustrix.execution._parting import FOR_ITSELF, LONG, Apart, Parting


class Worker:
    """As much of a worker as matters."""

    def __init__(self, pid: int) -> None:
        self.process = SimpleNamespace(pid=pid)


def worker(pid: int) -> Any:
    """One of this process id."""
    return Worker(pid)


class System:
    """Where everybody is, and where they may be."""

    def __init__(self, places: dict[int | None, int]) -> None:
        self.places = places
        self.allowed = dict.fromkeys(places, frozenset({0, 1}))

    def processor(self, pid: int | None = None) -> int | None:
        return self.places.get(pid)

    def keep_off(self, pid: int, number: int) -> set[int] | None:
        before, self.allowed[pid] = self.allowed[pid], self.allowed[pid] - {number}
        return set(before)

    def let_run(self, pid: int, allowed: set[int]) -> None:
        self.allowed[pid] = frozenset(allowed)


@pytest.fixture
def system(monkeypatch: Any) -> System:
    """The caller at 0, one worker there, too, and one elsewhere."""
    made = System({None: 0, 7: 0, 8: 1})
    monkeypatch.setattr(_parting, "_processors", made)
    return made


def test_nothing_happens_where_nobody_shares(system):
    """Nor is anybody asked before somebody has waited for long."""
    pool: Any = SimpleNamespace(parting=False)
    parting = Parting(pool)
    parting.waited(LONG / 2, [worker(7)])
    parting.waited(2 * LONG, [worker(8)])
    parting.part([worker(8)])
    assert not pool.parting
    assert system.allowed[8] == {0, 1}


def test_workers_are_kept_off_for_as_long_as_a_loop_lasts(system):
    """From the loop on that follows the one in which they were found together."""
    pool: Any = SimpleNamespace(parting=False)
    Parting(pool).waited(2 * LONG, [worker(8), worker(7)])
    assert pool.parting
    parting, one = Parting(pool), worker(7)
    parting.part([one])
    parting.part([one])
    assert system.allowed[7] == {1}
    parting.end()
    assert system.allowed[7] == {0, 1}


def test_threads_that_shared_a_processor_go_to_their_own(monkeypatch):
    """Each behind its own chunk, whoever noticed; one that had its processor stays there."""
    went: list[int] = []
    clock = SimpleNamespace(wall=0.0, cpu=0.0)
    monkeypatch.setattr(_parting, "_processors", SimpleNamespace(spread=went.append))
    monkeypatch.setattr(
        _parting,
        "time",
        SimpleNamespace(perf_counter=lambda: clock.wall, thread_time=lambda: clock.cpu),
    )
    apart = Apart()
    caller, other = apart.lane(0), apart.lane(1)
    assert went == [0, 1]

    def chunk(spot: Any, wall: float, cpu: float) -> None:
        spot.begin()
        clock.wall += wall
        clock.cpu += cpu
        spot.end()

    chunk(other, 2 * LONG, 2 * LONG)
    chunk(other, LONG / 2, 0.0)
    assert went == [0, 1]
    chunk(other, 2 * LONG, FOR_ITSELF * LONG)
    assert went == [0, 1, 1]
    chunk(caller, 2 * LONG, 2 * LONG)
    chunk(caller, 2 * LONG, 2 * LONG)
    assert went == [0, 1, 1, 0]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be named here")
def test_a_new_process_goes_elsewhere_once(monkeypatch):
    """Off the processor of the calling thread; from then on it may run anywhere again."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        allowed = os.sched_getaffinity(process.pid)
        put, where = os.sched_setaffinity, []
        monkeypatch.setattr(os, "sched_setaffinity", lambda *to: (where.append(to), put(*to)))
        _processors.put_elsewhere(process.pid)
        process.communicate(b"\n")
    if len(allowed) > 1:
        (pid, elsewhere), back = where
        assert pid == process.pid
        assert len(allowed - elsewhere) == 1
        assert back == (process.pid, allowed)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be named here")
def test_a_real_process_is_kept_off_and_let_back():
    """And where it cannot be known or done, nothing is said."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        allowed = os.sched_getaffinity(process.pid)
        here = _processors.processor(process.pid)
        assert here in allowed
        before = _processors.keep_off(process.pid, here)
        assert before == (allowed if len(allowed) > 1 else None)
        if before:
            assert os.sched_getaffinity(process.pid) == allowed - {here}
            _processors.let_run(process.pid, before)
        assert os.sched_getaffinity(process.pid) == allowed
        process.communicate(b"\n")
    assert _processors.processor(process.pid) is None
    _processors.put_elsewhere(process.pid)
    assert _processors.keep_off(process.pid, 0) is None
    _processors.let_run(process.pid, allowed)


def test_standing_in_line_is_counted_where_the_system_does():
    """It never becomes less; without such a file it stays nothing."""
    seen = [_processors.stood_in_line() for _ in range(100)]
    assert seen == sorted(seen)
    assert seen[0] >= 0.0
