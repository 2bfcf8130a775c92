"""The executor itself: settings, defaults, life and end."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import as_completed, wait

import pytest

from clustrix._sizes import THREADS_PER_CPU
from clustrix.execution import available_cpus
from clustrix.local_executor import LocalExecutor, create_local_executor
from tests.jobs import double, fail_at, pid, pid_and_thread


def test_defaults_are_processes():
    """One for each CPU that this process may use."""
    executor = LocalExecutor()
    assert executor.use_threads is False
    assert executor.max_workers == available_cpus()


def test_threads_are_four_times_as_many():
    """They mostly wait."""
    assert LocalExecutor(use_threads=True).max_workers == THREADS_PER_CPU * available_cpus()
    assert THREADS_PER_CPU == 4


def test_settings_can_be_read_back():
    """Positional or by keyword."""
    executor = LocalExecutor(3, True)
    assert (executor.max_workers, executor.use_threads) == (3, True)
    assert LocalExecutor(use_threads=None).use_threads is None


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"max_workers": 0}, ValueError),
        ({"max_workers": -2}, ValueError),
        ({"max_workers": "2"}, TypeError),
        ({"max_workers": 2.0}, TypeError),
        ({"max_workers": True}, TypeError),
        ({"use_threads": 1}, TypeError),
        ({"use_threads": "yes"}, TypeError),
    ],
    ids=str,
)
def test_bad_settings(settings, kind):
    """At construction, by name."""
    with pytest.raises(kind, match=next(iter(settings))):
        LocalExecutor(**settings)
    with pytest.raises(kind, match=next(iter(settings))):
        create_local_executor(**settings)


def test_nothing_starts_before_it_is_needed():
    """An executor costs nothing until it works."""
    before = set(os.listdir("/proc/self/fd"))
    threads = threading.active_count()
    LocalExecutor(max_workers=50)
    assert set(os.listdir("/proc/self/fd")) == before
    assert threading.active_count() == threads


def test_the_context_manager_gives_the_executor():
    """And lets errors through."""
    executor = LocalExecutor(max_workers=1)
    with executor as entered:
        assert entered is executor
    with pytest.raises(KeyError), LocalExecutor(max_workers=1):
        raise KeyError("through")


@pytest.mark.parametrize("use_threads", [True, False, None])
def test_a_closed_executor_refuses(use_threads):
    """Every way of running something."""
    executor = LocalExecutor(max_workers=2, use_threads=use_threads)
    assert executor.execute_loop_parallel(double, "x", [1, 2]) == [2, 4]
    executor.shutdown()
    executor.shutdown()  # once more does no harm
    with pytest.raises(RuntimeError, match="shut"):
        executor.execute_loop_parallel(double, "x", [1, 2])
    with pytest.raises(RuntimeError, match="shut"):
        executor.execute_loop_parallel(double, "x", [1])
    with pytest.raises(RuntimeError, match="shut"):
        executor.execute_parallel(double, [{"args": (1,)}, {"args": (2,)}])
    with pytest.raises(RuntimeError, match="shut"):
        executor.submit(double, 1)


@pytest.mark.parametrize("use_threads", [True, False, None])
def test_an_executor_that_never_worked_can_be_closed(use_threads):
    """There is nothing to end."""
    executor = LocalExecutor(use_threads=use_threads)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shut"):
        executor.execute_loop_parallel(double, "x", [1, 2])


def gone(number):
    """Whether a process has ended and been reaped."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False


def test_closing_ends_the_workers():
    """They are gone at the end of the block."""
    with LocalExecutor(max_workers=2) as executor:
        pids = set(executor.execute_loop_parallel(pid, "x", range(10), chunk_size=1))
        assert not any(gone(number) for number in pids)
        again = set(executor.execute_loop_parallel(pid, "x", range(10), chunk_size=1))
        assert len(pids | again) <= 2, "the same ones, warm"
    assert all(gone(number) for number in pids)


