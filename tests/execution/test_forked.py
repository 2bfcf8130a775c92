"""Where a program goes on in another process, or behind its end, loops go on, too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.scripts import output_of

PROGRAM = """
    import atexit, os, sys, threading, time, types
    from clustrix import LocalExecutor, parallel

    def square(x):
        for _ in range(50_000):
            pass
        return x * x

    def wait(x):
        time.sleep(0.001)
        return x * x

    squares = [x * x for x in range(60)]
"""

# Python 3.12 and newer warn of forks beside threads.
QUIETLY = ("file", "-W", "ignore::DeprecationWarning")

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@FORKS
@pytest.mark.parametrize("engine", ["threads", "processes", "auto"])
@pytest.mark.parametrize("item", ["square", "wait"])
def test_a_forked_child_has_lanes_of_its_own(tmp_path: Path, engine: str, item: str) -> None:
    """Those of its parent are not there; neither waits for the other's."""
    source = f"""
    shared = parallel(executor={engine!r}, max_workers=2)({item})
    print(shared(range(60)) == squares, flush=True)
    for _ in range(2):
        if (child := os.fork()) == 0:
            print(shared(range(60)) == squares, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    print(shared(range(60)) == squares)
    """
    assert output_of(PROGRAM + source, tmp_path, *QUIETLY).split() == ["True"] * 4


@FORKS
def test_a_child_that_is_forked_while_lanes_run_has_none(tmp_path: Path) -> None:
    """Nobody asks for the time that threads of its parent have used."""
    source = """
    begun, over = threading.Event(), threading.Event()

    @parallel(executor="threads", max_workers=2)
    def hold(x):
        begun.set()
        over.wait()

    holder = threading.Thread(target=hold, args=(range(4),))
    holder.start()
    begun.wait()
    if (child := os.fork()) == 0:
        print(parallel(square)(range(60)) == squares, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    over.set()
    holder.join()
    """
    assert output_of(PROGRAM + source, tmp_path, *QUIETLY) == "True\n"


@pytest.mark.parametrize("options", ["", "executor='threads'", "executor='processes'"])
def test_exit_handlers_run_loops(tmp_path: Path, options: str) -> None:
    """Registered before the first loop, so that they run when its workers have ended."""
    source = f"""
    shared = parallel({options})(square)

    @atexit.register
    def last():
        print(shared(range(60)) == squares)

    print(shared(range(60)) == squares)
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True", "True"]


@pytest.mark.parametrize("threads", [True, False, None])
def test_submitted_tasks_outlive_the_name_of_their_executor(
    tmp_path: Path, threads: object
) -> None:
    """As they do in the standard library."""
    source = f"""
    def submitted():
        executor = LocalExecutor(max_workers=2, use_threads={threads})
        return [executor.submit(square, x) for x in range(20)]

    print([future.result() for future in submitted()] == squares[:20])
    """
    assert output_of(PROGRAM + source, tmp_path) == "True\n"


@pytest.mark.parametrize("options", ["", "executor='processes', max_workers=2, chunk_size=1"])
def test_a_module_that_workers_cannot_import_goes_along(tmp_path: Path, options: str) -> None:
    """Also with the chunks that had left before that was known."""
    source = f"""
    module = types.ModuleType("in_memory")
    sys.modules["in_memory"] = module
    code = "def scaled(x):\\n for _ in range(20_000): pass\\n return x * FACTORS[0]\\nFACTORS = [3]"
    exec(code, vars(module))
    for _ in range(2):
        print(parallel({options})(module.scaled)(range(60)) == [3 * x for x in range(60)])
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True", "True"]


@pytest.mark.parametrize("options", ["", "executor='processes'"])
def test_a_program_without_standard_streams_has_workers(tmp_path: Path, options: str) -> None:
    """As those have that a system starts in the background."""
    source = f"""
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr = None
    print(parallel({options})(square)(range(60)) == squares, file=out)
    """
    assert output_of(PROGRAM + source, tmp_path) == "True\n"


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_threads_that_are_there_do_what_more_would_have_done(tmp_path: Path, count: int) -> None:
    """The system gives no more of them."""
    source = f"""
    ways = "_start_joinable_thread", "_start_new_thread"  # the first since Python 3.13
    name = next(one for one in ways if hasattr(threading, one))
    start, left = getattr(threading, name), [{count}]

    def limited(*given, **named):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        return start(*given, **named)

    setattr(threading, name, limited)
    print(parallel(wait)(range(60)) == squares)
    """
    assert output_of(PROGRAM + source, tmp_path) == "True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors")
def test_a_worker_that_cannot_be_started_leaves_no_descriptor(tmp_path: Path) -> None:
    """Time and again, whichever of those that it needs is the one that is missing."""
    source = """
    import resource
    held = []

    def is_open(number):
        try:
            os.fstat(number)
        except OSError:
            return False
        return True

    def opened():
        return sum(map(is_open, range(60)))

    parallel(executor="processes", max_workers=1, timeout=50)(abs)([-1])  # what stays open is open
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    while opened() < 60:
        held.append(os.open(os.devnull, os.O_RDONLY))
    for _ in range(8):
        before = opened()
        for _ in range(3):
            with LocalExecutor(max_workers=1, use_threads=False) as executor:
                try:
                    executor.execute_loop_parallel(abs, "x", [1, 2], position=0)
                except OSError:
                    pass
        print(opened() == before)
        os.close(held.pop())
    """
    assert set(output_of(PROGRAM + source, tmp_path).split()) == {"True"}
