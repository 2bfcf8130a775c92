"""Executors that belong to somebody else: used as they are, and left running."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from clustrix import NotPicklableError, WorkerDied
from clustrix.execution import Engines, execute
from tests import jobs
from tests.jobs import call_of, plan_of


@pytest.fixture(scope="module")
def processes():
    """A process pool of the standard library."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        yield executor


def run_on(executor, function, items, *args, chunk_size=1, **kwargs):
    """Run a loop on a foreign executor."""
    call = call_of(function, items, *args, **kwargs)
    return execute(call, plan_of("foreign", 2, chunk_size), Engines().get(executor))


def test_a_thread_pool():
    """The items are not copied, and the pool is left running."""
    with ThreadPoolExecutor(2) as pool:
        items = [object() for _ in range(5)]
        results = run_on(pool, jobs.same, items, chunk_size=2)
        assert all(a is b for a, b in zip(results, items, strict=True))
        assert pool.submit(jobs.double, 4).result() == 8


def test_a_process_pool(processes):
    """Local functions work there, too, which `submit` itself refuses."""
    base = 10
    assert run_on(processes, lambda x: x + base, range(7), chunk_size=3) == list(range(10, 17))
    assert os.getpid() not in run_on(processes, jobs.pid, range(4))


def test_errors_are_the_loops_errors(processes):
    """First in loop order, same type and arguments, with the note."""
    with pytest.raises(ValueError, match="bad item") as caught:
        run_on(processes, jobs.fail_at, range(10), frozenset({7, 3}), chunk_size=2)
    assert caught.value.args == ("bad item", 3)
    assert "item 3 (x=3) of fail_at()" in caught.value.__notes__[0]


def test_what_cannot_travel_there(processes):
    """Function, item or result: an error of our own, and the pool works on."""
    lock = threading.Lock()
    with pytest.raises(NotPicklableError):
        run_on(processes, lambda x: lock, [1, 2])
    with pytest.raises(NotPicklableError):
        run_on(processes, lambda x: threading.Lock(), [1, 2])
    assert run_on(processes, jobs.double, [1, 2]) == [2, 4]


def test_an_item_that_cannot_travel_there(processes):
    """Named, as on our own workers."""
    with pytest.raises(NotPicklableError) as caught:
        run_on(processes, jobs.same, [1, 2, threading.Lock()])
    assert caught.value.item == 2


def test_a_pool_that_breaks():
    """A worker of theirs that dies is a `WorkerDied`, too."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool, pytest.raises(WorkerDied):
        run_on(pool, jobs.leave, range(4), 2, 1)


def test_any_class_with_submit_will_do():
    """The interface is all that counts."""

    class Direct(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    assert run_on(Direct(), jobs.double, range(5), chunk_size=2) == [0, 2, 4, 6, 8]


def test_the_queue_is_bounded():
    """An error does not find the whole loop submitted."""
    submitted = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            submitted.append(fn)
            return super().submit(fn, *args, **kwargs)

    with Counting(2) as pool, pytest.raises(ValueError, match="bad item"):
        run_on(pool, jobs.fail_at, range(10_000), frozenset({0}))
    assert len(submitted) < 100


def test_a_closed_pool_says_so():
    """In its own words."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        run_on(pool, jobs.double, [1, 2])


def test_a_chunk_begins_no_item_when_the_loop_is_over():
    """Its thread cannot be ended, but is free again behind the item that it runs."""
    failed, began = threading.Event(), []

    def body(x):
        if x == 0:
            began.append(x)
            inside.wait()
            raise LookupError(x)
        if x >= 10:
            began.append(x)
            inside.set()
            failed.wait()
        return x

    inside = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        with pytest.raises(LookupError):
            run_on(threads, body, range(20), chunk_size=10)
        failed.set()
    assert sorted(began) == [0, 10]
