"""Streams: the loop's values one by one, whatever runs them, and never far ahead."""

from __future__ import annotations

import contextlib
import gc
import itertools
import operator
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import (
    ClustrixError,
    LocalExecutor,
    NotPicklableError,
    SharedStateWarning,
    TaskTimeout,
    WorkerDied,
    parallel,
)
from clustrix._model import Call, Chunk, Finding, Machine, Outcome, Plan
from clustrix.execution._engines import Engines, shared
from clustrix.execution.chunking import _window
from clustrix.execution.chunking._order import InOrder
from clustrix.execution.chunking._window import Items, Pace, Settings, Window
from clustrix.execution.deciding._cost import Decision
from clustrix.execution.machine._platform import freeze, thaw
from clustrix.execution.streams._adaptive_stream import AdaptiveStream
from clustrix.execution.streams._stream import EngineStream
from clustrix.execution.workers._page import IDLE
from tests.jobs import affine, double, fail_at, hang_at, kill, meet, pid, same
from tests.scripts import SECONDS, output_of
from tests.strategies import failures, loops

sizes = st.none() | st.integers(1, 9)
aheads = st.none() | st.integers(9, 60)


@pytest.fixture(scope="module")
def engines():
    """One pool for the whole file."""
    made = Engines(2)
    yield made
    made.close()


def streamed(executor, function, items, *args, **options):
    """A stream on an engine of the suite, two lanes wide."""
    made = LocalExecutor.shared(executor, 2)
    return made.stream_loop_parallel(function, "x", items, args, position=0, **options)


class Counted:
    """An iterator that knows how much has been pulled from it."""

    def __init__(self, items):
        self.pulled = 0
        self._items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self._items)
        self.pulled += 1
        return item


# ---- the same as the loop ----------------------------------------------------------------------


@given(items=loops, size=sizes, ahead=aheads, lazy=st.booleans())
def test_a_stream_is_the_loop(executor, items, size, ahead, lazy):
    """The same values in the same order, from a sequence or an iterator."""
    given_items = iter(items) if lazy else items
    values = streamed(executor, double_or_none, given_items, chunk_size=size, ahead=ahead)
    assert list(values) == [double_or_none(item) for item in items]


def double_or_none(x):
    """Works for everything that the suite loops over."""
    return (x, type(x).__name__)


@given(items=loops, size=sizes, ahead=aheads)
def test_out_of_order_nothing_is_lost_or_doubled(executor, items, size, ahead):
    """Every index once, with its own value."""
    pairs = list(streamed(executor, same, iter(items), chunk_size=size, ahead=ahead, ordered=False))
    assert [value for _, value in sorted(pairs, key=operator.itemgetter(0))] == list(items)
    assert sorted(index for index, _ in pairs) == list(range(len(items)))


@given(bad=failures, size=sizes, lazy=st.booleans())
def test_the_first_error_stands_where_its_value_would(executor, bad, size, lazy):
    """All earlier values come first; the note names the item."""
    items = iter(range(40)) if lazy else range(40)
    values, got = streamed(executor, fail_at, items, bad, chunk_size=size), []
    with pytest.raises(ValueError, match="bad item") as caught:
        got.extend(values)  # keeps what came before the error
    assert got == list(range(min(bad)))
    assert caught.value.args == ("bad item", min(bad))
    assert f"item {min(bad)} " in caught.value.__notes__[0]
    assert list(values) == []


@given(bad=failures, size=sizes)
def test_collected_errors_are_values(executor, bad, size):
    """And the loop goes on."""
    values = list(streamed(executor, fail_at, range(40), bad, chunk_size=size, on_error="collect"))
    assert {i for i, value in enumerate(values) if isinstance(value, ValueError)} == bad
    assert [value for value in values if not isinstance(value, ValueError)] == sorted(
        set(range(40)) - bad
    )


@given(bad=failures)
def test_out_of_order_the_first_error_in_loop_order_ends_it(executor, bad):
    """Everything in front of it comes; nothing comes twice."""
    got = []
    with pytest.raises(ValueError, match="bad item") as caught:
        got.extend(streamed(executor, fail_at, range(40), bad, chunk_size=3, ordered=False))
    assert caught.value.args == ("bad item", min(bad))
    assert {index for index, _ in got} >= set(range(min(bad)))
    assert len(got) == len(set(got))


