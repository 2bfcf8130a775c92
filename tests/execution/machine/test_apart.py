"""Threads that compute go to processors of their own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from clustrix.execution.machine import _apart
from clustrix.execution.machine._apart import FOR_ITSELF, LONG, Apart


def test_threads_that_shared_a_processor_go_to_their_own(monkeypatch):
    """Each behind its own chunk, whoever noticed; one that had its processor stays there."""
    went: list[int] = []
    clock = SimpleNamespace(wall=0.0, cpu=0.0)
    monkeypatch.setattr(_apart, "_processors", SimpleNamespace(spread=went.append))
    monkeypatch.setattr(
        _apart,
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
