"""A worker is where the caller is: modules, globals, keys, limits, flags."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import textwrap
import time
import types
from pathlib import Path
from typing import Any

import pytest

from clustrix import LocalExecutor, NotPicklableError
from tests.scripts import output_of, run_script

LIMITS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]


@pytest.fixture(scope="module")
def executor() -> Any:
    """Two worker processes for the whole file."""
    with LocalExecutor(max_workers=2) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: Any) -> Any:
    """Writes importable modules, and forgets them afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(**sources: str) -> list[types.ModuleType]:
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return [__import__(name) for name in sources]

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def environment(_: int) -> dict[str, str]:
    """What the worker's environment holds."""
    return dict(os.environ)


def test_blas_gets_the_cpu_share_of_a_worker(executor, monkeypatch):
    """Two workers on two processors must not start four threads each."""
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    share = str(max(1, len(os.sched_getaffinity(0)) // 2))
    for seen in executor.execute_loop_parallel(environment, "_", range(2)):
        assert [seen[name] for name in LIMITS] == [share] * 3


def test_what_the_user_said_of_blas_stands(executor, monkeypatch):
    """A limit in the environment is the user's own."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    seen = executor.execute_loop_parallel(environment, "_", range(2))
    assert [found["OMP_NUM_THREADS"] for found in seen] == ["7", "7"]


def test_environment_changes_are_seen_by_the_next_loop(executor, monkeypatch):
    """Set, changed and removed."""
    for value in ("one", "two", None):
        if value is None:
            monkeypatch.delenv("CLUSTRIX_TEST")
        else:
            monkeypatch.setenv("CLUSTRIX_TEST", value)
        seen = executor.execute_loop_parallel(environment, "_", range(2))
        assert [found.get("CLUSTRIX_TEST") for found in seen] == [value, value]


def hour(change: bool) -> int:
    """When the epoch began, on the clock on the wall; an item may change its zone."""
    if change:
        os.environ["TZ"] = "XYZ+5"
        time.tzset()
    return time.localtime(0).tm_hour


@pytest.mark.filterwarnings("ignore::clustrix.errors.SharedStateWarning")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="zones cannot be changed here")
def test_the_time_zone_is_that_of_the_caller(executor, monkeypatch):
    """Once `time.tzset` has been called, not before; what an item changes is its own."""
    run = executor.execute_loop_parallel
    try:
        for zone in ("ABC-9", "ABC+3", "ABC-9"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert run(hour, "change", [False] * 4) == [hour(False)] * 4
        assert run(hour, "change", [False, True] * 3, chunk_size=1) == [9, 19] * 3
    finally:
        monkeypatch.undo()
        time.tzset()


def test_proxies_of_a_manager_work(executor):
    """The key with which they introduce themselves travels along."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        shared = manager.dict()

        def put(x: int) -> None:
            shared[x] = x * x

        executor.execute_loop_parallel(put, "x", range(4))
        assert dict(shared) == {0: 0, 1: 1, 2: 4, 3: 9}


def test_what_can_only_be_inherited_says_so(executor):
    """A raw queue of multiprocessing is no argument."""
    raw = multiprocessing.get_context("spawn").Queue()
    with pytest.raises(NotPicklableError, match="inheritance"):
        executor.execute_loop_parallel(lambda x: raw.put(x), "x", range(4))
    raw.close()


def test_globals_changed_at_run_time_are_seen(executor, project):
    """In the function's module, in a helper's, in a settings module, in a class."""
    settings, helpers, jobs = project(
        settings="""
            K = 1
            REGISTRY = {}
            class Level:
                value = 1
        """,
        helpers="""
            from settings import REGISTRY, Level
            import settings
            TABLE = [1]
            def shift(x):
                return x + settings.K + len(TABLE) + Level.value + REGISTRY.get("more", 0)
        """,
        jobs="""
            import helpers
            FACTOR = 1
            def work(x):
                return FACTOR * helpers.shift(x)
        """,
    )

    def check() -> None:
        expected = [jobs.work(x) for x in range(4)]
        assert executor.execute_loop_parallel(jobs.work, "x", range(4)) == expected

    check()
    settings.K = 10
    check()
    settings.REGISTRY["more"] = 100
    check()
    helpers.TABLE.append(2)
    check()
    settings.Level.value = 1000
    check()
    jobs.FACTOR = 3
    check()
    settings.K, jobs.FACTOR = 1, 1
    settings.REGISTRY.clear()
    check()


def test_what_was_not_changed_stays_the_very_object(executor, project):
    """A sentinel that a module compares by identity must not be replaced by its copy."""
    (jobs,) = project(
        jobs2="""
            MISSING = object()
            def is_missing(x, default=MISSING):
                return default is MISSING
        """
    )
    assert executor.execute_loop_parallel(jobs.is_missing, "x", range(4)) == [True] * 4


def test_a_redefined_function_is_the_new_one(executor):
    """The same name, the same place, other code, closure or globals."""
    results = []
    for factor in (2, 3):

        def work(x: int, factor: int = factor) -> int:
            return x * factor

        results.append(executor.execute_loop_parallel(work, "x", range(3)))
    assert results == [[0, 2, 4], [0, 3, 6]]


def test_code_that_workers_cannot_import_travels_by_value(executor):
    """A module that exists in memory only, with classes of its own on the way back."""
    module = types.ModuleType("only_in_memory")
    sys.modules["only_in_memory"] = module
    source = """
    STEP = 1
    class Box:
        def __init__(self, value): self.value = value
        def __eq__(self, other): return self.value == other.value
    def box(x): return Box(x + STEP)
    """
    exec(textwrap.dedent(source), module.__dict__)
    try:
        made = executor.execute_loop_parallel(module.box, "x", range(4))
        assert made == [module.box(x) for x in range(4)]
        module.STEP = 5
        assert executor.execute_loop_parallel(module.box, "x", range(4))[0].value == 5
    finally:
        del sys.modules["only_in_memory"]


def test_flags_and_warning_options_are_those_of_the_caller(tmp_path):
    """Asserts are off where the caller's are; warnings are errors where they are errors."""
    program = """
        import sys
        from clustrix import LocalExecutor

        with LocalExecutor(max_workers=1) as executor:
            args = [{"args": (0,)}, {"args": (1,)}]
            print(executor.execute_parallel(lambda x: (sys.flags.optimize, sys.warnoptions), args))
    """
    assert output_of(program, tmp_path, "file", "-O", "-W", "error::BytesWarning") == (
        "[(1, ['error::BytesWarning']), (1, ['error::BytesWarning'])]\n"
    )


def test_the_stacks_of_workers_can_be_seen(tmp_path):
    """A method prints them on standard error, while the worker is stuck in C code."""
    program = """
        import re, sys, threading, time
        from pathlib import Path
        from clustrix import LocalExecutor

        def stuck_in_the_matcher(x):
            Path("started").touch()
            return re.match("(a+)+$", "a" * 40 + "b")

        executor = LocalExecutor(max_workers=1)
        def ask():
            while not Path("started").exists():
                time.sleep(0.01)
            executor.show_stacks()
        threading.Thread(target=ask).start()
        try:
            executor.execute_loop_parallel(stuck_in_the_matcher, "x", [1, 2], timeout=3)
        except TimeoutError:
            print("out of time")
    """
    done = run_script(program, tmp_path)
    assert done.stdout == "out of time\n"
    assert "stuck_in_the_matcher" in done.stderr


def test_a_timeout_ends_c_code_that_holds_the_gil(executor):
    """Python in that process has no say any more; the kernel has."""
    import re

    def work(x: int) -> Any:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGALRM})
        return re.match("(a+)+$", "a" * 40 + "b") if x == 1 else x

    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        executor.execute_loop_parallel(work, "x", range(3), chunk_size=1, timeout=0.5)
    assert caught.value.item == 1
    assert time.monotonic() - start < 30  # the matcher would take hours


def test_state_that_cannot_be_carried_keeps_the_loop_here(project):
    """A module's live object would be a new and empty one in a worker; a lock is as good new."""
    (jobs,) = project(
        jobs3="""
            import threading
            LOCK = threading.Lock()
            class Client:
                def __init__(self): self.seen, self.guard = [], threading.Lock()
            CLIENT = Client()
            def with_lock(x):
                with LOCK:
                    return x
            def with_client(x):
                return (x, len(CLIENT.seen))
        """
    )
    jobs.CLIENT.seen.append("since the import")
    with LocalExecutor(max_workers=2, use_threads=None) as executor:
        plan = executor.explain_loop_parallel(jobs.with_client, "x", range(4))
        assert plan.engine == "threads"
        assert plan.findings[0].code == "PK108"
        assert "jobs3.CLIENT.guard" in str(plan)
        assert executor.execute_loop_parallel(jobs.with_client, "x", range(4))[0] == (0, 1)
        plan = executor.explain_loop_parallel(jobs.with_lock, "x", range(4))
        assert plan.engine == "processes"
