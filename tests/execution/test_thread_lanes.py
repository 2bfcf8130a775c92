"""Threads that compute beside the calling thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix._records import Call, Chunk, News, Outcome
from clustrix.execution._beside import Beside
from clustrix.execution._engine import join
from clustrix.execution._own_lane import OwnLane
from clustrix.execution._relay import Relay
from clustrix.execution._schedule import Schedule
from clustrix.execution._taper import Taper
from clustrix.execution._thread_lanes import ThreadLanes


def run(function: Callable[[int], Any], count: int, size: int, threads: int = 1) -> list[Any]:
    """The loop, shared between the calling thread and others."""
    call, relay, done = Call(function, range(count)), Relay(), list[Outcome]()
    taper = Taper(call.items, 0, 1e-3, size)
    schedule = Schedule(call, taper)
    own = OwnLane(call, relay)

    def keep(news: News) -> None:
        if (outcome := relay.take(news)) is not None:
            done.append(outcome)

    lanes = ThreadLanes(call, schedule, threads, own.run)
    try:
        Beside(lanes, schedule, taper, lanes.here, keep, works=True).run()
    finally:
        own.end()
    return join(done, count)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 3))
def test_the_results_are_those_of_the_loop(count, size, threads):
    """However it is cut."""
    assert run(lambda x: 2 * x, count, size, threads) == [2 * x for x in range(count)]


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

    lanes = ThreadLanes(call._replace(function=wait), schedule, 1, lambda _: Outcome(0, []))
    list(lanes.hand_out())
    begun.wait(60)
    assert lanes.take_back()
    assert not lanes.take_back()
    assert (again := schedule.take()) is not None
    assert again.start == 2
    go_on.set()
    assert [one.values for one in lanes.collect(wait=True)] == [[0, 1]]  # type: ignore[union-attr]
    assert not lanes.busy()
    lanes.end()
