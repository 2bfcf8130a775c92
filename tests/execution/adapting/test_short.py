"""Loops in which nothing can be gained."""

from __future__ import annotations

import time
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import LocalExecutor, parallel
from clustrix._model import Call, Outcome, describe
from clustrix.execution._engine import join
from clustrix.execution.adapting import _short
from clustrix.execution.adapting._short import LOOKS, run_at_once, run_here, run_short
from clustrix.execution.deciding._cost import CHEAP, too_little
from clustrix.execution.deciding._figures import NOTHING_KNOWN, rescaled
from clustrix.execution.deciding._memory import ALONE, PAUSE, Known, remembered
from clustrix.execution.deciding._payoff import OTHERS, Payoff
from tests import strategies


def values(outcome: Outcome | None) -> Any:
    """Of a loop without errors."""
    assert outcome is not None
    assert outcome.error is None
    return outcome.values


@pytest.fixture(autouse=True, scope="module")
def a_quiet_machine():
    """No loop takes long because another program had the processor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_short, "time", SimpleNamespace(perf_counter=lambda: 0.0))
        yield


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """The last loop has ended just now."""
    monkeypatch.setattr(remembered, "ended", 0.0)


def at_once(call: Call) -> Outcome | None:
    """The same loop without any options."""
    return run_at_once(call.function, call.items, call.loop_var)


both = pytest.mark.parametrize("run", [run_short, at_once])


def known(function: Any, wall: float) -> None:
    """Let a function be known for what its items take."""
    figures = NOTHING_KNOWN._replace(wall=wall, cpu=wall, process_cpu=wall, cpus=2)
    remembered.put(function, Known(figures, "finished in the calling thread"))


@both
@given(items=strategies.loops)
def test_it_is_the_plain_loop(run, items):
    """Known or not, short or long."""

    def work(x: object) -> tuple[object, str]:
        return x, repr(x)

    call = Call(work, list(items))
    assert run_here(call).values == [work(x) for x in items]
    known(work, 1e-6)
    if items:
        assert values(run(call)) == [work(x) for x in items]


@both
def test_what_nobody_knows_is_not_short(run):
    """It is measured first."""
    assert run(Call(lambda x: x, [1, 2])) is None


@both
@given(count=st.integers(1, 50), bad=st.integers(0, 49))
def test_an_error_names_its_item(run, count, bad):
    """As everywhere."""

    def work(x: int) -> int:
        if x == bad:
            raise LookupError(x)
        return x

    known(work, 1e-7)
    for items in (range(count), list(range(count))):
        outcome = run(Call(work, items, loop_var="x"))
        if bad >= count:
            assert values(outcome) == list(range(count))
    if bad >= count:
        return
    assert outcome is not None
    assert outcome.failed == bad
    with pytest.raises(LookupError) as caught:
        join([outcome], count)
    assert caught.value.__notes__[0].startswith(f"clustrix: item {bad} (x={bad})")


@both
def test_a_loop_that_may_be_worth_sharing_is_not_short(run):
    """The same function, with more items."""

    def work(x: int) -> int:
        return x

    known(work, 1e-6)
    assert run(Call(work, range(10))) is not None
    assert run(Call(work, range(10**6))) is None


@both
def test_behind_a_pause_longer_loops_are_short(run, monkeypatch):
    """Until other lanes have woken up, they are over."""

    def work(x: int) -> int:
        return x

    known(work, 5e-4)
    assert run(Call(work, range(2))) is None
    for pause, most in ((0.005, 3), (10.0, 9)):
        monkeypatch.setattr(remembered, "ended", -pause)
        assert len(values(run(Call(work, range(most))))) == most
        monkeypatch.setattr(remembered, "ended", -pause)
        assert run(Call(work, range(most + 1))) is None


@both
def test_a_loop_behind_another_one_is_behind_no_pause(run, monkeypatch):
    """Who calls again and again soon has lanes that are awake."""

    def work(x: int) -> int:
        return x

    known(work, 5e-4)
    monkeypatch.setattr(remembered, "ended", -10.0)
    assert run(Call(work, range(4))) is not None
    assert run(Call(work, range(4))) is None


@both
def test_loops_that_gained_nothing_when_shared_are_short_for_a_while(run, monkeypatch):
    """The long way takes a tenth of one of a millisecond; each counts, and is what is told."""
    now = [0.0]
    monkeypatch.setattr(_short.time, "perf_counter", lambda: now[0])

    def work(x: int) -> int:
        now[0] += 6e-4
        return x

    known(work, 5e-4)
    before = remembered.get(work)
    assert before is not None
    payoff = Payoff(tries=1, rest=2, wall=5e-4)
    on_lanes = rescaled(before.figures, 7e-4)  # there they took longer
    shared = before._replace(figures=on_lanes, payoff=payoff, report="processes", shared=True)
    remembered.put(work, shared)
    for rest in (1, 0):
        monkeypatch.setattr(remembered, "ended", now[0])
        assert values(run(Call(work, range(4)))) == [0, 1, 2, 3]
        found = remembered.get(work)
        assert found is not None
        assert found.payoff._replace(alone=0) == payoff._replace(rest=rest)
        assert found.payoff.alone == found.figures.wall == pytest.approx(6e-4)
        assert (found.report, found.shared, found.items) == (ALONE, False, 4)
    monkeypatch.setattr(remembered, "ended", now[0])
    assert run(Call(work, range(4))) is None


@both
@pytest.mark.parametrize(("wall", "work"), [(5e-4 / OTHERS / 1.01, 0.0), (1.0, 1e-3 / OTHERS)])
def test_dearer_items_and_longer_loops_are_asked_about_again(run, wall, work):
    """What gained nothing with others, or with fewer, may gain something now."""

    def same(x: int) -> int:
        return x

    known(same, 5e-4)
    before = remembered.get(same)
    assert before is not None
    remembered.put(same, before._replace(payoff=Payoff(0, 1, 2, wall, work=work)))
    assert run(Call(same, range(4))) is None


@both
@pytest.mark.parametrize("other", [{"cpu": 1e-5, "process_cpu": 1e-5}, {"process_cpu": 1e-3}])
def test_work_of_an_unclear_kind_is_looked_at_in_each_call(run, monkeypatch, other):
    """It has no processor and does not wait, or a library has threads of its own."""

    def work(x: int) -> int:
        return x

    figures = NOTHING_KNOWN._replace(wall=5e-4, cpu=5e-4, process_cpu=5e-4, cpus=2)
    remembered.put(work, Known(figures._replace(**other), ""))
    monkeypatch.setattr(remembered, "ended", -10.0)
    assert run(Call(work, range(4))) is None


@both
@pytest.mark.parametrize(("cost", "done"), [(1.2e-3, 3), (20e-3, 1)])
def test_behind_a_pause_items_may_be_dearer(run, monkeypatch, cost, done):
    """All of them are, in no cache; it matters where what is left is worth waking lanes for."""
    now = [0.0]
    monkeypatch.setattr(_short.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(remembered, "ended", -10.0)

    def work(x: int) -> int:
        now[0] += cost
        return x

    known(work, 5e-4)
    assert values(run(Call(work, range(3)))) == list(range(done))


@both
def test_short_loops_that_wait_are_short(run, monkeypatch):
    """Until threads have taken over the others, they have waited by themselves."""

    def work(x: int) -> int:
        return x

    figures = NOTHING_KNOWN._replace(wall=1e-4, cpu=1e-6, process_cpu=1e-6, waits=1.0, cpus=2)
    remembered.put(work, Known(figures, ""))
    assert run(Call(work, range(4))) is not None
    monkeypatch.setattr(remembered, "ended", 0.0)
    assert run(Call(work, range(8))) is None
    monkeypatch.setattr(remembered, "ended", -10.0)
    assert run(Call(work, range(20))) is not None
    monkeypatch.setattr(remembered, "ended", -10.0)
    assert run(Call(work, range(30))) is None


@both
def test_items_that_have_become_dear_are_known_from_then_on(run, monkeypatch):
    """What is remembered does not hold for ever."""
    now = [0.0]
    monkeypatch.setattr(_short.time, "perf_counter", lambda: now[0])

    def work(x: int) -> int:
        now[0] += 1.0
        return x

    known(work, 1e-6)
    assert values(run(Call(work, range(5)))) == [0]  # the rest goes another way
    assert values(run(Call(work, range(1)))) == [0]
    found = remembered.get(work)
    assert found is not None
    assert found.figures.wall == pytest.approx(1.0)
    monkeypatch.setattr(remembered, "ended", now[0])
    assert run(Call(work, range(5))) is None


@both
@given(count=st.integers(1, 300), first=st.integers(0, 300), ranges=st.booleans())
def test_items_that_become_dear_are_noticed_within_the_loop(run, count, first, ranges):
    """Of those that are dear only some have run by then; what has run is kept."""
    now = [0.0]

    def work(x: int) -> int:
        now[0] += 1.0 if x >= first else 1e-8
        return x

    items = range(count) if ranges else list(range(count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_short.time, "perf_counter", lambda: now[0])
        known(work, 1e-8)
        outcome = run(Call(work, items))
    assert outcome is not None
    done = len(outcome.values)
    assert outcome.values == list(range(done))
    assert done == count or first <= done <= first + -(-count // LOOKS)


def test_what_is_left_of_a_loop_that_became_dear_is_shared_out(monkeypatch):
    """Nothing runs twice, and the values are those of the loop."""
    monkeypatch.setattr(_short, "time", time)
    seen: list[int] = []

    @parallel
    def work(x: int) -> int:
        end = time.perf_counter() + (0.004 if x >= 100 else 0.0)
        while time.perf_counter() < end:
            pass
        return seen.append(x) or x  # type: ignore[func-returns-value]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work(range(50))
        assert work(range(100)) == list(range(100))
        seen.clear()
        assert work(range(140)) == list(range(140))
    assert sorted(seen) == list(range(140))


@given(left=st.floats(0, 1))
def test_what_is_too_little_for_the_cost_model_is_short(left):
    """One rule for both."""
    from clustrix.execution.deciding._cost import Figures, decide

    if too_little(left):
        assert decide(Figures(10, left / 10, left / 10, left / 10, cpus=8, warm=8)).way == "finish"


def test_a_decorated_function_that_is_known_goes_this_way(monkeypatch):
    """So a call of some microseconds is over before others would have been asked."""

    @parallel
    def triple(x: int) -> int:
        return 3 * x

    triple([1, 2])
    monkeypatch.setattr("clustrix.calling._loop_executor.AdaptiveLoop", None)
    assert triple([1, 2, 3]) == [3, 6, 9]


@given(count=st.integers(1, 20), bad=st.integers(0, 19))
def test_a_call_that_fails_runs_no_item_twice(count, bad):
    """Nor any behind the one that failed."""
    seen: list[int] = []

    @parallel
    def work(x: int) -> int:
        seen.append(x)
        if x == bad:
            raise LookupError(x)
        return x

    known(work.__wrapped__, 1e-6)
    if bad >= count:
        assert work(range(count)) == list(range(count))
        assert seen == list(range(count))
        return
    with pytest.raises(LookupError) as caught:
        work(range(count))
    assert seen == list(range(bad + 1))
    assert caught.value.__notes__ == [f"clustrix: item {bad} (x={bad}) of {describe(work)}()"]


@pytest.mark.parametrize("wall", [1e-7, 1e-5])
def test_ctrl_c_carries_what_was_done(wall):
    """As far as it costs nothing to keep it."""

    @parallel
    def work(x: int) -> int:
        if x == 3:
            raise KeyboardInterrupt
        return x

    known(work.__wrapped__, wall)
    with pytest.raises(KeyboardInterrupt) as caught:
        work(range(5))
    cheap = wall < CHEAP
    assert caught.value.partial == ({} if cheap else {0: 0, 1: 1, 2: 2})  # type: ignore[attr-defined]


def test_a_known_function_takes_batches_where_its_code_proves_it():
    """What it was called with before says nothing of that."""

    @parallel
    def size(part):
        return [len(part)]

    assert size([[1, 2], [3]]) == [[2], [1]]  # single items, which are lists
    assert sum(size([1, 2, 3])) == 3  # whole chunks, joined


def test_a_closed_executor_refuses_what_is_known_as_well():
    """There is one rule."""

    def work(x: int) -> int:
        return x

    known(work, 1e-7)
    executor = LocalExecutor(use_threads=None)
    assert executor.execute_loop_parallel(work, "x", [1, 2], position=0) == [1, 2]
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.execute_loop_parallel(work, "x", [1, 2], position=0)


@pytest.mark.parametrize(
    "wrong", [{"chunk_size": 0}, {"timeout": "1"}, {"on_error": "ignore"}, {"batched": 1}]
)
def test_a_wrong_option_is_refused_before_any_item_runs(wrong):
    """Known or not."""
    seen: list[int] = []
    known(seen.append, 1e-7)
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
        LocalExecutor(use_threads=None).execute_loop_parallel(
            seen.append, "x", [1, 2], position=0, **wrong
        )
    assert seen == []


@both
def test_behind_a_pause_workers_are_as_tired_as_they_are(run):
    """They may have rested for longer than the caller: to wake them takes longer then."""

    def work(x: int) -> int:
        return x

    known(work, 1e-4)
    call, clock = Call(work, range(30), loop_var="x"), [100.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_short.time, "perf_counter", lambda: clock[0])
        patch.setattr(remembered, "ended", clock[0] - 2 * PAUSE)
        assert work_is_short(run, call, idle_for=0.0) is None
        patch.setattr(remembered, "ended", clock[0] - 2 * PAUSE)
        assert work_is_short(run, call, idle_for=10.0) is not None
        patch.setattr(remembered, "ended", clock[0])  # in a row: what they miss is added up
        assert work_is_short(run, call, idle_for=10.0) is None


def work_is_short(run: Any, call: Call, idle_for: float) -> Outcome | None:
    """What becomes of a loop beside workers that have had nothing to do for so long."""
    if run is run_short:
        return run_short(call, idle_for)
    return run_at_once(call.function, call.items, call.loop_var, idle_for)
