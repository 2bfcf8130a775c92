"""How many processors this process may really use.

    os.cpu_count()  ≥  affinity (taskset, cpusets)  ≥  cgroup quota (containers)

The smallest of the three wins: a container limited to two CPUs on a host of 64 gets two workers.
"""

from __future__ import annotations

import functools
import io
import math
import os
import sys

__all__ = ["available_cpus", "cpus_at_most", "gil_enabled"]

_CGROUPS = "/sys/fs/cgroup"
_OWN_CGROUP = "/proc/self/cgroup"


def available_cpus() -> int:
    """Processors that this process may use: affinity and cgroup quota respected.

    Returns:
        At least 1.  A fractional quota is rounded up, as 1.5 CPUs keep two workers busy.
    """
    return max(1, math.ceil(min(cpus_at_most(), _cgroup_quota())))


def cpus_at_most() -> int:
    """No fewer processors than `available_cpus`: what the control groups say is not read.

    That takes a third of a millisecond, which the first call of a program need not spend when
    nothing is to be shared on any number of processors (benchmarks/small.py).
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity calls
        return os.cpu_count() or 1


def gil_enabled() -> bool:
    """Whether this interpreter runs one Python thread at a time."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return True if enabled is None else bool(enabled())


@functools.cache
def _cgroup_quota() -> float:
    """CPUs that the control groups allow; infinity where nothing limits them.

    Read once: a quota hardly ever changes under a running process, and reading it for each
    call would cost as much as many a call.
    """
    try:
        lines = _read(_OWN_CGROUP).splitlines()
    except OSError:
        return math.inf
    quota = math.inf
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2: one tree, and every level may set a limit
            folder = os.path.join(_CGROUPS, path.lstrip("/")).rstrip("/")
            while True:
                quota = min(quota, _quota_v2(os.path.join(folder, "cpu.max")))
                if folder in (_CGROUPS, os.path.dirname(folder)):
                    break
                folder = os.path.dirname(folder)
        elif "cpu" in controllers.split(","):
            bases = {os.path.join(_CGROUPS, name) for name in ("cpu", controllers)}
            groups = {os.path.join(base, path.lstrip("/")).rstrip("/") for base in bases}
            quota = min(quota, *map(_quota_v1, bases | groups))
    return quota


def _read(file: str) -> str:
    with io.FileIO(file) as opened:  # text files and their codecs would take twice as long
        return opened.readall().decode()


def _quota_v2(file: str) -> float:
    try:
        limit, period = _read(file).split()
        return math.inf if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        return math.inf


def _quota_v1(folder: str) -> float:
    try:
        limit = int(_read(os.path.join(folder, "cpu.cfs_quota_us")))
        period = int(_read(os.path.join(folder, "cpu.cfs_period_us")))
    except (OSError, ValueError):
        return math.inf
    return math.inf if limit <= 0 else limit / period