@given(stop=st.integers(0, 39), size=sizes, ahead=aheads)
def test_closing_ends_it_anywhere(executor, stop, size, ahead):
    """What came so far was right, and the next stream finds its lanes."""
    values = streamed(executor, double, itertools.count(), chunk_size=size, ahead=ahead)
    assert list(itertools.islice(values, stop)) == [2 * i for i in range(stop)]
    values.close()
    assert list(values) == []


def total(xs):
    """Takes a whole chunk."""
    return [sum(xs)]


def test_batches(executor):
    """The function gets chunks; of each, a list of values is joined."""
    values = streamed(executor, total, range(10), chunk_size=4, batched=True)
    assert list(values) == [6, 22, 17]
    pairs = streamed(executor, total, range(10), chunk_size=4, batched=True, ordered=False)
    assert sorted(pairs) == [(0, 6), (4, 22), (8, 17)]


def test_batches_that_give_nothing(executor):
    """Are no gap."""
    values = streamed(executor, only_even, iter(range(8)), chunk_size=1, batched=True)
    assert list(values) == [0, 2, 4, 6]


def only_even(xs):
    """Any number of values."""
    return [x for x in xs if x % 2 == 0]


def test_other_arguments(executor):
    """Go to every item."""
    made = LocalExecutor.shared(executor, 2)
    values = made.stream_loop_parallel(affine, "x", iter("ab"), (), {"scale": 3, "offset": 1})
    assert list(values) == [("a", 3, 1), ("b", 3, 1)]


def test_an_iterable_that_fails(executor):
    """Its error comes behind the values of the items that it gave."""

    def items():
        yield from range(5)
        raise KeyError("from the iterable")

    values, got = streamed(executor, same, items()), []
    with pytest.raises(KeyError, match="from the iterable"):
        got.extend(values)
    assert got == [0, 1, 2, 3, 4]


def stop_here(x):
    """Raises what iteration ends with."""
    if x == 2:
        raise StopIteration("mine")
    return x


def test_stop_iteration_is_an_error_as_in_every_generator(executor):
    """It never ends a stream silently."""
    got = []
    with pytest.raises(RuntimeError) as caught:
        got.extend(streamed(executor, stop_here, range(5)))
    assert got == [0, 1]
    assert isinstance(caught.value.__cause__, StopIteration)


