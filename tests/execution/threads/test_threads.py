"""The engine of threads."""

from __future__ import annotations

import contextvars
import gc
import threading
import time
import weakref
from types import SimpleNamespace

import pytest

from clustrix import TaskTimeout
from clustrix.execution import Engines, execute
from clustrix.execution.chunking._chunks import cut
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.lanes._lane import inside_lane
from clustrix.execution.threads import _threads
from clustrix.execution.threads._threads import ThreadLoop
from tests import jobs
from tests.jobs import call_of, plan_of


@pytest.fixture
def run():
    """Run a loop on threads."""
    engine = Engines().get("threads")

    def run(function, items, *args, workers=2, chunk_size=1, timeout=None, **kwargs):
        call = call_of(function, items, *args, **kwargs)
        return execute(call, plan_of("threads", workers, chunk_size, timeout), engine)

    return run


def test_items_run_at_the_same_time(run):
    """Two items that wait for each other can only finish together."""
    barrier = threading.Barrier(2)
    assert run(jobs.meet, range(6), barrier) == list(range(6))


def test_eight_workers_are_eight_lanes(run):
    """As many as were asked for."""
    barrier = threading.Barrier(8)
    assert run(jobs.meet, range(16), barrier, workers=8) == list(range(16))


def test_no_more_lanes_than_asked_for(run):
    """Counted inside."""
    inside, most, lock = set(), [0], threading.Lock()

    def body(x):
        with lock:
            inside.add(x)
            most[0] = max(most[0], len(inside))
        with lock:
            inside.discard(x)

    run(body, range(200), workers=3)
    assert most[0] <= 3


def test_results_follow_the_loop_not_the_clock(run):
    """A slow first item still comes back first."""
    last = threading.Event()

    def body(x):
        if x == 0:
            assert last.wait(60)
        if x == 5:
            last.set()
        return x

    assert run(body, range(6)) == list(range(6))


def test_the_first_failure_in_loop_order_is_raised(run):
    """Although the later one fails first."""
    later = threading.Event()

    def body(x):
        if x == 0:
            assert later.wait(60)
            raise ValueError(0)
        try:
            raise KeyError(x)
        finally:
            later.set()

    with pytest.raises(ValueError, match="0"):
        run(body, range(2))


def test_nothing_new_starts_behind_a_failure(run):
    """A loop of a million items ends at the first error."""
    ran = []

    def body(x):
        ran.append(x)
        raise ValueError(x)

    with pytest.raises(ValueError, match="0"):
        run(body, range(10**6))
    assert len(ran) < 100


def test_a_later_hang_does_not_hold_up_an_earlier_error(run):
    """Nobody waits for what cannot matter any more."""
    release = threading.Event()
    try:

        def body(x):
            if x == 0:
                raise KeyError("first")
            release.wait(60)

        with pytest.raises(KeyError):
            run(body, range(2))
        assert not release.is_set()
    finally:
        release.set()


def test_an_item_out_of_time(run):
    """The error names it, and says what a thread can and cannot do."""
    release = threading.Event()
    try:

        def body(x):
            return release.wait(60) if x == 3 else x

        with pytest.raises(TaskTimeout, match=r"item 3 \(x=3\).*cannot be killed") as caught:
            run(body, range(5), timeout=0.3)
        assert (caught.value.item, caught.value.timeout) == (3, 0.3)
        assert run(jobs.double, [1, 2], timeout=30) == [2, 4], "usable afterwards"
    finally:
        release.set()


def test_the_timeout_counts_from_the_start_of_each_item(run):
    """Sixteen items of 0.1 s one after the other are not out of time after 1.2 s."""
    event = threading.Event()
    assert run(lambda x: event.wait(0.1), range(16), workers=1, timeout=1.2) == [False] * 16


def test_two_items_out_of_time_raise_the_first(run):
    """In loop order, as ever."""
    release = threading.Event()
    try:
        with pytest.raises(TaskTimeout) as caught:
            run(lambda x: release.wait(60) if x in (1, 2) else x, range(4), timeout=0.3)
        assert caught.value.item == 1
    finally:
        release.set()


def test_items_in_front_of_one_that_is_out_of_time_still_run(run):
    """One of them may fail, and would be the first then."""
    release = threading.Event()
    try:

        def body(x):
            if x == 1:
                return release.wait(60)
            if x == 0:
                return threading.Event().wait(0.02)
            return x

        with pytest.raises(TaskTimeout) as caught:
            run(body, range(6), timeout=0.3, workers=2)
        assert caught.value.item == 1
    finally:
        release.set()


def test_context_variables_are_the_callers(run):
    """As in the plain loop; what an item sets does not leak out."""
    variable = contextvars.ContextVar("variable", default="default")
    variable.set("mine")

    def body(x):
        seen = variable.get()
        return seen

    assert run(body, range(4)) == ["mine"] * 4

    def change(x):
        variable.set("changed")

    run(change, range(4))
    assert variable.get() == "mine"


