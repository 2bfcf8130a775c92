"""Is even a call of a millisecond, 2 items of 0.5 ms each, worth sharing out once all is warm?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting
from benchmarks.work import burn

_GRID = (Setting("processes", CPUS, 1), Setting("threads", CPUS, 1))


def _job(steps: float) -> Job:
    # Behind the pause in front of a turn the second processor takes ten calls to come up.
    return Job(burn, [round(500 * steps)] * 2, repeat=60)


ROWS = (Row("warm-call", "2 x 0.5 ms, warm", _job, _GRID, headline=True, beside=True),)
