"""What ties a worker to its parent: it ends with it, and shows it its stacks when asked.

pipe, write end in the parent alone ── closes, whatever became of the parent
     └── read end in the worker ──> the kernel sends SIGKILL; else a thread sees it and leaves
"""

from __future__ import annotations

import os
import sys

from clustrix.basis._native import signal, start_new_thread, suppress

__all__ = ["ask_kernel", "request_stacks", "show_stacks_on_request", "watch"]

_F_SETSIG = 10  # from <fcntl.h> on Linux; the fcntl module names it only since Python 3.10


def ask_kernel(lifeline: int) -> bool:
    """Make sure that this process does not outlive its parent, whatever it is doing.

    The kernel is asked to send SIGKILL when the pipe's other end closes.  Unlike a thread that
    watches, this also works while C code holds the GIL; unlike PR_SET_PDEATHSIG it does not
    fire when merely the thread that started this process ends.

    Args:
        lifeline: read end of a pipe whose other end only the parent holds.

    Returns:
        Whether the kernel will; `watch` does what it can where not.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, _F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    except OSError:
        return False
    with suppress(BlockingIOError):  # which says that the other end is still open
        os.read(lifeline, 1)
        os._exit(1)
    return True


def watch(lifeline: int) -> None:
    """The same by a thread: for kernels that cannot, or do not keep their word."""
    start_new_thread(_watch, (lifeline, os.getppid()))


def _watch(lifeline: int, parent: int) -> None:
    import select

    while True:
        readable, _, _ = select.select([lifeline], [], [], 1.0)
        if readable or os.getppid() != parent:
            os._exit(1)


def show_stacks_on_request() -> None:
    """In a worker: SIGUSR1 prints the stacks of all threads, even while C code holds the GIL."""
    if hasattr(signal, "SIGUSR1"):
        import faulthandler

        # Without a standard error; there is no other that a caller could read.
        with suppress(AttributeError, ValueError, OSError, RuntimeError):
            faulthandler.register(signal.SIGUSR1, all_threads=True)


def request_stacks(pid: int) -> None:
    """Ask a worker for its stacks, on its standard error."""
    if hasattr(signal, "SIGUSR1"):
        os.kill(pid, signal.SIGUSR1)
