"""What is worth doing with a loop, from figures alone: no clocks, no pools, no user code.

    Figures(items left, seconds an item, CPU share, …) ──> decide ──> Decision(way, workers, why)

    little left ─> finish      waits ─> threads      uses several CPUs ─> finish
    C code without the GIL ─> threads                Python code ─> processes, if they pay

All times in seconds.  The constants come from the benchmarks named beside them, on two cores;
they are orders of magnitude, and the margins in the rules are wider than their noise.
"""

from __future__ import annotations

import math

from clustrix.basis._typing import NamedTuple
from clustrix.execution.deciding._figures import (
    OVERLAPS,
    WAITS,
    Figures,
    computes,
    cpus_used,
    in_words,
    parallel_already,
    waiting,
)
from clustrix.execution.machine._platform import AWAKE_SECONDS

__all__ = [
    "CHEAP",
    "COLD",
    "Decision",
    "answering",
    "decide",
    "hopeless",
    "reading_takes",
    "too_little",
    "waking_takes",
    "worth_waking",
]

# benchmarks/round_trip.py: two tiny tasks on warm workers, with everything around them: 0.12 ms
# where nothing else runs, 0.2 ms on a busy machine.
WARM = 0.00015

# Who has looked for work for a while sleeps.  To wake up takes so much more; then processors sleep,
# too, and what sends work and does it is in no cache: so much for each second without work, and at
# most so much (benchmarks/pauses.py: 0.35 ms behind up to 1 ms, 0.65 behind 3 to 10, 1.1 behind 20,
# 1.2 to 1.5 behind 100; a loop that measures itself loses more).
NAP, DROWSY, ASLEEP = 0.0002, 0.06, 0.0015

# benchmarks/small.py: until a new worker has answered, one for each CPU, and what the caller spends
# on it; with other numbers of items, 17 to 29 ms, a first call took half of the loop and 11.5 ms,
# of which 1.5 are spent before it decides.
COLD = 0.017
COLD_CALLER = 0.002

# Handing a loop to threads that are cached, or new.
THREADS = 0.0003

# Reading a function that was not read before, the slowest of 500 excepted; and for the first one
# of a program, loading what reads it.
ANALYSIS = 0.003
LOADING = 0.020

# So many times that much is booked: where a loop computes, nothing of it is in a cache.
UNREAD = 2

# Items that take less are run in one go, and no thread could take one over in that time.
CHEAP = 1e-6

# A change must promise this much, or the loop stays where it is.
GAIN = 0.85

# Nothing, where workers have to start: they are there for later loops, too (benchmarks/small.py:
# 0.90 to 0.95 of the plain loop, 1.02 alone).
COLD_GAIN = 1.0

# Workers beyond the number of processors must promise more: their start-up is a guess.
CLEAR_GAIN = 0.7

# Threads that wait cost next to nothing up to here.
MOST_WAITING = 32

# So many times the processes that would be enough if they took turns: they do not, and now and then
# all of them wait (benchmarks/mixed.py: 125 ms with 10 to 12 of them, 117 with 14 or 15).
CROWD = 1.35

# Processes that wait cost memory: so many for each CPU at most.
MOST_WAITING_PROCESSES = 8


class Decision(NamedTuple):
    """What to do with the rest of a loop.

    Attributes:
        way: ``"finish"`` in the calling thread, ``"probe"`` on two threads, ``"threads"`` or
            ``"processes"``.
        workers: lanes, the calling thread among them where it works too.
        why: in a few words.
        seconds: what the rest is expected to take then, as far as that was compared.
    """

    way: str
    workers: int
    why: str
    seconds: float = 0.0


def decide(figures: Figures) -> Decision:
    """The best way to run the rest of a loop.

    Examples:
        >>> decide(Figures(items=5, wall=1e-6, cpu=1e-6, process_cpu=1e-6, cpus=2)).why
        '5 items of 1.0 us left'
        >>> decide(Figures(items=40, wall=8e-3, cpu=8e-3, process_cpu=8e-3, cpus=2, warm=1)).way
        'processes'
        >>> decide(Figures(200, wall=0.01, cpu=1e-4, process_cpu=1e-4, waits=1, cpus=2)).way
        'threads'
    """
    left = figures.items * figures.wall
    lanes = min(figures.most or figures.cpus, max(1, figures.items))
    reading = 0.0 if figures.read else UNREAD * reading_takes(loaded=figures.loaded)
    if figures.items < 2 or figures.most == 1 or too_little(left - reading):
        return Decision("finish", 1, _rest(figures), left)
    if waiting(figures):
        return _waiting(figures, left, reading)
    if figures.waits > 0 and figures.cpu < WAITS * figures.wall and figures.looks < 2:
        return Decision("finish", 1, "it may wait; one more look")
    if parallel_already(figures):
        return Decision("finish", 1, f"it uses {cpus_used(figures):.1f} CPUs already")
    if lanes < 2 or figures.cpus < 2:
        return Decision("finish", 1, "one processor to use")
    if not figures.gil and figures.threads:
        return Decision("threads", lanes, "this interpreter runs threads in parallel (no GIL)")
    return _computing(figures, left, lanes, reading)


def reading_takes(*, loaded: bool) -> float:
    """Seconds to read the source of a function that was not read before.

    Args:
        loaded: whether what reads it is there.
    """
    return ANALYSIS + (0.0 if loaded else LOADING)


def waking_takes(rest: float) -> float:
    """Seconds until lanes are awake that have had nothing to do for so long.

    Examples:
        >>> [round(waking_takes(rest) * 1e3, 2) for rest in (0.0, 0.005, 1.0)]
        [0.0, 0.5, 1.5]
    """
    return min(NAP + DROWSY * rest, ASLEEP) if rest > AWAKE_SECONDS else 0.0


