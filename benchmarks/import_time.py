"""What does it cost to import the library, in a program that does nothing else?"""

from __future__ import annotations

from benchmarks._row import Programs, Row

_IMPORTS = {
    "plain loop": "",
    "clustrix": "from clustrix import parallel",
    "concurrent.futures": "from concurrent.futures import ProcessPoolExecutor",
    "multiprocessing": "from multiprocessing.pool import Pool",
    "joblib": "from joblib import Parallel, delayed",
    "loky": "from loky import get_reusable_executor",
    "mpire": "from mpire import WorkerPool",
    "pebble": "from pebble import ProcessPool",
    "pathos": "from pathos.pools import ProcessPool",
    "dask": "from distributed import Client",
    "ray": "import ray",
}


def _programs(steps: float) -> Programs:
    return {name: {"imported": f"{line}\n"} for name, line in _IMPORTS.items()}


ROWS = (Row("import-time", "start Python and import", how="process", programs=_programs),)
