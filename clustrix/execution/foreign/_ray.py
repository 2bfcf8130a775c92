"""Ray as a cluster: the one that this process is connected to, or one that is started here.

"ray"               ──> what the program has connected to; else a local Ray, closed at exit
"ray://host:10001"  ──> a connection through Ray's client port, closed at exit
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import logging
import os
import sys
import threading
from collections.abc import Collection, Iterable, Iterator
from types import ModuleType
from typing import Any

from clustrix.errors import ClustrixError, WorkerDied
from clustrix.execution.foreign._cluster import Lost, mismatch
from clustrix.execution.foreign._remote import SMALL_TASK, Parcel, Reply, run_remote, versions
from clustrix.execution.machine._cpus import available_cpus

__all__ = ["RayCluster", "ray_cluster"]

# How often Ray itself runs a task again whose worker ended.
RETRIES = 1

# Seconds until a look at whether Ray is still there.
LOOK = 2.0

# What Ray raises when a task is gone together with its worker, or with its data.
_LOST = (
    "WorkerCrashedError",
    "NodeDiedError",
    "ObjectLostError",
    "OutOfMemoryError",
    "TaskCancelledError",
)

_lock = threading.Lock()
_connected: dict[str, RayCluster] = {}


def ray_cluster(choice: str) -> RayCluster:
    """The cluster that ``executor=`` names.

    Args:
        choice: ``"ray"`` or ``"ray://host:port"``.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        ClustrixError: nobody answers there, or the workers have other versions.
    """
    ray = _library()
    with _lock:
        cluster = _connected.get(choice)
        if cluster is None or not ray.is_initialized():
            _connected.clear()
            cluster = _connect(choice)
            cluster.check()
            _connected[choice] = cluster
        return cluster


# Seconds that tasks get to end before they are cancelled; a chunk takes 0.2.  Ray 2.60 may end the
# program where one ends just as it is cancelled: one of 50 closed streams of tiny items without
# this, none of 1,200 with it, nor of 400 whose items took 0.22 to 0.28 s.
GRACE_SECONDS = 0.25


class RayCluster:
    """The Ray that this process is connected to.

    Args:
        local: whether it was started here, by us.
    """

    name = "Ray"

    def __init__(self, *, local: bool) -> None:
        self.local = local
        self._ray = ray = _library()
        self._lost = tuple(getattr(ray.exceptions, name) for name in _LOST)
        self._run = ray.remote(max_retries=RETRIES, num_cpus=1)(run_remote)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """While a loop runs; Ray frees the CPU of a task that waits by itself."""
        yield

    def workers(self) -> int:
        """CPUs of all nodes."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def put(self, parcel: Parcel) -> Any:
        """Into the object store of each node that asks; what is small travels with the chunks."""
        return parcel if parcel.size < SMALL_TASK else self._ray.put(parcel)

    def submit(self, order: bytes, task: Any, chunk: Parcel) -> Any:
        """Start a task."""
        return self._run.remote(order, task, chunk)

    def wait(self, handles: Collection[Any]) -> Iterable[Any]:
        """Wait until some of the tasks are over."""
        waiting = list(handles)
        while True:
            done, _ = self._ray.wait(waiting, num_returns=1, timeout=LOOK)
            if done:
                more, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
                return list(more or done)
            if not self._ray.is_initialized():
                raise WorkerDied("the connection to Ray has been closed")

    def result(self, handle: Any) -> Reply:
        """What a finished task returned.

        Raises:
            Lost: its worker ended.
            ClustrixError: the worker could not even begin.
        """
        try:
            reply: Reply = self._ray.get(handle)
            return reply
        except self._lost as error:
            raise Lost(str(error).strip().partition("\n")[0] or type(error).__name__) from None
        except self._ray.exceptions.RayError as error:
            raise ClustrixError(f"a worker on Ray cannot run clustrix: {error}") from error

    def cancel(self, handles: Collection[Any]) -> None:
        """Forget tasks; in those that run, Ray raises `KeyboardInterrupt`."""
        with contextlib.suppress(Exception):  # on the way out; they may be gone
            waiting = list(handles)
            _, left = self._ray.wait(waiting, num_returns=len(waiting), timeout=GRACE_SECONDS)
            for handle in left:
                self._ray.cancel(handle)

    def check(self) -> None:
        """Compare versions with those of a worker; every task compares them once more.

        Raises:
            ClustrixError: they differ.
        """
        try:
            said = self._ray.get(self._ray.remote(num_cpus=0)(versions).remote())
        except self._ray.exceptions.RayError as error:
            raise mismatch(self.name, {"a worker": f"no clustrix to import ({error})"}) from error
        if said != versions():
            raise mismatch(self.name, {"a worker": "Python {}, clustrix {}".format(*said)})


def _library() -> ModuleType:
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ModuleNotFoundError(
            'executor="ray" needs Ray, which is not installed: pip install "clustrix[ray]"',
            name="ray",
        ) from error


def _connect(choice: str) -> RayCluster:
    ray = _library()
    if choice == "ray" and ray.is_initialized():
        return RayCluster(local=False)
    if choice == "ray":
        path = os.pathsep.join(one or os.getcwd() for one in sys.path)
        ray.init(
            address="local",
            num_cpus=available_cpus(),
            include_dashboard=False,
            configure_logging=True,
            runtime_env={"env_vars": {"PYTHONPATH": path}},
            logging_level=logging.ERROR,
        )
    else:
        if ray.is_initialized():
            raise ClustrixError(
                f"executor={choice!r}: this process is connected to another Ray already; "
                'executor="ray" uses that one, and ray.shutdown() leaves it'
            )
        try:
            ray.init(choice, logging_level=logging.ERROR)
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise ClustrixError(f"executor={choice!r}: no Ray answers there: {error}") from error
    atexit.register(ray.shutdown)
    return RayCluster(local=choice == "ray")
