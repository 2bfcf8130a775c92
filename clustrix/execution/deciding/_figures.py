"""What is known of the items of a loop, what kind of work that is, and what measurements add to it.

    Figures ── waiting, parallel_already ──> the kind of work
            <── rescaled, overlapping, having_waited ── what other lanes have shown
            ── lasting ──> what is worth remembering

All times in seconds.  Pure functions of figures: no clocks here.
"""

from __future__ import annotations

import math

from clustrix.basis._typing import NamedTuple

__all__ = [
    "CERTAINLY_WAITS",
    "NOTHING_KNOWN",
    "OVERLAPS",
    "PARALLEL_ALREADY",
    "WAITS",
    "Figures",
    "Use",
    "computes",
    "cpus_used",
    "doubtful",
    "having_waited",
    "in_words",
    "lasting",
    "no_dearer",
    "overlapping",
    "parallel_already",
    "rescaled",
    "waiting",
]

# A loop that waits for more than half of its time is not held up by the GIL.
WAITS = 0.5

# And one that hardly computes needs no second look.
CERTAINLY_WAITS = 0.1

# CPU seconds of the process for each second: more is a library at work on several processors.
PARALLEL_ALREADY = 1.15

# Whoever computes keeps the GIL for so long when others wait for it.
GIL_TURN = 0.005

# Threads that compute, or would if they had a processor, at each moment while two ran items: Python
# code 1.0, sorting or compressing 1.5 to 2.0.  Threads that wait for the GIL do not stand in line
# for a processor, so that another program beside them changes little: with two that compute beside
# probes of the work of benchmarks/gil_free.py and arrays_in.py, C code shows 1.2 or more in nine
# cases of ten, and Python code 1.26 or less in all; by CPU time alone 0.5 to 1.1, and 0.3 to 1.0.
OVERLAPS = 1.35

# Less than this on two threads says more about the machine than about the code, and so does what
# is more than Python code shows and less than C code: both are tried again.
TOO_BUSY, PYTHON = 0.95, 1.1

# Not for ever: a probe takes up to 8 ms from a loop, and calls that hold the GIL for most of it are
# always in between (a percentile of 1,000 numbers: 1.11 to 1.30 in 19 of 19 probes).
ENOUGH = 3

# So much more CPU time than items that wait could have used, and they do not.
SURPRISE = 1.3

# Items that take up to so many times longer than they did are no dearer, and those that have this
# part of a processor, neither more nor less, have one.
NO_DEARER, ONE = 1.2, 0.9

# What remains of a proof when the next run does not repeat it.
FADING = 0.9

# So much faster must two threads be than one: a library that uses all processors by itself shows
# as much CPU time on one thread as on two.
TWICE = 1.05


class Figures(NamedTuple):
    """What is known of a loop.

    Attributes:
        items: items left.
        wall: seconds that an item takes in the calling thread.
        cpu: CPU seconds of the calling thread in that time.
        process_cpu: CPU seconds of all threads of this process in that time.
        waits: how often the calling thread gave up its processor, for an item: blocked in the
            kernel, not pushed aside by other programs.
        looks: how many measurements in a row have shown that it waits.
        overlap: threads that computed, or stood in line for a processor, at each moment while two
            ran items; ``None``: not tried.
        moved: seconds to move an item and its result between processes; ``None``: not known.
        cpus: processors to use.
        most: workers at most, if the user said so.
        warm: worker processes that have answered before.
        rest: seconds for which they have had nothing to do.
        portable: whether function, arguments and results can travel.
        gil: whether the interpreter runs one thread at a time.
        threads: whether several threads may run items; those with a seed share the generators.
        read: whether the function has been analysed, or that is due at any price.
        loaded: whether a function has been analysed before.
        blocks: whether its source has a blocking call; ``None`` when nobody has looked.
        spared: items that take up to so many seconds have not been worth sharing lately.
    """

    items: int
    wall: float
    cpu: float
    process_cpu: float
    waits: float = 0.0
    looks: int = 0
    overlap: float | None = None
    moved: float | None = None
    cpus: int = 1
    most: int | None = None
    warm: int = 0
    rest: float = 0.0
    portable: bool = True
    gil: bool = True
    threads: bool = True
    read: bool = True
    loaded: bool = True
    blocks: bool | None = None
    spared: float = 0.0


