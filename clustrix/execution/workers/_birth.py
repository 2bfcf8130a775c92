"""How a worker process begins: a fresh interpreter, and what it shares with this one.

    socket pair ─ one end ──┐
    shared page ─ handle ───┼──> python -c "… main(socket, page, lifeline)", in a session of
    pipe ──────── read end ─┘    its own: Ctrl-C in the terminal reaches the caller alone

`posix_spawn` starts it.  To load `subprocess` takes 4 ms, and five times as long in a helper thread
whose caller computes: the workers of a program that calls once came up 20 ms later
(benchmarks/cold_start.py).  Where that call is not complete, `subprocess` does it.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Sequence

from clustrix.basis._native import signal
from clustrix.basis._typing import Any
from clustrix.execution.machine import _platform, _processors

__all__ = ["ROOT", "Newborn", "Process", "start_interpreter"]

# Between two looks whether a process has ended: at first, and at last.
SOON, LATER = 0.0005, 0.02

# With any of these set, what the new interpreter must be told is not simple.
_FLAGS = (
    *("debug", "inspect", "interactive", "optimize", "no_user_site", "no_site", "verbose"),
    *("ignore_environment", "bytes_warning", "quiet", "isolated", "dev_mode", "safe_path"),
)

# Signals that Python ignores, and other programs should not (as in `subprocess`).
_RESTORED = [number for name in ("SIGPIPE", "SIGXFSZ") if (number := getattr(signal, name, None))]

# glibc gives memory back when this much is free, and asks anew for blocks from this size on.  It
# comes to these figures by itself, with the first array of 32 MB that is freed; before that, an
# item that makes arrays of 1 MB may get new pages for each (benchmarks/gil_free.py: 2.9 ms so,
# 2.3 like this).  Users who know better have said so in their own environment.
_KEEP = {b"MALLOC_TRIM_THRESHOLD_": b"67108864", b"MALLOC_MMAP_THRESHOLD_": b"33554432"}
_SAID = (b"MALLOC_", b"GLIBC_TUNABLES")

# The folder that holds this package; pathlib would take 8 ms to load.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Process:
    """A child process; may be asked by several threads.

    Attributes:
        pid: its process id.
        returncode: as in `subprocess.Popen`; ``None`` while nobody has seen it end.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Reap it if it has ended; its status."""
        with self._lock:
            if self.returncode is None:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:  # somebody else has: what it was, nobody knows
                    self.returncode = 0
                else:
                    self.returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self.returncode

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end, or for so long; its status, ``None`` while it still runs."""
        end = None if seconds is None else time.monotonic() + seconds
        pause = SOON
        while (status := self.poll()) is None:
            if end is not None and (left := end - time.monotonic()) < pause:
                if left <= 0:
                    return None
                pause = left
            time.sleep(pause)
            pause = min(2 * pause, LATER)
        return status

    def kill(self) -> None:
        """End it at once, unless it has been reaped: then its id may be another's by now."""
        with self._lock:
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)


class _Elsewhere:
    """The same, as far as `subprocess` knows it."""

    def __init__(self, arguments: Sequence[str], handles: Sequence[int]) -> None:
        import subprocess

        self._expired = subprocess.TimeoutExpired
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            pass_fds=handles,
            start_new_session=True,
            env=_environment(),
        )
        self.pid, self.poll = self._process.pid, self._process.poll
        self.kill = self._process.kill

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    @returncode.setter
    def returncode(self, status: int) -> None:
        self._process.returncode = status

    def wait(self, seconds: float | None = None) -> int | None:
        try:
            return self._process.wait(seconds)
        except self._expired:
            return None


def start_interpreter(code: str, handles: Sequence[int]) -> Process:
    """Start a fresh interpreter like this one, with some descriptors open in it.

    It has the flags and warning options of this interpreter, the same standard output and
    error, and a session of its own: who started it decides what becomes of it.

    Args:
        code: what it runs, up to a function that is called with the descriptors' numbers there.
        handles: descriptors; they stay open here.
    """
    started = _spawned(code, handles)
    if started is not None:
        return started
    arguments = [sys.executable, *_flags(), "-c", f"{code}{tuple(handles)}"]
    return _Elsewhere(arguments, handles)  # type: ignore[return-value]


def _spawned(code: str, handles: Sequence[int]) -> Process | None:
    """By `posix_spawn`; ``None`` where that cannot do everything."""
    try:
        inherited = _inherited()
        # Numbers above all of theirs, which exec closes; without standard input one may be 0.
        there = range(max(handles) + 1, max(handles) + 1 + len(handles))
        actions: list[tuple[Any, ...]] = []
        actions += [(os.POSIX_SPAWN_CLOSE, handle) for handle in inherited]
        actions += [(os.POSIX_SPAWN_DUP2, *pair) for pair in zip(handles, there, strict=True)]
        actions += [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, *_flags(), "-c", f"{code}{tuple(there)}"],
            _environment(),
            file_actions=actions,
            setsid=True,
            setsigdef=_RESTORED,
        )
    except (AttributeError, NotImplementedError, OSError, ValueError):
        # `subprocess` does it, or says why not: an interpreter may not know where its file is.
        return None
    return Process(pid)


def _environment() -> dict[Any, Any]:
    """That of this process, and how a worker keeps memory.

    The worker has it for as long as it comes up: then it has its caller's (`_place.py`).
    """
    ours: dict[Any, Any] = getattr(os.environ, "_data", os.environ).copy()  # others may change it
    if sys.platform != "linux" or any(name.startswith(_SAID) for name in ours):
        return ours
    return {**_KEEP, **ours}


def _inherited() -> list[int]:
    """Descriptors of this process that each child would have, but for the standard ones."""
    found = []
    for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"):
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
        except OSError:  # that of the folder itself
            continue
    return found


def _flags() -> list[str]:
    if sys.warnoptions or sys._xoptions or any(getattr(sys.flags, name, 0) for name in _FLAGS):
        import subprocess

        return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined,no-any-return]
    return ["-B"] if sys.flags.dont_write_bytecode else []


class Newborn:
    """A worker process that comes up, and this side's ends of what it shares with its parent.

    Attributes:
        process: the interpreter.
        end: this side of the conversation.
        memory: the page that both see.
        lifeline: when this is closed, by whomever, the kernel ends the process.

    Args:
        elsewhere: whether it shall begin on another processor than the calling thread, which goes
            on to compute.  Where processors do not share a cache, one of four first loops found
            its worker at its own place, for 4 to 8 ms.
    """

    def __init__(self, *, elsewhere: bool = False) -> None:
        ours, theirs = _platform.socket_pair()
        page, memory = _platform.shared_page()
        try:
            lifeline, held = os.pipe()
        except OSError:
            os.close(page)
            memory.close()
            raise
        self.lifeline = io.FileIO(held, "w")  # is closed once, whoever comes first
        code = (
            f"import sys; sys.path[:] = {[ROOT, *filter(None, sys.path)]!r}; "
            "from clustrix.execution.workers._early import main; main"
        )
        try:
            self.process = start_interpreter(code, (theirs.fileno(), page, lifeline))
        except BaseException:
            self.lifeline.close()
            ours.close()
            memory.close()
            raise
        finally:
            theirs.close()
            os.close(page)
            os.close(lifeline)
        if elsewhere:
            _processors.put_elsewhere(self.process.pid)
        ours.setblocking(False)
        self.end, self.memory = ours, memory
