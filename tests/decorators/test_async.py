"""Async functions: the awaited loop, with many items under way."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import LoopVariableError, TaskTimeout, configure, parallel
from tests.strategies import worker_counts

variable = contextvars.ContextVar("variable", default="unset")


async def pause(x, bad=()):
    """As many turns of the event loop as the item says."""
    for _ in range(x % 4):
        await asyncio.sleep(0)
    if x in bad:
        raise LookupError("bad item", x)
    return 2 * x


@parallel
async def module_level(x):
    """Can be pickled by its name."""
    return x


def go(make):
    """Run a coroutine function; no task may be left behind."""

    async def main():
        try:
            return await make()
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(main())


async def agen(items):
    """The items, with a turn of the event loop now and then."""
    for index, item in enumerate(items):
        if index % 3 == 1:
            await asyncio.sleep(0)
        yield item


sources = st.sampled_from([list, iter, tuple, agen])
items = st.lists(st.integers(0, 30), max_size=25)


@given(numbers=items, source=sources, workers=worker_counts)
def test_the_awaited_loop(numbers, source, workers):
    """The same values in the same order, whatever is iterated over."""
    body = parallel(pause, max_workers=workers)
    expected = [2 * x for x in numbers]
    assert go(lambda: body(source(numbers))) == expected
    assert body.run(source(numbers)) == expected


@given(numbers=items, bad=st.sets(st.integers(0, 30)), source=sources, workers=worker_counts)
def test_errors_are_the_loops_errors(numbers, bad, source, workers):
    """The first failing item in loop order, with the note that names it."""
    body = parallel(pause, max_workers=workers)
    first = next((x for x in numbers if x in bad), None)
    if first is None:
        assert go(lambda: body(source(numbers), bad)) == [2 * x for x in numbers]
        return
    with pytest.raises(LookupError) as caught:
        go(lambda: body(source(numbers), bad))
    assert caught.value.args == ("bad item", first)
    place = numbers.index(first)
    assert caught.value.__notes__ == [f"clustrix: item {place} (x={first}) of pause()"]


@given(numbers=items, bad=st.sets(st.integers(0, 30)), source=sources, workers=worker_counts)
def test_errors_are_collected(numbers, bad, source, workers):
    """In the place of the values."""
    body = parallel(pause, max_workers=workers, on_error="collect")
    for x, value in zip(numbers, go(lambda: body(source(numbers), bad)), strict=True):
        assert (type(value) is LookupError and value.args[1] == x) if x in bad else value == 2 * x


@given(width=st.integers(1, 9), count=st.integers(0, 30))
def test_so_many_are_under_way_and_no_more(width, count):
    """And that many are, where there are enough items."""
    under_way, most = 0, 0

    @parallel(max_workers=width)
    async def body(x):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        under_way -= 1
        return x

    assert go(lambda: body(range(count))) == list(range(count))
    assert most == min(width, count)


def test_items_meet():
    """Each waits until all of them are there."""

    async def main():
        here, all_here = 0, asyncio.Event()

        @parallel
        async def body(x):
            nonlocal here
            here += 1
            if here == 20:
                all_here.set()
            await all_here.wait()
            return x

        return await body(range(20))

    assert go(main) == list(range(20))


def test_an_endless_source_is_read_as_there_is_room():
    """Not to its end, which never comes; an error ends the reading."""
    given_out = 0

    async def endless():
        nonlocal given_out
        while True:
            given_out += 1
            yield given_out

    with pytest.raises(LookupError):
        go(lambda: parallel(pause, max_workers=4)(endless(), {10}))
    assert given_out < 40


def test_a_source_that_waits_is_not_waited_for_after_an_error():
    """It is cancelled where it waits."""
    ended = []

    async def waiting():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(LookupError):
        go(lambda: parallel(pause)(waiting(), {1}))
    assert ended == [True]


def test_a_source_that_fails():
    """Behind the items that it gave; they are awaited, and an error of theirs goes first."""

    async def broken():
        yield 1
        yield 3
        raise KeyError("source")

    with pytest.raises(KeyError, match="source") as caught:
        go(lambda: parallel(pause)(broken()))
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(LookupError, match="bad item"):
        go(lambda: parallel(pause)(broken(), {3}))
    with pytest.raises(ValueError, match="plain"):
        go(lambda: parallel(pause)(int(text) if text else _fail() for text in ("1", "")))


def _fail():
    raise ValueError("plain")


def test_the_rest_is_cancelled_and_awaited():
    """What it does on its way out is done before the error comes."""
    log = []

    async def main():
        begun = asyncio.Event()

        @parallel
        async def body(x):
            if x == 1:
                await begun.wait()
                raise LookupError
            if x == 0:
                return await asyncio.sleep(0)
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                log.append(x)

        with pytest.raises(LookupError):
            await body(range(4))
        assert sorted(log) == [2, 3]

    go(main)


def test_what_runs_in_front_of_an_error_comes_to_its_end():
    """It may fail, too, and is the first then."""

    async def main():
        later = asyncio.Event()

        @parallel
        async def body(x):
            if x == 0:
                await later.wait()
                raise KeyError(x)
            later.set()
            raise LookupError(x)

        with pytest.raises(KeyError):
            await body(range(2))

    go(main)


def test_cancellation_passes_through():
    """Into the items, and out of the call; nothing is left behind."""
    ended = []

    async def main():
        begun = asyncio.Event()

        @parallel
        async def body(x):
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(x)

        task = asyncio.ensure_future(body(range(3)))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    go(main)
    assert sorted(ended) in ([0], [0, 1], [0, 1, 2])


def test_a_cancelled_item_is_an_error_of_the_item():
    """Where nobody has cancelled the call."""

    async def body(x):
        raise asyncio.CancelledError

    async def main():
        with pytest.raises(asyncio.CancelledError):
            await parallel(body)(range(3))

    go(main)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("on_error", ["raise", "collect"])
def test_what_ends_programs_is_not_held_up(kind, on_error):
    """It leaves through the call, as in the plain loop."""

    async def body(x):
        await asyncio.sleep(0)
        raise kind

    async def main():
        with pytest.raises(kind):
            await parallel(body, on_error=on_error)(range(3))

    go(main)


def test_items_have_time_limits_of_their_own():
    """Counted from their own start; the cancelled item has its `finally`."""
    ended = []

    async def body(x):
        try:
            await (asyncio.Event().wait() if x == 2 else asyncio.sleep(0))
        finally:
            ended.append(x)
        return x

    limited = parallel(body, timeout=0.05, max_workers=1)
    with pytest.raises(TaskTimeout) as caught:
        go(lambda: limited(range(4)))
    assert (caught.value.item, caught.value.timeout) == (2, 0.05)
    assert "item 2 (x=2) of" in str(caught.value)
    assert ended == [0, 1, 2]
    values = go(lambda: parallel(body, timeout=0.05, on_error="collect")(range(4)))
    assert [type(value) for value in values] == [int, int, TaskTimeout, int]


def test_an_item_that_does_not_let_itself_be_cancelled():
    """Is late all the same; what it raised is the cause."""

    async def stubborn(x):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if x:
                raise KeyError(x) from None
        return x

    first, second = go(lambda: parallel(stubborn, timeout=0.01, on_error="collect")(range(2)))
    assert (type(first), type(second)) == (TaskTimeout, TaskTimeout)
    assert (first.__cause__, type(second.__cause__)) == (None, KeyError)


def test_context_variables_are_copies_of_the_callers():
    """What one item sets, neither the caller nor its neighbours see."""

    async def body(x):
        before = variable.get()
        variable.set(x)
        await asyncio.sleep(0)
        return before, variable.get()

    async def main():
        variable.set("callers")
        results = await parallel(body, max_workers=2)(range(5))
        assert variable.get() == "callers"
        return results

    assert go(main) == [("callers", x) for x in range(5)]


def test_an_item_is_a_task_of_its_own():
    """What asks for the current task, such as a timeout of asyncio, finds the item's."""

    async def body(x):
        first = asyncio.current_task()
        await asyncio.sleep(0)
        assert asyncio.current_task() is first
        return id(first) if x else None

    async def main():
        results = await parallel(body)(range(1, 6))
        assert id(asyncio.current_task()) not in results
        return results

    assert len(set(go(main))) == 5