def test_what_the_consumer_throws_is_no_item_s_fault(executor):
    """It comes out again, as from every generator, and ends the stream."""
    values = streamed(executor, python_same, range(9))
    assert [next(values) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(LookupError) as caught:
        values.throw(LookupError("mine"))
    assert not hasattr(caught.value, "__notes__")
    assert list(values) == []
    values = streamed(executor, python_same, range(9), on_error="collect")
    next(values)
    with pytest.raises(LookupError):
        values.throw(LookupError("mine"))


def python_same(x):
    """Has a frame of its own."""
    return x


# ---- how far ahead ------------------------------------------------------------------------------


@given(ahead=st.integers(1, 30), size=sizes, takes=st.integers(1, 25))
def test_no_more_is_pulled_than_was_said(executor, ahead, size, takes):
    """Counted from what the consumer has got."""
    size = None if size is None else min(size, ahead)
    items = Counted(itertools.count())
    with contextlib.closing(
        streamed(executor, same, items, ahead=ahead, chunk_size=size)
    ) as values:
        for taken in range(1, takes + 1):
            next(values)
            assert items.pulled <= taken + ahead


@given(takes=st.integers(1, 50), size=st.integers(1, 20))
def test_four_chunks_for_every_lane_are_the_default(executor, takes, size):
    """With two lanes, eight."""
    items = Counted(itertools.count())
    with contextlib.closing(streamed(executor, same, items, chunk_size=size)) as values:
        for taken in range(1, takes + 1):
            next(values)
            assert items.pulled <= taken + 8 * size


def test_nothing_is_pulled_before_a_value_is_asked_for(executor):
    """Also where the first item is looked at."""
    items = Counted(range(3))
    for function, options in ((same, {}), (total, {}), (same, {"timeout": 60})):
        values = streamed(executor, function, items, **options)
        assert items.pulled == 0
        values.close()
    assert list(streamed(executor, same, items)) == [0, 1, 2]


def test_cheap_items_are_pulled_one_by_one():
    """As the plain generator would pull them."""
    items = Counted(itertools.count())
    values = streamed("auto", same, items)
    for taken in range(1, 5000):
        next(values)
        assert items.pulled == taken


def test_later_items_run_while_the_consumer_works():
    """Two items meet although only the first has been asked for."""
    barrier = threading.Barrier(3)
    values = streamed("threads", meet, range(2), barrier, chunk_size=1)
    thread = threading.Thread(target=barrier.wait, args=(SECONDS,))
    thread.start()
    assert next(values) == 0
    thread.join()
    assert next(values) == 1


@given(outcomes=st.permutations(range(8)), start=st.integers(0, 3))
def test_outcomes_leave_in_order_as_soon_as_they_can(outcomes, start):
    """None waits for anything behind it."""
    order, left, seen = InOrder(start), [], set()
    for index in outcomes:
        seen.add(index)
        left += [o.start - start for o in order.add(Outcome(start + index, []), start + index + 1)]
        ready = next(i for i in itertools.count() if i not in seen)
        assert left == list(range(ready))
        assert order.next == start + ready


def test_the_pace_follows_the_cost():
    """Doubled while chunks come at once, halved when they take long; never what was said."""
    pace = Pace()
    for _ in range(20):
        pace.note(pace.size, 0.0)
    assert pace.size == 1000
    assert pace.useless
    pace.note(1000, 1.0)
    assert pace.size == 500
    assert not pace.useless
    said = Pace(7)
    said.note(7, 0.0)
    said.note(7, 1.0)
    assert said.size == 7
    assert not said.useless
    assert Pace(None, wall=0.001).size == 2


@given(
    batches=st.lists(st.integers(0, 7), max_size=20),
    kind=st.sampled_from([list, tuple, iter, range]),
)
def test_items_are_counted_however_they_are_taken(batches, kind):
    """One by one, in chunks, or after a look."""
    given_items = range(40) if kind is range else kind(list(range(40)))
    items, seen = Items(given_items), []
    assert items.total == (None if kind is iter else 40)
    assert list(items.sample()) == [0]
    for count in batches:
        if count % 2:
            chunk, error = items.take(count)
            assert error is None
            assert type(chunk) is (range if kind is range else list) or not chunk
            seen += chunk
        else:
            seen += itertools.islice(items.iterator, count)
        assert items.pulled() == len(seen)
    assert seen == list(range(len(seen)))


class Batchwise:
    """An engine with one method, that takes all it can get before it starts."""

    def run(self, call, plan, chunks, tick=None):
        """Backwards."""
        for chunk in reversed(list(chunks)):
            assert isinstance(chunk, Chunk)
            yield Outcome(chunk.start, [call.function(item) for item in chunk.items])


def test_an_engine_is_still_one_method():
    """It is asked again when the window has moved on."""
    items = Counted(range(100))
    stream = EngineStream(Call(double, ()), Plan("any", 2), Batchwise(), Items(items), Pace(2))
    values = stream.run()
    assert [next(values) for _ in range(3)] == [0, 2, 4]
    assert items.pulled <= 3 + 16
    assert list(values) == [2 * i for i in range(3, 100)]


class Forgetful:
    """An engine that loses things."""

    def run(self, call, plan, chunks, tick=None):
        """Runs every other chunk."""
        for chunk in itertools.islice(chunks, 1, None, 2):
            yield Outcome(chunk.start, list(chunk.items))


def test_lost_results_are_an_error_not_a_short_stream():
    """Right answers come first."""
    stream = EngineStream(Call(same, ()), Plan("any", 1), Forgetful(), Items(range(3)), Pace(1))
    with pytest.raises(ClustrixError, match="lost"):
        list(stream.run())


def test_a_window_stops_when_it_is_told():
    """What is under way still counts."""
    window = Window(Items(itertools.count()), Pace(2), 1, None)
    window.fill()
    first = next(window)
    window.stop()
    window.settle(Outcome(first.start, [0, 0]))
    window.fill()
    assert [chunk.start for chunk in window] == [2]
    assert window.next == 4


# ---- ends ----------------------------------------------------------------------------------------


def test_forgetting_a_stream_ends_it(executor):
    """Also when it hangs in a circle."""
    values = streamed(executor, same, itertools.count(), chunk_size=1)
    next(values)
    circle = [values]
    circle.append(circle)
    del values, circle
    gc.collect()
    assert list(streamed(executor, same, range(5))) == list(range(5))


def test_an_item_over_time():
    """The values in front of it come, then its error; a worker process is ended."""
    for engine in ("threads", "processes"):
        values, got = streamed(engine, hang_at, itertools.count(), 3, timeout=0.2), []
        with pytest.raises(TaskTimeout) as caught:
            got.extend(values)
        assert got == [0, 1, 2]
        assert caught.value.item == 3


def test_a_worker_that_dies():
    """The culprit is named; with collected errors the stream goes on."""
    values, got = streamed("processes", kill, range(8), 5, 9, chunk_size=1), []
    with pytest.raises(WorkerDied) as caught:
        got.extend(values)
    assert (got, caught.value.item) == ([0, 1, 2, 3, 4], 5)
    values, got = streamed("processes", kill, range(8), 5, 9, chunk_size=2), []
    with pytest.raises(WorkerDied) as caught:
        got.extend(values)
    assert caught.value.item == 5
    assert got in ([0, 1, 2, 3], [0, 1, 2, 3, 4])  # item 4 may not have been sent back yet
    values = streamed("processes", kill, range(8), 5, 9, chunk_size=2, on_error="collect")
    assert [type(value) for value in values] == [int] * 5 + [WorkerDied] + [int] * 2


def test_a_function_that_cannot_travel():
    """The error names the part, as for a list."""
    lock = threading.Lock()

    def locked(x):
        with lock:
            return x

    with pytest.raises(NotPicklableError, match="lock") as caught:
        next(streamed("processes", locked, range(3)))
    assert "lock" in caught.value.path


def test_closing_ends_running_items_promptly():
    """A worker that hangs in its item does not hold up the consumer."""
    values = streamed("processes", hang_at, itertools.count(), 4, chunk_size=1)
    assert [next(values) for _ in range(4)] == [0, 1, 2, 3]
    begun = time.monotonic()
    values.close()
    assert time.monotonic() - begun < SECONDS / 2
    assert list(streamed("processes", same, range(4))) == [0, 1, 2, 3]


# ---- several at once -----------------------------------------------------------------------------


def test_streams_side_by_side_and_lists_in_between(executor):
    """A stream that waits for its consumer takes nothing from others."""
    first = streamed(executor, double, itertools.count(), chunk_size=1)
    second = streamed(executor, same, itertools.count(), chunk_size=3)
    made = LocalExecutor.shared(executor, 2)
    for i, a, b in zip(range(20), first, second, strict=False):
        assert (a, b) == (2 * i, i)
        if i % 5 == 0:
            assert made.execute_loop_parallel(same, "x", range(6)) == list(range(6))
    first.close()
    second.close()


def test_a_waiting_stream_leaves_others_as_many_workers():
    """Two items of a list meet in two processes although a stream holds two."""
    with LocalExecutor(max_workers=2) as executor:
        values = executor.stream_loop_parallel(pid, "x", itertools.count(), chunk_size=1)
        held = {next(values) for _ in range(8)}
        pids = executor.execute_loop_parallel(pid_after_a_while, "x", range(2), chunk_size=1)
        assert len({*pids}) == 2
        assert not held & {*pids}
        again = executor.execute_loop_parallel(pid_after_a_while, "x", range(2), chunk_size=1)
        assert {*again} == {*pids}  # they stay, as long as the stream does
        values.close()


def pid_after_a_while(x):
    """Long enough that one worker does not get both."""
    time.sleep(0.2)
    return pid(x)


def test_a_worker_that_left_meanwhile_is_replaced():
    """A consumer may take longer than workers stay without work."""
    with LocalExecutor(max_workers=2) as executor:
        values = executor.stream_loop_parallel(same, "x", range(20), chunk_size=1)
        got = [next(values)]
        pool = executor._engines.processes(2).pool
        while any(process.poll() is None for process in pool.processes()):
            for worker in list(pool._holders):  # as if they had been idle for a minute
                if worker.process.poll() is None:
                    freeze(worker.process.pid)  # it must not begin something between look and kill
                    if worker.page.where()[0] == IDLE:
                        worker.process.kill()
                    else:
                        thaw(worker.process.pid)
        got += values
        assert got == list(range(20))


def test_consumed_by_another_thread(executor):
    """Begun here, ended there."""
    values = streamed(executor, double, range(30), chunk_size=2)
    got = [next(values)]
    thread = threading.Thread(target=lambda: got.extend(values))
    thread.start()
    thread.join(SECONDS)
    assert got == [2 * i for i in range(30)]


def stream_inside(x):
    """A stream in a lane: there are no further lanes, so it is the loop."""
    return list(streamed("processes", same, iter(range(x))))


def test_inside_a_lane(executor):
    """Also of the engine that runs the outer loop."""
    assert list(streamed(executor, stream_inside, range(5))) == [list(range(x)) for x in range(5)]


def test_a_stream_keeps_its_executor():
    """Nobody else may hold it."""
    values = LocalExecutor(max_workers=2).stream_loop_parallel(same, "x", range(9), chunk_size=1)
    got = [next(values)]
    gc.collect()
    assert got + list(values) == list(range(9))


def test_a_closed_executor_says_so():
    """At once, or where a stream that was open meets it."""
    executor = LocalExecutor(max_workers=1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.stream_loop_parallel(same, "x", range(3))


def test_of_a_foreign_executor_that_ends():
    """Its own error, raised clearly."""
    foreign = ThreadPoolExecutor(1)
    values = streamed(foreign, same, itertools.count())
    next(values)
    foreign.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        list(itertools.islice(values, 100))


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "auto"])
def test_left_open_at_the_end_of_the_program(engine, tmp_path):
    """The interpreter leaves, and has nothing to say."""
    source = f"""
        import itertools
        from clustrix import parallel

        @parallel(executor={engine!r})
        def double(x):
            return 2 * x

        values = double.stream(itertools.count())
        print([next(values) for _ in range(5)])
    """
    assert output_of(source, tmp_path) == "[0, 2, 4, 6, 8]\n"


