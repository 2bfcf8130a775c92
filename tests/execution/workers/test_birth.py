"""How worker processes begin: with what they shall have, and with nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from clustrix import LocalExecutor
from clustrix.execution.workers import _birth
from clustrix.execution.workers._birth import Process, start_interpreter

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="there is no such call")

LOOKS = """
import os, signal, sys
def look(out):
    kept = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
    others = [name for name in kept if name != out and os.path.exists(f"/proc/self/fd/{name}")]
    alone = os.getsid(0) == os.getpid()
    default = signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
    empty = sys.stdin.read() == ""
    os.write(out, repr((others, alone, default, empty, sys.flags.optimize)).encode())
look"""


@pytest.fixture(params=["posix_spawn", "subprocess"])
def way(request, monkeypatch):
    """Both ways in which an interpreter is started."""
    if request.param == "subprocess":
        monkeypatch.setattr(_birth, "_spawned", lambda code, handles: None)
    return request.param


def said(code: str) -> tuple[str, Process]:
    """What a new interpreter writes to the descriptor that it gets."""
    out, theirs = os.pipe()
    process = start_interpreter(code, (theirs,))
    os.close(theirs)
    with open(out) as file:
        return file.read(), process


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are listed in /proc")
def test_it_has_what_it_is_given_and_nothing_else(way):
    """Descriptors that every child would inherit are closed; its session is its own."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        text, process = said(LOOKS)
        assert eval(text) == ([], True, True, True, sys.flags.optimize)
        assert process.wait(60) == 0
    finally:
        os.close(read)
        os.close(write)


def test_it_is_told_apart_how_it_ended(way):
    """A status, a signal, or that it still runs."""
    text, process = said("import os; (lambda out: (os.write(out, b'x'), os._exit(3)))")
    assert (text, process.wait(60), process.poll(), process.returncode) == ("x", 3, 3, 3)
    read, write = os.pipe()
    process = start_interpreter("import os; (lambda handle: os.read(handle, 1))", (read,))
    assert process.poll() is None
    assert process.wait(0) is None
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    process.kill()  # nobody is there any more, and nobody else is met
    os.close(read)
    os.close(write)


def test_what_somebody_else_has_reaped_has_ended():
    """As `subprocess` has it: nobody knows how."""
    _, process = said("(lambda out: None)")
    os.waitpid(process.pid, 0)
    assert process.wait(60) == 0


def test_flags_travel():
    """Those of this interpreter, by whichever way they are found out."""
    script = """
        import sys
        from clustrix.execution.workers import _birth
        loaded = "subprocess" in sys.modules
        print(_birth._flags(), loaded, "subprocess" in sys.modules)
    """

    def flags(*given: str, **environment: str) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        kept["PYTHONPATH"] = _birth.ROOT
        done: Any = subprocess.run(
            [sys.executable, *given, "-c", textwrap.dedent(script)],
            env={**kept, **environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()

    assert flags() == "[] False False"
    assert flags(PYTHONDONTWRITEBYTECODE="1") == "['-B'] False False"
    assert flags("-O", "-W", "error") == "['-O', '-Werror'] False True"
    assert flags("-X", "faulthandler") == "['-X', 'faulthandler'] False True"


@pytest.mark.parametrize("theirs", [{}, {"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": ""}])
def test_it_keeps_memory_unless_the_user_has_said_what_to_do(way, monkeypatch, theirs):
    """An environment that says something of the allocator is left as it is."""
    for name in [name for name in os.environ if name.startswith(("MALLOC_", "GLIBC_TUNABLES"))]:
        monkeypatch.delenv(name)
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    text, process = said("import os; (lambda out: os.write(out, repr(dict(os.environ)).encode()))")
    assert process.wait(60) == 0
    kept = {name: value for name, value in eval(text).items() if name.startswith("MALLOC_")}
    assert set(kept) - set(theirs) == (
        set() if theirs else {name.decode() for name in _birth._KEEP}
    )


def _allocator(x: int) -> dict[str, str]:
    """What an item sees of it."""
    return {name: value for name, value in os.environ.items() if name.startswith("MALLOC_")}


def test_items_see_their_callers_environment():
    """What a worker was started with is gone by then."""
    ours = _allocator(0)
    with LocalExecutor(max_workers=2, use_threads=False) as executor:
        assert executor.execute_loop_parallel(_allocator, "x", range(4)) == [ours] * 4
