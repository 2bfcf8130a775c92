"""The records that travel between the rooms.  Frozen: a stage hands on, it never edits.

    f(items, …) ─> Call ─> Plan ─> Chunk, Chunk, … ─> engine ─> Outcome, Outcome, … ─> results

`Options` is what the user said, `Machine` is what this process may use; with the findings of the
analysis they make the `Plan`.  What workers need too lives in `_records`, which loads faster.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

from clustrix._records import Call, Chunk, Outcome, describe

__all__ = [
    "ENGINES",
    "Call",
    "Chunk",
    "Finding",
    "Machine",
    "Options",
    "Outcome",
    "Plan",
    "describe",
]

ENGINES = ("serial", "threads", "processes")


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence: what was seen, where, and why it matters.

    Attributes:
        code: stable identifier, for example ``"IO201"``; documented in the reference.
        why: the reason in a few words, for example ``"waits on the network"``.
        name: what was found, for example ``"requests.get"``; ``""`` when nothing has a name.
        file: path of the source file; ``""`` when there is none.
        line: line in that file, counted from 1; 0 when there is none.
        column: column in that line, counted from 1; 0 when it is not known.
    """

    code: str
    why: str
    name: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.name}{' ' if self.name else ''}{self.why} ({self.code})"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said, as they said it; a mistake is an error before anything runs.

    Attributes:
        executor: an engine's name, ``"auto"``, or a `concurrent.futures.Executor`.
        max_workers: lanes at most; ``None`` lets the engine's default stand.
        chunk_size: items per chunk; ``None`` lets clustrix choose.
        timeout: seconds that one item may run; ``None`` or infinity for no limit.
        batched: whether the function takes whole chunks; ``None`` lets the analysis find out.
        on_error: ``"raise"``: the first failure in loop order ends the loop; ``"collect"``:
            everything runs, and the exception stands where the value would.
        progress: ``True`` for a display, or a callable that is told.
        seed: gives each item random numbers of its own; ``None`` for none in particular.

    Raises:
        TypeError: an option is of the wrong type.
        ValueError: an option is out of range.
    """

    executor: Any = "auto"
    max_workers: int | None = None
    chunk_size: int | None = None
    timeout: float | None = None
    batched: bool | None = None
    on_error: str = "raise"
    seed: int | None = None
    progress: Any = None

    def __post_init__(self) -> None:
        _check_executor(self.executor)
        _check_integer("max_workers", self.max_workers, 1)
        _check_integer("chunk_size", self.chunk_size, 1)
        _check_seconds("timeout", self.timeout)
        if self.timeout == math.inf:
            object.__setattr__(self, "timeout", None)
        if self.batched is not None and not isinstance(self.batched, bool):
            raise TypeError(f"batched must be True, False or None, not {self.batched!r}")
        if self.on_error not in ("raise", "collect"):
            raise ValueError(f"on_error must be 'raise' or 'collect', not {self.on_error!r}")
        if self.progress not in (None, True, False) and not callable(self.progress):
            raise TypeError(
                f"progress must be True, False, None or a callable, not {self.progress!r}"
            )
        _check_integer("seed", self.seed, 0)


@dataclass(frozen=True, slots=True)
class Machine:
    """What this process may use.

    Attributes:
        cpus: processors that the scheduler will give this process, affinity and cgroup
            quota respected.
        gil: whether this interpreter runs one Python thread at a time.
        inside_worker: whether the caller is itself running in a lane of clustrix.
    """

    cpus: int
    gil: bool = True
    inside_worker: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How a call will run, and the evidence for it.  ``str(plan)`` reads as an explanation.

    Attributes:
        engine: ``"serial"``, ``"threads"``, ``"processes"`` or the name of a foreign executor.
        workers: lanes that may run items at the same time.
        findings: the evidence, the decisive finding first.
        function: name of the function planned for.
        batched: whether the function gets whole chunks instead of single items.
        chunk_size: items in a chunk; the last one may be shorter.
        timeout: seconds that one item may run, from its own start; ``None`` for no limit.
    """

    engine: str
    workers: int
    findings: tuple[Finding, ...] = ()
    function: str = ""
    batched: bool = False
    chunk_size: int = 1
    timeout: float | None = None

    def __str__(self) -> str:
        lanes = "" if self.engine == "serial" else f", {_count(self.workers, 'worker')}"
        unit = "whole chunks" if self.batched else "chunks"
        size = "" if self.engine == "serial" else f", {unit} of {_count(self.chunk_size, 'item')}"
        head = f"{self.function}(): " if self.function else ""
        reasons = "".join(f"\n  {finding}" for finding in self.findings)
        return f"{head}{self.engine}{lanes}{size}, because:{reasons}"


def _check_executor(executor: object) -> None:
    if isinstance(executor, str):
        if executor == "auto" or executor in ENGINES:
            return
        import difflib  # only a mistake needs it

        choices = ("auto", *ENGINES)
        known = ", ".join(repr(name) for name in choices)
        close = difflib.get_close_matches(executor, choices, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"executor={executor!r} is not known; it is one of {known}.{hint}")
    from concurrent.futures import Executor  # imports logging, which a worker does not need

    if not isinstance(executor, Executor):
        raise TypeError(
            "executor must be a name or a concurrent.futures.Executor, "
            f"not {type(executor).__name__}"
        )


def _check_integer(name: str, value: object, least: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{name} must be an integer or None, not {value!r}")
    if operator.index(value) < least:  # type: ignore[arg-type]
        bound = "greater than 0" if least else "0 or greater"
        raise ValueError(f"{name} must be {bound}, not {value!r}")


def _check_seconds(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds or None, not {value!r}")
    if not value > 0:
        raise ValueError(f"{name} must be greater than 0 seconds, not {value!r}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
