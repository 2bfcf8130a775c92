"""Does a loop of 30 ms, 5,000 items of 6 us each, gain anything, at the first call and later?"""

from __future__ import annotations

from benchmarks._row import Job, Row, computing
from benchmarks.work import burn


def _job(steps: float) -> Job:
    return Job(burn, [round(6 * steps)] * 5_000)


ROWS = (
    Row("small-cold", "5,000 x 6 us, first call", _job, computing(5_000), "first", headline=True),
    Row("small-warm", "5,000 x 6 us", _job, computing(5_000), headline=True, beside=True),
)
