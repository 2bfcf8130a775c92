"""Does one giant among 161 items, 20 times as dear as the others, hold up the loop?

The giant costs an eighth of all the others together.  Where it comes last, somebody who works in
loop order and does not know the costs ends at 0.56 of the loop at best; where it comes first or
in the middle, at 0.50.  Halving the loop gives 0.56 everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks._row import CPUS, Job, Row, Setting, computing
from benchmarks.work import burn

_OTHERS = 160
_GRID = (Setting("processes", CPUS, 1), *computing(_OTHERS))


def _job(place: int) -> Callable[[float], Job]:
    def job(steps: float) -> Job:
        items = [round(2_000 * steps)] * _OTHERS
        items.insert(place, round(40_000 * steps))
        return Job(burn, items)

    return job


ROWS = (
    Row("giant-first", "160 x 2 ms, 40 ms first", _job(0), _GRID, scheduled=True),
    Row("giant-middle", "160 x 2 ms, 40 ms in the middle", _job(80), _GRID, scheduled=True),
    Row("giant-last", "160 x 2 ms, 40 ms last", _job(160), _GRID, headline=True, scheduled=True),
)
