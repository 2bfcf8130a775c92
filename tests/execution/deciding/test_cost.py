"""The cost model: a pure function of figures, so every rule can be looked at without a clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.deciding._cost import MOST_WAITING, decide
from clustrix.execution.deciding._figures import Figures, lasting


def computing(items: int, wall: float, **more: object) -> Figures:
    """A loop that computes, in Python unless more is said."""
    given = {"cpus": 2, "warm": 1, "overlap": 1.0, "moved": 2e-6, **more}
    return Figures(items, wall, wall, wall, **given)  # type: ignore[arg-type]


def waiting(items: int, wall: float, cpu: float, **more: object) -> Figures:
    """A loop that waits for most of its time."""
    given = {"cpus": 2, "waits": 1.0, "looks": 2, **more}
    return Figures(items, wall, cpu, cpu, **given)  # type: ignore[arg-type]


figures = st.builds(
    Figures,
    items=st.integers(0, 10**7),
    wall=st.floats(1e-9, 1e3),
    cpu=st.floats(0, 1e3),
    process_cpu=st.floats(0, 1e3),
    waits=st.floats(0, 10),
    looks=st.integers(0, 5),
    overlap=st.none() | st.floats(0, 8),
    moved=st.none() | st.floats(0, 10),
    cpus=st.integers(1, 64),
    most=st.none() | st.integers(1, 100),
    warm=st.integers(0, 64),
    portable=st.booleans(),
    gil=st.booleans(),
    read=st.booleans(),
)


@given(figures=figures)
def test_any_figures_give_a_decision(figures):
    """Whatever is measured, there is an answer within the limits that were set."""
    decision = decide(figures)
    assert decision.way in ("finish", "probe", "threads", "processes")
    assert decision.workers >= 1
    assert decision.why
    if figures.most is not None and decision.way != "probe":
        assert decision.workers <= max(1, figures.most)
    if not figures.portable:
        assert decision.way != "processes"


@given(figures=figures)
def test_the_same_figures_give_the_same_decision(figures):
    """No clock, no state."""
    assert decide(figures) == decide(figures)


@pytest.mark.parametrize(
    ("items", "wall"), [(0, 1.0), (1, 10.0), (5, 1e-6), (1000, 1e-7), (100, 2e-6)]
)
def test_little_work_is_finished_where_it_is(items, wall):
    """Nothing is worth starting for it, not even warm workers."""
    assert decide(computing(items, wall)).way == "finish"


def test_python_code_goes_to_processes():
    """The GIL leaves nothing else."""
    assert decide(computing(40, 8e-3))[:2] == ("processes", 2)


def test_cold_workers_must_pay_for_their_start():
    """The same loop is worth handing to warm workers and not worth starting any."""
    assert decide(computing(5000, 6e-6, warm=1)).way == "processes"
    assert decide(computing(5000, 6e-6, warm=0)).way == "finish"
    assert decide(computing(5000, 6e-4, warm=0)).way == "processes"


def test_c_code_that_lets_go_of_the_gil_goes_to_threads():
    """Proved by CPU seconds for each second; the data need not move."""
    assert decide(computing(32, 5e-3, overlap=1.8, moved=4e-3)).way == "threads"


def test_what_is_not_known_is_tried_where_moving_is_dear():
    """Two threads for a moment; nothing is lost by it."""
    assert decide(computing(32, 5e-3, overlap=None, moved=4e-3)).way == "probe"
    assert decide(computing(32, 5e-3, overlap=None, moved=2e-6)).way == "processes"


def test_bytes_to_move_are_a_cost():
    """Moving an array must not take longer than computing on it where it is."""
    decision = decide(computing(32, 5e-4, moved=4e-3))
    assert decision.way == "finish"
    assert "moving" in decision.why


def test_a_library_that_uses_the_processors_is_left_alone():
    """BLAS with two threads is parallel already."""
    busy = Figures(100, 0.01, 0.01, 0.019, cpus=2, warm=1)
    assert decide(busy).way == "finish"
    assert "1.9 CPUs" in decide(busy).why


def test_waiting_goes_to_many_threads():
    """More of them than processors."""
    assert decide(waiting(200, 0.01, 1e-4))[:2] == ("threads", MOST_WAITING)
    assert decide(waiting(200, 0.01, 1e-4, most=5))[:2] == ("threads", 5)


def test_a_busy_machine_is_not_waiting():
    """Little CPU time alone proves nothing: the thread was pushed aside, not blocked."""
    pushed_aside = Figures(40, 8e-3, 2e-3, 2e-3, waits=0.0, cpus=2, warm=1, overlap=1.0)
    assert decide(pushed_aside).way == "processes"
    once = Figures(40, 8e-3, 2e-3, 2e-3, waits=1.0, looks=1, cpus=2, warm=1, overlap=1.0)
    assert decide(once)[::2] == ("finish", "it may wait; one more look")


def test_threads_of_a_library_are_not_waited_for():
    """On a busy machine BLAS waits for its own threads; that the source blocks settles it."""
    busy = waiting(30, 0.013, 0.003)._replace(process_cpu=0.006)
    assert decide(busy._replace(blocks=False)).way == "finish"
    assert decide(busy._replace(blocks=True)).way == "threads"
    assert decide(busy._replace(blocks=None)).way == "threads"


def test_a_probe_on_a_busy_machine_is_forgotten():
    """Two threads that got half a processor have shown nothing of the code."""
    assert lasting(waiting(30, 0.01, 0.01, overlap=0.5)).overlap is None
    assert lasting(waiting(30, 0.01, 0.01, overlap=1.0)).overlap == 1.0
    assert lasting(waiting(30, 0.01, 0.01)).overlap is None


def test_waits_with_much_python_in_between_go_to_processes():
    """On threads the Python would fill the GIL."""
    decision = decide(waiting(400, 0.02, 0.009, warm=2))
    assert decision.way == "processes"
    assert decision.workers > 2


def test_processes_that_wait_are_as_many_as_keep_the_processors_at_work():
    """Six for each, where items compute for a sixth of their time, and some more.

    Those that are there are used at once, if they are worth it; nobody waits for the others.
    """
    figures = waiting(80, 0.012, 0.002, warm=64)
    assert decide(figures)[:2] == ("processes", 16)
    for warm in (12, 15):
        assert decide(figures._replace(warm=warm))[:2] == ("processes", warm)
    assert decide(figures._replace(warm=0)).way == "threads"
    assert decide(figures._replace(most=4)).workers == 4
    assert decide(figures._replace(cpu=0.0001)).way == "threads"
    assert decide(figures._replace(moved=0.01)).way == "threads"


def test_a_decision_says_what_it_expects():
    """So that what was missed can be added up."""
    slow = decide(waiting(80, 0.012, 0.002))
    fast = decide(waiting(80, 0.012, 0.002, warm=12))
    assert fast.seconds < slow.seconds < 80 * 0.012


def test_without_a_gil_threads_compute():
    """Free-threaded interpreters need no processes."""
    assert decide(computing(40, 8e-3, gil=False)).way == "threads"


@pytest.mark.parametrize("limit", [{"most": 1}, {"cpus": 1}])
def test_one_lane_is_the_plain_loop(limit):
    """Said by the user or by the machine."""
    assert decide(computing(40, 8e-3, **limit)).way == "finish"