def answering(rest: float) -> float:
    """Seconds until warm workers have answered that have had nothing to do for so long."""
    return WARM + waking_takes(rest)


def too_little(left: float) -> bool:
    """Whether so many seconds of work are too few for any other lane."""
    return left < 2 * WARM


def worth_waking(figures: Figures, items: int, rest: float) -> float:
    """Seconds of work from which on other lanes are worth being woken, by the rule of `decide`.

    Args:
        figures: of an item.
        items: how many there are.
        rest: as for `waking_takes`; lanes on threads sleep as deep.

    Returns:
        0 where it is not clear whether items compute or wait: then that is looked at.

    Examples:
        >>> item = Figures(0, wall=1e-3, cpu=1e-3, process_cpu=1e-3, cpus=2)
        >>> [round(worth_waking(item, 10, rest) * 1e3, 1) for rest in (0.0, 0.005, 1.0)]
        [0.4, 1.9, 4.7]
        >>> worth_waking(item._replace(process_cpu=2e-3), 10, rest=1.0)
        0.0
    """
    if computes(figures):
        lanes, takes = figures.most or figures.cpus, WARM
    elif waiting(figures):
        lanes, takes = figures.most or MOST_WAITING, THREADS
    else:
        return 0.0
    gained = GAIN - 1 / min(lanes, items)
    return (takes + waking_takes(rest)) / gained if gained > 0 else math.inf


def hopeless(figures: Figures) -> bool:
    """Whether items are so cheap that to move them costs more than to run them, on any machine.

    Nothing else is for ever: a library that used all processors, or a machine that was busy, may
    have been there for that one loop.

    Examples:
        >>> cheap = Figures(10, 1e-7, 1e-7, 1e-7, overlap=1.0, moved=2e-7, cpus=2)
        >>> hopeless(cheap), hopeless(cheap._replace(wall=1e-5, cpu=1e-5, process_cpu=1e-5))
        (True, False)
    """
    moved = figures.moved or 0.0
    return figures.gil and 0 < figures.wall < min(CHEAP, moved)


def _waiting(figures: Figures, left: float, reading: float) -> Decision:
    """Threads; or processes where so much Python runs between the waits that the GIL is full."""
    share = f"it waits {1 - figures.cpu / figures.wall:.0%} of the time"
    width = min(figures.most or MOST_WAITING, figures.items)
    threads = THREADS + reading + max(left / width, figures.items * figures.cpu)
    if not figures.threads:
        threads = left
    elif threads > GAIN * left:
        return Decision("finish", 1, f"{share}, too short to share", left)
    if figures.wall <= figures.spared:
        return Decision("finish", 1, f"{share}, and other lanes have gained nothing lately", left)
    # As many as keep every processor at work while the others wait; or those that are there.
    enough = math.ceil(CROWD * figures.cpus * figures.wall / max(figures.cpu, 1e-9))
    several = min(figures.most or MOST_WAITING_PROCESSES * figures.cpus, enough, width)
    expected = {
        count: WARM
        + reading
        + COLD * max(0, count - figures.warm) / figures.cpus
        + max(left / count, figures.items * figures.cpu / figures.cpus)
        + figures.items * (figures.moved or 0.0)
        for count in {several, max(1, min(several, figures.warm))}
    }
    several = min(expected, key=lambda count: (expected[count], -count))
    processes = expected[several]
    useful = figures.portable and figures.cpus > 1 and (figures.gil or not figures.threads)
    if useful and processes < CLEAR_GAIN * threads:
        why = "fills the GIL in between" if figures.threads else "threads would share a generator"
        return Decision("processes", several, f"{share} and {why}", processes)
    if not figures.threads:
        return Decision("finish", 1, f"{share}, and threads would share a generator", left)
    return Decision("threads", width, share, threads)


def _computing(figures: Figures, left: float, lanes: int, reading: float) -> Decision:
    """Threads for C code that lets go of the GIL, processes for what they cost less than."""
    if figures.wall <= figures.spared:
        return Decision("finish", 1, "other lanes have gained nothing lately", left)
    if figures.threads and figures.overlap is not None and figures.overlap >= OVERLAPS:
        why = f"its C code runs on {figures.overlap:.1f} CPUs at once"
        return Decision("threads", lanes, why, reading + left / lanes)
    moving = figures.items * (figures.moved or 0.0) * (lanes - 1) / lanes
    warm = figures.warm >= lanes - 1
    answer = answering(figures.rest)
    start = reading + (answer if warm else COLD_CALLER + COLD * (lanes - 1) / lanes)
    shared = start + left / lanes + moving
    pays = figures.portable and shared < (GAIN if warm else COLD_GAIN) * left
    expected = THREADS + reading + left / lanes
    probing = figures.threads and figures.overlap is None and expected < GAIN * left
    # Threads move nothing and start at once: worth a try where processes cost something.
    if probing and (not pays or moving + (0.0 if warm else start) > 0.1 * left):
        return Decision("probe", 2, "C code may let go of the GIL", left)
    if pays:
        return Decision("processes", lanes, f"Python code, {_rest(figures)}", shared)
    if not figures.portable:
        return Decision("finish", 1, "it holds the GIL and cannot travel", left)
    if moving > left * (1 - 1 / lanes) / 2:
        return Decision("finish", 1, "moving the data would cost more than it gains", left)
    return Decision("finish", 1, _rest(figures), left)


def _rest(figures: Figures) -> str:
    return f"{figures.items} items of {in_words(figures.wall)} left"
