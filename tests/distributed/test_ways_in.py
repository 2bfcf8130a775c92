"""Every way to name a cluster, and what is said when one does not fit."""

from __future__ import annotations

import asyncio
import sys

import pytest

from clustrix import ClustrixError, parallel
from tests import jobs
from tests.scripts import output_of, run_script


@pytest.fixture(scope="module")
def client(dask):
    """A client of somebody else's, with worker threads in this process."""
    with (
        dask.LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address="127.0.0.1:0",
            protocol="tcp",
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        yield client


def test_a_client_is_used_and_left_running(client):
    """As it is."""
    body = parallel(jobs.double, executor=client)
    assert body(range(100)) == [2 * x for x in range(100)]
    assert body.explain(range(100)).engine == "dask"
    assert client.status == "running"
    assert client.submit(jobs.double, 4).result() == 8


def test_an_address(client):
    """With or without the protocol that Dask writes in front."""
    address = client.scheduler.address
    name = f"dask://{address.removeprefix('tcp://')}"
    body = parallel(jobs.double, executor=name)
    assert body(range(10)) == [2 * x for x in range(10)]
    from clustrix.execution.foreign import _dask

    _dask._clients[name].close()  # before its scheduler, or it would look for it
    assert body(range(10)) == [2 * x for x in range(10)], "and is made anew when it is gone"
    _dask._clients.pop(name).close()


def test_a_loop_inside_a_task_makes_room_for_its_own_tasks(client):
    """More tasks that wait than the workers have threads."""

    def task(n):
        from distributed import get_client

        named = parallel(lambda x: x + n, executor="dask")(range(20))
        return named == parallel(lambda x: x + n, executor=get_client())(range(20))

    assert all(client.gather([client.submit(task, n) for n in range(6)]))


def test_an_asynchronous_client_says_what_to_do(dask):
    """A loop would hold up its event loop; in a thread it is used."""

    async def main():
        async with dask.LocalCluster(
            n_workers=1, processes=False, dashboard_address="127.0.0.1:0", asynchronous=True,
            protocol="tcp",
        ) as cluster, dask.Client(cluster, asynchronous=True) as client:  # fmt: skip
            body = parallel(jobs.double, executor=client)
            with pytest.raises(ClustrixError, match=r"asyncio\.to_thread"):
                body([1, 2, 3])
            return await asyncio.to_thread(body, [1, 2, 3])

    assert asyncio.run(main()) == [2, 4, 6]


def test_nobody_there(dask):
    """The address is in the message."""
    from dask import config

    assert dask
    with (
        config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(ClustrixError, match=r"127\.0\.0\.1:9"),
    ):
        parallel(jobs.double, executor="dask://127.0.0.1:9")([1, 2])


def test_workers_of_another_version(client, monkeypatch):
    """Found before anything runs, with both versions in the message."""
    from clustrix.execution.foreign import _cluster, _dask

    _dask._fit.discard(client)
    monkeypatch.setattr(_dask, "versions", lambda: ("3.1", "0.0"))
    with pytest.raises(ClustrixError, match=r"tcp://|inproc://") as caught:
        parallel(jobs.double, executor=client)([1, 2])
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in str(caught.value)
    monkeypatch.undo()
    monkeypatch.setattr(_cluster, "versions", lambda: ("3.1", "0.0"))
    with pytest.raises(ClustrixError, match="do not fit"):
        parallel(jobs.double, executor=client)([1, 2])


SCRIPT = """
    import os
    from clustrix import parallel

    class Point:
        def __init__(self, x):
            self.x = x

    OFFSET = 5

    def move(point):
        return point.x + OFFSET, os.getpid()

    results = parallel(move, executor={cluster!r})([Point(n) for n in range(20)])
    assert os.getpid() not in {{pid for _, pid in results}}
    print(sum(x for x, _ in results))
"""


def test_a_script_without_a_guard(cluster, tmp_path):
    """Functions and classes of ``__main__`` travel by value; nothing is left, nothing is said."""
    assert output_of(SCRIPT.format(cluster=cluster), tmp_path) == "290\n"


def test_ctrl_c(cluster, tmp_path):
    """The program ends at once, and takes its workers along."""
    script = """
        import os, signal, threading, time
        from pathlib import Path
        from clustrix import parallel

        def body(x):
            Path(f"{{x}}.pid").write_text(str(os.getpid()))
            time.sleep(0.2)

        def interrupt():
            while not list(Path().glob("*.pid")):
                time.sleep(0.05)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            parallel(body, executor={cluster!r}, chunk_size=1)(range(10_000))
        except KeyboardInterrupt:
            print("interrupted", len(list(Path().glob("*.pid"))) < 1000)
    """
    done = run_script(script.format(cluster=cluster), tmp_path)
    assert done.stdout == "interrupted True\n", done.stderr
    assert done.returncode == 0