def test_a_forgotten_executor_ends_its_workers():
    """As soon as nothing refers to it."""
    executor = LocalExecutor(max_workers=1)
    (number, _) = executor.execute_loop_parallel(pid, "x", [1, 2])
    del executor
    gc.collect()
    assert gone(number)


def test_executors_do_not_share_workers():
    """Each owns its own."""
    with LocalExecutor(max_workers=1) as one, LocalExecutor(max_workers=1) as other:
        first = set(one.execute_loop_parallel(pid, "x", range(3)))
        second = set(other.execute_loop_parallel(pid, "x", range(3)))
    assert not first & second


def test_one_worker_is_one_worker():
    """Never two at the same time."""
    with LocalExecutor(max_workers=1) as executor:
        assert len(set(executor.execute_loop_parallel(pid, "x", range(9), chunk_size=1))) == 1
    with LocalExecutor(max_workers=1, use_threads=True) as executor:
        where = executor.execute_loop_parallel(pid_and_thread, "x", range(9), chunk_size=1)
        assert len(set(where)) == 1


def test_several_threads_may_use_one_executor():
    """At the same time, on either engine."""
    for use_threads in (True, False):
        with LocalExecutor(max_workers=2, use_threads=use_threads) as executor:
            results = {}

            def loop(k, executor=executor, results=results):
                results[k] = executor.execute_loop_parallel(double, "x", range(k, k + 9))

            threads = [threading.Thread(target=loop, args=(k,)) for k in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
            assert results == {k: [2 * i for i in range(k, k + 9)] for k in range(5)}


@pytest.fixture(scope="module", params=[True, False, None], ids=["threads", "processes", "auto"])
def executor(request):
    """Each of the three settings of ``use_threads``."""
    with LocalExecutor(max_workers=2, use_threads=request.param) as executor:
        yield executor


def test_submit_gives_a_future(executor):
    """With a result, an error, or both in some order."""
    futures = [executor.submit(double, i) for i in range(6)]
    assert [future.result(60) for future in futures] == [0, 2, 4, 6, 8, 10]
    assert {future.result() for future in as_completed(futures, 60)} == {0, 2, 4, 6, 8, 10}
    assert not wait(futures, 60).not_done
    error = executor.submit(fail_at, 1, bad=frozenset({1})).exception(60)
    assert type(error) is ValueError
    assert error.args == ("bad item", 1)


def test_map_gives_results_in_order(executor):
    """With one iterable or several; the shortest ends it."""
    assert list(executor.map(double, range(5))) == [0, 2, 4, 6, 8]
    assert list(executor.map(pow, [2, 3, 4], [3, 2])) == [8, 9]
    assert list(executor.map(double, [])) == []
    assert list(executor.map(double, range(7), chunksize=3)) == [0, 2, 4, 6, 8, 10, 12]


def test_map_raises_where_the_loop_would(executor):
    """The values in front of the error come first."""
    results = executor.map(fail_at, range(5), [frozenset({2})] * 5)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="bad item"):
        next(results)


def test_submitted_local_functions(executor):
    """Which a standard process pool refuses."""
    base = 5
    assert executor.submit(lambda x: x + base, 1).result(60) == 6


def test_shutdown_waits_for_what_was_submitted():
    """As in the standard library."""
    for use_threads in (True, False):
        executor = LocalExecutor(max_workers=1, use_threads=use_threads)
        futures = [executor.submit(double, i) for i in range(4)]
        executor.shutdown(wait=True)
        assert [future.result(0) for future in futures] == [0, 2, 4, 6]


def test_shutdown_may_cancel_what_has_not_started():
    """As in the standard library."""
    release, started = threading.Event(), threading.Event()
    executor = LocalExecutor(max_workers=1, use_threads=True)

    def body():
        started.set()
        return release.wait(60)

    first = executor.submit(body)
    rest = [executor.submit(double, i) for i in range(3)]
    assert started.wait(60)
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in rest)
    release.set()
    assert first.result(60) is True
