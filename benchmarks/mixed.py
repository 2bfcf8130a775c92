"""Is the right engine found when items wait and compute, or when a loop changes half-way?"""

from __future__ import annotations

from benchmarks._row import Job, Row, waiting
from benchmarks.work import burn_or_nap, nap_then_burn

_GRID = waiting(32, 16, 8, processes=(8, 16, 4))


def _each(steps: float) -> Job:
    """Every item waits for 10 ms and computes for 2 ms."""
    return Job(nap_then_burn, [round(2_000 * steps)] * 80)


def _halves(steps: float) -> Job:
    """First 50 items that only wait, then 50 that only compute."""
    return Job(burn_or_nap, [0] * 50 + [round(8_000 * steps)] * 50)


ROWS = (
    Row("mixed-each", "80 x (10 ms sleep, then 2 ms)", _each, _GRID, headline=True),
    Row("mixed-halves", "50 x 10 ms sleep, then 50 x 8 ms", _halves, _GRID),
)
