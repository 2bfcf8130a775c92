"""Do big arrays stay where they are when moving them costs more than the work on them?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting

_GRID = (Setting("threads", CPUS, 1), Setting("threads", CPUS, 16), Setting("processes", CPUS, 1))


def _summed(steps: float) -> Job:
    from benchmarks.array_work import arrays, total

    return Job(total, arrays(32))


def _sorted(steps: float) -> Job:
    from benchmarks.array_work import arrays, median

    return Job(median, arrays(32))


ROWS = (
    Row("arrays-summed", "32 arrays of 8 MB, summed", _summed, _GRID, beside=True, headline=True),
    Row("arrays-sorted", "32 arrays of 8 MB, sorted", _sorted, _GRID, beside=True, headline=True),
)
