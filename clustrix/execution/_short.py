"""Loops in which nothing can be gained: the plain loop, with as little around it as can be.

    one item                               ──> here
    a known function, too little work,
    or never worth sharing, and a batch    ──> here, timed as a whole
    work takes twice as long as it did     ──> here once more, and it is known from then on

A call of a few microseconds shall not cost thirty (benchmarks/few.py).
"""

from __future__ import annotations

import time
from typing import Any

from clustrix._records import Call, Chunk
from clustrix.execution._alone import BATCH
from clustrix.execution._cost import rescaled, too_little
from clustrix.execution._engine import join
from clustrix.execution._memory import remembered
from clustrix.execution._own_lane import run_plainly

__all__ = ["run_here", "run_short"]

# Items that take so many times longer than they did are looked at properly the next time.
DEARER = 2.0


def run_here(call: Call) -> list[Any]:
    """The plain loop in the calling thread.

    Raises:
        BaseException: what the function raised, with a note that names the item.
    """
    chunk = Chunk(0, call.items)
    outcome = run_plainly(call, call.per_item(), chunk, iter(call.items))
    if outcome.error is None and not call.collect:
        return outcome.values  # type: ignore[return-value]
    return join([outcome], len(call.items), collect=call.collect)


def run_short(call: Call) -> list[Any] | None:
    """The loop, if it is known to be too short to share; ``None`` if it is not."""
    known = remembered.get(call.function)
    if known is None:
        return None
    wall, count = known.figures.wall, len(call.items)
    hopeless = known.hopeless and count * wall < BATCH
    if wall <= 0 or not (hopeless or too_little(count * wall)):
        return None
    start = time.perf_counter()
    results = run_here(call)
    taken = (time.perf_counter() - start) / count
    if taken > DEARER * wall:
        figures = rescaled(known.figures, taken)
        remembered.put(call.function, known._replace(figures=figures))
    return results
