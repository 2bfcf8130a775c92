"""Is a whole program faster, from its start to its end, when its loop takes 8 x 50 ms?

Everything counts: the interpreter, the imports, the workers' start and their end.  The function
stands in the program itself, where most people's functions stand.
"""

from __future__ import annotations

from benchmarks._row import CPUS, Programs, Row

_FUNCTION = """
def burn(count):
    value = 1
    for _ in range(count):
        value = (value * 5 + 3) & 0xFFFF
    return value
"""
_POOL = """
if __name__ == "__main__":
    with {pool}({workers}) as pool:
        print({call})
"""
_LOOP = "print([burn(count) for count in {items}])\n"
_OURS = "print(parallel(burn)({items}))\n"
_JOBLIB = """
if __name__ == "__main__":
    with Parallel({workers}, backend="{backend}") as run:
        print(run(delayed(burn)(count) for count in {items}))
"""
_LOKY = """
if __name__ == "__main__":
    print(list(get_reusable_executor({workers}).map(burn, {items})))
"""
_PATHOS = """
if __name__ == "__main__":
    pool = ProcessPool({workers})
    print(pool.map(burn, {items}))
    pool.close()
    pool.join()
"""
_CHUNKS = (1, 4)


def _pool(pool: str, call: str) -> str:
    return _POOL.replace("{pool}", pool).replace("{call}", call)


def _programs(steps: float) -> Programs:
    items = f"[{round(50_000 * steps)}] * 8"

    def program(load: str, main: str, chunk: int = 1) -> str:
        filled = main.replace("{items}", items).replace("{workers}", str(CPUS))
        return load + "\n\n" + _FUNCTION + "\n" + filled.replace("{chunk}", str(chunk))

    def chunked(load: str, main: str) -> dict[str, str]:
        return {f"chunks of {size}": program(load, main, size) for size in _CHUNKS}

    return {
        "plain loop": {"": program("", _LOOP)},
        "clustrix": {"": program("from clustrix import parallel", _OURS)},
        "concurrent.futures": chunked(
            "from concurrent.futures import ProcessPoolExecutor",
            _pool("ProcessPoolExecutor", "list(pool.map(burn, {items}, chunksize={chunk}))"),
        ),
        "multiprocessing": chunked(
            "from multiprocessing import Pool", _pool("Pool", "pool.map(burn, {items}, {chunk})")
        ),
        "joblib": {
            backend: program(
                "from joblib import Parallel, delayed", _JOBLIB.replace("{backend}", backend)
            )
            for backend in ("loky", "multiprocessing")
        },
        "loky": {"processes": program("from loky import get_reusable_executor", _LOKY)},
        "mpire": chunked(
            "from mpire import WorkerPool",
            _pool("WorkerPool", "pool.map(burn, {items}, chunk_size={chunk})"),
        ),
        "pebble": chunked(
            "from pebble import ProcessPool",
            _pool("ProcessPool", "list(pool.map(burn, {items}, chunksize={chunk}).result())"),
        ),
        "pathos": {"processes": program("from pathos.pools import ProcessPool", _PATHOS)},
    }


ROWS = (
    Row(
        "cold-start",
        "whole program, 8 x 50 ms",
        how="process",
        programs=_programs,
        headline=True,
    ),
)
