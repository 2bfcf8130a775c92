"""Threads that are kept for a while after their job.

    start(job) ──> an idle thread, or a new one ──> job() ──> idle again, or gone after a while

Starting a thread costs some 40 us and waking one some 10, so a call that needs eight lanes is
better off with threads that are already there.  Nothing is queued: every job gets a thread at
once, so jobs that wait for each other cannot block each other.  The threads are daemons: one
that hangs in user code does not keep the interpreter from leaving.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

__all__ = ["start"]

# Long enough that a program that calls in a loop finds its threads warm, short enough that
# one that called once is rid of them soon.
IDLE_SECONDS = 10.0

_idle: list[_CachedThread] = []  # the last one to become idle is the first to work again
_numbers = itertools.count(1)


def start(job: Callable[[], object]) -> None:
    """Run a job in a thread of its own, at once.  The job must not raise."""
    try:
        thread = _idle.pop()  # list.pop is atomic: no two callers get the same thread
    except IndexError:
        thread = _CachedThread()
        thread.hand_over(job)
        threading.Thread(
            target=thread.serve, name=f"clustrix-{next(_numbers)}", daemon=True
        ).start()
    else:
        thread.hand_over(job)


class _CachedThread:
    def __init__(self) -> None:
        self._job: Callable[[], object] | None = None
        self._ready = threading.Lock()
        self._ready.acquire()

    def hand_over(self, job: Callable[[], object]) -> None:
        self._job = job
        self._ready.release()

    def serve(self) -> None:
        while True:
            if not self._ready.acquire(timeout=IDLE_SECONDS):
                try:
                    _idle.remove(self)
                except ValueError:  # just taken from the list: a job is on its way
                    continue
                return
            job, self._job = self._job, None
            if job is not None:
                job()
            del job  # a waiting thread must not keep the last job's data alive
            _idle.append(self)
