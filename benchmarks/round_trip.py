"""How long does the process engine take to start two workers, and to answer when warm?"""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from operator import neg

from benchmarks._measure import compare, median_ms, table
from clustrix import LocalExecutor

TRIPS = 100  # in a row, for each contestant in each round

BOOT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from clustrix import LocalExecutor
start = time.perf_counter()
with LocalExecutor(max_workers=2) as executor:
    executor.execute_loop_parallel(abs, "x", [1, 2], position=0, chunk_size=1)
    print(time.perf_counter() - start)
"""


def boot() -> float:
    """Seconds from the first call to its answer, in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", BOOT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Measure both and print them beside the standard pool."""
    boots = sorted(boot() for _ in range(11))
    print(
        "How long until two cold workers have answered?\n"
        f"  median {boots[5] * 1e3:.0f} ms ({boots[0] * 1e3:.0f} to {boots[-1] * 1e3:.0f})"
    )
    with LocalExecutor(max_workers=2) as ours, ProcessPoolExecutor(2) as theirs:
        taken = compare(
            {
                "clustrix, imported function": lambda: trips(lambda: ours_twice(ours, neg)),
                "clustrix, local function": lambda: trips(lambda: ours_twice(ours, local())),
                "concurrent.futures": lambda: trips(lambda: list(theirs.map(neg, range(2)))),
            },
            rounds=21,
            warmup=2,
        )
    each = {name: [seconds / TRIPS for seconds in rounds] for name, rounds in taken.items()}
    print(table("How long do two tiny tasks take on warm workers?", each, "concurrent.futures"))
    for name, seconds in each.items():
        print(f"  {name:28} {median_ms(seconds) * 1e3:.0f} us")


def trips(once: Callable[[], object]) -> None:
    """One call after the other: what the other contestant leaves running is over by then."""
    for _ in range(TRIPS):
        once()


def ours_twice(executor: LocalExecutor, function: Callable[[int], int]) -> list[int]:
    """Two items, one for each worker."""
    return executor.execute_loop_parallel(function, "x", range(2), position=0)


@functools.cache
def local() -> Callable[[int], int]:
    """A function that no worker can import."""
    return lambda x: -x


if __name__ == "__main__":
    main()
