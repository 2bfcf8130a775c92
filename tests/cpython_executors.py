"""Point CPython's own tests of executors at `LocalExecutor`.

    python tests/cpython_executors.py        needs an interpreter that ships its test package

The installed suite is used as it is; only the executor under test is exchanged, once with
processes and once with threads.  What is left out looks into the private parts of the standard
pools, or tests options that this executor does not have; each entry says which.
"""

from __future__ import annotations

import importlib
import sys
import unittest
from concurrent.futures import BrokenExecutor
from typing import Any

from clustrix import LocalExecutor, NotPicklableError

LEFT_OUT = {
    "test_interpreter_shutdown": "imports the executor by name from concurrent.futures",
    "test_submit_after_interpreter_shutdown": "imports the executor by name",
    "test_hang_gh83386": "imports the executor by name",
    "test_cancel_futures_wait_false": "tests ThreadPoolExecutor itself",
    "test_gh105829_should_not_deadlock_if_wakeup_pipe_full": "patches the standard manager thread",
    "test_shutdown_deadlock_pickle": "joins the standard manager thread",
}


class Processes(LocalExecutor):
    """The executor under test, made as the standard one is made."""

    def __init__(self, max_workers: int | None = None, mp_context: object = None) -> None:
        super().__init__(max_workers, use_threads=False)


class Threads(LocalExecutor):
    """The same with threads."""

    def __init__(self, max_workers: int | None = None) -> None:
        super().__init__(max_workers, use_threads=True)


class NoContext:
    """The standard suite runs its process tests once for each start method; here is one."""

    def get_context(self) -> None:
        """There is nothing to choose."""


def load() -> unittest.TestSuite:
    """The standard test classes, put on our executors."""
    package = "test.test_concurrent_futures"
    util = importlib.import_module(f"{package}.util")
    deadlock = importlib.import_module(f"{package}.test_deadlock")
    # A worker that dies breaks no pool here, so the errors are more precise than the standard's.
    deadlock.BrokenProcessPool = (BrokenExecutor, NotPicklableError)  # type: ignore[attr-defined]
    mixins: list[tuple[str, Any, list[str]]] = [
        ("executor", "ExecutorTest", ["Processes", "Threads"]),
        ("test_shutdown", "ExecutorShutdownTest", ["Processes", "Threads"]),
        ("test_wait", "WaitTests", ["Processes", "Threads"]),
        ("test_as_completed", "AsCompletedTests", ["Processes", "Threads"]),
        ("test_deadlock", "ExecutorDeadlockTest", ["Processes"]),
    ]
    suite = unittest.TestSuite()
    for module, mixin, executors in mixins:
        tests = getattr(importlib.import_module(f"{package}.{module}"), mixin)
        for name in executors:
            body = {"executor_type": globals()[name], "ctx": None} if name == "Processes" else {}
            body.setdefault("executor_type", globals()[name])
            bases = (NoContext, tests, util.ExecutorMixin, util.BaseTestCase)
            case = type(f"{name}{mixin}", bases, {**body, "__module__": __name__})
            globals()[case.__name__] = case
            names = unittest.defaultTestLoader.getTestCaseNames(case)
            suite.addTests(case(test) for test in names if test not in LEFT_OUT)
    return suite


if __name__ == "__main__":
    try:
        importlib.import_module("test.test_concurrent_futures.util")
    except ImportError:
        print("cpython executor tests: this interpreter does not ship them; nothing was run")
        sys.exit(0)
    result = unittest.TextTestRunner(verbosity=1).run(load())
    print(
        f"cpython executor tests: {result.testsRun} run, {len(result.skipped)} skipped, "
        f"{len(result.failures) + len(result.errors)} failed; left out: {len(LEFT_OUT)}"
    )
    sys.exit(not result.wasSuccessful())
