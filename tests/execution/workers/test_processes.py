"""The engine of worker processes: what dies, hangs or will not travel costs only its item."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from clustrix import NotPicklableError, TaskTimeout, WorkerDied
from clustrix._model import Plan
from clustrix.execution import Engines, execute
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.workers import _processes
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._processes import ProcessEngine
from tests import jobs
from tests.jobs import call_of, plan_of


@pytest.fixture(scope="module")
def engines():
    """A pool of two workers for the whole module."""
    engines = Engines(2)
    yield engines
    engines.close()


@pytest.fixture
def run(engines):
    """Run a loop on worker processes."""

    def run(function, items, *args, workers=2, chunk_size=1, timeout=None, **kwargs):
        call = call_of(function, items, *args, **kwargs)
        plan = plan_of("processes", workers, chunk_size, timeout)
        return execute(call, plan, engines.get("processes"))

    return run


def gone(pid):
    """Whether a process has ended and been reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("chunk_size", [1, 2, 7, 50])
def test_results_in_loop_order(run, chunk_size):
    """Whatever the chunking."""
    assert run(jobs.double, range(20), chunk_size=chunk_size) == [2 * i for i in range(20)]


def test_constant_arguments_travel_once_for_all(run):
    """Positional and keyword ones, and the item in between."""
    assert run(jobs.affine, [1, 2], 5, slot=0, offset=3) == [(1, 5, 3), (2, 5, 3)]
    assert run(jobs.affine, [1, 2], 7, slot="scale") == [(7, 1, 0), (7, 2, 0)]


def test_items_run_in_other_processes(run):
    """And the next loop finds the same workers."""
    workers = {pid for _ in range(5) for pid in run(jobs.pid, range(8))}
    assert os.getpid() not in workers
    assert 1 <= len(workers) <= 2


def test_each_loop_has_its_own_copy_of_the_constants(run):
    """A function that changes its arguments does so for one loop."""

    def grow(x, seen):
        seen.append(x)
        return len(seen)

    seen = []
    assert max(run(grow, range(3), seen, workers=1)) == 3
    assert max(run(grow, range(3), seen, workers=1)) == 3
    assert seen == []


def test_local_functions_and_lambdas(run):
    """They travel by value, with what they close over."""
    table = {1: "one", 2: "two"}
    assert run(lambda x: table[x], [2, 1, 2]) == ["two", "one", "two"]


@pytest.mark.parametrize("status", [0, 1, 3, 77])
def test_a_worker_that_exits_names_its_item(run, status):
    """Also with status 0, which looks like success."""
    with pytest.raises(WorkerDied, match=r"item 5 \(x=5\) of leave\(\)") as caught:
        run(jobs.leave, range(10), 5, status, chunk_size=3)
    assert (caught.value.item, caught.value.exitcode) == (5, status)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_worker_that_is_killed_names_its_item(run, number):
    """And the signal, in words and as a number."""
    with pytest.raises(WorkerDied, match=number.name) as caught:
        run(jobs.kill, range(10), 4, int(number), chunk_size=2)
    assert (caught.value.item, caught.value.exitcode) == (4, -number)


def test_the_engine_is_usable_after_a_death(run):
    """The dead worker is replaced."""
    for _ in range(3):
        with pytest.raises(WorkerDied):
            run(jobs.leave, [0, 1], 1, 1)
        assert run(jobs.double, [1, 2, 3]) == [2, 4, 6]


def test_an_earlier_error_beats_a_later_death(run):
    """Errors are the loop's errors."""

    def body(x):
        if x == 2:
            raise KeyError("two")
        if x == 3:
            os._exit(1)
        return x

    for size in (1, 2, 5):
        with pytest.raises(KeyError):
            run(body, range(6), chunk_size=size)


def test_a_death_loses_no_item_in_front_of_it(run, tmp_path):
    """They have all run."""

    def body(x):
        (tmp_path / str(x)).touch()
        if x == 7:
            os._exit(1)
        return x

    with pytest.raises(WorkerDied) as caught:
        run(body, range(12), chunk_size=4)
    assert caught.value.item == 7
    assert {str(i) for i in range(8)} <= {path.name for path in tmp_path.iterdir()}


