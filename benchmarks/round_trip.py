"""How long does the process engine take to start two workers, and to answer when warm?"""

from __future__ import annotations

import operator
import subprocess
import sys

from benchmarks._measure import compare, median_ms, table

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
    from concurrent.futures import ProcessPoolExecutor

    from clustrix import LocalExecutor

    boots = sorted(boot() for _ in range(11))
    print(
        "How long until two cold workers have answered?\n"
        f"  median {boots[5] * 1e3:.0f} ms ({boots[0] * 1e3:.0f} to {boots[-1] * 1e3:.0f})"
    )
    with LocalExecutor(max_workers=2) as ours, ProcessPoolExecutor(2) as theirs:
        taken = compare(
            {
                "clustrix": lambda: ours.execute_loop_parallel(
                    operator.neg, "x", range(2), position=0
                ),
                "concurrent.futures": lambda: list(theirs.map(operator.neg, range(2))),
            },
            rounds=500,
            warmup=50,
        )
    print(table("How long do two tiny tasks take on warm workers?", taken, "concurrent.futures"))
    print(f"  that is {median_ms(taken['clustrix']) * 1e3:.0f} us")


if __name__ == "__main__":
    main()
