"""Defaults for the process, a block, the environment: who says it last, and for whom it holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import LocalExecutor, TaskTimeout, configure, parallel
from clustrix._settings import adopt, in_force, portable, shipped
from tests.jobs import double, fail_at


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch):
    """Each test starts from the defaults, and leaves them."""
    monkeypatch.delenv("CLUSTRIX_EXECUTOR", raising=False)
    monkeypatch.delenv("CLUSTRIX_MAX_WORKERS", raising=False)
    monkeypatch.delenv("CLUSTRIX_SHIP", raising=False)
    adopt({})
    yield
    adopt({})


def engine_of(**said):
    """The engine that a loop of ten items would run on."""
    return parallel(double, **said).explain(range(10)).engine


ENGINES = ("serial", "threads", "processes")
said = st.none() | st.sampled_from(ENGINES)


@given(explicit=said, blocks=st.lists(said, max_size=3), process=said, environment=said)
def test_the_nearest_that_says_something_wins(explicit, blocks, process, environment):
    """The argument, the innermost block, the process, the environment, in this order."""
    adopt({})
    expected = next((one for one in (explicit, *reversed(blocks), process) if one), environment)
    configure(executor=process)
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for block in blocks:
            stack.enter_context(configure(**({} if block is None else {"executor": block})))
        if environment:
            patch.setenv("CLUSTRIX_EXECUTOR", environment)
        plan = parallel(double, **({"executor": explicit} if explicit else {})).explain(range(10))
    asked = plan.findings[0].code == "PL101"
    assert (plan.engine if asked else None) == expected


def test_auto_said_at_the_decorator_is_said():
    """It is not the same as saying nothing."""
    with configure(executor="serial"):
        assert engine_of() == "serial"
        assert engine_of(executor="auto") != "serial"


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_workers", 1), ("chunk_size", 3), ("timeout", 9.5), ("executor", "threads")],
)
def test_every_option_reaches_the_plan(option, value):
    """Inside of the block, and not behind it."""
    body = parallel(double, **({} if option == "executor" else {"executor": "threads"}))
    before = body.explain(range(10))
    with configure(**{option: value}):
        plan = body.explain(range(10))
    shown = {"max_workers": plan.workers, "executor": plan.engine}.get(option)
    assert (shown or getattr(plan, option)) == value
    assert body.explain(range(10)) == before


def test_errors_are_collected_where_that_is_said():
    """Then raised again."""
    body = parallel(fail_at)
    with configure(on_error="collect"):
        assert [type(value).__name__ for value in body([1, 2], {2})] == ["int", "ValueError"]
    with pytest.raises(ValueError, match="bad item"):
        body([1, 2], {2})


@pytest.mark.parametrize("where", ["process", "block"])
def test_a_loop_inside_of_an_item_finds_the_same(executor, where):
    """Whatever the engine: an inner loop in a worker knows what the caller has configured."""
    inner = parallel(fail_at, executor="serial")

    @parallel(executor=executor, max_workers=2, on_error="raise")
    def outer(x):
        return [type(value).__name__ for value in inner([x, 7], {7})]

    block = configure(on_error="collect")
    with block if where == "block" else contextlib.nullcontext():
        assert outer([1, 2, 3]) == [["int", "ValueError"]] * 3
    adopt({})
    with pytest.raises(ValueError, match="bad item"):
        outer([1, 2, 3])


def test_a_slow_first_item_changes_nothing_about_that():
    """Then others are started by a thread of their own."""
    inner = parallel(fail_at, executor="serial")

    @parallel(on_error="raise")
    def outer(x):
        time.sleep(0.05)
        return [type(value).__name__ for value in inner([x, 7], {7})]

    with configure(on_error="collect"):
        assert outer([1, 2, 3, 4]) == [["int", "ValueError"]] * 4


def test_a_plain_call_holds_in_every_thread():
    """And goes on holding."""
    configure(executor="serial")
    configure(chunk_size=2)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(engine_of).result() == "serial"
        assert other.submit(in_force).result() == {"executor": "serial", "chunk_size": 2}
    configure(executor=None, chunk_size=None)
    assert in_force() == {}


def test_a_block_holds_in_its_thread_only():
    """Two threads inside their blocks at the same time see their own."""
    meeting = threading.Barrier(2)

    def look(engine):
        with configure(executor=engine):
            meeting.wait(60)
            found = engine_of()
            meeting.wait(60)
        return found

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(look, ["serial", "threads"])) == ["serial", "threads"]
    assert in_force() == {}


def test_a_block_holds_in_its_task_only():
    """Also while another task is inside of its own."""

    async def look(engine, mine, others):
        with configure(executor=engine):
            mine.set()
            await others.wait()
            return engine_of()

    async def both():
        one, two = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(look("serial", one, two), look("threads", two, one))

    assert asyncio.run(both()) == ["serial", "threads"]
    assert in_force() == {}


def test_a_block_that_fails_ends_like_any_other():
    """What held before holds again."""
    with pytest.raises(KeyError), configure(max_workers=3):
        raise KeyError
    assert in_force() == {}


def test_blocks_nest():
    """What an inner one does not mention stays; `None` takes it back."""
    configure(max_workers=4)
    with configure(executor="threads", chunk_size=5):
        with configure(chunk_size=None, timeout=3):
            assert in_force() == {"max_workers": 4, "executor": "threads", "timeout": 3}
        assert in_force() == {"max_workers": 4, "executor": "threads", "chunk_size": 5}
    assert in_force() == {"max_workers": 4}


def test_a_plain_call_inside_of_a_block_is_for_the_process():
    """The block goes on saying what it said."""
    with configure(executor="threads"):
        configure(executor="serial", max_workers=2)
        assert in_force() == {"executor": "threads", "max_workers": 2}
    assert in_force() == {"executor": "serial", "max_workers": 2}


def test_blocks_of_many_threads_leave_nothing_behind():
    """However their beginnings and ends fall together."""

    def enter(number):
        for _ in range(50):
            with configure(max_workers=number):
                assert in_force()["max_workers"] == number

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(1, 9)))
    assert in_force() == {}


def test_a_configuration_may_be_kept_and_entered_again():
    """It says the same each time, inside of the block only."""
    few = configure(max_workers=2)
    for _ in range(2):
        with few, few:
            assert in_force() == {"max_workers": 2}
        assert in_force() == {}


def test_the_environment_counts_when_a_loop_starts(monkeypatch):
    """Not when the function is decorated."""
    body = parallel(double)
    monkeypatch.setenv("CLUSTRIX_EXECUTOR", "threads")
    monkeypatch.setenv("CLUSTRIX_MAX_WORKERS", "3")
    plan = body.explain(range(10))
    assert (plan.engine, plan.workers) == ("threads", 3)
    assert "CLUSTRIX_EXECUTOR=threads was asked for" in str(plan)
    assert LocalExecutor().max_workers == 3
    monkeypatch.setenv("CLUSTRIX_EXECUTOR", " ")
    monkeypatch.setenv("CLUSTRIX_MAX_WORKERS", "")
    assert in_force() == {}


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CLUSTRIX_EXECUTOR", "treads", "Did you mean 'threads'"),
        ("CLUSTRIX_MAX_WORKERS", "many", "must be an integer"),
        ("CLUSTRIX_MAX_WORKERS", "2.5", "must be an integer"),
        ("CLUSTRIX_MAX_WORKERS", "0", "greater than 0"),
    ],
)
def test_a_bad_value_in_the_environment_is_named(monkeypatch, variable, value, words):
    """Before anything runs."""
    ran = []
    body = parallel(ran.append)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=words) as caught:
        body([1, 2])
    assert f"{variable}={value!r}" in str(caught.value)
    assert ran == []


def test_the_plan_says_who_asked():
    """Not only that somebody did."""
    with configure(executor="threads"):
        assert "configure(executor='threads') was asked for" in str(parallel(double).explain([1]))
    named = parallel(double, executor="serial").explain([1, 2])
    assert named.findings[0].name == 'executor="serial"'


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"exectuor": "serial"}, TypeError, "Did you mean 'executor'"),
        ({"nonsense": 1}, TypeError, "'nonsense' is not known; there are: executor"),
        ({"batched": True}, TypeError, "belongs to one function"),
        ({"loop_var": "x"}, TypeError, "belongs to one function"),
        ({"executor": "treads"}, ValueError, "Did you mean 'threads'"),
        ({"executor": 5}, TypeError, "executor must be"),
        ({"max_workers": 0}, ValueError, "max_workers"),
        ({"timeout": "1"}, TypeError, "timeout"),
        ({"on_error": "ignore"}, ValueError, "on_error"),
    ],
    ids=str,
)
def test_mistakes_change_nothing(options, kind, words):
    """A clear error, and what held before goes on holding."""
    configure(max_workers=2)
    with pytest.raises(kind, match=words):
        configure(**{"chunk_size": 3, **options})
    assert in_force() == {"max_workers": 2}


def test_an_executor_may_be_configured():
    """Of somebody else's; it stays here when a function travels."""
    with ThreadPoolExecutor(2) as threads, configure(executor=threads):
        assert parallel(double)([1, 2, 3]) == [2, 4, 6]
        assert engine_of() == "ThreadPoolExecutor"