def test_one_item_is_the_functions_own_coroutine():
    """Nothing is put around it."""
    body = parallel(pause)
    coroutine = body(3)
    assert coroutine.cr_code is pause.__code__
    assert asyncio.run(coroutine) == 6
    assert body.run(3) == 6


def test_run_inside_of_an_event_loop_says_what_to_write():
    """Without having run anything."""

    async def main():
        with pytest.raises(RuntimeError, match=r"write: await pause\(\.\.\.\)"):
            parallel(pause).run([1])

    go(main)
    assert not hasattr(parallel(abs), "run")


class Client:
    """Has async methods."""

    base = 10

    @parallel
    async def get(self, x):
        """Of an instance."""
        return self.base + x

    @classmethod
    @parallel(loop_var="x")
    async def fetch(cls, x, *, y=0):
        """Of the class."""
        return cls.base + x + y

    @parallel
    @staticmethod
    async def plain(x):
        """Of neither."""
        return x


class Called:
    """An object whose call is async."""

    async def __call__(self, x):
        """An async call."""
        return x


def test_methods_and_other_callables():
    """Each of them awaited, and run."""
    for body, expected in [
        (Client().get, [11, 12]),
        (functools.partial(Client.get, Client()), [11, 12]),
        (Client.fetch, [11, 12]),
        (Client.plain, [1, 2]),
        (parallel(Called()), [1, 2]),
        (parallel(functools.partial(pause, bad=())), [2, 4]),
    ]:
        assert go(lambda body=body: body([1, 2])) == expected
    assert Client().get.run([1, 2]) == [11, 12]
    assert Client.fetch.run([1, 2], y=5) == [16, 17]
    assert Client.plain.run([1, 2]) == [1, 2]


