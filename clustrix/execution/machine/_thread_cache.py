"""Threads that are kept for a while after their job.

    start(job) ──> an idle thread, or a new one ──> job() ──> idle again, or gone after a while
    aside(job) ──> the same, for jobs of clustrix's own that run nobody's code

Starting a thread costs some 40 us and waking one some 10, so a call that needs eight lanes is
better off with threads that are already there.  Nothing is queued: every job gets a thread at
once, so jobs that wait for each other cannot block each other.  The threads are daemons: one
that hangs in user code does not keep the interpreter from leaving.
"""

from __future__ import annotations

import _thread
import itertools
import os
import threading
import time
from collections.abc import Callable

from clustrix.execution.machine import _processors

__all__ = ["aside", "possible", "spent", "start"]

# Long enough that a program that calls in a loop finds its threads warm, short enough that
# one that called once is rid of them soon.
IDLE_SECONDS = 10.0

_idle: list[_CachedThread] = []  # the last one to become idle is the first to work again
_aside: list[_CachedThread] = []
_numbers = itertools.count(1)

_running: dict[_CachedThread, None] = {}
_spent = 0.0  # CPU seconds of jobs that have ended
_lock = threading.Lock()


def start(job: Callable[[], object]) -> None:
    """Run a job in a thread of its own, at once.  The job must not raise."""
    try:
        thread = _idle.pop()  # list.pop is atomic: no two callers get the same thread
    except IndexError:
        thread = _new()
    thread.hand_over(job)


def aside(job: Callable[[], object]) -> bool:
    """Run a job that runs nobody's code; ``False`` where no thread can be started any more.

    Its thread is none that `threading` knows, so nobody waits until it has come up: a tenth of a
    first call of some milliseconds (benchmarks/small.py).
    """
    try:
        thread = _aside.pop()
    except IndexError:
        thread = _CachedThread(_aside)
        try:
            _thread.start_new_thread(thread.serve, ())
        except RuntimeError:
            return False
    thread.hand_over(job)
    return True


def possible() -> bool:
    """Whether threads can be started: Python 3.12 refuses when an interpreter is leaving."""
    if _idle:
        return True
    try:
        _idle.append(_new())  # it is wanted in a moment
    except RuntimeError:
        return False
    return True


def _new() -> _CachedThread:
    thread = _CachedThread(_idle)
    threading.Thread(target=thread.serve, name=f"clustrix-{next(_numbers)}", daemon=True).start()
    return thread


def spent() -> float:
    """CPU seconds of all jobs so far.

    Where the system does not tell the time of a thread to others, a job counts when it has ended.
    """
    with _lock:
        return _spent + sum(thread.spent() for thread in _running)


class _CachedThread:
    def __init__(self, idle: list[_CachedThread]) -> None:
        self._idle = idle
        self._clock: int | None = None
        self._begun = 0.0
        self._job: Callable[[], object] | None = None
        self._ready = threading.Lock()
        self._ready.acquire()

    def hand_over(self, job: Callable[[], object]) -> None:
        self._job = job
        self._ready.release()

    def spent(self) -> float:
        """CPU seconds of the job that runs."""
        if self._clock is None:
            return 0.0
        return time.clock_gettime(self._clock) - self._begun

    def serve(self) -> None:
        self._clock = _processors.thread_clock()
        while True:
            if not self._ready.acquire(timeout=IDLE_SECONDS):
                try:
                    self._idle.remove(self)
                except ValueError:  # just taken from the list: a job is on its way
                    continue
                return
            job, self._job = self._job, None
            if job is not None:
                self._run(job)
            del job  # a waiting thread must not keep the last job's data alive
            self._idle.append(self)

    def _run(self, job: Callable[[], object]) -> None:
        global _spent
        self._begun = time.thread_time()
        with _lock:
            _running[self] = None
        try:
            job()
        finally:
            with _lock:
                _running.pop(self, None)  # it may be in a forked child by now
                _spent += time.thread_time() - self._begun


def _forget_all() -> None:
    """In a forked child none of the threads is there, and nobody will let go of the lock."""
    global _lock
    _idle.clear()
    _aside.clear()
    _running.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
