"""What is lost when 100,000 items of 0.1 us each are looped over, far too cheap to share out?"""

from __future__ import annotations

from benchmarks._row import Job, Row, computing
from benchmarks.work import tiny


def _job(steps: float) -> Job:
    return Job(tiny, range(100_000))


ROWS = (Row("tiny", "100,000 x 0.1 us", _job, computing(100_000), headline=True, beside=True),)
