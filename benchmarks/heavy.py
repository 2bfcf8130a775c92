"""How close to the number of CPUs does a loop of 40 items of 8 ms each get?"""

from __future__ import annotations

from benchmarks._row import Job, Row, computing
from benchmarks.work import burn


def _job(steps: float) -> Job:
    return Job(burn, [round(8_000 * steps)] * 40)


ROWS = (Row("heavy", "40 x 8 ms", _job, computing(40), headline=True),)