def test_in_a_forked_child(tmp_path):
    """The child lets go of it in silence, the parent goes on."""
    source = """
        import itertools, os, sys
        from clustrix import parallel

        @parallel(executor="processes", chunk_size=1)
        def double(x):
            return 2 * x

        values = double.stream(range(50))
        first = [next(values) for _ in range(5)]
        if (child := os.fork()) == 0:
            try:
                list(values)
            except RuntimeError as error:
                sys.exit(0 if "forked" in str(error) else 1)
            sys.exit(2)
        assert os.waitpid(child, 0)[1] == 0
        print(first + list(values) == [2 * x for x in range(50)])
    """
    assert output_of(source, tmp_path, "file", "-W", "ignore") == "True\n"


# ---- measuring itself ----------------------------------------------------------------------


def decided(engines, function, items, decisions, **more):
    """A stream whose decisions are given, one after the other; then it goes on alone."""
    plan = lambda sample: Plan("processes", 2)  # noqa: E731
    settings = Settings(**more.pop("settings", {}))
    stream = AdaptiveStream(
        Call(function, (), **more), Items(items), settings, Machine(cpus=2), plan, engines
    )
    stream.known = None
    waiting = iter(decisions)
    stream._decide = lambda: next(waiting, Decision("finish", 1, ""))
    stream._gap = 0.0
    return stream


