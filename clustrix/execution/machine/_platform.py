"""Everything that differs between operating systems, with a fallback for each.

    Linux     one socket pair a worker; big buffers in anonymous shared memory (memfd), handed
              over as file descriptors
    elsewhere the same socket pair; buffers travel inside the pickles

Nothing here has a name that another process could look up: no port, no file, no /dev/shm entry,
so nothing can be read by another user, and nothing is left behind however a process ends.
"""

from __future__ import annotations

import mmap
import os
import select
import sys
import time

from clustrix.basis._native import signal, socket, struct, suppress
from clustrix.basis._typing import Iterable

__all__ = [
    "AWAKE_SECONDS",
    "LONGEST",
    "freeze",
    "keep_spare",
    "limit_waiting",
    "shared_page",
    "socket_pair",
    "spare",
    "stay_awake",
    "thaw",
    "wait_for",
]


# Seconds for which both sides wait for an answer before they sleep.  Waking a process whose
# virtual CPU has gone to sleep takes 30 to 50 us at either end, which would be most of the round
# trip of a tiny task (benchmarks/round_trip.py: 205 us without, 115 us with this, where two
# processors are free; where they are not, 210 us without and some 300 us with it).  Between two
# calls that follow each other the caller needs some 150 us for itself: with no more than that
# benchmarks/warm_call.py takes 0.86 of the plain loop, with this 0.70.
AWAKE_SECONDS = 300e-6 if hasattr(os, "sched_yield") else 0.0

# After so many chances at most, staying awake is tried again.
MOST_VAIN = 256


def shared_page() -> tuple[int, mmap.mmap]:
    """A page of memory that a child can map too, and the descriptor to hand it."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("clustrix", os.MFD_CLOEXEC)
    else:
        import tempfile

        handle, path = tempfile.mkstemp()
        os.unlink(path)
    try:
        os.ftruncate(handle, mmap.PAGESIZE)
        return handle, mmap.mmap(handle, mmap.PAGESIZE)
    except OSError:  # mmap takes a descriptor of its own
        os.close(handle)
        raise


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a conversation."""
    return socket.socketpair()


def stay_awake(handle: int, until: float) -> None:
    """Look again and again whether something has arrived, instead of sleeping at once.

    Args:
        handle: the descriptor to look at.
        until: when to give up, by `time.perf_counter`.
    """
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        _look(poll, until)


def _look(poll: select.poll, until: float) -> list[tuple[int, int]]:
    """Look until something is there.  Where that was in vain, it is left alone for a while.

    On a busy machine a process that stays awake holds up the one it is waiting for.
    """
    global _vain, _rest
    if time.perf_counter() >= until:
        return []
    if _rest:
        _rest -= 1
        return []
    while not (ready := poll.poll(0)):
        if time.perf_counter() >= until:
            _vain = min(2 * _vain, MOST_VAIN)
            _rest = _vain
            return []
        os.sched_yield()  # whoever else wants this processor comes first
    _vain = 1
    return ready


_vain, _rest = 1, 0  # how long to leave it alone the next time, and now


# Seconds that one call may wait, whatever limit somebody has set: `poll` and locks have their own.
LONGEST = 1e6


def wait_for(
    readers: Iterable[int], writers: Iterable[int], seconds: float | None, awake: float = 0.0
) -> set[int]:
    """The descriptors on which something can be done now, or within so many seconds.

    Until ``awake``, by `time.perf_counter`, the caller does not go to sleep.
    """
    if hasattr(select, "poll"):  # unlike select, without a limit on the descriptors' numbers
        poll = select.poll()
        for handle in readers:
            poll.register(handle, select.POLLIN)
        for handle in writers:
            poll.register(handle, select.POLLIN | select.POLLOUT)
        if (seconds is None or seconds > 0) and (ready := _look(poll, awake)):
            return {handle for handle, _ in ready}
        wait = None if seconds is None else max(0, -int(-min(seconds, LONGEST) * 1000 // 1))
        return {handle for handle, _ in poll.poll(wait)}
    sending = list(writers)
    return {
        handle
        for ready in select.select([*readers, *sending], sending, [], seconds)
        for handle in ready
    }


def limit_waiting(end: socket.socket, seconds: float) -> None:
    """Let a blocking socket give up receiving after a while, with BlockingIOError."""
    if sys.platform == "win32":
        limit = struct.pack("L", int(seconds * 1000))
    else:
        limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


_spare: list[int] = []


def keep_spare() -> None:
    """In a worker: hold a descriptor for the time when an item has left none."""
    with suppress(OSError):
        _spare.append(os.open(os.devnull, os.O_RDONLY))


class spare:
    """Meanwhile modules can be loaded, also where an item has left no descriptor for that."""

    def __enter__(self) -> None:
        self._held = bool(_spare)
        if self._held:
            os.close(_spare.pop())

    def __exit__(self, *_: object) -> None:
        if self._held:
            keep_spare()


def freeze(pid: int) -> None:
    """Stop a child and wait until it has stopped, so that what it says of itself holds still."""
    if hasattr(os, "waitid"):
        with suppress(ProcessLookupError, ChildProcessError):  # it is gone
            os.kill(pid, signal.SIGSTOP)
            os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def thaw(pid: int) -> None:
    """Let a child go on after `freeze`."""
    if hasattr(os, "waitid"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
