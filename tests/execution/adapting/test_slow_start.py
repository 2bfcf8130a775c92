"""What is done while a first item takes its time."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from clustrix._model import Call, Machine, Plan
from clustrix.execution.adapting import _slow_start
from clustrix.execution.adapting._slow_start import SlowStart


class Owner:
    """A loop of which notes are kept."""

    def __init__(self, *, evident: bool) -> None:
        self.call = Call(abs, [1.5, object(), object()])  # nothing that is given out early
        self.machine = Machine(cpus=2)
        self.most = self.chunk_size = None
        self.done: list[str] = []
        self.engines = SimpleNamespace(processes=lambda workers: self.done.append("workers"))
        self.source = SimpleNamespace(evident=lambda: evident, plan=self._plan)

    def _plan(self) -> Plan:
        self.done.append("reads")
        return Plan("serial", 1)


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start it, with clocks that show so many processors at work, and wait until it is done."""

    def begin(owner: Owner, used: float, *, over: bool = False) -> list[str]:
        helpers: list[threading.Thread] = []

        def aside(job: Any) -> bool:
            helpers.append(threading.Thread(target=job))
            if not over:
                helpers[0].start()
            return True

        clocks = SimpleNamespace(
            perf_counter=time.perf_counter, process_time=lambda: used * time.perf_counter()
        )
        monkeypatch.setattr(_slow_start, "time", clocks)
        monkeypatch.setattr(_slow_start, "_thread_cache", SimpleNamespace(aside=aside))
        slow = SlowStart(owner)  # type: ignore[arg-type]
        if over:
            slow.over(cancel=False)
            helpers[0].start()
        helpers[0].join(60)
        if not over:
            slow.over(cancel=False)
        return owner.done

    return begin


def test_workers_start_at_once_for_what_cannot_but_compute(begin):
    """Nothing has to be read for that."""
    assert begin(Owner(evident=True), 1.0) == ["workers"]


def test_the_source_of_anything_else_is_read_while_its_first_item_runs(begin):
    """And workers come up, if it computes."""
    assert begin(Owner(evident=False), 1.0) == ["workers", "reads"]
    assert begin(Owner(evident=False), 0.1) == ["reads"]


def test_a_library_keeps_its_processors(begin):
    """What starts now would take one of them away."""
    assert begin(Owner(evident=False), 1.9) == []


def test_a_first_item_that_is_over_is_left_alone(begin):
    """Then the loop decides."""
    assert begin(Owner(evident=True), 1.0, over=True) == []
