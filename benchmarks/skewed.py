"""Does one lane wait for another when the items of a loop cost differently?"""

from __future__ import annotations

import random

from benchmarks._row import CPUS, Job, Row, Setting, computing
from benchmarks.work import burn

_ITEMS = 150
_GRID = (Setting("processes", CPUS, 1), *computing(_ITEMS))


def _growing(steps: float) -> Job:
    """The cost of item i grows like i squared, 400 ms in all."""
    unit = 400_000 * steps * 3 / _ITEMS**3
    return Job(burn, [round(unit * i * i) for i in range(1, _ITEMS + 1)])


def _random(steps: float) -> Job:
    """Costs spread over three powers of ten: 0.1 to 20 ms."""
    dice = random.Random(5)
    return Job(burn, [round(steps * 20_000 * 200 ** -dice.random()) for _ in range(_ITEMS)])


ROWS = (
    Row("skewed-growing", "150 items, cost ~ i^2", _growing, _GRID, headline=True, scheduled=True),
    Row("skewed-random", "150 items, 0.1 to 20 ms", _random, _GRID, scheduled=True),
)
