"""Do results of 8 MB each come back without a detour?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting

_GRID = (Setting("threads", CPUS, 1), Setting("threads", CPUS, 16), Setting("processes", CPUS, 1))


def _job(steps: float) -> Job:
    from benchmarks.array_work import filled

    return Job(filled, range(32))


ROWS = (Row("arrays-filled", "32 arrays of 8 MB, filled", _job, _GRID, beside=True, headline=True),)