NOTHING_KNOWN = Figures(0, 0.0, 0.0, 0.0)


class Use(NamedTuple):
    """What several lanes have used.

    Attributes:
        items: how many they ran.
        seconds: what that took.
        cpu: CPU seconds of the process meanwhile.
        lanes: those of the lanes themselves, where that was looked at.
        pushed: seconds for which they stood in line for a processor, all of them together.
    """

    items: int
    seconds: float
    cpu: float
    lanes: float = 0.0
    pushed: float = 0.0


def waiting(figures: Figures) -> bool:
    """Whether items block for most of their time.

    On a busy machine a thread that computes has little CPU time for its wall time, too; but it
    does not give its processor up by itself.
    """
    if figures.waits <= 0 or figures.cpu >= WAITS * figures.wall:
        return False
    if _waits_for_its_own(figures):
        return False
    # One measurement may have met a busy machine and a thread that was just starting.
    return figures.looks > 1 or figures.cpu < CERTAINLY_WAITS * figures.wall


def parallel_already(figures: Figures) -> bool:
    """Whether a library computes on several processors by itself.

    On a busy machine its threads have less than a processor together, like Python code; but then
    the calling thread has been pushed aside as they were, and still they use as much as it does.

    Examples:
        >>> quiet = Figures(30, wall=4e-3, cpu=4e-3, process_cpu=8e-3, cpus=2)
        >>> busy = quiet._replace(wall=20e-3, cpu=9e-3, process_cpu=18e-3)
        >>> python = quiet._replace(wall=20e-3, cpu=9e-3, process_cpu=9e-3)
        >>> [parallel_already(each) for each in (quiet, busy, python)]
        [True, True, False]
        >>> parallel_already(busy._replace(waits=4.0))  # for the GIL, which others have
        False
    """
    away = figures.wall - figures.cpu
    pushed = away > 2 * figures.waits * GIL_TURN
    spent = figures.cpu if pushed else figures.wall
    return figures.process_cpu > PARALLEL_ALREADY * spent or _waits_for_its_own(figures)


def cpus_used(figures: Figures) -> float:
    """Processors that it has used at once, threads of a library included.

    Examples:
        >>> cpus_used(Figures(30, wall=4e-3, cpu=4e-3, process_cpu=8e-3, cpus=2))
        2.0
    """
    return figures.process_cpu / max(min(figures.wall, figures.cpu), 1e-9)


def _waits_for_its_own(figures: Figures) -> bool:
    """Whether other threads compute while it waits: those of BLAS, on a busy machine for long."""
    return (
        figures.waits > 0
        and figures.blocks is False
        and figures.process_cpu > PARALLEL_ALREADY * figures.cpu
    )


def computes(figures: Figures) -> bool:
    """Whether items have one processor for themselves: they do not wait, and no library helps."""
    return figures.cpu >= ONE * figures.wall >= ONE * ONE * figures.process_cpu


def no_dearer(figures: Figures, before: Figures) -> bool:
    """Whether items compute on one processor, now as before, and take no longer.

    If it was not worth sharing them then, it is not worth sharing those that are left of them.

    Examples:
        >>> python = Figures(5000, wall=6e-6, cpu=6e-6, process_cpu=6e-6)
        >>> waits = python._replace(cpu=1e-6, process_cpu=1e-6)
        >>> no_dearer(python, python), no_dearer(waits, python), no_dearer(python, waits)
        (True, False, False)
    """
    cheap = figures.wall <= NO_DEARER * before.wall
    return cheap and computes(figures) and computes(before)


def doubtful(figures: Figures) -> bool:
    """Whether a probe has said more about the machine than about the code."""
    overlap = figures.overlap
    return overlap is not None and (overlap < TOO_BUSY or PYTHON < overlap < OVERLAPS)


def lasting(figures: Figures, doubts: int = 1) -> Figures:
    """What of the figures is worth remembering: of a probe only what is proof.

    Args:
        figures: of a loop.
        doubts: how many in a row have proved nothing, this one included.  Enough of them do: C code
            would have shown itself in one of them.

    Examples:
        >>> unclear = Figures(30, wall=4e-3, cpu=4e-3, process_cpu=4e-3, overlap=1.2)
        >>> lasting(unclear).overlap, lasting(unclear, doubts=3).overlap
        (None, 1.2)
    """
    if doubtful(figures) and doubts < ENOUGH:
        return figures._replace(overlap=None)
    return figures