class Base:
    """Its class methods say through which class they were reached."""

    @parallel
    @classmethod
    async def above(cls, x):
        """Decorated above."""
        return cls.__name__, x

    @classmethod
    @parallel
    async def below(cls, x):
        """Decorated below."""
        return cls.__name__, x


class Derived(Base):
    """Has them, too."""


def test_run_of_a_class_method_never_takes_another_class():
    """Where Python does not say which one it was reached through, that is an error."""
    assert Derived.above.run([1]) == [("Derived", 1)]
    assert asyncio.run(Derived.below([1])) == [("Derived", 1)]
    if sys.version_info < (3, 13):
        assert Derived.below.run([1]) == [("Derived", 1)]
        return
    with pytest.raises(TypeError, match="put @parallel above @classmethod"):
        Derived.below.run([1])


def test_it_is_a_coroutine_function_still():
    """For all who ask: frameworks do."""
    for body in (parallel(pause), parallel(loop_var="x")(pause), Client().get):
        assert inspect.iscoroutinefunction(body)
    assert parallel(pause).__wrapped__ is pause
    assert pickle.loads(pickle.dumps(module_level)) is module_level


def test_several_loop_variables():
    """Side by side; with the errors of the loop that is not async."""

    @parallel(loop_var=("x", "y"))
    async def body(x, y):
        return x + y

    assert go(lambda: body([1, 2], iter([3, 4]))) == [4, 6]
    with pytest.raises(ValueError, match="needs as many items"):
        go(lambda: body([1, 2], [3]))
    with pytest.raises(TypeError, match="single loop variable"):
        body(agen([1]), agen([2]))
    with pytest.raises(TypeError, match="x is a loop and y is one item"):
        body([1, 2], 3)


def test_wrong_calls_fail_where_they_are_written():
    """Not where they are awaited; in Python's words."""
    body = parallel(pause)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        body([1], z=1)
    assert go(lambda: body([])) == []


@pytest.mark.parametrize(
    "said",
    [
        {"executor": "threads"},
        {"executor": "processes"},
        {"executor": "serial"},
        {"chunk_size": 2},
        {"batched": True},
        {"seed": 1},
    ],
    ids=str,
)
def test_options_that_have_no_meaning_are_refused(said):
    """Where the decorator stands."""
    with pytest.raises(TypeError, match=f"{next(iter(said))}=.* does not go with pause"):
        parallel(**said)(pause)
    assert parallel(executor="auto", batched=False)(pause).run([1]) == [2]


def test_what_is_configured():
    """Counts as far as it has a meaning; a seed is not dropped without a word."""
    body = parallel(pause)
    with configure(executor="processes", max_workers=3, on_error="collect"):
        assert body.explain(range(9)).workers == 3
        assert [type(one) for one in body.run([1, 2], {2})] == [int, LookupError]
    with configure(seed=1), pytest.raises(TypeError, match="seed=1"):
        body([1])


def test_plans():
    """Nothing is awaited, and no iterator used up."""
    body = parallel(pause, timeout=3)
    plan = body.explain(range(100))
    assert (plan.engine, plan.workers, plan.timeout) == ("asyncio", 32, 3)
    assert "awaited in one event loop (PL103)" in str(plan)
    assert body.explain(range(5)).workers == 5
    assert body.explain(agen([1])).workers == 32
    assert body.explain(7).engine == "asyncio"
    assert Client().get.explain([1, 2]).workers == 2
    with pytest.raises(TypeError, match="use up"):
        body.explain(iter([1]))


def test_names_are_checked():
    """As ever."""
    with pytest.raises(LoopVariableError):
        parallel(loop_var="z")(pause)


def test_many_items_are_never_all_under_way():
    """A hundred thousand, of which few exist as tasks at any time."""
    most = 0

    @parallel(max_workers=8)
    async def body(x):
        nonlocal most
        if x % 1000 == 0:
            await asyncio.sleep(0)
            most = max(most, len(asyncio.all_tasks()))
        return x

    assert sum(go(lambda: body(range(100_000)))) == sum(range(100_000))
    assert most <= 8 + 2


def test_loops_in_loops():
    """Each has a width of its own."""
    inner = parallel(pause, max_workers=2)

    @parallel(max_workers=2)
    async def outer(x):
        return await inner(range(x))

    assert go(lambda: outer(range(5))) == [[2 * y for y in range(x)] for x in range(5)]


@pytest.mark.parametrize("source", [list, agen])
def test_progress(source):
    """In items; what the callable raises ends the loop."""
    told = []
    assert go(lambda: parallel(pause, progress=told.append)(source(range(9)))) == [
        2 * x for x in range(9)
    ]
    assert (told[-1].done, told[-1].total) == (9, 9 if source is list else None)

    def refuse(progress):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        go(lambda: parallel(pause, progress=refuse)(source(range(9))))


def test_there_is_no_stream():
    """And it says what there is."""
    with pytest.raises(TypeError, match=r"write: await pause\(\.\.\.\)"):
        parallel(pause).stream([1, 2])
    with pytest.raises(TypeError, match="cannot be streamed"):
        Client().get.stream([1, 2])
