"""The peers, each used as its own documentation says, with pools that stay open between calls.

    peer.open(kind, workers) ──> run(function, items, chunk) ──> results, in order

A peer is imported when its pool is opened.  Its settings come from the row's grid.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["PEERS", "Peer", "Run"]

Run = Callable[[Callable[[Any], Any], Sequence[Any], int], list[Any]]


@dataclass(frozen=True)
class Peer:
    """Another way to run a loop in parallel.

    Attributes:
        name: as the table shows it.
        module: what a user imports, before anything is timed.
        kinds: what its workers can be.
        pool: context manager from kind and number of workers to a `Run`.
        cluster: a system for many machines, which is tried only with ``--all``.
    """

    name: str
    module: str
    kinds: tuple[str, ...]
    pool: Callable[[str, int], Any]
    cluster: bool = False

    def missing(self) -> str | None:
        """Why it cannot take part."""
        top = self.module.partition(".")[0]
        return None if importlib.util.find_spec(top) else f"{top} is not installed"


@contextmanager
def _concurrent_futures(kind: str, workers: int) -> Iterator[Run]:
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    executor = ThreadPoolExecutor if kind == "threads" else ProcessPoolExecutor
    with executor(workers) as pool:
        yield lambda function, items, chunk: list(pool.map(function, items, chunksize=chunk))


@contextmanager
def _multiprocessing(kind: str, workers: int) -> Iterator[Run]:
    from multiprocessing.pool import Pool, ThreadPool

    with (ThreadPool if kind == "threads" else Pool)(workers) as pool:
        yield pool.map


@contextmanager
def _joblib(kind: str, workers: int) -> Iterator[Run]:
    from joblib import Parallel, delayed

    backend = "threading" if kind == "threads" else "loky"

    def run(function: Any, items: Sequence[Any], chunk: int) -> list[Any]:
        parallel.batch_size = chunk
        call = delayed(function)
        return list(parallel(call(item) for item in items))

    with Parallel(workers, backend=backend, pre_dispatch="all") as parallel:
        yield run


@contextmanager
def _loky(kind: str, workers: int) -> Iterator[Run]:
    from loky import get_reusable_executor

    # By default its workers leave after 10 s of idleness.
    pool = get_reusable_executor(workers, timeout=600)
    yield lambda function, items, chunk: list(pool.map(function, items, chunksize=chunk))
    pool.shutdown()


@contextmanager
def _mpire(kind: str, workers: int) -> Iterator[Run]:
    from mpire.pool import WorkerPool

    method = "threading" if kind == "threads" else "fork"
    with WorkerPool(workers, start_method=method, keep_alive=True) as pool:
        # By default it makes one array of all the arrays that come back.
        yield lambda function, items, chunk: pool.map(
            function, items, chunk_size=chunk, concatenate_numpy_output=False
        )


@contextmanager
def _pebble(kind: str, workers: int) -> Iterator[Run]:
    from pebble import ProcessPool, ThreadPool

    with (ThreadPool if kind == "threads" else ProcessPool)(workers) as pool:
        yield lambda function, items, chunk: list(
            pool.map(function, items, chunksize=chunk).result()
        )


@contextmanager
def _pathos(kind: str, workers: int) -> Iterator[Run]:
    from pathos.pools import ProcessPool, ThreadPool

    pool = (ThreadPool if kind == "threads" else ProcessPool)(workers)
    pool.restart(force=True)
    yield lambda function, items, chunk: pool.map(function, items, chunksize=chunk)
    pool.close()
    pool.join()
    pool.clear()


@contextmanager
def _dask(kind: str, workers: int) -> Iterator[Run]:
    from distributed import Client

    options: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1}
    if kind == "threads":
        options = {"n_workers": 1, "threads_per_worker": workers, "processes": False}
    with Client(dashboard_address=None, silence_logs=50, **options) as client:
        # `pure=False`: a repeated call must not be answered from what it remembers.
        yield lambda function, items, chunk: client.gather(
            client.map(function, items, batch_size=chunk, pure=False)
        )


@contextmanager
def _ray(kind: str, workers: int) -> Iterator[Run]:
    import ray

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)

    @ray.remote  # type: ignore[untyped-decorator]
    def share(function: Any, items: Sequence[Any]) -> list[Any]:
        return [function(item) for item in items]

    def run(function: Any, items: Sequence[Any], chunk: int) -> list[Any]:
        shares = [
            share.remote(function, items[at : at + chunk]) for at in range(0, len(items), chunk)
        ]
        return [value for part in ray.get(shares) for value in part]

    yield run
    ray.shutdown()


_BOTH = ("processes", "threads")
PEERS = {
    peer.name: peer
    for peer in (
        Peer("concurrent.futures", "concurrent.futures.process", _BOTH, _concurrent_futures),
        Peer("multiprocessing", "multiprocessing.pool", _BOTH, _multiprocessing),
        Peer("joblib", "joblib", _BOTH, _joblib),
        Peer("loky", "loky", ("processes",), _loky),
        Peer("mpire", "mpire", _BOTH, _mpire),
        Peer("pebble", "pebble", _BOTH, _pebble),
        Peer("pathos", "pathos.pools", _BOTH, _pathos),
        Peer("dask", "distributed", _BOTH, _dask, cluster=True),
        Peer("ray", "ray", ("processes",), _ray, cluster=True),
    )
}
