"""Leaf: the records of a benchmark.  A row is one kind of work; contestants all do it.

Row ── job(steps) ──> Job(function, items)      timed inside a process:  warm, first call
    └─ programs(steps) ──> sources              timed from outside:      whole processes
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CPUS", "Job", "Programs", "Row", "Setting", "computing", "waiting"]

CPUS = len(os.sched_getaffinity(0))

# For each contestant its programs: what was picked by hand, and the source.
Programs = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Setting:
    """What a user of a peer has to pick.

    Attributes:
        kind: ``"processes"`` or ``"threads"``.
        workers: how many of them.
        chunk: items that travel together.
    """

    kind: str
    workers: int
    chunk: int

    def __str__(self) -> str:
        items = "1 item" if self.chunk == 1 else f"{self.chunk:,} items"
        return f"{self.workers} {self.kind}, chunks of {items}"


@dataclass(frozen=True)
class Job:
    """What is to be done.

    Attributes:
        function: of one item, importable, so that every peer can pickle it.
        items: the loop.
        repeat: calls in one measurement, of which the median counts; for calls so short that
            one alone says little.
    """

    function: Callable[[Any], Any]
    items: Sequence[Any]
    repeat: int = 1


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what ``--only`` takes.
        work: what the table shows.
        job: makes the work, from the steps that fit into a microsecond.
        grid: the settings that each peer may try; the likeliest first. Empty: no peers.
        how: ``"warm"``: calls after a first one that does not count; ``"first"``: the first call
            of a fresh process; ``"process"``: whole processes; ``"memory"``: the peak of memory.
        programs: instead of ``job``, where whole processes are measured.
        headline: whether it is in the short table (and, but for a few, in the quick run).
        beside: whether each peer, too, is compared with a plain loop in its own process; for
            loops so short, or of arrays so big, that two processes are hard to compare.
        scheduled: whether to compare with the best possible schedule of the items.
    """

    name: str
    work: str
    job: Callable[[float], Job] | None = None
    grid: tuple[Setting, ...] = ()
    how: str = "warm"
    programs: Callable[[float], Programs] | None = None
    headline: bool = False
    beside: bool = False
    scheduled: bool = False


def computing(count: int, *, most: int = 3) -> tuple[Setting, ...]:
    """The settings worth trying for a loop of so many items that compute.

    Args:
        count: the number of items.
        most: chunk sizes for processes.
    """
    even = -(-count // CPUS)
    sizes = dict.fromkeys(max(1, size) for size in (count // (4 * CPUS), even, count // 64))
    processes = [Setting("processes", CPUS, size) for size in sizes][:most]
    return (*processes, Setting("threads", CPUS, even))


def waiting(*threads: int, processes: Sequence[int] = ()) -> tuple[Setting, ...]:
    """The settings worth trying for items that wait: many more workers than CPUs."""
    return tuple(
        [Setting("threads", number, 1) for number in threads]
        + [Setting("processes", number, 1) for number in processes]
    )
