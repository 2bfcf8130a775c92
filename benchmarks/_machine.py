"""What the figures were measured on: facts for the report, and nothing that names the machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks._handle import ROOT
from benchmarks._row import CPUS
from benchmarks.work import burn, steps_per_us

__all__ = ["capacity", "machine"]

_PACKAGES = (
    "clustrix",
    "numpy",
    "joblib",
    "loky",
    "mpire",
    "Pebble",
    "pathos",
    "distributed",
    "ray",
)


def machine() -> dict[str, Any]:
    """Processor, Python, versions and date."""
    versions = {}
    for package in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {
        "cpu": _cpu(),
        "cpus": CPUS,
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions,
        "date": datetime.date.today().isoformat(),
        "load": round(os.getloadavg()[0], 2),
        "capacity": round(capacity(), 2),
    }


def capacity() -> float:
    """How many CPUs there really are: the speed of a process on each, relative to one alone.

    Where it is below their number, other work or shared cores take the rest, and no tool can
    reach one over that number.
    """
    count = round(100_000 * steps_per_us())
    program = (
        "import sys, time; from benchmarks.work import burn\n"
        f"print(flush=True); sys.stdin.readline(); t = time.perf_counter(); burn({count})\n"
        "print(time.perf_counter() - t)"
    )
    lanes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(CPUS)
    ]
    for lane in lanes:
        assert lane.stdout is not None
        lane.stdout.readline()
    start = time.perf_counter()
    burn(count)
    alone = time.perf_counter() - start
    for lane in lanes:
        assert lane.stdin is not None
        lane.stdin.write("\n")
        lane.stdin.flush()
    together = [float(lane.communicate()[0]) for lane in lanes]
    return sum(alone / seconds for seconds in together)


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
