"""Items on threads that compute, the calling thread among them: does their code let go of the GIL?

    probe, trial, share ──> Beside(ThreadLanes) ──> outcomes
             ├─> Use: CPU time, and time in line for a processor ──> figures of the owner
             └─> Shared: was it any faster?                      ──> what sharing has brought

Code that holds the GIL uses one processor on two threads, whatever else the machine does.  Code
that lets go of it may use two and be no faster: what each thread gets from the system is new
memory, and they share what leads there (benchmarks/arrays_out.py: 2.2 of the plain loop).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from clustrix._model import Call
from clustrix._records import News, Outcome
from clustrix.basis._typing import Protocol
from clustrix.execution.adapting._beside import Beside
from clustrix.execution.adapting._thread_lanes import ThreadLanes
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.deciding._figures import PYTHON, Figures, Use, overlapping
from clustrix.execution.deciding._memory import Known
from clustrix.execution.deciding._payoff import UNTRIED, WORTH, Shared, gained
from clustrix.execution.lanes._own_lane import OwnLane
from clustrix.execution.machine import _processors, _thread_cache

__all__ = ["TELLING", "probe", "share", "trial"]

# Seconds of work for each of two threads that shall show whether the GIL is let go of.
PROBE = 0.004

# Threads that have gained nothing lately get this part of a loop, to show whether they do now.
TRIAL = 4

# Seconds on other lanes that say something about them.
TELLING = 0.0005


class Computes(Protocol):
    """The loop whose items these are."""

    call: Call
    chunk_size: int | None
    known: Known | None
    figures: Figures
    next: int
    on_lanes: Shared | None
    own: OwnLane

    def keep(self, news: News) -> None:
        """Take what became of items, or what they showed."""


def probe(owner: Computes) -> None:
    """Run some items on two threads: can both compute at once, or does one wait for the GIL?

    Where the system does not say who stood in line for a processor, a busy machine proves nothing
    against it; the loop then goes a way that is right for Python code.
    """
    _run_some(owner, len(owner.call.items) - owner.next)


def trial(owner: Computes) -> bool:
    """Whether threads gain something, as far as it is known.

    Where they have gained nothing lately a part of the loop tells: all of it took up to 2.5 times
    as long as the plain loop, every tenth time.
    """
    payoff = owner.known.payoff if owner.known else UNTRIED
    if not payoff.tries:
        return True
    _run_some(owner, (len(owner.call.items) - owner.next) // TRIAL)
    if owner.on_lanes is None:
        return True
    gain = gained(owner.on_lanes, payoff.alone)
    return gain is None or gain >= WORTH


def _run_some(owner: Computes, most: int) -> None:
    """Some items on two threads, up to so many of those that are left; two at least."""
    wall = max(owner.figures.wall, 1e-9)
    count = max(2, min(most, 2 * math.ceil(PROBE / wall)))
    stop = min(owner.next + count, len(owner.call.items))
    taper = Taper(owner.call.items[:stop], owner.next, wall, max(1, (stop - owner.next) // 2))
    schedule = Schedule(owner.call, taper)
    share(owner, schedule, taper, 1, owner.keep)
    owner.next = stop


def share(
    owner: Computes, schedule: Schedule, taper: Taper, threads: int, keep: Callable[[News], None]
) -> None:
    """Run a schedule in the calling thread and in some more; learn whether that was of use.

    Args:
        owner: the loop.
        schedule: the chunks.
        taper: cuts them.
        threads: beside the calling one.
        keep: takes what becomes of items.
    """
    done = 0

    def noting(news: News) -> None:
        nonlocal done
        keep(news)
        done += len(news.values) if type(news) is Outcome else 0

    taper.splits = owner.chunk_size is None
    loop = ThreadLanes(owner.call, schedule, taper, threads, owner.own.run)
    wall, process, own = time.perf_counter(), time.process_time(), time.thread_time()
    spent, line = _thread_cache.spent(), _processors.stood_in_line()
    Beside(loop, schedule, taper, loop.here, noting).run()
    seconds, cpu = time.perf_counter() - wall, time.process_time() - process
    if seconds < TELLING or not done:
        return
    # Of clustrix's own threads, those that read a source just now are no lanes.
    helpers = max(0.0, _thread_cache.spent() - spent - loop.cpu)
    lanes = time.thread_time() - own + loop.cpu
    pushed = _processors.stood_in_line() - line + loop.pushed
    use = Use(done, seconds, cpu - helpers, lanes, pushed)
    if use.cpu > PYTHON * seconds:  # else the GIL was in the way: that says nothing of processes
        owner.on_lanes = Shared(done, owner.figures.wall * done, seconds)
    owner.figures = overlapping(owner.figures, use)
