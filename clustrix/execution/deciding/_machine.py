"""What the calling thread may use of this machine: a record for those who decide."""

from __future__ import annotations

import time

from clustrix._model import Machine
from clustrix.execution.lanes._lane import inside_lane
from clustrix.execution.machine._cpus import available_cpus, gil_enabled

__all__ = ["this_machine"]

# How long a count of the processors holds.
COUNT_SECONDS = 0.1


def this_machine() -> Machine:
    """What the calling thread may use, as a record for the planner.

    The processors are counted anew when a moment has passed: asking for them takes a tenth of
    what a call costs behind a loop that has filled the processor's caches (benchmarks/tiny.py).
    """
    global _counted
    now = time.monotonic()
    until, alone, inside = _counted
    if now >= until:
        cpus, gil = available_cpus(), gil_enabled()
        alone, inside = Machine(cpus, gil), Machine(cpus, gil, inside_worker=True)
        _counted = (now + COUNT_SECONDS, alone, inside)
    return inside if inside_lane() else alone


_counted = (0.0, Machine(1), Machine(1))  # until when it holds, outside of a lane and in one
