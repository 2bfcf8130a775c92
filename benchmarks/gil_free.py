"""Is work in C that lets go of the GIL shared out, by whatever engine?"""

from __future__ import annotations

from benchmarks._row import CPUS, Job, Row, Setting

_COUNT = 60
_GRID = (
    Setting("threads", CPUS, 1),
    Setting("threads", CPUS, _COUNT // CPUS),
    Setting("processes", CPUS, 1),
    Setting("processes", CPUS, _COUNT // (4 * CPUS)),
)


def _numpy(steps: float) -> Job:
    from benchmarks.array_work import sines

    return Job(sines, range(_COUNT))


def _zlib(steps: float) -> Job:
    from benchmarks.array_work import compressed

    return Job(compressed, range(_COUNT))


def _hashlib(steps: float) -> Job:
    from benchmarks.array_work import hashed

    return Job(hashed, range(_COUNT))


ROWS = (
    # As in arrays_out: the time of a loop that makes arrays depends on the luck of its process.
    Row("gil-free-numpy", "60 x 4 ms of sines in NumPy", _numpy, _GRID),
    Row("gil-free-zlib", "60 x 4 ms of zlib", _zlib, _GRID, beside=True, headline=True),
    Row("gil-free-hashlib", "60 x 2 ms of SHA-256", _hashlib, _GRID, beside=True),
)
