"""Workers do not share the caller's processor where the system would have it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clustrix.execution.machine._apart import LONG
from clustrix.execution.workers import _parting
from clustrix.execution.workers._parting import Parting


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

    def ask_quickly(self) -> None:
        pass

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
