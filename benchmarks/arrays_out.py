"""Do results of 8 MB each come back without a detour?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting

_GRID = (Setting("threads", CPUS, 1), Setting("threads", CPUS, 16), Setting("processes", CPUS, 1))


def _job(steps: float) -> Job:
    from benchmarks.array_work import filled

    return Job(filled, range(32))


# Not compared with a loop beside each peer: whether the memory of the last loop is there again or
# has to be fetched from the system is luck of the process, and doubles the time of its loop.
ROWS = (Row("arrays-filled", "32 arrays of 8 MB, filled", _job, _GRID, headline=True),)