ways = st.lists(st.sampled_from(["finish", "probe", "threads", "processes"]), max_size=5)


@given(ways=ways, items=loops, lazy=st.booleans(), ordered=st.booleans(), size=sizes)
def test_whatever_it_decides_it_is_the_loop(engines, ways, items, lazy, ordered, size):
    """Nothing is lost or doubled on the way from one to the other."""
    decisions = [Decision(way, 2, "") for way in ways]
    settings = {"ordered": ordered, "chunk_size": size}
    given_items = iter(items) if lazy else items
    got = list(decided(engines, same, given_items, decisions, settings=settings).run())
    assert (got if ordered else [v for _, v in sorted(got, key=operator.itemgetter(0))]) == list(
        items
    )


@given(ways=ways, bad=failures, collect=st.booleans())
def test_whatever_it_decides_errors_stand_in_their_place(engines, ways, bad, collect):
    """With all values in front of them."""
    decisions = [Decision(way, 2, "") for way in ways]
    stream = decided(engines, fail_at, range(40), decisions, args=(bad,), collect=collect)
    got = []
    if collect:
        got.extend(stream.run())
        assert [i for i, value in enumerate(got) if isinstance(value, ValueError)] == sorted(bad)
        return
    with pytest.raises(ValueError, match="bad item") as caught:
        got.extend(stream.run())
    assert got == list(range(min(bad)))
    assert f"item {min(bad)} " in caught.value.__notes__[0]


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("way", ["probe", "threads", "finish"])
def test_whatever_it_decides_output_comes_with_the_values(engines, capsys, way, error):
    """Not before: who stops behind a value has seen nothing of the next one; none is lost."""

    def shows(x):
        print("item", x)
        if x == 5:
            raise error(x)
        return x

    def consume(stream):
        for value in stream:
            print("value", value)

    with pytest.raises(error):
        consume(decided(engines, shows, range(40), [Decision(way, 2, "")]).run())
    expected = "".join(f"item {x}\nvalue {x}\n" for x in range(5)) + "item 5\n"
    assert capsys.readouterr().out == expected


