"""How much memory do a call and its workers take at most, for 40 MB of results?"""

from __future__ import annotations

from benchmarks._row import Job, Row, computing
from benchmarks.work import fill_page


def _job(steps: float) -> Job:
    return Job(fill_page, [round(1_000 * steps)] * 400)


ROWS = (Row("memory-peak", "400 x 1 ms, 100 kB each: peak", _job, computing(400), "memory"),)
