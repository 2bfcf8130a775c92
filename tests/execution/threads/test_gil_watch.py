"""When threads that waited have begun to compute, by clocks that a test turns by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clustrix.execution.deciding._figures import Figures
from clustrix.execution.threads import _gil_watch
from clustrix.execution.threads._gil_watch import REST, GilWatch

# Items that were timed before: 10 ms, nearly all of it waiting.
WAITED = Figures(100, wall=0.01, cpu=1e-4, process_cpu=1e-4, waits=1.0)


@pytest.fixture
def clock(monkeypatch: Any) -> Any:
    """Wall time and CPU time of the process."""
    hands = SimpleNamespace(wall=0.0, cpu=0.0)
    fake = SimpleNamespace(perf_counter=lambda: hands.wall, process_time=lambda: hands.cpu)
    monkeypatch.setattr(_gil_watch, "time", fake)

    def work(wall: float, share: float = 1.0) -> None:
        hands.wall += wall
        hands.cpu += wall * share

    return work


def nothing() -> list[float]:
    """No item runs."""
    return []


def test_items_that_compute_fill_the_gil(clock):
    """A processor's time, used by items that had waited before."""
    watch = GilWatch(WAITED)
    clock(0.004)
    assert not watch.full([0.002], lambda: [0.002]), "that was too soon"
    clock(0.004)
    assert watch.full([0.002], lambda: [0.003, 1e-4])
    figures = watch.figures()
    # Two have ended; the one that was met on its way has as much before it as behind it.
    assert figures.cpu == figures.wall == pytest.approx((0.002 + 0.002 + 0.006) / 3)
    assert figures.overlap == 1.0
    assert figures.waits == 0


@pytest.mark.parametrize("share", [0.1, 0.8, 1.3, 1.9])
def test_waiting_and_c_code_do_not(clock, share):
    """Less than a processor, or more than one: the GIL is not what they wait for."""
    watch = GilWatch(WAITED)
    for _ in range(20):
        clock(0.006, share)
        assert not watch.full([0.002], lambda: [0.004])


def test_one_item_that_computes_among_many_that_wait_is_no_reason_to_leave(clock):
    """It may be the only one."""
    watch = GilWatch(WAITED)
    for _ in range(20):
        clock(0.006)
        assert not watch.full([1e-4], lambda: [0.1])


def test_what_items_took_before_is_nothing_new(clock):
    """Where they always computed in between, the plan knew of it."""
    watch = GilWatch(WAITED._replace(cpu=0.002))
    for _ in range(20):
        clock(0.006)
        assert not watch.full([0.002, 0.003, 0.002], lambda: [0.001] * 32)


def test_many_lanes_that_wake_up_at_once_are_nothing_new_either(clock):
    """Together they fill the GIL, but each does what items always did."""
    watch = GilWatch(WAITED)
    clock(0.006)
    assert not watch.full([1e-4], lambda: [2e-4] * 32)


def test_two_that_do_next_to_nothing_of_it_are_not_to_blame(clock):
    """Something else computes here: another thread of the program."""
    watch = GilWatch(WAITED)
    clock(0.02)
    assert not watch.full([0.001], lambda: [0.001])


def test_it_rests_where_leaving_would_not_pay(clock):
    """And looks again later, at what has ended since."""
    watch = GilWatch(WAITED)
    clock(0.02)
    assert watch.full([0.01], lambda: [0.01])
    watch.rest()
    clock(REST / 2)
    assert not watch.full([0.01], lambda: [0.01])
    clock(REST)
    assert not watch.full([], nothing)
    assert watch.full([0.1], lambda: [0.01])