def test_no_limit_can_be_said_too():
    """Where a limit is in force, infinity lifts it for one function."""
    waits = threading.Event()
    body = parallel(lambda _: waits.wait(0.2), executor="threads")
    free = parallel(lambda _: waits.wait(0.2), executor="threads", timeout=math.inf)
    with configure(timeout=0.01):
        assert free([1, 2]) == [False, False]
        with pytest.raises(TaskTimeout):
            body([1, 2])


def test_streams_are_configured_too():
    """When they are made, whenever they are read."""
    body = parallel(fail_at)
    with configure(on_error="collect", executor="threads"):
        stream = body.stream([1, 2], {2})
    assert [type(value).__name__ for value in stream] == ["int", "ValueError"]


def test_progress_is_configured_too():
    """Like any other option."""
    told = []
    with configure(progress=told.append):
        assert parallel(double)([1, 2, 3]) == [2, 4, 6]
    assert told[-1].done == 3


def test_what_cannot_travel_stays(engine):
    """An executor, a callable that watches: loops inside of items do without."""
    told = []
    inner = parallel(double)

    @parallel(executor=engine, max_workers=2)
    def outer(x):
        return inner([x, x])

    configure(progress=told.append)
    with ThreadPoolExecutor(1) as threads, configure(executor=threads, progress=told.append):
        assert outer([1, 2]) == [[2, 2], [4, 4]]
    assert told[-1].done == 2