def test_workers_that_were_killed_while_idle_are_replaced(run):
    """Nobody notices."""
    for pid in set(run(jobs.pid, range(8))):
        os.kill(pid, signal.SIGKILL)
    assert run(jobs.double, range(4)) == [0, 2, 4, 6]


def test_a_timeout_ends_the_worker_not_only_the_wait(run, tmp_path):
    """The process is gone when the error arrives."""
    with pytest.raises(TaskTimeout, match="item 0") as caught:
        run(jobs.note_pid_and_hang, [0], str(tmp_path), timeout=2.0, workers=1)
    assert caught.value.item == 0
    assert caught.value.timeout == 2.0
    assert gone(int((tmp_path / "0.pid").read_text()))
    assert run(jobs.double, [1, 2]) == [2, 4]


def test_the_timeout_counts_from_the_start_of_each_item(run):
    """Sixteen items of 0.1 s on one worker are not out of time after 1.2 s."""
    body = threading_wait
    assert run(body, [0.1] * 16, workers=1, chunk_size=16, timeout=1.2) == [False] * 16


def threading_wait(seconds):
    """An item that takes a while."""
    return threading.Event().wait(seconds)


def test_a_timeout_names_the_item_within_its_chunk(run):
    """Not the chunk."""
    with pytest.raises(TaskTimeout) as caught:
        run(jobs.hang_at, range(8), 5, chunk_size=8, timeout=0.3, workers=1)
    assert caught.value.item == 5


def test_two_items_out_of_time_raise_the_first(run):
    """In loop order, as ever."""

    def body(x):
        return threading.Event().wait(None if x in (1, 2) else 0)

    with pytest.raises(TaskTimeout) as caught:
        run(body, range(4), timeout=0.3)
    assert caught.value.item == 1


def test_a_later_hang_does_not_hold_up_an_earlier_error(run):
    """Nothing behind the first error matters, so nobody waits for it."""

    def body(x):
        if x == 0:
            raise KeyError("first")
        threading.Event().wait()

    with pytest.raises(KeyError):
        run(body, range(2))
    assert run(jobs.double, [1]) == [2]


def test_a_function_that_cannot_travel(run):
    """Nothing runs; the message names the function."""
    lock = threading.Lock()
    with pytest.raises(NotPicklableError, match=r"<lambda>\(\) cannot be sent"):
        run(lambda x: lock, [1, 2])
    with pytest.raises(NotPicklableError):
        run(jobs.same, [1, 2], lock)


def test_an_item_that_cannot_travel_is_named(run):
    """Those in front of it have run, as in the plain loop."""
    lock = threading.Lock()
    for size in (1, 3, 10):
        with pytest.raises(NotPicklableError, match="item 4") as caught:
            run(jobs.same, [0, 1, 2, 3, lock, 5, 6], chunk_size=size)
        assert caught.value.item == 4


def test_an_earlier_error_beats_an_item_that_cannot_travel(run):
    """Errors are the loop's errors."""
    for size in (1, 2, 10):
        with pytest.raises(ValueError, match="bad item"):
            run(jobs.fail_at, [0, 1, threading.Lock(), 3], frozenset({1}), chunk_size=size)


def test_an_item_that_cannot_be_read_on_arrival(run):
    """An error with a reason, and the worker lives on."""
    with pytest.raises(NotPicklableError, match="cannot be made here") as caught:
        run(jobs.same, [jobs.Unloadable(), 2])
    assert caught.value.item == 0
    assert run(jobs.double, [1]) == [2]


def test_a_result_that_cannot_travel_is_named(run):
    """And what came before it is not lost: an earlier error would be raised instead."""

    def body(x):
        return threading.Lock() if x == 3 else x

    for size in (1, 2, 10):
        with pytest.raises(NotPicklableError, match=r"item 3 .*cannot be sent back") as caught:
            run(body, range(6), chunk_size=size)
        assert caught.value.item == 3


