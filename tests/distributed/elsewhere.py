"""Clusters whose workers have a path of their own: what the caller imports, they may not have.

START[cluster].format(there=folder) is the head of a script.  Behind it, `executor` names a cluster
of two workers that import from `there`, and not from where the script does.
"""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import clustrix

_DASK = """
    import atexit, os, subprocess, sys, tempfile
    from distributed import Client, LocalCluster

    scheduler = LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0")
    folder = tempfile.TemporaryDirectory()
    workers = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", scheduler.scheduler_address,
         "--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0",
         "--local-directory", folder.name],
        env={{**os.environ, "PYTHONPATH": {there!r}}}, cwd=folder.name,
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    executor = Client(scheduler)
    executor.wait_for_workers(2)

    def close():
        executor.close()
        workers.terminate()
        workers.wait()
        scheduler.close()

    atexit.register(close)
"""
_RAY = """
    import logging, sys
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR,
             runtime_env={{"env_vars": {{"PYTHONPATH": {there!r}}}}})
    executor = "ray"
"""
START = {"dask": textwrap.dedent(_DASK), "ray": textwrap.dedent(_RAY)}


def package(folder: Path, name: str, **files: str) -> Path:
    """Write a package; the folder that it is in."""
    (folder / name).mkdir(parents=True)
    for file, text in files.items():
        (folder / name / f"{file}.py").write_text(textwrap.dedent(text))
    return folder


def another_clustrix(folder: Path) -> Path:
    """A copy that says that it is of another version; the folder that it is in."""
    source = Path(clustrix.__file__).parent
    shutil.copytree(source, folder / "clustrix", ignore=shutil.ignore_patterns("__pycache__"))
    door = folder / "clustrix" / "__init__.py"
    text = door.read_text()
    assert clustrix.__version__ in text
    door.write_text(text.replace(clustrix.__version__, "0.0.9"))
    return folder