def test_from_lanes_back_when_items_are_too_cheap(engines, monkeypatch):
    """Handing them over costs more than running them."""
    monkeypatch.setattr(_window, "MOST_ITEMS", 4)
    stream = decided(engines, pid, iter(range(3000)), [Decision("processes", 2, "")])
    pids = list(stream.run())
    assert pid(0) in pids[-500:]
    assert len({*pids}) > 1


def test_what_cannot_travel_runs_here(engines):
    """An item in the middle, which nobody has weighed."""
    items = [*range(20), threading.Lock(), *range(20)]
    stream = decided(engines, type_name, iter(items), [Decision("processes", 2, "")])
    assert list(stream.run()) == [type(item).__name__ for item in items]


def type_name(x):
    """Of anything."""
    return type(x).__name__


def test_what_it_found_is_remembered():
    """The next call of any kind begins with it."""

    @parallel
    def slow(x):
        time.sleep(0.01)
        return x

    assert list(slow.stream(range(40))) == list(range(40))
    (note,) = [f for f in slow.explain(range(40)).findings if f.code == "PL602"]
    assert "threads" in note.why


def test_the_plan_may_keep_it_here(engines):
    """Where the source says that the loop must stay, it does."""
    plan = Plan("serial", 1, (Finding("SH201", "reads and writes"),))
    stream = AdaptiveStream(
        Call(pid_and_busy, ()),
        Items(iter(range(12))),
        Settings(),
        Machine(cpus=2),
        lambda sample: plan,
        engines,
    )
    assert {*stream.run()} == {pid(0)}


def pid_and_busy(x):
    """Some milliseconds of work."""
    sum(range(100_000))
    return pid(x)


written = []


def test_shared_state_keeps_its_answer_and_is_said():
    """The line is named, whether the engine was left open or not."""
    total = 0

    @parallel
    def add(x):
        nonlocal total
        time.sleep(0.002)
        total += x
        return total

    with pytest.warns(SharedStateWarning, match=r"add\(\).*total"):
        assert list(add.stream(range(50))) == list(itertools.accumulate(range(50)))
    assert list(add.stream(range(1, 3))) == [1226, 1228]

    @parallel(executor="processes")
    def write(x):
        written.append(x)

    with pytest.warns(SharedStateWarning, match="written"):
        assert list(write.stream(range(3))) == [None] * 3


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"ordered": 1}, TypeError, "ordered must be True or False"),
        ({"ahead": 0}, ValueError, "ahead must be greater than 0"),
        ({"ahead": True}, TypeError, "ahead must be a number of items"),
        ({"ahead": 3, "chunk_size": 4}, ValueError, "ahead must be greater than .*, not 3"),
        ({"chunk_size": 0}, ValueError, "chunk_size"),
        ({"progress": 3}, TypeError, "progress"),
    ],
    ids=str,
)
def test_mistakes_show_at_the_call(options, error, match):
    """Not at the first value."""
    with pytest.raises(error, match=match):
        streamed("auto", same, [1], **options)


def test_no_items_at_all():
    """Something that cannot be looped over is no stream."""
    with pytest.raises(TypeError, match="not iterable"):
        streamed("auto", same, 7)


def test_the_workers_are_those_of_everybody():
    """Streams of decorated functions share one pool."""
    with contextlib.closing(streamed("processes", same, range(30), chunk_size=1)) as values:
        next(values)
        assert shared()._processes is not None


def shows(x):
    """Prints its item before and its double after."""
    print("item", x)
    if x == 7:
        raise ValueError(x)
    return 2 * x


@pytest.mark.parametrize("executor", ["serial", "threads", "processes", "auto"])
@pytest.mark.parametrize("size", [None, 3])
def test_what_an_item_shows_comes_right_before_its_value(executor, size, capsys):
    """As in the plain loop, where the consumer prints between two items."""
    with contextlib.suppress(ValueError):
        for value in streamed(executor, shows, range(20), chunk_size=size):
            print("value", value)
    expected = "".join(f"item {x}\nvalue {2 * x}\n" for x in range(7)) + "item 7\n"
    assert capsys.readouterr().out == expected
