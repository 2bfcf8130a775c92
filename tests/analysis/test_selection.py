"""The plan follows from the rules in their order, and says which one decided."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import parallel
from clustrix._model import Call, Machine, Options
from clustrix.analysis import make_plan

FOUR = Machine(cpus=4)


def compute(x, y=1):
    return x * x + y


def wait(x):
    time.sleep(x)
    return x


def total(chunk):
    return [sum(chunk)]


def plan(function, items=range(100), *, machine=FOUR, args=(), kwargs=None, slot=0, **options):
    return make_plan(Call(function, items, args, kwargs or {}, slot), Options(**options), machine)


def codes(made):
    return [finding.code for finding in made.findings]


def test_computing_goes_to_processes():
    made = plan(compute)
    assert (made.engine, made.workers, made.chunk_size) == ("processes", 4, 25)
    assert codes(made) == ["PL501"]
    assert str(made) == (
        "compute(): processes, 4 workers, chunks of 25 items, because:\n"
        "  read 1 function, no blocking call found (PL501)"
    )


def test_waiting_goes_to_threads_four_times_as_many():
    made = plan(wait)
    assert (made.engine, made.workers) == ("threads", 16)
    line = wait.__code__.co_firstlineno + 1
    assert str(made).endswith(f"because:\n  {__file__}:{line}: time.sleep sleeps (IO501)")


def test_what_the_user_says_comes_first():
    for engine in ("serial", "threads", "processes"):
        made = plan(wait, executor=engine)
        assert made.engine == engine
        assert str(made).endswith(f'executor="{engine}" was asked for (PL101)')


def test_a_foreign_executor_keeps_its_name_and_its_workers():
    class Foreign(Executor):
        pass

    with ThreadPoolExecutor(3) as pool:
        made = plan(compute, executor=pool)
    assert (made.engine, made.workers) == ("ThreadPoolExecutor", 3)
    assert plan(compute, executor=Foreign()).workers == 4


def test_one_lane_is_no_parallel_loop():
    assert codes(plan(compute, max_workers=1)) == ["PL201"]
    assert codes(plan(compute, [1])) == ["PL202"]
    assert codes(plan(compute, [])) == ["PL202"]
    assert codes(plan(compute, machine=Machine(cpus=4, inside_worker=True))) == ["PL203"]
    assert plan(compute, [1]).engine == "serial"


def test_a_time_limit_needs_a_lane():
    """Only a lane can be given up; inside a worker there are none."""
    assert plan(compute, [1], timeout=3).engine == "processes"
    assert plan(wait, max_workers=1, timeout=3).engine == "threads"
    inside = Machine(cpus=4, inside_worker=True)
    assert plan(compute, [1], machine=inside, timeout=3).engine == "serial"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"args": (threading.Lock(),)}, "args[0]"),
        ({"kwargs": {"y": [threading.Lock()]}}, "kwargs['y'][0]"),
        ({"items": [threading.Lock(), 2]}, "items[0]"),
    ],
)
def test_what_cannot_travel_stays(given, path):
    made = plan(compute, **given)
    assert made.engine == "threads"
    assert made.findings[0].name == path


def test_closures_and_lambdas_travel_by_value():
    scale = 3
    assert plan(lambda x: x * scale).engine == "processes"


def test_a_closure_over_a_lock_does_not():
    lock = threading.Lock()

    def guarded(x):
        with lock:
            return x

    made = plan(guarded)
    assert made.engine == "threads"
    assert made.findings[0].name.endswith("guarded.<closure>.lock")


def test_picklability_goes_before_waiting():
    made = plan(wait, [threading.Lock(), 1])
    assert codes(made)[0].startswith("PK")


def test_without_a_gil_threads_do():
    made = plan(compute, machine=Machine(cpus=4, gil=False))
    assert (made.engine, codes(made)) == ("threads", ["PL401"])


def test_whole_chunks_are_proved_or_said():
    made = plan(total, slot="chunk")
    assert made.batched
    assert codes(made) == ["PL501", "BA101"]
    assert "whole chunks of 25 items" in str(made)
    assert not plan(total, [[1], [2]], slot="chunk").batched
    assert plan(compute, batched=True).batched
    assert not plan(total, slot="chunk", batched=False).batched


def test_workers_are_no_more_than_chunks():
    assert plan(compute, range(3)).workers == 3
    assert plan(compute, range(100), chunk_size=60).workers == 2
    assert plan(compute, range(100), max_workers=7).workers == 7


def test_built_in_functions_have_no_source():
    made = plan(abs)
    assert made.engine == "processes"
    assert codes(made) == ["PL502"]


functions = st.sampled_from([compute, wait, total, len, lambda x: x, threading.Lock, time.sleep])


@given(
    function=functions,
    items=st.lists(st.integers(), max_size=20),
    executor=st.sampled_from(["auto", "auto", "serial", "threads", "processes"]),
    max_workers=st.none() | st.integers(1, 9),
    chunk_size=st.none() | st.integers(1, 9),
    timeout=st.none() | st.just(1.0),
    machine=st.builds(Machine, st.integers(1, 9), st.booleans(), st.booleans()),
)
def test_plans_are_deterministic_and_sound(
    function, items, executor, max_workers, chunk_size, timeout, machine
):
    """The same question has the same answer; lanes and chunks are positive; there is a reason."""
    call = Call(function, items)
    options = Options(executor, max_workers, chunk_size, timeout)
    made = make_plan(call, options, machine)
    assert made == make_plan(call, options, machine)
    assert 1 <= made.workers <= max(1, max_workers or 4 * machine.cpus)
    assert made.chunk_size == (chunk_size or made.chunk_size) >= 1
    assert made.findings
    said = "serial" if machine.inside_worker else executor
    assert said in ("auto", made.engine)


def test_what_belongs_to_one_thread_stays_there():
    """A connection of SQLite complains in any other one, whatever it waits for."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:

        def insert(x):
            return connection.execute("select ?", (x,)).fetchone()

        made = plan(insert)
    assert made.engine == "serial"
    assert codes(made)[0] == "PK110"


def test_what_sets_the_random_state_is_not_for_threads():
    """Another thread would draw between the seed and the draw."""

    def simulate(x):
        random.seed(x)
        time.sleep(x)
        return random.random()

    made = plan(simulate)
    assert made.engine == "processes"
    assert "RN103" in codes(made)


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_a_loop_that_seeds_and_waits_is_the_loop():
    """Measured or read: it gives the same numbers again and again."""

    @parallel
    def simulate(x):
        random.seed(x)
        time.sleep(0.002)
        return random.random()

    expected = [simulate.__wrapped__(x) for x in range(30)]
    assert [simulate(range(30)) for _ in range(3)] == [expected] * 3
