"""Dask as a cluster: clients, and a cluster on this machine that is started once.

    "dask"               ──> one local cluster for this process, closed at exit
    "dask://host:8786"   ──> one client for each address, closed at exit
    a distributed.Client ──> used as it is, and left running

The local workers are started from a command line rather than by `multiprocessing`, which would
run the caller's script once more in each of them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import CancelledError
from types import ModuleType
from typing import Any

from clustrix.errors import ClustrixError, WorkerDied
from clustrix.execution.foreign._cluster import Lost, mismatch
from clustrix.execution.foreign._remote import SMALL_TASK, Parcel, Reply, run_remote, versions
from clustrix.execution.machine._cpus import available_cpus

__all__ = ["DaskCluster", "dask_cluster"]

# Bytes of a chunk that still go through the scheduler; more would burden it.
THROUGH_SCHEDULER = 1 << 20

# Seconds until a look at whether the scheduler is still there.
LOOK = 2.0

# Seconds that the local workers get to start, and to leave without their scheduler.
START_SECONDS, ORPHAN_SECONDS = 60, 10

_CANCELLED = (CancelledError, asyncio.CancelledError)  # which one, depends on the version
_NOT_YET = (TimeoutError, asyncio.TimeoutError, *_CANCELLED)

_lock = threading.Lock()
_clients: dict[str, Any] = {}
_fit: weakref.WeakSet[Any] = weakref.WeakSet()


def dask_cluster(choice: Any) -> DaskCluster:
    """The cluster that ``executor=`` names.

    Args:
        choice: ``"dask"``, ``"dask://host:port"`` or a client.

    Raises:
        ModuleNotFoundError: Dask is not installed.
        ClustrixError: the scheduler does not answer, or the workers have other versions.
    """
    _library()
    _keep_apart()
    local = choice == "dask"
    if not isinstance(choice, str):
        client = _usable(choice)
    elif local and _inside_task():
        client, local = _library().get_client(), False
    else:
        with _lock:
            client = _clients.get(choice)
            if client is None or client.status not in ("running", "connecting"):
                client = _start_local() if local else _connect(choice.partition("://")[2])
                _clients[choice] = client
    cluster = DaskCluster(client, local=local)
    if client not in _fit:
        cluster.check()
        _fit.add(client)
    return cluster


class DaskCluster:
    """A Dask cluster, through a client that may be used from this thread.

    Args:
        client: connected.
        local: whether its workers were started here, by us.
    """

    name = "Dask"

    def __init__(self, client: Any, *, local: bool = False) -> None:
        self.local = local
        self._client = client
        self._dask = _library()

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """While a loop runs.  Inside a task its thread makes room for the tasks of the loop."""
        inside = _inside_task()
        if inside:
            self._dask.secede()
        try:
            yield
        finally:
            if inside:
                self._dask.rejoin()

    def workers(self) -> int:
        """Threads of all workers; waits for the first worker."""
        self._client.wait_for_workers(1)
        return max(1, sum(map(int, self._client.nthreads().values())))

    def put(self, parcel: Parcel) -> Any:
        """To every worker; what is small travels with the chunks instead."""
        if parcel.size < SMALL_TASK:
            return parcel
        return self._client.scatter(parcel, broadcast=True, hash=False)

    def submit(self, order: bytes, task: Any, chunk: Parcel) -> Any:
        """Start a task."""
        if self._client.status not in ("running", "connecting"):
            raise WorkerDied(f"the client of the Dask cluster is {self._client.status}")
        data: Any = chunk
        if chunk.size > THROUGH_SCHEDULER:
            data = self._client.scatter(chunk, hash=False)
        return self._client.submit(run_on_dask, order, task, data, pure=False)

    def wait(self, handles: Collection[Any]) -> Iterable[Any]:
        """Wait until some of the tasks are over."""
        while True:
            with contextlib.suppress(*_NOT_YET), self._client.as_current():
                self._dask.wait(list(handles), timeout=LOOK, return_when="FIRST_COMPLETED")
            if done := [handle for handle in handles if handle.status != "pending"]:
                return done
            if self._client.status in ("closing", "closed"):
                raise WorkerDied(f"the client of the Dask cluster is {self._client.status}")

    def result(self, handle: Any) -> Reply:
        """What a finished task returned.

        Raises:
            Lost: its worker ended, or the task was cancelled.
            ClustrixError: the worker could not even begin.
        """
        try:
            reply: Reply = handle.result()
            return reply
        except (self._dask.KilledWorker, *_CANCELLED) as error:
            raise Lost(str(error) or type(error).__name__) from None
        except Exception as error:
            raise ClustrixError(f"a worker on Dask cannot run clustrix: {error!r}") from error
        finally:
            handle.release()  # its destructor would, and Python ignores a Ctrl-C in there

    def cancel(self, handles: Collection[Any]) -> None:
        """Forget tasks; an item that runs already runs to its end."""
        if handles and self._client.status == "running":
            with contextlib.suppress(Exception):  # on the way out, with a cluster that may be gone
                self._client.cancel(list(handles), force=True)

    def check(self) -> None:
        """Compare versions with those of the workers.

        Raises:
            ClustrixError: they differ.
        """
        self._client.wait_for_workers(1)
        python, ours = versions()
        found: dict[str, str] = {}
        for who, said in self._client.get_versions()["workers"].items():
            theirs = said["packages"]["python"]
            if theirs.split(".")[:2] != python.split("."):
                found[who] = f"Python {theirs}"
        fit = [who for who in self._client.scheduler_info(-1)["workers"] if who not in found]
        for who, said in self._client.run(versions, workers=fit, on_error="return").items():
            if isinstance(said, BaseException):
                found[who] = f"no clustrix to import ({said!r})"
            elif said[1] != ours:
                found[who] = f"clustrix {said[1]}"
        if found:
            raise mismatch(self.name, found)


def run_on_dask(order: bytes, task: Parcel, chunk: Parcel) -> Reply:
    """Run one chunk in a worker."""
    _keep_apart()
    return run_remote(order, task, chunk)


def _generator_apart() -> ModuleType:
    """The module `random` once more, with another generator behind its functions."""
    apart, own = ModuleType("random"), random.Random()
    for name, value in vars(random).items():
        shared = isinstance(getattr(value, "__self__", None), random.Random)
        setattr(apart, name, getattr(own, name) if shared else value)
    return apart


_random = _generator_apart()


def _keep_apart() -> None:
    """Let Dask draw from a generator of its own.

    It draws from the module `random` while it moves data: in the caller, whose numbers would
    depend on that, and in workers while an item with a seed runs.
    """
    for name, module in list(sys.modules.items()):
        theirs = name.startswith("distributed.") or name in ("dask.sizeof", "tornado.ioloop")
        if theirs and vars(module).get("random") is random:
            module.random = _random  # type: ignore[attr-defined]


def _library() -> ModuleType:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ModuleNotFoundError(
            'executor="dask" needs the scheduler of Dask, which is not installed: '
            'pip install "clustrix[dask]"',
            name="distributed",
        ) from error


def _inside_task() -> bool:
    """Whether the calling thread runs a task of a Dask worker."""
    return hasattr(_library().worker.thread_state, "key")


def _usable(client: Any) -> Any:
    """The client, or for one that belongs to an event loop another one to the same scheduler."""
    if client.status not in ("running", "connecting"):
        raise ClustrixError(f"executor=: this Dask client is {client.status}; make a new one")
    if not client.asynchronous:
        return client
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ClustrixError(
            "executor=: this Dask client is asynchronous, and a loop would hold up its event loop. "
            "Call the function in a thread: await asyncio.to_thread(f, items)"
        )
    address = client.scheduler.address
    with _lock:
        if address not in _clients:
            _clients[address] = _connect(address)
        return _clients[address]


def _connect(address: str) -> Any:
    try:
        client = _library().Client(address, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClustrixError(
            f'executor="dask://{address}": no Dask scheduler answers there: {error}'
        ) from error
    atexit.register(client.close)
    return client


def _is_news(record: logging.LogRecord) -> bool:
    """Not that the program is ending: a scheduler in it may be asked for something just then.

    Where somebody waits for that, who waits is told.
    """
    return not record.getMessage().startswith("cannot schedule new futures after")


def _start_local() -> Any:
    """A scheduler in this process, and a worker process with one thread for each CPU."""
    log = logging.getLogger("distributed")
    if log.level == logging.INFO:  # as it is by default; nobody has asked for a scheduler's diary
        log.setLevel(logging.WARNING)
    logging.getLogger("distributed.scheduler").addFilter(_is_news)
    cluster = _library().LocalCluster(
        n_workers=0, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    )
    count = available_cpus()
    folder = tempfile.TemporaryDirectory(prefix="clustrix-dask-")
    path = os.pathsep.join(one or os.getcwd() for one in sys.path)
    quiet = {"DASK_LOGGING__DISTRIBUTED": "critical", "PYTHONPATH": path}
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
    command += ["--nworkers", str(count), "--nthreads", "1", "--memory-limit", "0"]
    command += ["--no-dashboard", "--death-timeout", str(ORPHAN_SECONDS)]
    command += ["--local-directory", folder.name]
    workers = subprocess.Popen(command, env={**os.environ, **quiet}, stdin=subprocess.DEVNULL)
    client = _library().Client(cluster, set_as_default=False)

    def close() -> None:
        with contextlib.suppress(Exception):
            client.close()
        workers.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            workers.wait(ORPHAN_SECONDS)
        workers.kill()
        workers.wait()
        with contextlib.suppress(Exception):
            cluster.close()
        folder.cleanup()

    atexit.register(close)
    client.wait_for_workers(count, timeout=START_SECONDS)
    return client
