"""Loops in which nothing can be gained."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import parallel
from clustrix._model import Call
from clustrix.execution import _short
from clustrix.execution._cost import NOTHING_KNOWN, too_little
from clustrix.execution._memory import Known, remembered
from clustrix.execution._short import run_here, run_short
from tests import strategies


def known(function: Any, wall: float) -> None:
    """Let a function be known for what its items take."""
    figures = NOTHING_KNOWN._replace(wall=wall, cpu=wall, process_cpu=wall)
    remembered.put(function, Known(figures, "finished in the calling thread"))


@given(items=strategies.loops)
def test_it_is_the_plain_loop(items):
    """Known or not, short or long."""

    def work(x: object) -> tuple[object, str]:
        return x, repr(x)

    call = Call(work, list(items))
    assert run_here(call) == [work(x) for x in items]
    known(work, 1e-6)
    if items:
        assert run_short(call) == [work(x) for x in items]


def test_what_nobody_knows_is_not_short():
    """It is measured first."""
    assert run_short(Call(lambda x: x, [1, 2])) is None


@given(count=st.integers(1, 50), bad=st.integers(0, 49))
def test_an_error_names_its_item(count, bad):
    """As everywhere."""

    def work(x: int) -> int:
        if x == bad:
            raise LookupError(x)
        return x

    known(work, 1e-7)
    if bad >= count:
        assert run_short(Call(work, range(count), loop_var="x")) == list(range(count))
        return
    with pytest.raises(LookupError) as caught:
        run_short(Call(work, range(count), loop_var="x"))
    assert caught.value.__notes__[0].startswith(f"clustrix: item {bad} (x={bad})")


def test_a_loop_that_may_be_worth_sharing_is_not_short():
    """The same function, with more items."""

    def work(x: int) -> int:
        return x

    known(work, 1e-6)
    assert run_short(Call(work, range(10))) is not None
    assert run_short(Call(work, range(10**6))) is None


def test_items_that_have_become_dear_are_known_from_then_on(monkeypatch):
    """What is remembered does not hold for ever."""
    now = [0.0]
    monkeypatch.setattr(_short.time, "perf_counter", lambda: now[0])

    def work(x: int) -> int:
        now[0] += 1.0
        return x

    known(work, 1e-6)
    assert run_short(Call(work, range(5))) == list(range(5))
    found = remembered.get(work)
    assert found is not None
    assert found.figures.wall == pytest.approx(1.0)
    assert run_short(Call(work, range(5))) is None


@given(left=st.floats(0, 1))
def test_what_is_too_little_for_the_cost_model_is_short(left):
    """One rule for both."""
    from clustrix.execution._cost import Figures, decide

    if too_little(left):
        assert decide(Figures(10, left / 10, left / 10, left / 10, cpus=8, warm=8)).way == "finish"


def test_a_decorated_function_that_is_known_goes_this_way(monkeypatch):
    """So a call of some microseconds is over before others would have been asked."""

    @parallel
    def triple(x: int) -> int:
        return 3 * x

    triple([1, 2])
    monkeypatch.setattr("clustrix._loop_executor.AdaptiveLoop", None)
    assert triple([1, 2, 3]) == [3, 6, 9]
