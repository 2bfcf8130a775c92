"""What is worth doing with a loop, from figures alone: no clocks, no pools, no user code.

    Figures(items left, seconds an item, CPU share, …) ──> decide ──> Decision(way, workers, why)

    little left ─> finish      waits ─> threads      uses several CPUs ─> finish
    C code without the GIL ─> threads                Python code ─> processes, if they pay

All times in seconds.  The constants come from the benchmarks named beside them, on two cores;
they are orders of magnitude, and the margins in the rules are wider than their noise.
"""

from __future__ import annotations

import math

from clustrix._typing import NamedTuple

__all__ = [
    "NOTHING_KNOWN",
    "Decision",
    "Figures",
    "decide",
    "having_waited",
    "hopeless",
    "lasting",
    "overlapping",
    "rescaled",
    "too_little",
    "waiting",
]

# benchmarks/round_trip.py: two tiny tasks on warm workers, with everything around them: 0.12 ms
# where nothing else runs, 0.2 ms on a busy machine.
WARM = 0.00015

# benchmarks/round_trip.py: until a new worker has answered, and what the caller spends on it,
# most of that once for loading the pickler.
COLD = 0.070
COLD_CALLER = 0.012

# Handing a loop to threads that are cached, or new.
THREADS = 0.0003

# Reading a function that was not read before, the slowest of 500 excepted; and for the first one
# of a program, loading what reads it.
ANALYSIS = 0.003
LOADING = 0.040

# A loop that waits for more than half of its time is not held up by the GIL.
WAITS = 0.5

# And one that hardly computes needs no second look.
CERTAINLY_WAITS = 0.1

# CPU seconds of the process for each second: more is a library at work on several processors.
PARALLEL_ALREADY = 1.15

# CPU seconds for each second while two threads ran: pure Python 1.0, sorting or compressing 1.5
# to 2.0.
OVERLAPS = 1.35

# Less than this on two threads says more about the machine than about the code, and so does what
# is more than Python code shows and less than C code: both are tried again.
TOO_BUSY, PYTHON = 0.95, 1.1

# So much more CPU time than items that wait could have used, and they do not.
SURPRISE = 1.3

# What remains of a proof when the next run does not repeat it.
FADING = 0.9

# So much faster must two threads be than one: a library that uses all processors by itself shows
# as much CPU time on one thread as on two.
TWICE = 1.05

# Items that take less are run in one go, and no thread could take one over in that time.
CHEAP = 1e-6

# A change must promise this much, or the loop stays where it is.
GAIN = 0.85

# Workers beyond the number of processors must promise more: their start-up is a guess.
CLEAR_GAIN = 0.7

# Threads that wait cost next to nothing up to here.
MOST_WAITING = 32

# Processes that wait cost memory: so many for each CPU at most.
MOST_WAITING_PROCESSES = 8


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
        overlap: CPU seconds for each second while two threads ran items; ``None``: not tried.
        moved: seconds to move an item and its result between processes; ``None``: not known.
        cpus: processors to use.
        most: workers at most, if the user said so.
        warm: worker processes that have answered before.
        portable: whether function, arguments and results can travel.
        gil: whether the interpreter runs one thread at a time.
        threads: whether several threads may run items; those with a seed share the generators.
        read: whether the function has been analysed.
        loaded: whether a function has been analysed, and one sent to a worker, before.
        blocks: whether its source has a blocking call; ``None`` when nobody has looked.
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
    portable: bool = True
    gil: bool = True
    threads: bool = True
    read: bool = True
    loaded: bool = True
    blocks: bool | None = None


NOTHING_KNOWN = Figures(0, 0.0, 0.0, 0.0)


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
    reading = 0.0 if figures.read else ANALYSIS + (0.0 if figures.loaded else LOADING)
    if figures.items < 2 or figures.most == 1 or too_little(left - 3 * reading):
        return Decision("finish", 1, _rest(figures))
    if waiting(figures):
        return _waiting(figures, left)
    if figures.waits > 0 and figures.cpu < WAITS * figures.wall and figures.looks < 2:
        return Decision("finish", 1, "it may wait; one more look")
    if figures.process_cpu > PARALLEL_ALREADY * figures.wall or _waits_for_its_own(figures):
        used = figures.process_cpu / min(figures.wall, max(figures.cpu, 1e-9))
        return Decision("finish", 1, f"it uses {used:.1f} CPUs already")
    if lanes < 2 or figures.cpus < 2:
        return Decision("finish", 1, "one processor to use")
    if not figures.gil and figures.threads:
        return Decision("threads", lanes, "this interpreter runs threads in parallel (no GIL)")
    return _computing(figures, left, lanes)


def too_little(left: float) -> bool:
    """Whether so many seconds of work are too few for any other lane."""
    return left < 2 * WARM


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


def _waits_for_its_own(figures: Figures) -> bool:
    """Whether other threads compute while it waits: those of BLAS, on a busy machine for long."""
    return (
        figures.waits > 0
        and figures.blocks is False
        and figures.process_cpu > PARALLEL_ALREADY * figures.cpu
    )


