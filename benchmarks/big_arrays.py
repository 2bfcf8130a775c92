"""What does it cost to move 256 MB of arrays to the workers, and back?"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._measure import compare, table

COUNT, LENGTH = 32, 1 << 20  # 32 arrays of 8 MB


def total(array: Any) -> float:
    """Next to nothing to compute: what is measured is the way there."""
    return float(array.sum())


def filled(value: float) -> Any:
    """The way back."""
    return np.full(LENGTH, value)


def main() -> None:
    """Measure both directions beside the standard pool and the plain loop."""
    from concurrent.futures import ProcessPoolExecutor

    from clustrix import LocalExecutor

    arrays = [np.random.default_rng(i).random(LENGTH) for i in range(COUNT)]
    with LocalExecutor(max_workers=2) as ours, ProcessPoolExecutor(2) as theirs:
        there = compare(
            {
                "plain loop": lambda: [total(array) for array in arrays],
                "concurrent.futures": lambda: list(theirs.map(total, arrays)),
                "clustrix, processes": lambda: ours.execute_loop_parallel(
                    total, "array", arrays, position=0
                ),
            },
            rounds=9,
            warmup=2,
        )
        back = compare(
            {
                "plain loop": lambda: [filled(i) for i in range(COUNT)],
                "concurrent.futures": lambda: list(theirs.map(filled, range(COUNT))),
                "clustrix, processes": lambda: ours.execute_loop_parallel(
                    filled, "value", range(COUNT), position=0
                ),
            },
            rounds=9,
            warmup=2,
        )
    print(table("256 MB of arrays in, summed:", there, "concurrent.futures"))
    print(table("256 MB of arrays out, filled:", back, "concurrent.futures"))


if __name__ == "__main__":
    main()
