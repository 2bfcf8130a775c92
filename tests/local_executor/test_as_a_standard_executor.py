"""Where the standard library and others expect an executor, this one serves."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import os
import threading
import time
from typing import Any

import pytest

from clustrix import LocalExecutor, NotPicklableError, WorkerDied


@pytest.fixture(params=[False, True], ids=["processes", "threads"])
def executor(request: Any) -> Any:
    """Two workers of either kind."""
    with LocalExecutor(max_workers=2, use_threads=request.param) as made:
        yield made


def test_it_is_one(executor):
    """For isinstance checks, and by the attribute that others look at."""
    assert isinstance(executor, concurrent.futures.Executor)
    assert executor._max_workers == 2


def test_as_completed_gives_every_future_once(executor):
    """In whatever order."""
    futures = [executor.submit(pow, x, 2) for x in range(10)]
    done = [future.result() for future in concurrent.futures.as_completed(futures)]
    assert sorted(done) == [x * x for x in range(10)]


def test_wait_for_the_first_exception(executor):
    """The standard functions see the states that they know."""

    def fail() -> None:
        raise LookupError("no")

    futures = [executor.submit(fail), executor.submit(pow, 2, 2)]
    done, _ = concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_EXCEPTION)
    assert isinstance(futures[0].exception(), LookupError)
    assert futures[0] in done


def test_a_waiting_future_can_be_cancelled():
    """One worker is busy; what is behind it has not started."""
    gate = threading.Event()
    with LocalExecutor(max_workers=1, use_threads=True) as executor:
        busy = executor.submit(gate.wait)
        waiting = executor.submit(pow, 2, 2)
        assert waiting.cancel()
        gate.set()
        assert busy.result()
        assert waiting.cancelled()


def test_map_with_chunks_and_a_buffer(executor):
    """Order and values are those of the builtin."""
    for chunksize, buffersize in itertools.product((1, 3, 100), (None, 1, 4)):
        got = executor.map(pow, range(10), [2] * 10, chunksize=chunksize, buffersize=buffersize)
        assert list(got) == [x * x for x in range(10)]


def test_a_buffer_bounds_what_is_read_ahead(executor):
    """An endless iterable is no problem then."""
    read = []

    def numbers() -> Any:
        for x in itertools.count():
            read.append(x)
            yield x

    results = executor.map(abs, numbers(), buffersize=3)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(read) <= 9
    results.close()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"chunksize": 0}, ValueError),
        ({"buffersize": 0}, ValueError),
        ({"buffersize": 1.5}, TypeError),
    ],
)
def test_bad_options_of_map(executor, options, kind):
    """Said at once, not from the iterator."""
    with pytest.raises(kind):
        executor.map(abs, [1], **options)


def test_map_runs_out_of_time(executor):
    """The iterator raises, as the standard one does."""
    results = executor.map(time.sleep, [0, 3], timeout=0.5)
    assert next(results) is None
    with pytest.raises(concurrent.futures.TimeoutError):
        next(results)


def test_a_task_that_ends_its_worker_breaks_nothing():
    """The future says who it was; the others and the next have their results."""
    with LocalExecutor(max_workers=2) as executor:
        futures = [executor.submit(pow, x, 2) for x in range(4)]
        dies = executor.submit(os._exit, 3)
        futures += [executor.submit(pow, x, 2) for x in range(4)]
        assert [future.result() for future in futures] == [0, 1, 4, 9] * 2
        error = dies.exception()
        assert isinstance(error, WorkerDied)
        assert error.exitcode == 3
        assert isinstance(error, concurrent.futures.BrokenExecutor)
        assert executor.submit(pow, 2, 2).result() == 4


def test_an_argument_that_cannot_travel_fails_its_future():
    """Not the call of submit, and not the executor."""
    with LocalExecutor(max_workers=1) as executor:
        bad = executor.submit(id, threading.Lock())
        assert isinstance(bad.exception(), NotPicklableError)
        assert executor.submit(pow, 2, 2).result() == 4


def test_shutdown_without_waiting_still_finishes(executor):
    """What was submitted runs to its end."""
    future = executor.submit(pow, 2, 2)
    executor.shutdown(wait=False)
    assert future.result(60) == 4
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(pow, 2, 2)


def test_in_an_event_loop(executor):
    """As the executor of `run_in_executor`, and wrapped by hand."""

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        first = loop.run_in_executor(executor, pow, 2, 3)
        second = asyncio.wrap_future(executor.submit(pow, 2, 4))
        return [await first, await second]

    assert asyncio.run(main()) == [8, 16]


def test_a_loop_inside_a_running_event_loop(executor):
    """Blocking, as every plain loop in a coroutine is."""

    async def main() -> list[int]:
        return executor.execute_loop_parallel(abs, "x", [-1, -2], position=0)

    assert asyncio.run(main()) == [1, 2]


def test_as_the_scheduler_of_dask(executor):
    """Dask takes any executor for one collection's computation."""
    dask = pytest.importorskip("dask")
    lazy = [dask.delayed(pow)(x, 2) for x in range(5)]
    assert dask.compute(*lazy, scheduler=executor) == (0, 1, 4, 9, 16)
