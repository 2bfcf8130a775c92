"""`execute_single` and `execute_parallel`: tasks with arguments of their own."""

from __future__ import annotations

import os
import threading

import pytest

from clustrix import NotPicklableError, TaskTimeout, WorkerDied
from clustrix.local_executor import LocalExecutor
from tests.jobs import affine, leave, note_pid_and_hang, pid, pid_and_thread, touch


@pytest.fixture(scope="module", params=[True, False, None], ids=["threads", "processes", "auto"])
def executor(request):
    """Each of the three settings of ``use_threads``."""
    with LocalExecutor(max_workers=2, use_threads=request.param) as executor:
        yield executor


@pytest.fixture
def processes():
    """Workers that can be killed."""
    with LocalExecutor(max_workers=2, use_threads=False) as executor:
        yield executor


def compute_square(x):
    """The function of the documents."""
    return x**2


def test_a_single_call(executor):
    """The example of the documents; an ordinary call."""
    assert executor.execute_single(compute_square, (5,), {}) == 25
    assert executor.execute_single(affine, (1,), {"offset": 3}) == (1, 1, 3)
    with pytest.raises(ZeroDivisionError):
        executor.execute_single(lambda: 1 // 0, (), {})


def test_the_documented_work_chunks(executor):
    """Results in the order of the tasks."""
    work_chunks = [{"args": (i,), "kwargs": {}} for i in range(10)]
    results = executor.execute_parallel(compute_square, work_chunks)
    assert results == [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]


def test_each_task_has_its_own_arguments(executor):
    """Positional, keyword, both, or none of them."""
    work = [
        {"args": (1,)},
        {"args": (1, 2), "kwargs": {}},
        {"kwargs": {"x": 5}},
        {"args": (1,), "kwargs": {"offset": 4, "scale": 3}},
        {"args": [7]},
    ]
    expected = [(1, 1, 0), (1, 2, 0), (5, 1, 0), (1, 3, 4), (7, 1, 0)]
    assert executor.execute_parallel(affine, work) == expected
    assert executor.execute_parallel(dict, [{}, {}]) == [{}, {}]


def test_no_tasks(executor):
    """No results."""
    assert executor.execute_parallel(compute_square, []) == []


def test_a_single_task(executor):
    """Its result in a list."""
    assert executor.execute_parallel(compute_square, [{"args": (3,)}]) == [9]


def test_lists_among_the_arguments_are_arguments(executor):
    """A task is not a loop."""
    work = [{"args": ([1, 2, 3],)}, {"args": ([],)}]
    assert executor.execute_parallel(len, work) == [3, 0]
    assert executor.execute_parallel(lambda xs: [x * 2 for x in xs], work) == [[2, 4, 6], []]


@pytest.mark.parametrize(
    "work",
    [[5], [{"args": (1,)}, None], [{"arg": (1,)}], [{"args": (1,), "extra": 1}], ["ab"], [(1,)]],
    ids=repr,
)
def test_a_malformed_task_is_an_error_before_anything_runs(executor, work, tmp_path):
    """It is named by its index."""
    trace = tmp_path / "trace"
    good = {"args": (1, str(trace))}
    with pytest.raises(TypeError, match=r"work_chunks\[\d\]"):
        executor.execute_parallel(touch, [good, *work])
    assert not trace.exists()


@pytest.mark.parametrize(("timeout", "kind"), [(0, ValueError), (-1, ValueError), ("1", TypeError)])
def test_a_bad_timeout_is_an_error_before_anything_runs(executor, timeout, kind, tmp_path):
    """Also where it would never be looked at."""
    trace = tmp_path / "trace"
    with pytest.raises(kind, match="timeout"):
        executor.execute_parallel(touch, [{"args": (1, str(trace))}] * 2, timeout=timeout)
    assert not trace.exists()


def test_not_a_function(executor):
    """Says so."""
    with pytest.raises(TypeError, match="callable"):
        executor.execute_parallel(5, [{"args": (1,)}])


def test_the_first_failing_task_is_raised(executor):
    """In the order of the tasks."""

    def body(x):
        if x in (2, 5):
            raise LookupError(x)
        return x

    with pytest.raises(LookupError) as caught:
        executor.execute_parallel(body, [{"args": (i,)} for i in range(8)])
    assert caught.value.args == (2,)


def test_a_task_out_of_time(executor):
    """The others are not; the executor is usable afterwards."""
    release = threading.Event()
    use_threads = executor.use_threads
    if use_threads is not True:

        def body(x):
            return threading.Event().wait() if x == 2 else x
    else:

        def body(x):
            return release.wait(60) if x == 2 else x

    try:
        with pytest.raises(TaskTimeout) as caught:
            executor.execute_parallel(body, [{"args": (i,)} for i in range(4)], timeout=0.3)
        assert (caught.value.item, caught.value.timeout) == (2, 0.3)
        assert isinstance(caught.value, TimeoutError)
    finally:
        release.set()
    assert executor.execute_parallel(compute_square, [{"args": (3,)}] * 2, timeout=30) == [9, 9]


def test_a_single_task_has_its_timeout_too(executor):
    """Although a single item usually runs directly."""
    release = threading.Event()

    def body(seconds):
        return release.wait(seconds) if executor.use_threads else None

    if executor.use_threads:
        try:
            with pytest.raises(TaskTimeout):
                executor.execute_parallel(body, [{"args": (60,)}], timeout=0.3)
        finally:
            release.set()
    else:
        with pytest.raises(TaskTimeout):
            executor.execute_parallel(wait_for_ever, [{"args": ()}], timeout=0.3)


def wait_for_ever():
    """Never comes back."""
    threading.Event().wait()


def test_the_timeout_is_per_task_not_for_the_call(executor):
    """The last of many tasks starts after the time of the first is over: waiting does not count."""
    work = [{"args": (0.1,)} for _ in range(32)]
    assert executor.execute_parallel(wait_a_little, work, timeout=1.2) == [False] * 32


def wait_a_little(seconds):
    """Takes a while."""
    return threading.Event().wait(seconds)


def test_a_worker_out_of_time_is_really_ended(processes, tmp_path):
    """Its process is gone when the error arrives."""
    with pytest.raises(TaskTimeout):
        processes.execute_parallel(note_pid_and_hang, [{"args": (0, str(tmp_path))}], timeout=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "0.pid").read_text()), 0)
    assert processes.execute_parallel(compute_square, [{"args": (3,)}] * 2) == [9, 9]


