"""A first item that takes long is not waited for.

    calling thread:  item 0 ────────────────────────────> over()
    helper thread:      2 ms, then: read the source ──> threads for items 1, 2, …  (it waits)
                                                   └──> worker processes start     (it computes)

So a program that calls once pays for reading, loading and starting while it works.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
import time
from typing import Protocol

from clustrix._model import Call, Machine, Plan
from clustrix._sizes import THREADS_PER_CPU
from clustrix.execution import _thread_cache
from clustrix.execution._engines import Engines
from clustrix.execution._schedule import Schedule
from clustrix.execution._taper import Taper
from clustrix.execution._threads import ThreadLoop

__all__ = ["SlowStart", "has_blocking_call"]

# Seconds that the first item may take before anything is done about it.  A thread that waits so
# long costs a cheap function nothing but its start.
PATIENCE = 0.002


def has_blocking_call(plan: Plan) -> bool:
    """Whether one was found in the source."""
    return any(finding.code.startswith("IO") for finding in plan.findings)


class Owner(Protocol):
    """What is asked of the loop that is helped."""

    call: Call
    machine: Machine
    most: int | None
    chunk_size: int | None
    engines: Engines

    def evident(self) -> bool:
        """Whether there is nothing in the source that reading it could find."""

    def plan(self) -> Plan:
        """The plan that the source suggests."""


class SlowStart:
    """What happens while the first item takes its time.

    A helper thread waits a moment.  If the item is still running then, the helper reads the
    function's source and starts what it will probably need: threads that take the next items
    of a function that waits, worker processes for one that computes.

    Args:
        owner: the loop whose first item starts now.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._taper = Taper(owner.call.items, 1, 1.0, owner.chunk_size)
        self._loop = ThreadLoop(owner.call, Schedule(owner.call, self._taper))
        self._started = False
        self._over = False
        self._lock = threading.Lock()
        self._first_item = threading.Lock()
        self._first_item.acquire()
        # The lanes that it starts find the caller's context variables there.
        _thread_cache.start(functools.partial(contextvars.copy_context().run, self._run))

    def over(self, *, cancel: bool) -> tuple[ThreadLoop, Taper] | None:
        """The first item is done.

        Args:
            cancel: whether it failed, so that nothing behind it matters.

        Returns:
            The loop on threads, if one has been started, and what cuts its chunks.
        """
        self._first_item.release()
        with self._lock:
            self._over = True
            if self._started and cancel:
                self._loop.end()
                return None
            return (self._loop, self._taper) if self._started else None

    def _run(self) -> None:
        start, cpu = time.perf_counter(), time.process_time()
        if self._first_item.acquire(timeout=PATIENCE):
            return
        owner = self._owner
        computes = time.process_time() - cpu > (time.perf_counter() - start) / 2
        with contextlib.suppress(Exception):  # whatever is wrong, the caller will meet it too
            if computes:  # the sooner workers start, the sooner they help
                owner.engines.processes(owner.machine.cpus - 1)
            if owner.evident():
                return
            plan = owner.plan()
            if plan.engine == "processes":
                owner.engines.processes(owner.machine.cpus - 1)
            elif owner.call.seed is not None:
                return  # threads would share its generators
            elif plan.engine == "threads" and has_blocking_call(plan):
                with self._lock:
                    if not self._over:
                        self._started = True
                        few = THREADS_PER_CPU * owner.machine.cpus
                        self._loop.hand_out(min(few, owner.most or few))