def test_a_result_that_cannot_be_read_on_arrival(run):
    """An error, not a hang; and the worker lives on."""
    with pytest.raises(NotPicklableError, match="cannot be made here"):
        run(returns_unloadable, [1, 2])
    assert run(jobs.double, [1]) == [2]


def returns_unloadable(x):
    """Its result pickles, but cannot be unpickled."""
    return jobs.Unloadable()


def test_an_exception_that_cannot_travel_keeps_its_type(run):
    """With a repr in place of what cannot."""

    def body(x):
        raise jobs.Holder("held", threading.Lock())

    with pytest.raises(jobs.Holder, match="held"):
        run(body, [1, 2])


def test_exceptions_keep_type_args_and_chain(run):
    """What the function raises arrives unchanged."""

    def body(x):
        try:
            {}["key"]
        except KeyError as error:
            raise jobs.TwoArguments(x, reason="why") from error

    with pytest.raises(jobs.TwoArguments) as caught:
        run(body, [7, 8])
    assert caught.value.args == ("[7] why",)
    assert caught.value.code == 7
    assert isinstance(caught.value.__cause__, KeyError)
    assert "clustrix: item 0 (x=7)" in caught.value.__notes__[0]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, StopIteration, GeneratorExit])
def test_exceptions_that_are_not_errors_arrive_too(run, kind):
    """As in the plain loop; the workers live on."""

    def body(x):
        raise kind

    with pytest.raises(kind):
        run(body, [1, 2])
    assert run(jobs.double, [1]) == [2]


@pytest.mark.parametrize("size", [10, 1 << 20, 8 << 20])
def test_arrays_of_any_size_come_and_go(run, size):
    """What comes back is writable, and belongs to nobody else."""
    numpy = pytest.importorskip("numpy")
    items = [numpy.full(size, i, dtype="u1") for i in range(3)]
    results = run(lambda a: a + 1, items)
    for i, result in enumerate(results):
        assert result.shape == (size,)
        assert (result == i + 1).all()
        result += 1
    assert all((item == i).all() for i, item in enumerate(items)), "the originals stay"


def test_an_item_is_writable_in_the_worker(run):
    """As it is in the plain loop; the caller's own is left alone."""
    numpy = pytest.importorskip("numpy")

    def add_in_place(array):
        array += 1
        return array

    items = [numpy.zeros(1 << 19) for _ in range(3)]
    assert all((result == 1).all() for result in run(add_in_place, items))
    assert all((item == 0).all() for item in items)


def test_more_arrays_than_descriptors_in_a_frame(run):
    """A chunk of two hundred big arrays."""
    numpy = pytest.importorskip("numpy")
    items = [numpy.full(1 << 18, i % 251, dtype="u1") for i in range(200)]
    assert run(lambda a: int(a[-1]), items, chunk_size=100) == [i % 251 for i in range(200)]
    assert [int(a[0]) for a in run(jobs.same, items, chunk_size=100)] == [
        i % 251 for i in range(200)
    ]


def test_arrays_of_changing_sizes_leave_little_mapped(run):
    """A long run of loops needs no more and more memory in the caller."""
    numpy = pytest.importorskip("numpy")

    def mapped():
        with open("/proc/self/maps") as file:
            return sum("memfd:clustrix" in line for line in file)

    before = mapped()
    for turn in range(10):
        size = 1 << (18 if turn % 2 else 22)
        arrays = run(lambda x, size=size: numpy.zeros(size, "u1"), range(32), chunk_size=16)
        assert {array.size for array in arrays} == {size}
    del arrays
    assert mapped() - before <= 128


def test_a_batch_comes_back_joined(run, engines):
    """Lists are joined in loop order."""
    call = call_of(sorted, [3, 1, 2, 9, 7, 8])._replace(batched=True)
    plan = plan_of("processes", 2, 3)
    assert execute(call, plan, engines.get("processes")) == [1, 2, 3, 7, 8, 9]


