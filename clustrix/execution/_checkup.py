"""What the engines rest on, tried out for those who want to know whether it works here.

    cpu_limits()   what the machine has, what the scheduler gives, what the container allows
    lifeline()     start a process as workers are started, let its lifeline go: does it end?

Nothing of this runs unless somebody asks.
"""

from __future__ import annotations

import math
import os
import signal
from typing import NamedTuple

from clustrix.execution.machine._cpus import _cgroup_quota, available_cpus
from clustrix.execution.surroundings._place import BLAS_LIMITS
from clustrix.execution.workers import _birth
from clustrix.execution.workers._arena import SHARES_MEMORY

__all__ = ["BLAS_LIMITS", "SHARES_MEMORY", "CpuLimits", "cpu_limits", "lifeline"]

_HANGS = """
import os, sys, time
sys.path.insert(0, {root!r})
from clustrix.execution.workers import _lifeline
def hang(out, lifeline):
    os.dup2(out, 1)
    _lifeline.ask_kernel(lifeline)
    _lifeline.watch(lifeline)
    print(flush=True)
    time.sleep(600)
hang"""


class CpuLimits(NamedTuple):
    """Processors, counted in three ways.

    Attributes:
        machine: those that are there.
        affinity: those that this process may run on; ``None`` where the system does not tell.
        quota: those that its control groups pay for; infinity where nothing limits them.
        available: the number that clustrix goes by.
    """

    machine: int
    affinity: int | None
    quota: float
    available: int


def cpu_limits() -> CpuLimits:
    """How many processors there are, and what limits their use."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return CpuLimits(os.cpu_count() or 1, affinity, _cgroup_quota(), available_cpus())


def lifeline(seconds: float = 5.0) -> str:
    """What ends a worker whose parent is gone, found out by trying.

    Args:
        seconds: how long to wait for its end.

    Returns:
        ``"kernel"``: at once, by a signal; ``"thread"``: by a thread that watches, within a
        second or two; ``""``: nothing has ended it, or it could not be started.
    """
    ours, theirs = os.pipe()
    lifeline, held = os.pipe()
    process = None
    try:
        code = _HANGS.format(root=_birth.ROOT)
        process = _birth.start_interpreter(code, (theirs, lifeline))
        os.close(theirs)
        os.close(lifeline)
        theirs = lifeline = -1
        if not os.read(ours, 1):  # it says a line when it is ready, and nothing when it fails
            return ""
        os.close(held)
        held = -1
        if (status := process.wait(seconds)) is None:
            return ""
    finally:
        for handle in (ours, theirs, lifeline, held):
            if handle >= 0:
                os.close(handle)
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
    return "kernel" if status == -getattr(signal, "SIGKILL", math.inf) else "thread"