def overlapping(figures: Figures, use: Use) -> Figures:
    """What items on threads that compute have shown.

    Args:
        figures: of the calling thread.
        use: of the threads.

    Examples:
        >>> alone = Figures(50, wall=4e-3, cpu=4e-3, process_cpu=4e-3, cpus=2)
        >>> overlapping(alone, Use(10, seconds=0.021, cpu=0.04, lanes=0.04)).overlap
        1.9047619047619047

        Two threads that are as fast as one, or use less than the process: a library has its own.

        >>> parallel_already(overlapping(alone, Use(10, seconds=0.042, cpu=0.08, lanes=0.08)))
        True
        >>> parallel_already(overlapping(alone, Use(10, seconds=0.021, cpu=0.04, lanes=0.02)))
        True

        Two threads on one processor use no more CPU time than Python code, but both could run.

        >>> shared = Use(10, seconds=0.04, cpu=0.04, lanes=0.04, pushed=0.03)
        >>> round(overlapping(alone, shared).overlap, 2)
        1.75
    """
    count, seconds, cpu, lanes, pushed = use
    used, at_once, before = cpu / seconds, (cpu + pushed) / seconds, figures.overlap
    if cpu > PARALLEL_ALREADY * lanes and at_once > PARALLEL_ALREADY:
        each = lanes / count
        return figures._replace(wall=each, cpu=each, process_cpu=each * cpu / lanes, overlap=None)
    slow = used >= OVERLAPS and figures.wall * count < TWICE * seconds
    if slow and before is None:
        return figures._replace(process_cpu=max(figures.process_cpu, figures.wall * used))
    if before is not None:  # one run on a busy machine does not undo what others showed
        at_once = max(1.0 if slow else at_once, FADING * before)
    return figures._replace(overlap=at_once)


def having_waited(figures: Figures, use: Use, width: int) -> Figures:
    """What items that seemed to wait have shown on threads.

    Another thread, or another program, may have had the processor while they were measured.  If
    they compute, they fill the GIL on a few threads already; then it is found out anew.

    Args:
        figures: of the calling thread.
        use: of the threads.
        width: how many there were.

    Examples:
        >>> once = Figures(2, wall=2e-3, cpu=1e-4, process_cpu=1e-4, waits=1.0, looks=2, cpus=2)
        >>> waiting(having_waited(once, Use(2, seconds=2e-3, cpu=2e-4), width=2))
        True
        >>> waiting(having_waited(once, Use(2, seconds=1.2e-3, cpu=1e-3), width=2))
        False
    """
    each, used = use.cpu / use.items, use.cpu / use.seconds
    expected = min(width, use.items) * figures.cpu / figures.wall
    if used > WAITS and (each > WAITS * figures.wall or used > SURPRISE * expected):
        return figures._replace(wall=each, cpu=each, process_cpu=each, looks=0)
    if each < WAITS * figures.wall:
        figures = figures._replace(cpu=each, process_cpu=each)
    return figures._replace(looks=0) if used > WAITS and expected < 1 else figures


def rescaled(figures: Figures, wall: float) -> Figures:
    """Items cost something else by now; of the same kind, as far as anybody knows."""
    if figures.wall <= 0:
        return figures
    factor = wall / figures.wall
    return figures._replace(
        wall=wall, cpu=figures.cpu * factor, process_cpu=figures.process_cpu * factor
    )


def in_words(seconds: float) -> str:
    """A time that a person reads.

    Examples:
        >>> in_words(1.2e-5), in_words(0.0031), in_words(0.0)
        ('12 us', '3.1 ms', '0 us')
    """
    if seconds <= 0:
        return "0 us"
    power = math.floor(math.log10(seconds))
    for unit, factor, limit in (("us", 1e6, -3), ("ms", 1e3, 0), ("s", 1.0, 99)):
        if power < limit:
            return f"{seconds * factor:.{1 if seconds * factor < 9.95 else 0}f} {unit}"
    return f"{seconds:.3g} s"
