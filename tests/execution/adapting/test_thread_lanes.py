"""Threads that compute beside the calling thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix._records import Call, Chunk, News, Outcome
from clustrix.execution._engine import join
from clustrix.execution.adapting._beside import Beside
from clustrix.execution.adapting._thread_lanes import ThreadLanes
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.lanes._own_lane import OwnLane
from clustrix.execution.showing._relay import Relay


def run(
    function: Callable[[int], Any], count: int, size: int, threads: int = 1, *, splits: bool = False
) -> list[Any]:
    """The loop, shared between the calling thread and others."""
    call, relay, done = Call(function, range(count)), Relay(), list[Outcome]()
    taper = Taper(call.items, 0, 1e-3, size)
    taper.splits = splits
    schedule = Schedule(call, taper)
    own = OwnLane(call, relay)

    def keep(news: News) -> None:
        if (outcome := relay.take(news)) is not None:
            done.append(outcome)

    lanes = ThreadLanes(call, schedule, taper, threads, own.run)
    try:
        Beside(lanes, schedule, taper, lanes.here, keep).run()
    finally:
        own.end()
    return join(done, count)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(1, 3), st.booleans())
def test_the_results_are_those_of_the_loop(count, size, threads, splits):
    """However it is cut, and each item runs once."""
    seen: list[int] = []

    def double(x: int) -> int:
        seen.append(x)
        return 2 * x

    assert run(double, count, size, threads, splits=splits) == [2 * x for x in range(count)]
    assert sorted(seen) == list(range(count))


@given(st.integers(1, 20), st.lists(st.integers(0, 39), min_size=1, max_size=3), st.integers(1, 3))
def test_the_error_is_that_of_the_loop_however_chunks_are_split(size, bad, threads):
    """The items in front of it have run."""
    seen: list[int] = []

    def fail(x: int) -> int:
        if x in bad:
            raise ValueError(x)
        seen.append(x)
        return x

    with pytest.raises(ValueError) as caught:  # noqa: PT011
        run(fail, 40, size, threads, splits=True)
    assert caught.value.args == (min(bad),)
    assert set(range(min(bad))) <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_calling_thread_is_one_of_the_lanes():
    """Two items at the same time, one of them in the calling thread."""
    together = threading.Barrier(2)

    def meet(x: int) -> int:
        together.wait(60)
        return threading.get_ident()

    assert len(set(run(meet, 2, 1))) == 2
    assert threading.get_ident() in run(meet, 2, 1)


def test_what_items_show_comes_in_loop_order(capsys):
    """That of the calling thread, too, while an item in front of it still runs elsewhere."""
    shown, caller = threading.Event(), threading.get_ident()

    def show(x: int) -> None:
        if threading.get_ident() != caller:
            shown.wait(60)  # the calling thread has done all the others by then
        print(x)
        if x == 9:
            shown.set()

    run(show, 10, 1)
    assert capsys.readouterr().out == "".join(f"{x}\n" for x in range(10))


def test_the_first_error_in_loop_order_counts():
    """Wherever it came up, and whoever was first."""

    def fail(x: int) -> int:
        if x in (5, 11):
            raise ValueError(x)
        return x

    with pytest.raises(ValueError, match="5"):
        run(fail, 20, 2)


def test_a_chunk_that_no_thread_has_begun_is_taken_back():
    """The last one, or the one in which an item is; never one that runs."""
    call = Call(abs, range(8))
    schedule = Schedule(call, [Chunk(at, range(at, at + 2)) for at in range(0, 8, 2)])
    begun, go_on = threading.Event(), threading.Event()

    def wait(x: int) -> int:
        begun.set()
        go_on.wait(60)
        return x

    taper = Taper(call.items, 8, 1e-3)
    lanes = ThreadLanes(call._replace(function=wait), schedule, taper, 1, lambda *_: Outcome(0, []))
    list(lanes.hand_out())
    begun.wait(60)
    taken = []
    for item in (None, 3, None):
        assert lanes.take_back(item=item)
        again = schedule.take()
        assert again is not None
        taken.append(again.start)
    assert taken == [6, 2, 4]
    assert not lanes.take_back()
    go_on.set()
    assert [one.values for one in lanes.collect(wait=True)] == [[0, 1]]  # type: ignore[union-attr]
    assert not lanes.busy()
    lanes.end()


def test_half_of_what_a_thread_has_not_begun_is_taken_over():
    """Then half of the rest; the item that runs stays, and those in front of it."""
    call = Call(abs, range(9))
    taper = Taper(call.items, 0, 1e-3, 9)
    taper.splits = True
    schedule = Schedule(call, taper)
    begun, go_on = threading.Event(), threading.Event()

    def wait(x: int) -> int:
        if x == 1:
            begun.set()
            go_on.wait(60)
        return x

    lanes = ThreadLanes(call._replace(function=wait), schedule, taper, 1, lambda *_: Outcome(0, []))
    list(lanes.hand_out())
    begun.wait(60)
    taken = []
    while lanes.take_back():
        chunk = schedule.take()
        assert chunk is not None
        taken.append(chunk)
    assert taken == [Chunk(5, range(5, 9)), Chunk(3, range(3, 5)), Chunk(2, range(2, 3))]
    go_on.set()
    assert [one.values for one in lanes.collect(wait=True)] == [[0, 1]]  # type: ignore[union-attr]
    assert not lanes.busy()
    lanes.end()


def test_a_thread_that_runs_dry_gets_half_of_what_the_caller_has_not_begun():
    """As soon as the item that runs is done."""
    caller, elsewhere = threading.get_ident(), threading.Event()
    call = Call(abs, range(10))
    taper = Taper(call.items, 0, 1e-3, 8)
    taper.splits = True
    schedule, relay, own_items = Schedule(call, taper), Relay(), list[int]()

    def work(x: int) -> int:
        if threading.get_ident() != caller:
            if x < 8:
                elsewhere.set()
            return x
        own_items.append(x)
        end = time.monotonic() + 60
        while x == 0 and not lanes._loop.dry() and time.monotonic() < end:
            time.sleep(0)  # the thread has its two items to do
        if x == 1:
            elsewhere.wait(60)
        return x

    own = OwnLane(call._replace(function=work), relay)
    lanes = ThreadLanes(call._replace(function=work), schedule, taper, 1, own.run)
    done: list[Any] = []
    Beside(lanes, schedule, taper, lanes.here, done.append).run()
    own.end()
    assert elsewhere.is_set()
    assert own_items[:4] == [0, 1, 2, 3]
    assert join([one for one in done if type(one) is Outcome], 10) == list(range(10))
