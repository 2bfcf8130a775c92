"""The records that travel between the rooms.  Frozen: a stage hands on, it never edits.

    f(items, …) ─> Call ─> Plan ─> Chunk, Chunk, … ─> engine ─> Outcome, Outcome, … ─> results

`Options` is what the user said, `Machine` is what this process may use; with the findings of the
analysis they make the `Plan`.  What workers need too lives in `_records`, which loads faster.
"""

from __future__ import annotations

import operator

from clustrix._records import Call, Chunk, Outcome, describe
from clustrix.basis._typing import Any, NamedTuple

__all__ = [
    "CLUSTERS",
    "ENGINES",
    "Call",
    "Chunk",
    "Finding",
    "Machine",
    "Options",
    "Outcome",
    "Plan",
    "cluster_kind",
    "describe",
]

# Seconds: who says so many means no limit, and no clock can wait for so long.
ENDLESS = 1e9

ENGINES = ("serial", "threads", "processes")
CLUSTERS = ("dask", "ray")


class Finding(NamedTuple):
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


class _Said(NamedTuple):
    """What the user said, as they said it.

    Attributes:
        executor: an engine's name, ``"auto"``, ``"dask"`` or ``"ray"`` for a cluster on this
            machine, the address of one (``"dask://host:8786"``, ``"ray://host:10001"``), a
            ``distributed.Client``, or a `concurrent.futures.Executor`.
        max_workers: lanes at most; ``None`` lets the engine's default stand.
        chunk_size: items per chunk; ``None`` lets clustrix choose.
        timeout: seconds that one item may run; ``None``, or 1e9 and more, for no limit.
        batched: whether the function takes whole chunks; ``None`` lets the analysis find out.
        on_error: ``"raise"``: the first failure in loop order ends the loop; ``"collect"``:
            everything runs, and the exception stands where the value would.
        progress: ``True`` for a display, or a callable that is told.
        seed: gives each item random numbers of its own; ``None`` for none in particular.
    """

    executor: Any = "auto"
    max_workers: int | None = None
    chunk_size: int | None = None
    timeout: float | None = None
    batched: bool | None = None
    on_error: str = "raise"
    seed: int | None = None
    progress: Any = None


class Options(_Said):
    """What the user said: `_Said`, checked; a mistake is an error before anything runs.

    Raises:
        TypeError: an option is of the wrong type.
        ValueError: an option is out of range.
    """

    __slots__ = ()

    def __new__(cls, *said: Any, **named: Any) -> Options:
        """Check what was said."""
        self = super().__new__(cls, *said, **named)
        self._check()
        endless = self.timeout is not None and self.timeout >= ENDLESS
        return self._replace(timeout=None) if endless else self

    def but(self, **others: Any) -> Options:
        """The same options but some, checked, too."""
        return Options(**{**self._asdict(), **others})

    def _check(self) -> None:
        _check_executor(self.executor)
        _check_integer("max_workers", self.max_workers, 1)
        _check_integer("chunk_size", self.chunk_size, 1)
        _check_seconds("timeout", self.timeout)
        if self.batched is not None and not isinstance(self.batched, bool):
            raise TypeError(f"batched must be True, False or None, not {self.batched!r}")
        if self.on_error not in ("raise", "collect"):
            raise ValueError(f"on_error must be 'raise' or 'collect', not {self.on_error!r}")
        if self.progress not in (None, True, False) and not callable(self.progress):
            raise TypeError(
                f"progress must be True, False, None or a callable, not {self.progress!r}"
            )
        _check_integer("seed", self.seed, 0)


class Machine(NamedTuple):
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


class Plan(NamedTuple):
    """How a call will run, and the evidence for it.  ``str(plan)`` reads as an explanation.

    Attributes:
        engine: ``"serial"``, ``"threads"``, ``"processes"``, ``"asyncio"``, a cluster as it was
            named, or the name of a foreign executor.
        workers: lanes that may run items at the same time; 0 for all that a cluster has.
        findings: the evidence, the decisive finding first.
        function: name of the function planned for.
        batched: whether the function gets whole chunks instead of single items.
        chunk_size: items in a chunk; the last one may be shorter. 0: the cluster's engine
            cuts them by the time that items are seen to take.
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
        lanes = f", {_count(self.workers, 'worker')}" if self.workers else ", all its workers"
        unit = "whole chunks" if self.batched else "chunks"
        size = f", {unit} of {_count(self.chunk_size, 'item')}"
        if not self.chunk_size:
            size = f", {unit} by {'the number of workers' if self.batched else 'measured time'}"
        if self.engine == "serial":
            lanes = size = ""
        head = f"{self.function}(): " if self.function else ""
        reasons = "".join(f"\n  {finding}" for finding in self.findings)
        return f"{head}{self.engine}{lanes}{size}, because:{reasons}"


def cluster_kind(executor: object) -> str | None:
    """Which of `CLUSTERS` an ``executor=`` names; ``None`` when it is no cluster.

    A client is known by its class; nothing is imported for that.
    """
    if isinstance(executor, str):
        kind = executor.partition("://")[0]
        return kind if kind in CLUSTERS else None
    for base in type(executor).__mro__:
        if base.__name__ == "Client" and base.__module__.partition(".")[0] == "distributed":
            return "dask"
    return None


def _check_executor(executor: object) -> None:
    if isinstance(executor, str):
        scheme, found, address = executor.partition("://")
        if executor in ("auto", *ENGINES, *CLUSTERS) or (scheme in CLUSTERS and address):
            return
        if scheme in CLUSTERS and found:
            raise ValueError(
                f"executor={executor!r} has no address; write {scheme}://host:port, or "
                f"{scheme!r} for a cluster on this machine"
            )
        import difflib  # only a mistake needs it

        choices = ("auto", *ENGINES, *CLUSTERS)
        known = ", ".join(repr(name) for name in choices)
        close = difflib.get_close_matches(scheme, CLUSTERS if found else choices, n=1)
        meant = f"{close[0]}{found}{address}" if close else f"dask://{address}"
        hint = f" Did you mean {meant!r}?" if close or found else ""
        raise ValueError(
            f"executor={executor!r} is not known; it is one of {known}, or the address of a "
            f"cluster.{hint}"
        )
    if cluster_kind(executor) is not None:
        return
    from concurrent.futures import Executor  # imports logging, which a worker does not need

    if not isinstance(executor, Executor):
        raise TypeError(
            "executor must be a name, a concurrent.futures.Executor or a Dask client, "
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
