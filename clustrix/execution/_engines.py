"""Which engine goes by which name, and who owns what the engines hold.

    Engines.get("processes") ──> a ProcessEngine on this owner's pool, made when first needed

The decorated functions of a process share one owner, so that they share one warm set of
workers; every `LocalExecutor` that a user makes is an owner of its own.
"""

from __future__ import annotations

import threading
import time
import weakref
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from clustrix._model import cluster_kind
from clustrix.execution._engine import Engine
from clustrix.execution._serial import SerialEngine
from clustrix.execution.deciding._cost import COLD, waking_takes
from clustrix.execution.machine import _thread_cache
from clustrix.execution.machine._cpus import available_cpus
from clustrix.execution.machine._haste import in_haste
from clustrix.execution.threads._threads import ThreadEngine
from clustrix.execution.workers._birth import Newborn
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._processes import ProcessEngine

__all__ = ["Engines", "shared"]

# Seconds that small loops must have lost without workers before some are started for them; twice
# what starting takes from the caller (benchmarks/round_trip.py).
WORTH_STARTING = 0.01

# Until the first workers have been started, and what sends them work is loaded, at the worst.
STARTING_TAKES = 0.15


class Engines:
    """The engines of one owner.

    Args:
        workers: processes that the owner's pool keeps; ``None`` for one on each CPU.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers
        self._processes: ProcessEngine | None = None
        self._closed = False
        self._missed = 0.0
        self._dozed = (0.0, 0.0)  # since when workers rest, and what they would have saved
        self._starting = 0
        self._lock = threading.Lock()

    def get(self, choice: Any, workers: int = 1) -> Engine:
        """The engine that a plan names.

        Args:
            choice: its name, the address of a cluster, a foreign executor or a Dask client.
            workers: how many the plan asks for.

        Raises:
            RuntimeError: the owner has been closed.
            ModuleNotFoundError: the cluster's library is not installed.
            ClustrixError: the cluster does not answer, or does not fit.
        """
        self.check_open()
        if isinstance(choice, Executor):
            from clustrix.execution.foreign._foreign import ForeignEngine

            return ForeignEngine(choice)
        if (kind := cluster_kind(choice)) is not None:
            return _on_cluster(kind, choice)
        if choice == "serial" or (choice == "threads" and not _thread_cache.possible()):
            return SerialEngine()
        if choice == "threads":
            return ThreadEngine()
        return self.processes(workers)

    def check_open(self) -> None:
        """Refuse to work after the end.

        Raises:
            RuntimeError: the owner has been closed.
        """
        if self._closed:
            raise RuntimeError("cannot run a loop on an executor that has been shut down")

    def processes(self, workers: int) -> ProcessEngine:
        """The engine of worker processes, of which so many are wanted; started if need be."""
        if self._processes is not None:
            return self._processes
        self._starting = workers  # they will be there sooner than anybody can use them
        with self._lock:
            if self._processes is None:
                cpus = available_cpus()
                size = self._workers or cpus
                born = []
                with in_haste(), suppress(OSError):  # other threads may compute; the loop sees why
                    # As many as there are processors beside that of the caller.
                    for number in range(min(workers, size)):
                        born.append(Newborn(elsewhere=number < cpus - 1))
                pool = Pool(size, born)
                # Not at exit: handlers of the program may run loops then.
                weakref.finalize(self, pool.close, 0.0).atexit = False
                self._processes = ProcessEngine(pool)
            return self._processes

    def start(self, workers: int) -> None:
        """Have so many worker processes ready, if they can be, and keep as many from now on."""
        with suppress(OSError):
            self.processes(workers).pool.widen(workers)

    def miss(self, seconds: float, workers: int) -> bool:
        """Note what so many workers would have saved; ``True`` when it is time to start them."""
        self._missed += seconds
        cpus = available_cpus()
        # Most of that time a new worker computes: more of them than CPUs take turns.
        if self._missed < (WORTH_STARTING if workers < cpus else COLD * workers / cpus):
            return False
        self._missed = 0.0
        return True

    @property
    def started(self) -> bool:
        """Whether it has had workers before."""
        return self._processes is not None

    def idle_for(self) -> float:
        """Seconds for which its workers have had nothing to do."""
        return 0.0 if self._processes is None else time.monotonic() - self._processes.pool.used

    def rest(self) -> float:
        """The same, but 0 when it is time to wake them."""
        if self._processes is None:
            return 0.0
        (since, dozed), rest = self._dozed, self.idle_for()
        due = since == self._processes.pool.used and dozed >= waking_takes(rest)
        return 0.0 if due else rest

    def doze(self, seconds: float, *, anew: bool) -> None:
        """Note what workers that rest would have saved, had they been awake.

        One loop behind a pause is not worth waking them, many in a row are: once they have lost
        as much as it costs.

        Args:
            seconds: for one loop.
            anew: whether that was the first one behind a pause.
        """
        if self._processes is not None:
            used = self._processes.pool.used
            since, dozed = self._dozed
            self._dozed = (used, seconds + (dozed if since == used and not anew else 0.0))

    def warm(self, patience: float = 0.0) -> int:
        """Worker processes that wait for work.

        Args:
            patience: seconds of work that there is to do meanwhile; with enough of it workers
                that are just being started count, too.
        """
        if self._processes is None:
            return self._starting if patience > STARTING_TAKES else 0
        return self._processes.pool.idle()

    def close(self) -> None:
        """End what the engines hold; nothing runs on them any more."""
        self._closed = True
        if self._processes is not None:
            self._processes.pool.close()

    def request_stacks(self) -> None:
        """Let every worker process print its stacks on standard error."""
        if self._processes is not None:
            self._processes.pool.request_stacks()


def _on_cluster(kind: str, choice: Any) -> Engine:
    """Clusters belong to the process: whoever names the same one uses the same one."""
    from clustrix.execution.foreign._cluster import ClusterEngine

    if kind == "dask":
        from clustrix.execution.foreign._dask import dask_cluster

        return ClusterEngine(dask_cluster(choice))
    from clustrix.execution.foreign._ray import ray_cluster

    return ClusterEngine(ray_cluster(choice))


_shared = Engines()


def shared() -> Engines:
    """The engines of all decorated functions of this process."""
    return _shared
