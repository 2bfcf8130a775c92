"""What is remembered of a function, and when its source is read all the same."""

from __future__ import annotations

import pytest

from clustrix._model import Call, Finding, Plan
from clustrix.execution.deciding._figures import Figures
from clustrix.execution.deciding._memory import Known, Memory, binding

FIGURES = Figures(0, 0.0, 0.0, 0.0)
ROWS: list[int] = []


def compute(x):
    return x * x


def write(x):
    ROWS.append(x)


def plan(engine: str, code: str) -> Plan:
    """A plan with this evidence."""
    return Plan(engine, 1, (Finding(code, "because"),))


def never() -> Plan:
    """For what must not be read."""
    raise AssertionError("the source was read")


@pytest.mark.parametrize(
    ("made", "bound"),
    [
        (plan("serial", "SH201"), "serial"),
        (plan("threads", "SH101"), "threads"),
        (plan("threads", "PK101"), "threads"),
        (plan("threads", "IO101"), ""),
        (plan("processes", "PL501"), ""),
        (plan("serial", "PL201"), ""),
    ],
)
def test_what_a_plan_leaves_no_choice_about(made, bound):
    """Writes and what cannot travel bind; the rest is measured."""
    assert binding(None, Call(write, [1, 2], loop_var="x"), lambda: made) == bound


def test_what_a_loop_was_like_is_told():
    """And why it stayed, if there is more to say than that there was little to do."""
    figures = FIGURES._replace(wall=1.2e-5, cpu=1.2e-5, process_cpu=1.2e-5)
    known = Known(figures, "finished", items=250)
    assert known.in_words() == "finished: 12 us an item, 3.0 ms of work"
    stays = known._replace(figures=figures._replace(portable=False))
    assert stays.in_words().endswith(" of work, which cannot run in a worker")
    assert known._replace(shared=True).in_words() == "finished"
    blas = known._replace(figures=figures._replace(process_cpu=2 * figures.cpu))
    assert blas.in_words().endswith(" of work, on 2.0 CPUs already")
    moves = known._replace(figures=figures._replace(moved=2e-5))
    assert moves.in_words().endswith(" of work; to move an item takes 20 us")


def test_a_measured_function_is_read_before_it_is_shared():
    """A first loop too short to be planned has shown nothing of what it writes, or reads."""
    known = Known(FIGURES, "finished in the calling thread", "x")
    call = Call(write, [1, 2], loop_var="x")
    assert binding(known, call, lambda: plan("serial", "SH201")) == "serial"
    compute_call = call._replace(function=compute)
    assert binding(known, compute_call, lambda: plan("threads", "PK108")) == "threads"
    assert binding(known, compute_call, lambda: plan("processes", "PL501")) == ""


def test_the_verdict_is_remembered_for_its_loop_variable():
    """Another variable makes other things the item's own."""
    known = Known(FIGURES, "", "x", "serial", given=(int,))
    assert binding(known, Call(write, [1, 2], loop_var="x"), never) == "serial"
    other = Call(write, [1, 2], loop_var="y")
    assert binding(known, other, lambda: plan("threads", "SH102")) == "threads"
    others = Call(write, ["a", "b"], loop_var="x")  # whose methods are others
    assert binding(known, others, lambda: plan("threads", "SH102")) == "threads"


def test_functions_are_told_apart_by_what_they_wrap():
    """The code of the wrapper is the same."""

    def wrapped(function):
        return lambda x: function(x)

    memory = Memory()
    memory.put(wrapped(compute), Known(FIGURES, "computes"))
    assert memory.get(wrapped(write)) is None
    found = memory.get(wrapped(compute))
    assert found is not None
    assert found.report == "computes"
