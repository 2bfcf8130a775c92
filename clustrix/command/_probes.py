"""Looks at one thing each, for `doctor`, and says what it sees and whether that is well.

    probe() ─> Verdict(subject, level, seen, fix)       "ok", "note" or "broken"

What is measured is measured by running it: workers are started, asked, and ended.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import operator
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import clustrix
from clustrix.execution import BLAS_LIMITS, SHARES_MEMORY, cpu_limits, lifeline, this_machine
from clustrix.local_executor import LocalExecutor

__all__ = ["EXTRAS", "PROBES", "Verdict"]

_ROUNDS = 50
_SLOW_START = 1.0  # seconds until two workers have answered; 0.05 to 0.2 are usual
_SLOW_TRIP = 0.005  # seconds for two tiny tasks on warm workers; 0.0002 are usual

_NEEDED: Final = {"wrapt": (1, 17), "cloudpickle": (3, 0)}

# Optional packages, and what they would be good for here.
EXTRAS: Final = {
    "numpy": "large arrays travel through shared memory",
    "distributed": "Dask: its clients run loops on other machines",
    "ray": "tasks on a Ray cluster",
    "tqdm": "progress bars",
    "matplotlib": "plots",
    "threadpoolctl": "exact figures on BLAS threads, here",
}
_MAPPED = re.compile(r"/[^/\n]*?(openblas|mkl_rt|mkl_core|blis|gomp|iomp5|libomp)[^/\n]*$", re.M)


class Verdict(NamedTuple):
    """What a probe says.

    Attributes:
        subject: what was looked at.
        level: ``"ok"``; ``"note"``: it works, and could work better; ``"broken"``.
        seen: what was found, with figures.
        fix: what to do; ``""`` when there is nothing to do.
    """

    subject: str
    level: str
    seen: str
    fix: str = ""


def python() -> Iterator[Verdict]:
    """The interpreter."""
    name = f"{platform.python_implementation()} {platform.python_version()}"
    yield Verdict("Python", "ok", f"{name} on {platform.system()} ({platform.machine()})")
    machine = this_machine()
    free = bool(importlib.import_module("sysconfig").get_config_var("Py_GIL_DISABLED"))
    if not machine.gil:
        yield Verdict("GIL", "ok", "off: threads run Python code in parallel")
    elif free:
        fix = "start Python with PYTHON_GIL=0, or find the extension module that turned it on"
        yield Verdict("GIL", "note", "on, although this Python can do without", fix)
    else:
        yield Verdict("GIL", "ok", "on: Python code runs in parallel on processes")


def packages() -> Iterator[Verdict]:
    """Clustrix and what it depends on."""
    yield Verdict("clustrix", "ok", f"{clustrix.__version__} in {Path(clustrix.__file__).parent}")
    for name, least in _NEEDED.items():
        wanted = ".".join(map(str, least))
        fix = f"pip install --upgrade '{name}>={wanted}'"
        version = _version(name)
        if version is None:
            yield Verdict(name, "broken", "not installed", fix)
        elif _numbers(version) < least:
            yield Verdict(name, "broken", f"{version}, older than {wanted}", fix)
        else:
            yield Verdict(name, "ok", version)


def cpus() -> Iterator[Verdict]:
    """Processors, and what limits them."""
    limits = cpu_limits()
    affinity = "unknown" if limits.affinity is None else f"{limits.affinity}"
    quota = "none" if math.isinf(limits.quota) else f"{limits.quota:g}"
    seen = f"{limits.available} to use (machine {limits.machine}, affinity {affinity}, "
    seen += f"cgroup quota {quota})"
    if limits.available > 1:
        yield Verdict("CPUs", "ok", seen)
    else:
        fix = "allow the process or the container more; with one, only waiting can overlap"
        yield Verdict("CPUs", "note", seen, fix)


def workers() -> Iterator[Verdict]:
    """Start two workers and ask them things."""
    yield Verdict("workers", "ok", "fresh interpreters: no fork, the main module not run again")
    try:
        with LocalExecutor(max_workers=2, use_threads=False) as executor:
            started = _answer(executor)
            trip = median(_answer(executor) for _ in range(_ROUNDS))
    except Exception as error:
        fix = f"see whether {sys.executable} can be started, and what it says"
        yield Verdict("start-up", "broken", f"{type(error).__name__}: {error}", fix)
        return
    slow = "see what Python loads when it starts: python -X importtime -c pass"
    level = "ok" if started < _SLOW_START else "note"
    seen = f"{started * 1e3:.0f} ms until two workers have answered"
    yield Verdict("start-up", level, seen, "" if level == "ok" else slow)
    level = "ok" if trip < _SLOW_TRIP else "note"
    seen = f"{trip * 1e6:.0f} us for two tiny tasks on warm workers"
    fix = "" if level == "ok" else "the machine is busy, or its scheduler slow; measure again"
    yield Verdict("round trip", level, seen, fix)


def _answer(executor: LocalExecutor) -> float:
    """Seconds for a loop of two tiny items."""
    began = time.perf_counter()
    answer = executor.execute_loop_parallel(operator.neg, "x", (1, 2), position=0, chunk_size=1)
    if answer != [-1, -2]:
        raise RuntimeError(f"the workers answered {answer!r}")
    return time.perf_counter() - began


def safety() -> Iterator[Verdict]:
    """What keeps big arrays fast, and workers from being left behind."""
    if SHARES_MEMORY:
        yield Verdict("memory files", "ok", "large arrays travel through anonymous shared memory")
    else:
        yield Verdict("memory files", "note", "none on this system: large arrays travel as bytes")
    found = lifeline()
    seen = {
        "kernel": "a worker whose parent is gone is ended by the kernel, at once",
        "thread": "a worker whose parent is gone ends itself, within seconds",
        "": "a worker whose parent was gone did not end",
    }[found]
    fix = "" if found else "look for processes with 'clustrix.execution' after a crash"
    yield Verdict("lifeline", "ok" if found else "broken", seen, fix)


def blas() -> Iterator[Verdict]:
    """Threads of numerical libraries, which multiply with ours."""
    said = {name: os.environ[name] for name in BLAS_LIMITS if os.environ.get(name)}
    shown = ", ".join(f"{name}={value}" for name, value in sorted(said.items()))
    found = _blas_threads()
    if found is None:
        yield Verdict(
            "BLAS threads", "ok", f"no numerical library found{f'; {shown}' * bool(said)}"
        )
        return
    rest = f"{shown} is set" if said else "in workers they share the CPUs between them"
    yield Verdict("BLAS threads", "ok", f"{found}; {rest}")


def _blas_threads() -> str | None:
    """The libraries and their threads, as exactly as can be told; ``None`` for none."""
    if importlib.util.find_spec("numpy") is None:
        return None
    importlib.import_module("numpy")  # what is not loaded has no threads
    if importlib.util.find_spec("threadpoolctl") is not None:
        control: Any = importlib.import_module("threadpoolctl")
        pools = control.threadpool_info()
        listed = sorted({f"{pool['internal_api']} {pool['num_threads']}" for pool in pools})
        return ", ".join(listed) or None
    try:
        mapped = Path("/proc/self/maps").read_text()
    except OSError:
        return "numpy is here; what it runs on is not known"
    names = sorted({match[1] for match in _MAPPED.finditer(mapped)})
    return (
        f"{', '.join(names)} loaded (threads: one for each CPU unless limited)" if names else None
    )


def extras() -> Iterator[Verdict]:
    """Packages that clustrix can do without."""
    for name, use in EXTRAS.items():
        version = _version(name)
        if version is None:
            yield Verdict(name, "ok", f"not installed (optional: {use})", f"pip install {name}")
        else:
            yield Verdict(name, "ok", f"{version} ({use})")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


PROBES: Final = (python, packages, cpus, workers, safety, blas, extras)