def test_workers_are_where_the_caller_is(run, tmp_path, monkeypatch):
    """Working directory, environment and arguments, as they are at the call."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTRIX_TEST_VALUE", "seen")
    seen = run(lambda x: (os.getcwd(), os.environ.get("CLUSTRIX_TEST_VALUE")), [1, 2])
    assert seen == [(str(tmp_path), "seen")] * 2
    monkeypatch.delenv("CLUSTRIX_TEST_VALUE")
    assert run(lambda x: os.environ.get("CLUSTRIX_TEST_VALUE"), [1, 2]) == [None, None]


def test_what_a_worker_watches_looks_as_it_does_here(run):
    """`os.chdir` and others say there when they are called, and show it to nobody."""

    def look(_):
        import inspect

        told = os.chdir, os.putenv, sys.setrecursionlimit, sys.set_int_max_str_digits
        return [(one.__name__, one.__doc__, str(inspect.signature(one))) for one in told]

    assert run(look, [1]) == [look(1)]


def test_an_item_runs_in_the_main_thread_and_sees_no_other(run):
    """As in the plain loop; a worker that has not loaded `threading` is no exception."""

    def body(x):
        import threading

        return threading.current_thread() is threading.main_thread(), threading.active_count()

    assert run(body, [1, 2]) == [(True, 1)] * 2


def test_an_inner_loop_knows_that_it_is_inside(run):
    """Workers do not start workers of their own."""

    def body(x):
        from clustrix.execution import this_machine

        return this_machine().inside_worker

    assert run(body, [1, 2]) == [True, True]


def test_loops_in_several_threads_share_the_pool(engines):
    """More loops at once than workers: none waits for another for ever."""
    results = {}

    def loop(k):
        call = call_of(jobs.double, range(k, k + 10))
        results[k] = execute(call, plan_of("processes", 2, 3), engines.get("processes"))

    threads = [threading.Thread(target=loop, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert results == {k: [2 * i for i in range(k, k + 10)] for k in range(6)}


def test_a_loop_inside_a_loop_on_the_same_pool(engines):
    """A consumer that runs a loop for each outcome of another one."""
    engine = engines.get("processes")
    outer = engine.run(call_of(jobs.same, ()), plan_of("processes", 2), iter_chunks(list(range(6))))
    seen = {}
    for outcome in outer:
        inner = execute(call_of(jobs.double, outcome.values), plan_of("processes", 2), engine)
        seen[outcome.start] = inner
    assert seen == {i: [2 * i] for i in range(6)}


def iter_chunks(items):
    """Chunks of one."""
    from clustrix.execution.chunking._chunks import cut

    return cut(items, 1)


def test_closing_a_loop_half_way_frees_its_workers(engines):
    """The rest is not run, and the pool serves the next loop."""
    engine = engines.get("processes")
    outcomes = engine.run(call_of(jobs.same, ()), plan_of("processes", 2), iter_chunks(range(1000)))
    next(outcomes)
    outcomes.close()
    assert execute(call_of(jobs.double, [4, 5]), plan_of("processes", 2), engine) == [8, 10]


def test_no_more_workers_than_asked_for(run):
    """``max_workers=1`` is one process, though the pool keeps two."""
    assert len(set(run(jobs.pid, range(12), workers=1))) == 1


def test_workers_that_die_before_they_begin_are_not_an_items_fault(engines, monkeypatch):
    """An interpreter that cannot start gives an error, not an endless row of attempts."""
    from clustrix.execution.workers import _birth

    start = _birth.start_interpreter
    monkeypatch.setattr(
        _birth,
        "start_interpreter",
        lambda code, handles: start("raise SystemExit(9); main", handles),
    )
    fresh = Engines(2)
    try:
        with pytest.raises(WorkerDied, match="before they began") as caught:
            execute(call_of(jobs.same, [1, 2]), plan_of("processes"), fresh.get("processes"))
        assert caught.value.exitcode == 9
        assert caught.value.item is None
    finally:
        fresh.close()


@pytest.mark.parametrize("fails", [False, True])
def test_workers_start_at_once_and_leave_threads_their_turns(monkeypatch, fails):
    """Whoever starts them waits for no thread that computes; then all is as it was."""
    from clustrix.execution.workers import _birth

    start, usual, seen = _birth.start_interpreter, sys.getswitchinterval(), []

    def started(code, handles):
        seen.append(sys.getswitchinterval())
        if fails:
            raise OSError("no more processes")
        return start(code, handles)

    monkeypatch.setattr(_birth, "start_interpreter", started)
    fresh = Engines(1)
    try:
        engine = fresh.processes(1)
        if fails:  # who needs one says why there is none
            with pytest.raises(OSError, match="no more"):
                execute(call_of(jobs.same, [1, 2]), plan_of("processes"), engine)
    finally:
        fresh.close()
    assert seen[0] < usual
    assert sys.getswitchinterval() == usual


def open_files():
    """How many descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))