def lasting(figures: Figures) -> Figures:
    """What of the figures is worth remembering: of a probe only what is proof."""
    overlap = figures.overlap
    if overlap is not None and (overlap < TOO_BUSY or PYTHON < overlap < OVERLAPS):
        return figures._replace(overlap=None)
    return figures


def overlapping(figures: Figures, count: int, seconds: float, cpu: float) -> Figures:
    """What a number of items on threads has shown.

    Args:
        figures: of the calling thread.
        count: items.
        seconds: what they took.
        cpu: CPU seconds of the process meanwhile.

    Examples:
        >>> alone = Figures(50, wall=4e-3, cpu=4e-3, process_cpu=4e-3, cpus=2)
        >>> decide(overlapping(alone, 10, seconds=0.021, cpu=0.04)).why
        'its C code runs on 1.9 CPUs at once'
        >>> decide(overlapping(alone, 10, seconds=0.042, cpu=0.08)).why
        'it uses 1.9 CPUs already'
    """
    used, before = cpu / seconds, figures.overlap
    slow = used >= OVERLAPS and figures.wall * count < TWICE * seconds
    if slow and before is None:
        return figures._replace(process_cpu=max(figures.process_cpu, figures.wall * used))
    if before is not None:  # one run on a busy machine does not undo what others showed
        used = max(1.0 if slow else used, FADING * before)
    return figures._replace(overlap=used)


def having_waited(figures: Figures, lanes: int, count: int, seconds: float, cpu: float) -> Figures:
    """What items that seemed to wait have shown on threads.

    Another thread, or another program, may have had the processor while they were measured.  If
    they compute, they fill the GIL on a few threads already; then it is found out anew.

    Args:
        figures: of the calling thread.
        lanes: threads.
        count: items.
        seconds: what they took.
        cpu: CPU seconds of the process meanwhile.

    Examples:
        >>> once = Figures(2, wall=2e-3, cpu=1e-4, process_cpu=1e-4, waits=1.0, looks=2, cpus=2)
        >>> waiting(having_waited(once, lanes=2, count=2, seconds=2e-3, cpu=2e-4))
        True
        >>> waiting(having_waited(once, lanes=2, count=2, seconds=1.2e-3, cpu=1e-3))
        False
    """
    each, used = cpu / count, cpu / seconds
    expected = min(lanes, count) * figures.cpu / figures.wall
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


def _waiting(figures: Figures, left: float) -> Decision:
    """Threads; or processes where so much Python runs between the waits that the GIL is full."""
    share = f"it waits {1 - figures.cpu / figures.wall:.0%} of the time"
    width = min(figures.most or MOST_WAITING, figures.items)
    threads = THREADS + max(left / width, figures.items * figures.cpu)
    if not figures.threads:
        threads = left
    elif threads > GAIN * left:
        return Decision("finish", 1, f"{share}, too short to share", left)
    # As many as keep every processor at work while the others wait.
    enough = figures.cpus * math.ceil(figures.wall / max(figures.cpu, 1e-9))
    several = min(figures.most or MOST_WAITING_PROCESSES * figures.cpus, enough, width)
    start = WARM + COLD * max(0, several - figures.warm) / figures.cpus
    busy = max(left / several, figures.items * figures.cpu / figures.cpus)
    processes = start + busy + figures.items * (figures.moved or 0.0)
    useful = figures.portable and figures.cpus > 1 and (figures.gil or not figures.threads)
    if useful and processes < CLEAR_GAIN * threads:
        why = "fills the GIL in between" if figures.threads else "threads would share a generator"
        return Decision("processes", several, f"{share} and {why}", processes)
    if not figures.threads:
        return Decision("finish", 1, f"{share}, and threads would share a generator", left)
    return Decision("threads", width, share, threads)


def _computing(figures: Figures, left: float, lanes: int) -> Decision:
    """Threads for C code that lets go of the GIL, processes for what they cost less than."""
    if figures.threads and figures.overlap is not None and figures.overlap >= OVERLAPS:
        why = f"its C code runs on {figures.overlap:.1f} CPUs at once"
        return Decision("threads", lanes, why, left / lanes)
    moving = figures.items * (figures.moved or 0.0) * (lanes - 1) / lanes
    warm = figures.warm >= lanes - 1
    loading = 0.0 if figures.loaded else LOADING / 2
    start = WARM if warm else COLD_CALLER + COLD * (lanes - 1) / lanes + loading
    shared = start + left / lanes + moving
    pays = figures.portable and shared < GAIN * left
    probing = figures.threads and figures.overlap is None and THREADS + left / lanes < GAIN * left
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
    return f"{figures.items} items of {_seconds(figures.wall)} left"


def _seconds(value: float) -> str:
    """A time that a person reads: ``12 us``."""
    if value <= 0:
        return "0 us"
    power = math.floor(math.log10(value))
    for unit, factor, limit in (("us", 1e6, -3), ("ms", 1e3, 0), ("s", 1.0, 99)):
        if power < limit:
            return f"{value * factor:.{1 if value * factor < 9.95 else 0}f} {unit}"
    return f"{value:.3g} s"
