"""What items cost, from clocks that a test turns by hand."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.adapting import _meter
from clustrix.execution.adapting._meter import NOTHING, Clocks, Meter
from clustrix.execution.deciding._figures import NOTHING_KNOWN, PARALLEL_ALREADY, waiting
from clustrix.execution.machine import _platform, _processors, _thread_cache


class Hands:
    """The hands of the clocks."""

    def __init__(self) -> None:
        self.now = NOTHING

    def work(
        self,
        wall: float,
        others: float = 0.0,
        waited: float = 0.0,
        waits: int = 0,
        helpers: float = 0.0,
        faults: int = 0,
    ) -> None:
        """A thread computes, waits for a while, and others compute meanwhile."""
        cpu = wall - waited
        passed = (wall, cpu, cpu + others, waits, helpers, faults)
        self.now = Clocks(*(a + b for a, b in zip(self.now, passed, strict=True)))


@pytest.fixture
def hands(monkeypatch: Any) -> Hands:
    made = Hands()
    monkeypatch.setattr(_meter, "read_clocks", lambda: made.now)
    return made


def test_a_batch_is_divided_by_its_items(hands):
    """Seconds an item, of each kind."""
    meter = Meter(NOTHING_KNOWN)
    meter.start()
    hands.work(0.01, waited=0.008, waits=5, faults=7)
    figures = meter.stop(NOTHING_KNOWN, 5)
    assert meter.faults == 7
    assert figures.wall == pytest.approx(0.002)
    assert figures.cpu == pytest.approx(0.0004)
    assert figures.waits == 1.0
    assert figures.looks == 1


@pytest.mark.parametrize(
    ("computed", "helped", "waits"), [(0.004, 0.005, 0), (0.004, 0.0, 3), (0.0001, 0.005, 3)]
)
def test_a_wait_for_the_gil_of_a_helper_is_none(hands, computed, helped, waits):
    """Unless the item hardly computes: then it waits, whoever has the GIL."""
    meter = Meter(NOTHING_KNOWN)
    meter.start()
    hands.work(0.01, waited=0.01 - computed, waits=3, helpers=helped)
    figures = meter.stop(NOTHING_KNOWN, 1)
    assert figures.waits == waits
    assert waiting(figures._replace(looks=2)) == (waits > 0)


@given(begin=st.floats(1e-7, 1e-4), extra=st.floats(0, 1e-4))
def test_what_others_did_in_a_tiny_batch_is_soon_nothing(begin, extra):
    """A thread that ends beside the first item of a microsecond is no library at work."""
    hands = Hands()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_meter, "read_clocks", lambda: hands.now)
        meter, figures = Meter(NOTHING_KNOWN), NOTHING_KNOWN
        meter.start()
        hands.work(begin, others=extra)
        meter.stop(figures, 1)
        meter.start()
        hands.work(0.005)
        figures = meter.stop(figures, 100)
    assert figures.process_cpu <= PARALLEL_ALREADY * figures.wall


@pytest.mark.parametrize("late", [0.0, 0.004])
def test_a_library_on_two_processors_is_seen(hands, late):
    """Also where what its threads used is booked a tick later, and it is not forgotten at once."""
    meter, figures = Meter(NOTHING_KNOWN), NOTHING_KNOWN
    for number in range(6):
        meter.start()
        hands.work(0.005, others=0.005 - (late if number == 0 else 0.0))
        figures = meter.stop(figures, 1)
    assert figures.process_cpu > 1.5 * figures.wall
    known = Meter(figures)
    known.start()
    hands.work(0.001)  # nothing booked yet
    assert known.stop(figures, 1).process_cpu > PARALLEL_ALREADY * 0.001


def test_the_threads_that_clustrix_starts_do_not_count():
    """What they have spent is known while they run, and when they have ended."""
    if not hasattr(_thread_cache.time, "pthread_getcpuclockid"):
        pytest.skip("this system tells the time of a thread to nobody else")
    go_on, spent, ended = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        begun = _thread_cache.time.thread_time()
        while _thread_cache.time.thread_time() - begun < 0.02:
            pass
        spent.set()
        go_on.wait()
        ended.set()

    before = _thread_cache.spent()
    _thread_cache.start(job)
    spent.wait()
    assert _thread_cache.spent() - before >= 0.02
    go_on.set()
    ended.wait()
    assert _thread_cache.spent() - before >= 0.02


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_spreading_leaves_a_thread_where_it_may_run(number):
    """It may go wherever it could go before."""
    found = []

    def lane() -> None:
        before = _processors.os.sched_getaffinity(0)
        _processors.spread(number)
        found.append((before, _processors.os.sched_getaffinity(0)))

    if not hasattr(_platform.os, "sched_getaffinity"):
        pytest.skip("this system does not say where threads run")
    thread = threading.Thread(target=lane)
    thread.start()
    thread.join()
    before, after = found[0]
    assert before == after
