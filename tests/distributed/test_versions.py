"""Workers with another Python or another clustrix: found at the start, and said."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

import pytest

import clustrix
from clustrix import ClustrixError, parallel
from tests import jobs
from tests.distributed.elsewhere import START, another_clustrix
from tests.scripts import ROOT, output_of


def test_another_clustrix(cluster, tmp_path):
    """Nothing runs; the message has both versions."""
    there = another_clustrix(tmp_path / "there")
    (tmp_path / "program").mkdir()
    source = START[cluster].format(there=str(there)) + (
        "from clustrix import ClustrixError, parallel\n"
        "try:\n"
        "    parallel(abs, executor=executor)(range(4))\n"
        "except ClustrixError as error:\n"
        "    print(error)\n"
    )
    said = output_of(source, tmp_path / "program")
    assert "clustrix 0.0.9" in said
    assert f"the caller has Python {sys.version_info[0]}.{sys.version_info[1]}" in said
    assert f"clustrix {clustrix.__version__}" in said
    assert "install them alike" in said


def another_python(path):
    """A Python of another minor version that can run a Dask worker from these very folders."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    for minor in {12, 11, 13, 10} - {sys.version_info[1]}:
        name = f"python3.{minor}"
        program = (
            f"import sys; assert sys.version_info[1] == {minor}\n"
            "import distributed.cli.dask_worker, clustrix"
        )
        for found in (shutil.which(name), *glob.glob(f"{root}/versions/3.{minor}.*/bin/{name}")):
            if found is None:
                continue
            tried = subprocess.run(
                [found, "-c", program],
                env={**os.environ, "PYTHONPATH": path},
                capture_output=True,
                check=False,
            )
            if tried.returncode == 0:
                return found, f"Python 3.{minor}"
    pytest.skip("needs another Python that can run a Dask worker from the packages of this one")


def test_another_python(dask, tmp_path):
    """A real worker of another Python: found at the start, and named with its address."""
    packages = os.path.dirname(os.path.dirname(dask.__file__))
    path = os.pathsep.join([ROOT, packages])
    python, name = another_python(path)
    with (
        dask.LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        worker = subprocess.Popen(
            [python, "-m", "distributed.cli.dask_worker", cluster.scheduler_address,
             "--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0",
             "--local-directory", str(tmp_path)],
            env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            client.wait_for_workers(1)
            (address,) = client.scheduler_info(-1)["workers"]
            with pytest.raises(ClustrixError, match="do not fit") as caught:
                parallel(jobs.double, executor=client)([1, 2])
        finally:
            worker.terminate()
            worker.wait()
    assert f"{address} has {name}" in str(caught.value)
    assert "the caller has Python" in str(caught.value)


def test_a_worker_that_comes_later(cluster, monkeypatch):
    """Every task looks once more."""
    from clustrix.execution.foreign import _cluster

    body = parallel(jobs.double, executor=cluster)
    assert body([1, 2]) == [2, 4]
    monkeypatch.setattr(_cluster, "versions", lambda: ("3.1", "0.0"))
    with pytest.raises(ClustrixError, match=r"do not fit.*the caller has Python 3\.1"):
        body([1, 2])
