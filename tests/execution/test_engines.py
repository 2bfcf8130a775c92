"""Whose workers there are, and when some are started before anybody needs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clustrix.execution import _engines
from clustrix.execution._engines import WORTH_STARTING, Engines
from clustrix.execution.deciding._cost import COLD, waking_takes

ASLEEP = waking_takes(5.0)


@pytest.fixture
def engines() -> Iterator[Engines]:
    """An owner whose workers end with the test."""
    made = Engines(1)
    yield made
    made.close()


def test_what_was_missed_adds_up_until_starting_pays(engines, monkeypatch):
    """Then it begins anew."""
    monkeypatch.setattr(_engines, "available_cpus", lambda: 2)
    part = WORTH_STARTING / 4
    assert [engines.miss(part, 1) for _ in range(8)] == [False, False, False, True] * 2


def test_many_workers_must_pay_for_themselves(engines, monkeypatch):
    """Beyond the number of processors each costs its share of a processor."""
    monkeypatch.setattr(_engines, "available_cpus", lambda: 2)
    assert not engines.miss(WORTH_STARTING, 12)
    assert engines.miss(12 * COLD / 2, 12)


def test_workers_that_were_asked_for_are_kept(engines):
    """Also more than the owner would have kept by itself, and no more than that."""
    engines.start(3)
    pool = engines.processes(1).pool
    assert engines.warm() == 3
    assert pool.size == 3
    engines.start(2)
    assert engines.warm() == 3


def test_workers_that_rest_are_woken_when_loops_have_lost_as_much(engines, monkeypatch):
    """In a row; then it begins anew."""
    assert engines.rest() == 0.0  # there are none
    engines.doze(ASLEEP, anew=False)
    engines.start(1)
    pool = engines.processes(1).pool
    monkeypatch.setattr(pool, "used", pool.used - 5.0)
    assert engines.rest() >= 5.0
    for _ in range(3):
        engines.doze(0.4 * ASLEEP, anew=False)
    assert engines.rest() == 0.0
    monkeypatch.setattr(pool, "used", pool.used + 1.0)  # they have worked
    assert engines.rest() >= 4.0


def test_loops_behind_pauses_do_not_add_up(engines, monkeypatch):
    """However many there are: for each of them workers would have to be woken."""
    engines.start(1)
    pool = engines.processes(1).pool
    monkeypatch.setattr(pool, "used", pool.used - 5.0)
    for _ in range(9):
        engines.doze(0.9 * ASLEEP, anew=True)
    assert engines.rest() >= 5.0
    engines.doze(0.2 * ASLEEP, anew=False)
    assert engines.rest() == 0.0
