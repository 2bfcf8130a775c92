"""Does a call now and then lose anything, when processors sleep and nothing is in a cache?

Run by itself (``python -m benchmarks.pauses``) it tells what warm workers cost, by the pause in
front of the call: the time of two items on two workers, less that of one.
"""

from __future__ import annotations

import statistics
import time

from benchmarks._row import Job, Row, computing
from benchmarks.work import burn, steps_per_us
from clustrix import parallel

# Each turn of a contest is behind such a pause; this is the call that comes first.
_PAUSE = "behind 50 ms of pause"

MANY = 20  # worth sharing behind any pause
ROUNDS = 41


def _job(count: int, steps: float) -> Job:
    return Job(burn, [round(500 * steps)] * count)


ROWS = (
    Row(
        "pause-short",
        f"4 x 0.5 ms, {_PAUSE}",
        lambda steps: _job(4, steps),
        computing(4),
        beside=True,
    ),
    Row(
        "pause-long",
        f"{MANY} x 0.5 ms, {_PAUSE}",
        lambda steps: _job(MANY, steps),
        computing(MANY),
        beside=True,
    ),
)


def main() -> None:
    """Measure how long warm workers take to answer, behind longer and longer pauses."""
    job = _job(2, steps_per_us())
    shared = parallel(job.function, executor="processes", max_workers=2, chunk_size=1)
    for _ in range(100):
        shared(job.items)
    print("What do two warm workers cost two items, by the pause in front of them?")
    for pause in (0.0, 0.001, 0.003, 0.01, 0.02, 0.1):
        lost = []
        for _ in range(ROUNDS):
            shared(job.items)
            time.sleep(pause)
            start = time.perf_counter()
            shared(job.items)
            between = time.perf_counter()
            job.function(job.items[0])
            alone = time.perf_counter() - between
            lost.append(between - start - alone)
        print(f"  {pause * 1e3:5.0f} ms: {statistics.median(lost) * 1e3:6.2f} ms")


if __name__ == "__main__":
    main()
