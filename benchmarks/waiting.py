"""How many items wait at the same time, when 200 of them wait for 10 ms each?"""

from __future__ import annotations

from benchmarks import _row
from benchmarks._row import Job, Row
from benchmarks.work import nap


def _job(steps: float) -> Job:
    return Job(nap, [0.01] * 200)


ROWS = (Row("waiting", "200 x 10 ms of sleep", _job, _row.waiting(32, 16, 8), headline=True),)
