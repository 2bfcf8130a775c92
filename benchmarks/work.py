"""The work of the benchmarks: functions that every contestant can import, and their price.

`burn` is honest pure Python.  How many of its steps fit into a microsecond is measured once a row
(`steps_per_us`) and handed to every contestant, so that all of them do exactly the same work.
"""

from __future__ import annotations

import time

__all__ = [
    "burn",
    "burn_or_nap",
    "fill_page",
    "nap",
    "nap_then_burn",
    "nothing",
    "steps_per_us",
    "tiny",
]


def nothing(item: int) -> int:
    """No work at all: it warms a pool up."""
    return item


def tiny(item: int) -> int:
    """About 0.1 us: a call and a little arithmetic."""
    return (item * 3 + 1) & 0xFFFF


def burn(count: int) -> int:
    """Compute for so many steps, holding the GIL."""
    value = 1
    for _ in range(count):
        value = (value * 5 + 3) & 0xFFFF
    return value


def nap(seconds: float) -> float:
    """Wait, without computing."""
    time.sleep(seconds)
    return seconds


def nap_then_burn(count: int) -> int:
    """Wait for 10 ms, as for an answer, and then compute with it."""
    time.sleep(0.01)
    return burn(count)


def burn_or_nap(count: int) -> int:
    """Compute for so many steps; for none, wait for 10 ms instead."""
    if count == 0:
        time.sleep(0.01)
    return burn(count)


def fill_page(count: int) -> bytes:
    """Compute, and return 100 kB."""
    return burn(count).to_bytes(4, "little") * 25_000


def steps_per_us() -> float:
    """How many steps `burn` takes in a microsecond: the best of several tries.

    The best, because whatever else runs on the machine can only make a try slower.
    """
    count, best = 20_000, float("inf")
    for _ in range(30):
        start = time.perf_counter()
        burn(count)
        best = min(best, time.perf_counter() - start)
    return count / (best * 1e6)