def test_a_dead_worker_is_replaced(processes):
    """The error names the task."""
    work = [{"args": (i, 2, 7)} for i in range(4)]
    with pytest.raises(WorkerDied) as caught:
        processes.execute_parallel(leave, work)
    assert (caught.value.item, caught.value.exitcode) == (2, 7)
    assert processes.execute_parallel(compute_square, [{"args": (3,)}] * 2) == [9, 9]


def test_arguments_that_cannot_travel(processes):
    """Which of the tasks it was."""
    work = [{"args": (1,)}, {"args": (threading.Lock(),)}]
    with pytest.raises(NotPicklableError) as caught:
        processes.execute_parallel(compute_square, work)
    assert caught.value.item == 1


def test_threads_are_threads_and_processes_are_processes():
    """``use_threads`` settles it."""
    work = [{"args": (i,)} for i in range(6)]
    with LocalExecutor(max_workers=2, use_threads=True) as executor:
        where = executor.execute_parallel(pid_and_thread, work)
        assert {process for process, _ in where} == {os.getpid()}
        assert threading.get_ident() not in {thread for _, thread in where}
    with LocalExecutor(max_workers=2, use_threads=False) as executor:
        assert os.getpid() not in executor.execute_parallel(pid, work)


def test_threads_run_tasks_at_the_same_time():
    """Two that wait for each other."""
    barrier = threading.Barrier(2)
    with LocalExecutor(max_workers=2, use_threads=True) as executor:
        executor.execute_parallel(lambda: barrier.wait(60), [{}, {}, {}, {}])


def test_processes_run_tasks_at_the_same_time(tmp_path):
    """Each waits for a file that the other writes."""

    def body(mine, other):
        (tmp_path / mine).touch()
        pause = threading.Event()
        for _ in range(3000):
            if (tmp_path / other).exists():
                return True
            pause.wait(0.02)
        return False

    work = [{"args": ("a", "b")}, {"args": ("b", "a")}]
    with LocalExecutor(max_workers=2, use_threads=False) as executor:
        assert executor.execute_parallel(body, work) == [True, True]
