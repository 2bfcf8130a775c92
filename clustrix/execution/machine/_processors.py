"""Where threads and processes run, and what they waited for, as far as the kernel tells.

    spread, leave_processor      the calling thread goes on elsewhere
    put_elsewhere, keep_off      another process does
    stood_in_line, …             what a thread has waited for

Where a system has no such calls nothing is changed, and nothing known.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = [
    "ask_quickly",
    "keep_off",
    "leave_processor",
    "let_run",
    "processor",
    "put_elsewhere",
    "spread",
    "stood_in_line",
    "thread_clock",
    "waits_and_faults",
]

_THREAD: int | None = getattr(resource, "RUSAGE_THREAD", None)  # Linux and FreeBSD have it

_ask: Callable[[], int] | None = None  # where the calling thread is, said by the C library

_PROCESSOR = 36  # where a thread ran last: its field in /proc/…/stat, behind the name


def spread(number: int) -> None:
    """Let the calling thread go on on a processor of its own, if it is among the first.

    A thread that is woken tends to go on where it was, or where the one is that woke it: two of
    them shared a processor in half of all loops of some milliseconds, while another one was idle
    (benchmarks/arrays_in.py: 1.10 of the plain loop so, 0.65 like this).  Where it may run later
    on is left to the system, as before.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if number < len(allowed):
        # Other programs do the same: each begins somewhere else.
        _go_on_at({allowed[(number + os.getpid()) % len(allowed)]}, allowed)


def processor(pid: int | None = None) -> int | None:
    """Where the calling thread is just now, or a process; ``None`` where that cannot be known."""
    if pid is None and _ask is not None:
        return _ask()
    try:
        said = _read(f"/proc/{'thread-self' if pid is None else pid}/stat")
        return int(said.rpartition(b")")[2].split()[_PROCESSOR])
    except (OSError, ValueError, IndexError):
        return None


def ask_quickly() -> None:
    """Let the calling thread learn its processor from the C library from now on.

    That takes 0.1 us, and 10 behind a pause; to read what the kernel writes into a file 9 and 70, a
    twentieth of what is done before a loop is handed out.  `ctypes` takes some milliseconds to
    load, which a process that never asks twice should not pay.
    """
    global _ask
    with suppress(ImportError, AttributeError, OSError, TypeError):  # there is no such call here
        import ctypes

        _ask = ctypes.PyDLL(None).sched_getcpu


def leave_processor() -> None:
    """Let the calling thread go on on another processor than the one where it is."""
    if (here := processor()) is not None and hasattr(os, "sched_setaffinity"):
        allowed = os.sched_getaffinity(0)
        _go_on_at(allowed - {here}, allowed)


def keep_off(pid: int, number: int) -> set[int] | None:
    """Let a process run anywhere but on one processor.

    Returns:
        Where it could run before, for `let_run`; ``None`` where nothing has been changed.
    """
    with suppress(AttributeError, OSError):  # no such calls here; it is gone
        allowed = os.sched_getaffinity(pid)
        if number in allowed and len(allowed) > 1:
            os.sched_setaffinity(pid, allowed - {number})
            return allowed
    return None


def let_run(pid: int, allowed: set[int]) -> None:
    """Let a process run where it could before."""
    with suppress(OSError):  # it is gone
        os.sched_setaffinity(pid, allowed)


def put_elsewhere(pid: int) -> None:
    """Let a process go on on another processor than that of the calling thread."""
    if (here := processor()) is not None and (allowed := keep_off(pid, here)):
        let_run(pid, allowed)


def _go_on_at(some: set[int], allowed: Iterable[int]) -> None:
    if not some or some == allowed:
        return
    with suppress(OSError):
        try:
            os.sched_setaffinity(0, some)
        finally:
            os.sched_setaffinity(0, allowed)


def waits_and_faults() -> tuple[int, int]:
    """How often the calling thread has blocked in the kernel, and got a page of memory anew.

    Both are 0 where nobody counts.
    """
    if _THREAD is None:
        return 0, 0
    used = resource.getrusage(_THREAD)
    return used.ru_nvcsw, used.ru_minflt


def stood_in_line(thread: int | None = None) -> float:
    """Seconds for which a thread could have run and had no processor; 0 if unknown.

    Source: the second figure in Linux's ``/proc/<pid>/schedstat``.

    Args:
        thread: its native id; ``None`` for the calling thread.
    """
    task = "thread-self" if thread is None else f"self/task/{thread}"
    try:
        return int(_read(f"/proc/{task}/schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _read(path: str) -> bytes:
    """What the kernel says, in one piece; a file object would take half as long again."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 1024)
    finally:
        os.close(handle)


def thread_clock() -> int | None:
    """The CPU clock of the calling thread, for others to read; ``None`` where there is none."""
    try:
        return time.pthread_getcpuclockid(threading.get_ident())
    except (AttributeError, OSError):  # no such call; what passes for a thread is none
        return None
