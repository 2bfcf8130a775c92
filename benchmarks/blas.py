"""Is work left alone that uses all the cores by itself, as BLAS does?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting

_GRID = (Setting("threads", CPUS, 1), Setting("processes", CPUS, 1))


def _job(steps: float) -> Job:
    import numpy as np

    from benchmarks.array_work import dot

    generator = np.random.default_rng(7)
    return Job(dot, [generator.random((600, 600)) for _ in range(30)])


# Not compared with a loop beside each peer: a pool of threads leaves that of BLAS in disorder, and
# the plain loops of its process take up to a third longer than those of a process without one.
ROWS = (Row("blas", "30 matrix products, 600 x 600", _job, _GRID, headline=True),)
