"""What does an item of a trivial function cost as the loop grows, from 10^2 to 10^7 items?"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks._row import Job, Row
from benchmarks.work import tiny


def _job(power: int) -> Callable[[float], Job]:
    return lambda steps: Job(tiny, range(10**power), repeat=max(1, 10 ** (4 - power)))


ROWS = tuple(
    Row(f"growth-{power}", f"10^{power} items of a trivial function", _job(power))
    for power in range(2, 8)
)
