"""What loops lose without other lanes, and when something is done about it."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from clustrix._model import Call, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _source
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._short import run_short
from clustrix.execution.deciding._cost import reading_takes
from clustrix.execution.deciding._figures import NOTHING_KNOWN
from clustrix.execution.deciding._memory import Known, remembered
from clustrix.execution.machine._haste import TURN

MODEL = SimpleNamespace(factor=3)


def scaled(x: int) -> int:
    """Its source has to be read: what it reads may be anything."""
    return x * MODEL.factor


def tripled(x: int) -> int:
    """Nothing in it but plain data, at first sight."""
    return x * 3


class Started:
    """Workers that are there at once, as far as anybody asks; notes what was missed."""

    def __init__(self) -> None:
        self.missed: list[float] = []
        self.dozed: list[tuple[float, bool]] = []
        self.idle = 0

    def warm(self, patience: float = 0.0) -> int:
        """As many as the test says; none at first."""
        return self.idle

    def rest(self) -> float:
        """As long as that lasts."""
        return 10.0 * self.idle

    def doze(self, seconds: float, *, anew: bool) -> None:
        """Keep it."""
        self.dozed.append((seconds, anew))

    def miss(self, seconds: float, workers: int) -> bool:
        """Keep it."""
        self.missed.append(seconds)
        return False


class Loops:
    """Loops over one function, in each of which an item takes as long."""

    def __init__(self, function: Any, wall: float) -> None:
        self.reads, self.engines = 0, Started()
        self._function = function
        figures = NOTHING_KNOWN._replace(
            **{"wall": wall, "cpu": wall, "process_cpu": wall, "overlap": 1.0, "moved": 0.0}
        )
        remembered.put(function, Known(figures, "", "x"))

    def next(self, count: int) -> str:
        """Decide about one more, and let it be remembered; which way it would have gone."""
        call = Call(self._function, range(count), loop_var="x")
        engines: Engines = self.engines  # type: ignore[assignment]
        loop = AdaptiveLoop(call, None, None, self._read, engines, machine=Machine(cpus=2))
        decision = loop.decide()
        loop.decide()  # it looks more than once, and has missed it once
        loop._remember()
        return decision.way

    def _read(self) -> Plan:
        self.reads += 1
        return Plan("processes", 2)


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing has been read in this program; what shall happen behind a loop is noted."""
    jobs: list[Any] = []
    monkeypatch.setattr(_source, "_reader", _source._ABSENT)
    aside = SimpleNamespace(aside=lambda job: jobs.append(job) or True)
    monkeypatch.setattr(_source, "_thread_cache", aside)
    return jobs


def test_a_long_loop_is_read_at_once() -> None:
    """What that takes is nothing beside what it gains."""
    loops = Loops(scaled, 1e-3)
    assert loops.next(1000) == "processes"
    assert loops.reads == 1


def test_no_loop_waits_for_its_source_to_be_read_where_that_takes_longer(reader: list[Any]) -> None:
    """What many of them lose is added up, and then it is: by another thread, the first time."""
    loops = Loops(scaled, 1e-3)
    ways = []
    while not reader:
        ways.append(loops.next(100))
        assert len(ways) < 100
    assert set(ways) == {"finish"}
    assert len(ways) * 0.05 > reading_takes(loaded=False) > (len(ways) - 2) * 0.025
    assert loops.reads == 0
    assert loops.next(100) == "finish"  # it is on its way
    (job,) = reader
    job()
    assert loops.reads == 1
    assert loops.next(100) == "processes"
    assert loops.reads == 2
    assert loops.next(100) == "processes"
    assert loops.reads == 2  # remembered


def test_what_reads_does_not_wait_for_those_who_compute(
    reader: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads many files, and would get the GIL back 5 ms behind each."""
    loops, turns = Loops(scaled, 1e-3), []

    def read(_: Loops) -> Plan:
        turns.append(sys.getswitchinterval())
        return Plan("processes", 2)

    monkeypatch.setattr(Loops, "_read", read)
    usual = sys.getswitchinterval()
    while not reader:
        loops.next(100)
    reader[0]()
    assert turns == [pytest.approx(TURN)]
    assert sys.getswitchinterval() == usual


def test_what_can_be_seen_at_once_is_not_read() -> None:
    """Then workers are all that is missing."""
    loops = Loops(tripled, 1e-3)
    assert loops.next(100) == "processes"
    assert loops.next(20) == "finish"
    assert loops.reads == 0
    assert loops.engines.missed == [pytest.approx(0.01, rel=0.1)]


def test_a_loop_behind_a_pause_has_missed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers would have been asleep, and it too short to wake them."""
    loops = Loops(tripled, 1e-4)
    assert loops.next(40) == "finish"
    assert len(loops.engines.missed) == 1
    monkeypatch.setattr(remembered, "ended", -1e6)
    assert loops.next(40) == "finish"
    assert len(loops.engines.missed) == 1


def test_workers_that_rest_are_told_what_they_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whether the loop was the first one behind a pause."""
    loops = Loops(tripled, 1e-4)
    loops.engines.idle = 1
    monkeypatch.setattr(remembered, "ended", -1e6)
    assert [loops.next(40), loops.next(40)] == ["finish", "finish"]
    (first, anew), (second, again) = loops.engines.dozed
    assert (anew, again) == (True, False)
    assert first < 1e-3 < second
    assert loops.engines.missed == []


def test_a_probe_that_says_nothing_is_not_repeated_for_ever() -> None:
    """It takes some milliseconds from every loop; three that prove nothing prove it."""
    loops = Loops(scaled, 1e-3)

    def next_known(overlap: float) -> Known:
        call = Call(scaled, range(100), loop_var="x")
        engines: Engines = loops.engines  # type: ignore[assignment]
        loop = AdaptiveLoop(call, None, None, loops._read, engines, machine=Machine(cpus=2))
        loop.figures = loop.figures._replace(overlap=overlap)
        loop._remember()
        known = remembered.get(scaled)
        assert known is not None
        return known

    assert [next_known(1.2).figures.overlap for _ in range(2)] == [None, None]
    assert next_known(1.9).doubts == 0
    assert [next_known(one).figures.overlap for one in (1.2, 1.3, 1.2)] == [None, None, 1.2]
    assert next_known(1.2).figures.overlap == 1.2
    assert next_known(1.0).doubts == 0


def test_what_no_lane_can_help_is_not_asked_about_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It cannot travel and holds the GIL: the next loops go the short way, but not a longer one."""
    loops = Loops(tripled, 5e-4)
    known = remembered.get(tripled)
    assert known is not None
    stays = known._replace(figures=known.figures._replace(portable=False, cpus=2))
    remembered.put(tripled, stays)
    monkeypatch.setattr(remembered, "ended", math.inf)  # no pause
    assert run_short(Call(tripled, range(4))) is None
    assert loops.next(4) == "finish"
    assert run_short(Call(tripled, range(400))) is None
    outcome = run_short(Call(tripled, range(4)))
    assert outcome is not None
    assert outcome.values == [0, 3, 6, 9]


def test_what_workers_could_help_is_asked_about_until_they_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What such loops miss adds up, one by one."""
    monkeypatch.setattr(remembered, "ended", math.inf)  # no pause
    loops = Loops(tripled, 5e-4)
    for _ in range(5):
        assert loops.next(4) == "finish"
        assert run_short(Call(tripled, range(4))) is None
    assert len(loops.engines.missed) == 5
