"""What is left of a loop that ends early: nothing, on the cluster."""

from __future__ import annotations

import time

import pytest

from clustrix import parallel
from tests import jobs
from tests.scripts import output_of

SECONDS = 60


def test_an_error_leaves_no_task_on_the_scheduler(dask):
    """The chunks behind it are cancelled, also those that had been handed out."""
    with (
        dask.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        body = parallel(jobs.fail_at, executor=client, chunk_size=1)
        with pytest.raises(ValueError, match="bad item"):
            body(range(10_000), frozenset({2}))
        end = time.monotonic() + SECONDS
        while cluster.scheduler.tasks:
            assert time.monotonic() < end, "tasks stay on the scheduler"
            time.sleep(0.01)
        assert parallel(jobs.double, executor=client)([1, 2]) == [2, 4]


INTERRUPTED = """
    import os, signal, threading, time
    from pathlib import Path
    from clustrix import parallel

    def body(x):
        Path(f"{{x}}.begun").touch()
        time.sleep(0.05)
        return x

    def begun():
        return len(list(Path().glob("*.begun")))

    def interrupt():
        while begun() < 6:
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)

    parallel(abs, executor={cluster!r})(range(-9, 0))
    loop = parallel(body, executor={cluster!r}, chunk_size=1)
    threading.Thread(target=interrupt).start()
    try:
        {how}
    except KeyboardInterrupt:
        before = begun()
        print(before < 1000)
        assert parallel(abs, executor={cluster!r}, chunk_size=1)(range(-40, 0))[0] == 40
        print(begun() - before <= 8, begun() - before)
"""


@pytest.mark.parametrize("how", ["loop(range(10_000))", "list(loop.stream(range(10_000)))"])
def test_ctrl_c_cancels_the_rest(cluster, tmp_path, how):
    """What was handed out may still run; nothing else does, while another loop has time to."""
    said = output_of(INTERRUPTED.format(cluster=cluster, how=how), tmp_path)
    assert said.startswith("True\nTrue "), said


RELEASED = """
    import sys
    from distributed import Future
    from clustrix import parallel

    release, where = Future.release, {}

    def noted(future):
        where.setdefault(future.key, sys._getframe(1).f_code.co_name)
        release(future)

    parallel(abs, executor="dask")(range(-9, 0))  # what that left is gone
    Future.release = noted
    assert parallel(abs, executor="dask", chunk_size=1)(range(-40, 0))[0] == 40
    print(len(where) >= 40, "__del__" in where.values())
"""


@pytest.mark.usefixtures("dask")
def test_no_result_is_let_go_in_a_destructor(tmp_path):
    """Python ignores what is raised there: a Ctrl-C in that moment would be lost."""
    assert output_of(RELEASED, tmp_path) == "True False\n"


CLOSED = """
    import itertools
    from clustrix import parallel

    stream = parallel(abs, executor={cluster!r}, chunk_size=1).stream
    for _ in range(200):
        values = stream(itertools.count())
        assert next(values) == 0
        values.close()
    print("still there")
"""


def test_streams_that_are_closed_again_and_again(cluster, tmp_path):
    """Tasks that end just as they are cancelled are a trap of some schedulers: for the program."""
    assert output_of(CLOSED.format(cluster=cluster), tmp_path).split() == ["still", "there"]


ENDING = """
    import distributed
    from clustrix import parallel
    from clustrix.execution.foreign._dask import dask_cluster

    assert parallel(abs, executor="dask")(range(-9, 0))[0] == 9
    distributed.utils._offload_executor.shutdown()  # as the interpreter does when it ends
    print(type(dask_cluster("dask")._client.submit(abs, -1).exception()).__name__)
"""


@pytest.mark.usefixtures("dask")
def test_a_scheduler_that_is_asked_at_the_end_of_the_program_is_silent(tmp_path):
    """A stream that was closed in the last moment may have handed something out."""
    assert output_of(ENDING, tmp_path) == "RuntimeError\n"
