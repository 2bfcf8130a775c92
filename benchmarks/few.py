"""How many microseconds does a call cost over the plain loop, when there is nothing to gain?"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks._row import CPUS, Job, Row, Setting
from benchmarks.work import burn

_GRID = (Setting("threads", CPUS, 1), Setting("processes", CPUS, 1))


def _job(items: int) -> Callable[[float], Job]:
    return lambda steps: Job(burn, [round(steps)] * items, repeat=30)


ROWS = (
    Row("few-1", "1 item x 1 us", _job(1), _GRID, beside=True),
    Row("few-2", "2 items x 1 us", _job(2), _GRID, beside=True, headline=True),
    Row("few-5", "5 items x 1 us", _job(5), _GRID, beside=True),
)