def children():
    """Processes that this one has started and not reaped."""
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return set(text.split())


@pytest.mark.parametrize("story", ["values", "arrays", "errors", "deaths", "timeouts", "nothing"])
def test_a_closed_pool_leaves_nothing_behind(story):
    """No descriptor, no process, whatever has happened on it."""
    numpy = pytest.importorskip("numpy")
    files, processes = open_files(), children()
    fresh = Engines(2)
    engine = fresh.get("processes")
    array = numpy.zeros(1 << 20, "u1")
    stories = {
        "nothing": (None, None, ()),
        "values": (jobs.double, None, ()),
        "arrays": (lambda x: array, None, ()),
        "errors": (jobs.fail_at, ValueError, (frozenset({3}),)),
        "deaths": (jobs.leave, WorkerDied, (3, 1)),
        "timeouts": (jobs.hang_at, TaskTimeout, (3,)),
    }
    function, error, args = stories[story]
    if function is not None:
        call = call_of(function, range(8), *args)
        plan = plan_of("processes", 2, 2, timeout=0.5 if story == "timeouts" else None)
        if error is None:
            execute(call, plan, engine)
        else:
            with pytest.raises(error):
                execute(call, plan, engine)
    fresh.close()
    assert open_files() == files
    assert children() == processes


def test_a_closed_pool_refuses(engines):
    """Instead of starting workers that nobody would end."""
    fresh = Engines(1)
    engine = fresh.get("processes")
    assert execute(call_of(jobs.double, [1]), plan_of("processes"), engine) == [2]
    fresh.close()
    with pytest.raises(RuntimeError, match="shut down"):
        execute(call_of(jobs.double, [1]), plan_of("processes"), engine)
    with pytest.raises(RuntimeError, match="shut down"):
        fresh.get("serial")


def test_an_owner_that_is_forgotten_takes_its_workers_along():
    """No `close`, no leak."""
    fresh = Engines(1)
    (pid,) = execute(call_of(jobs.pid, [1]), plan_of("processes"), fresh.get("processes"))
    assert not gone(pid)
    del fresh
    assert gone(pid)


def test_repeated_loops_hold_no_more_and_more(run):
    """A hundred loops with different functions, the same number of descriptors."""
    run(jobs.double, range(4))
    files = open_files()
    for i in range(60):
        assert run(lambda x, i=i: x + i, [1, 2]) == [1 + i, 2 + i]
    assert open_files() == files


@pytest.mark.parametrize(("workers", "lanes", "threads"), [(1, 2, 2), (2, None, 2), (4, 4, 1)])
def test_numerical_libraries_share_the_processors_with_the_caller(
    monkeypatch, workers, lanes, threads
):
    """Where that computes, too, it counts as one of those who do."""
    monkeypatch.setattr(_processes, "available_cpus", lambda: 4)
    engine, call = ProcessEngine(Pool(2)), call_of(jobs.double, range(4))
    loop = engine.loop(call, Plan("processes", workers), Schedule(call, ()), lanes)
    assert loop.context["blas"] == str(threads)
