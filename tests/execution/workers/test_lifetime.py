"""From start to end of a program: nothing is left behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.scripts import SECONDS, environment, output_of, run_script, soon, start_script

ENGINES = ["serial", "threads", "processes"]


def gone(pid):
    """Whether a process has ended; one that nobody has reaped yet has ended, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def files_in(folder, count):
    """The worker pids that hanging items have left, once there are so many."""
    assert soon(lambda: len(list(folder.glob("*.pid"))) >= count)
    return [int(path.read_text()) for path in folder.glob("*.pid")]


HANGING = """
    import os, pathlib, sys, threading
    from clustrix import parallel

    @parallel(loop_var="x", executor={engine!r}, max_workers=2, chunk_size=1)
    def body(x):
        path = pathlib.Path("pids")
        (path / f"{{x}}.part").write_text(str(os.getpid()))
        (path / f"{{x}}.part").rename(path / f"{{x}}.pid")
        {hang}

    body(range(8))
"""
HANGS = {
    "in Python": "threading.Event().wait()",
    "in a system call": "os.read(os.pipe()[0], 1)",
    "in a busy loop": "\n        while True: pass",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_that_ends_ends(engine, tmp_path):
    """Status 0, and nothing on standard error."""
    program = f"""
        from clustrix import parallel

        @parallel(loop_var="x", executor={engine!r}, max_workers=2)
        def body(x):
            return x

        print(body(range(10)))
    """
    assert output_of(program, tmp_path, "file", "-X", "dev", "-W", "error") == (
        f"{list(range(10))}\n"
    )


def test_workers_end_with_the_program(tmp_path):
    """They do not wait for their idle time."""
    program = """
        import os
        from clustrix import parallel

        pids = parallel(lambda x: os.getpid(), executor="processes", max_workers=2, chunk_size=1)
        print(*set(pids(range(10))))
    """
    pids = [int(pid) for pid in output_of(program, tmp_path).split()]
    assert pids
    assert soon(lambda: all(gone(pid) for pid in pids))


def test_an_executor_that_was_not_closed(tmp_path):
    """Forgotten, alive at the end, or in the middle of an iteration."""
    program = """
        from clustrix import LocalExecutor

        kept = LocalExecutor(max_workers=2)
        print(kept.execute_loop_parallel(lambda x: x + 1, "x", range(4)))
        LocalExecutor(max_workers=1).execute_loop_parallel(abs, "x", [1, 2], position=0)
    """
    assert output_of(program, tmp_path, "file", "-X", "dev", "-W", "error") == "[1, 2, 3, 4]\n"


@pytest.mark.parametrize("how", ["sys.exit(3)", "os._exit(3)"])
def test_a_program_that_leaves_early(how, tmp_path):
    """Its status is its own, and its workers go with it."""
    program = f"""
        import os, sys
        from clustrix import parallel

        pids = parallel(lambda x: os.getpid(), executor="processes", max_workers=2, chunk_size=1)
        print(*set(pids(range(10))), flush=True)
        {how}
    """
    done = run_script(program, tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert soon(lambda: all(gone(int(pid)) for pid in done.stdout.split()))


def test_shared_memory_has_no_name(tmp_path):
    """Big arrays come and go through memory that nobody could leave behind."""
    pytest.importorskip("numpy")
    program = """
        import numpy, os
        from pathlib import Path
        from clustrix import LocalExecutor

        def named(pid):
            return [line for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
                    if "/dev/shm" in line or "SYSV" in line]

        with LocalExecutor(max_workers=2) as executor:
            arrays = [numpy.zeros(1 << 20) for _ in range(4)]
            got = executor.execute_loop_parallel(lambda a: (a + 1, os.getpid()), "a", arrays)
            assert all((a == 1).all() for a, _ in got)
            print([named(pid) for pid in {os.getpid(), *(pid for _, pid in got)}])
    """
    assert "[[], [], []]" in output_of(program, tmp_path)


@pytest.mark.parametrize("hang", HANGS)
def test_a_program_that_is_killed_takes_its_workers_along(hang, tmp_path):
    """Whatever they are doing: SIGKILL leaves the parent no last word."""
    (tmp_path / "pids").mkdir()
    parent = start_script(HANGING.format(engine="processes", hang=HANGS[hang]), tmp_path)
    try:
        pids = files_in(tmp_path / "pids", 2)
    finally:
        parent.kill()
        parent.communicate()
    assert soon(lambda: all(gone(pid) for pid in pids))


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_ends_the_loop(engine, tmp_path):
    """`KeyboardInterrupt` where the loop was called, and no worker left."""
    (tmp_path / "pids").mkdir()
    parent = start_script(HANGING.format(engine=engine, hang=HANGS["in Python"]), tmp_path)
    try:
        pids = files_in(tmp_path / "pids", 1 if engine == "serial" else 2)
        parent.send_signal(signal.SIGINT)
        _, errors = parent.communicate(timeout=SECONDS)
    finally:
        parent.kill()
        parent.wait()
    assert parent.returncode in (-signal.SIGINT, 130)
    assert "KeyboardInterrupt" in errors
    assert "Exception ignored" not in errors
    assert soon(lambda: all(gone(pid) for pid in pids))


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_a_program_may_go_on_after_ctrl_c(engine, tmp_path):
    """It catches the interrupt, and the next loop runs."""
    (tmp_path / "pids").mkdir()
    source = HANGING.format(engine=engine, hang=HANGS["in Python"]).replace(
        "    body(range(8))\n",
        f"""    try:
        body(range(8))
    except KeyboardInterrupt:
        again = parallel(lambda x: x + 1, executor={engine!r}, max_workers=2)
        print(again(range(4)))
""",
    )
    parent = start_script(source, tmp_path)
    try:
        files_in(tmp_path / "pids", 2)
        parent.send_signal(signal.SIGINT)
        out, errors = parent.communicate(timeout=SECONDS)
    finally:
        parent.kill()
        parent.wait()
    assert (parent.returncode, out, errors) == (0, "[1, 2, 3, 4]\n", "")


def test_ctrl_c_in_a_terminal_reaches_the_caller_alone(tmp_path):
    """A whole process group gets the signal; workers are not in it and print no tracebacks."""
    (tmp_path / "pids").mkdir()
    source = HANGING.format(engine="processes", hang=HANGS["in Python"])
    program = "import os\nos.setpgrp()\n" + source.replace("\n    ", "\n")
    parent = start_script(program, tmp_path)
    try:
        files_in(tmp_path / "pids", 2)
        os.killpg(parent.pid, signal.SIGINT)
        _, errors = parent.communicate(timeout=SECONDS)
    finally:
        parent.kill()
        parent.wait()
    assert errors.count("KeyboardInterrupt") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_workers_of_its_own(tmp_path):
    """It does not talk to its parent's, and its end does not end them."""
    program = """
        import os, warnings
        from clustrix import parallel

        warnings.simplefilter("ignore")
        body = parallel(lambda x: (os.getpid(), x), executor="processes", max_workers=2)
        first = body(range(4))
        child = os.fork()
        values = body(range(4))
        assert [x for _, x in values] == [0, 1, 2, 3]
        if child == 0:
            assert not {pid for pid, _ in values} & {pid for pid, _ in first}
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0
        assert [x for _, x in body(range(4))] == [0, 1, 2, 3]
        print("done")
    """
    assert output_of(program, tmp_path) == "done\n"


def test_a_program_with_closed_standard_streams(tmp_path):
    """Daemons have none."""
    program = """
        import os, sys
        from clustrix import parallel

        for handle in (0, 1, 2):
            os.close(handle)
        body = parallel(lambda x: x + 1, executor="processes", max_workers=2)
        result = body(range(4))
        with open("result", "w") as file:
            file.write(repr(result))
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "result").read_text() == "[1, 2, 3, 4]"


def test_prints_of_workers_arrive(tmp_path):
    """Before the call returns, on the program's own standard output."""
    program = """
        from clustrix import parallel

        @parallel(loop_var="x", executor="processes", max_workers=2, chunk_size=2)
        def body(x):
            print("item", x)

        body(range(4))
        print("end", flush=True)
    """
    lines = output_of(program, tmp_path).splitlines()
    assert sorted(lines[:-1]) == [f"item {i}" for i in range(4)]
    assert lines[-1] == "end"