def test_lanes_know_that_they_are_lanes(run):
    """And the caller is not one afterwards."""
    assert run(lambda x: inside_lane(), range(4)) == [True] * 4
    assert not inside_lane()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_exceptions_that_are_not_errors_arrive_too(run, kind):
    """As in the plain loop."""

    def body(x):
        raise kind

    with pytest.raises(kind):
        run(body, [1, 2])
    assert run(jobs.double, [1, 2]) == [2, 4]


def test_nothing_is_copied(run):
    """Items and results are the very objects."""
    items = [object() for _ in range(4)]
    assert all(a is b for a, b in zip(run(jobs.same, items), items, strict=True))


@pytest.mark.parametrize("collector", [True, False], ids=["collected", "not collected"])
def test_a_finished_loop_keeps_no_data_alive(run, collector):
    """Neither the waiting threads nor a circle of references hold on to items and results."""

    class Thing:
        pass

    items = [Thing() for _ in range(8)]
    references = [weakref.ref(item) for item in items]
    gc.collect()
    gc.disable()
    try:
        results = run(jobs.same, items, chunk_size=2)
        del items, results
        pause = threading.Event()
        for _ in range(100):  # the lanes drop the last chunk right behind handing it over
            if collector:
                gc.collect()
            if not any(reference() for reference in references):
                break
            pause.wait(0.02)
        assert [reference() for reference in references] == [None] * 8
    finally:
        gc.enable()


def test_a_loop_inside_a_loop_inside_a_loop(run):
    """Lanes that wait for lanes cannot run out: each gets a thread at once."""

    def inner(x):
        return sum(run(jobs.double, range(x)))

    def middle(x):
        return sum(run(inner, range(x)))

    assert run(middle, range(6), workers=2) == [
        sum(sum(2 * k for k in range(j)) for j in range(i)) for i in range(6)
    ]


def test_what_is_held_back_goes_to_whoever_is_next():
    """In loop order, and once; or to the same lanes after all."""
    call = call_of(jobs.double, range(10))
    for back in (True, False):
        schedule = Schedule(call, cut(call.items, 1))
        loop = ThreadLoop(call, schedule)
        for _ in range(6):
            chunk = schedule.take()
            loop.pending[chunk.start] = chunk
            loop.ready.put(chunk)
        first = loop.ready.get()
        loop.hold()
        assert loop.ready.empty()
        assert [chunk.start for chunk in loop.held] == [1, 2, 3, 4, 5]
        if back:
            loop.give_back()
            assert list(loop.pending) == [first.start]
            rest = iter(schedule.take, None)
            assert [chunk.start for chunk in rest] == list(range(1, 10))
        else:
            loop.give_out()
            assert [loop.ready.get().start for _ in range(5)] == [1, 2, 3, 4, 5]
        assert not loop.held


def test_others_go_on_with_a_schedule_that_threads_have_left():
    """Ending the threads ends the schedule only where they owe something."""
    call = call_of(jobs.double, range(4))
    schedule = Schedule(call, cut(call.items, 1))
    loop = ThreadLoop(call, schedule)
    loop.end()
    assert schedule.take() is not None
    loop.pending[0] = schedule.take()
    loop.end()
    assert schedule.take() is None


def test_a_lane_that_holds_the_others_goes_on_when_the_caller_has_seen_to_it(monkeypatch):
    """However long it would have left the caller its turn."""
    monkeypatch.setattr(_threads, "LEAVE", 60.0)
    call = call_of(jobs.double, range(8))
    schedule = Schedule(call, cut(call.items, 1))
    loop = ThreadLoop(call, schedule)
    loop.watch = SimpleNamespace(full=lambda ended, running: True)
    seen = []
    for outcome in loop.drive(lambda: 2):
        if loop.held:
            seen.append(outcome.start)
            loop.give_out()
        assert outcome.values == [2 * outcome.start]
    assert seen


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="nobody else can tell")
def test_what_an_item_has_used_is_seen_while_it_runs():
    """In CPU seconds of its thread: one that computes, and one that waits."""
    release, computed = threading.Event(), threading.Event()

    def body(x):
        if x == 0:
            begun = time.thread_time()
            while time.thread_time() < begun + 0.02:
                pass
            computed.set()
        release.wait(60)

    call = call_of(body, range(2))
    loop = ThreadLoop(call, Schedule(call, cut(call.items, 1)))
    try:
        loop.hand_out(2)
        assert computed.wait(60)
        assert max(loop.spent()) >= 0.02
        assert min(loop.spent()) < 0.02
    finally:
        release.set()
        loop.end()
