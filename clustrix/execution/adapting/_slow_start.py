"""A first item that takes long is not waited for.

    calling thread:  item 0 ───────────────────────────────> over()
    helper thread:     2 ms ──> a function that can reach nothing but plain data: worker processes
                        │       start, and get items
                      10 ms ──> it computes: worker processes start, and its source is read
                                it waits: the source is read; threads for items 1, 2, …
                                it uses several processors: nothing

So a program that calls once pays for reading, loading and starting while it works.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
import time

from clustrix._model import Call, Machine, Plan
from clustrix._sizes import THREADS_PER_CPU
from clustrix.basis._plain import all_plain
from clustrix.basis._typing import NamedTuple, Protocol
from clustrix.execution._engines import Engines
from clustrix.execution.adapting._source import Source, has_blocking_call
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.deciding._cost import MOST_WAITING, Decision
from clustrix.execution.deciding._figures import WAITS
from clustrix.execution.machine import _thread_cache
from clustrix.execution.machine._haste import in_haste
from clustrix.execution.threads._threads import ThreadLoop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.workers._process_loop import ProcessLoop

__all__ = ["MANY", "Helped", "SlowStart", "Started"]

# Seconds that the first item may take before anything is done about it.  A thread that waits so
# long costs a cheap function nothing but its start.
PATIENCE = 0.002

# And so many more before a source is read: a library that uses all processors would miss one of
# them for as long (benchmarks/blas.py: a first call took 1.5 of the plain loop).
MORE_PATIENCE = 0.008

# CPU seconds for each of these: more are several processors.  The kernel counts those of threads
# that run elsewhere by its ticks, of up to 4 ms.
SEVERAL = 1.5

# Items for each worker: one to run, and one to go on with while the first item still runs here
# (benchmarks/cold_start.py: a worker that came up early waited for 40 ms).
DEPTH = 2


# Of more items than this, one that is waited for is next to nothing; a helper takes 0.4 ms from the
# calling thread, a hundredth of a loop that is worth sharing (benchmarks/small.py).
MANY = 1_000


class Helped(Protocol):
    """What is asked of the loop that is helped."""

    call: Call
    most: int | None
    chunk_size: int | None
    engines: Engines
    source: Source

    @property
    def machine(self) -> Machine:
        """What this process may use."""


class Started(NamedTuple):
    """A loop that is under way behind its first item.

    Attributes:
        decision: how it goes on.
        schedule: which chunk is next.
        taper: what cuts the chunks.
        threads: the lanes, if they are threads.
        processes: or if they are worker processes.
    """

    decision: Decision
    schedule: Schedule
    taper: Taper
    threads: ThreadLoop | None = None
    processes: ProcessLoop | None = None

    def end(self) -> None:
        """The first item has failed; nothing behind it matters."""
        if self.threads is not None:
            self.threads.end()
        if self.processes is not None:
            while self.processes.take_back():  # what has not begun need not be waited for
                pass
            self.processes.end()


class SlowStart:
    """What happens while the first item takes its time.

    A helper thread waits a moment.  If the item is still running then, the helper starts what the
    loop will probably need: worker processes for a function that computes, and threads that take
    the next items of one that waits.

    Args:
        owner: the loop whose first item starts now.
    """

    def __init__(self, owner: Helped) -> None:
        self._owner = owner
        self._started: Started | None = None
        self._over = False
        self._lock = threading.Lock()
        self._first_item = threading.Lock()
        self._first_item.acquire()
        # The lanes that it starts find the caller's context variables there.  Without a helper, as
        # when the interpreter is leaving, the loop does what it can by itself.
        _thread_cache.aside(functools.partial(contextvars.copy_context().run, self._run))

    def over(self, *, cancel: bool) -> Started | None:
        """The first item is done.

        Args:
            cancel: whether it failed, so that nothing behind it matters.

        Returns:
            What has been started behind it.
        """
        self._first_item.release()
        with self._lock:
            self._over = True
            if self._started is not None and cancel:
                self._started.end()
                return None
            return self._started

    def _run(self) -> None:
        owner = self._owner
        with contextlib.suppress(Exception):  # whatever is wrong, the caller will meet it too
            # Else it would be back at work 5 ms late, and once more behind each file that it reads.
            with in_haste():
                if self._first_item.acquire(timeout=PATIENCE):
                    return
                others = owner.machine.cpus - 1
                if owner.source.evident():  # it computes; workers cannot start too soon
                    owner.engines.processes(others)
                    self._on_processes()
                    return
            start, cpu = time.perf_counter(), time.process_time()
            if self._first_item.acquire(timeout=MORE_PATIENCE):
                return
            used = (time.process_time() - cpu) / (time.perf_counter() - start)
            if used > SEVERAL:  # whatever starts now takes a processor from it
                return
            if used > WAITS:
                owner.engines.processes(others)
            plan = owner.source.plan()
            if plan.engine == "processes":
                owner.engines.processes(others)
            elif owner.call.seed is not None:
                return  # threads would share its generators
            elif plan.engine == "threads" and has_blocking_call(plan):
                self._on_threads()

    def _cut(self) -> tuple[Schedule, Taper]:
        """Everything behind the first item."""
        owner = self._owner
        taper = Taper(owner.call.items, 1, 1.0, owner.chunk_size)
        return Schedule(owner.call, taper), taper

    def _on_threads(self) -> None:
        owner, (schedule, taper) = self._owner, self._cut()
        loop = ThreadLoop(owner.call, schedule)
        with self._lock:
            if self._over:
                return
            width = min(owner.most or MOST_WAITING, len(owner.call.items))
            decision = Decision("threads", width, "it has a blocking call")
            self._started = Started(decision, schedule, taper, threads=loop)
            few = THREADS_PER_CPU * owner.machine.cpus
            loop.hand_out(min(few, owner.most or few))

    def _on_processes(self) -> None:
        """Give each worker items already.

        Where the first one was the only dear one, the calling thread takes them back.
        """
        owner = self._owner
        lanes = min(owner.most or owner.machine.cpus, len(owner.call.items))
        if lanes < 2 or not all_plain(owner.call.items[1 : 1 + DEPTH * (lanes - 1)]):
            return
        engine = owner.engines.processes(lanes - 1)
        schedule, taper = self._cut()
        loop = engine.loop(owner.call, Plan("processes", lanes - 1), schedule, lanes)
        loop.depth = DEPTH
        with self._lock:
            if self._over:
                return
            decision = Decision("processes", lanes, "its first item computed for long")
            self._started = Started(decision, schedule, taper, processes=loop)
            for _ in loop.hand_out():  # which has nothing to say of what can be sent
                pass