def test_packages_to_ship_go_by_the_same_rules(monkeypatch):
    """The innermost block, the process, the environment; and ``None`` takes back."""
    assert shipped() == ()
    monkeypatch.setenv("CLUSTRIX_SHIP", "json, email.mime")
    assert shipped() == ("json", "email.mime")
    configure(ship=["colorsys"])
    assert shipped() == ("colorsys",)
    with configure(ship=["wave"]), configure(max_workers=2):
        assert shipped() == ("wave",)
        with configure(ship=None):
            assert shipped() == ("json", "email.mime")
        with configure(ship=[]):
            assert shipped() == ()
    assert shipped() == ("colorsys",)
    assert "ship" not in in_force(), "it belongs to no call"
    assert portable() == {}, "nor to a loop inside of an item"
    assert parallel(double)(range(3)) == [0, 2, 4]


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ("json", TypeError, "ship must be a list of names of packages"),
        (3, TypeError, "ship must be a list"),
        ([json], TypeError, "ship must be a list"),
        (
            ["no_such_package.part"],
            ModuleNotFoundError,
            "'no_such_package.part' cannot be imported",
        ),
        (["json", "clustrix.errors"], ValueError, "clustrix itself must be installed"),
    ],
)
def test_what_cannot_be_shipped_is_said_at_once(value, kind, words):
    """And nothing changes."""
    with pytest.raises(kind, match=words):
        configure(ship=value)
    assert shipped() == ()


def test_the_environment_is_named_where_it_is_wrong(monkeypatch):
    """With what it says."""
    monkeypatch.setenv("CLUSTRIX_SHIP", "no_such_package")
    with pytest.raises(ValueError, match=r"CLUSTRIX_SHIP='no_such_package'.*cannot be imported"):
        shipped()
