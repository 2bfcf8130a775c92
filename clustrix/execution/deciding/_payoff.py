"""Whether sharing the loops of a function has paid: the clock has the last word.

    loop on other lanes ── gained ──> judged ──> no faster, three times in a row
                             ▲                        │
                             │                        ▼
                  the next one is shared <── four loops, then eight, … stay in the calling thread

What it takes to move an item is guessed before a loop is shared (`_weight.py`), and no guess is
right for every class there is: how long the other side takes to restore it, whether two processes
get in each other's way at a pipe.  Behind the loop it is known how long it took, and how long its
items did on all lanes together: so long it would have taken alone, on a machine that is as busy.
Items that wait on threads may wait for each other; what they took one by one was measured before.

Two processors may be one core with two threads, which slow each other down.  Then items take
longer on two lanes than they would alone, and the sum says nothing.  Where a loop is so brief that
this decides, what counts is what its items took when the calling thread was last alone.

Pure functions of figures: no clocks here.  All times in seconds.
"""

from __future__ import annotations

from clustrix._typing import NamedTuple

__all__ = ["UNTRIED", "Payoff", "Shared", "gained", "judged", "passed", "spared", "vain"]

# A loop that is not so many times as fast as it would be alone keeps a processor busy for nothing
# (benchmarks/real_data.py: shared, lists of words are 0.85 to 1.09 times as fast, texts 1.3 to 1.8
# times, also on a busy machine).
WORTH = 1.1

# One loop may meet a busy machine, or a worker that has yet to import what the function needs.
ENOUGH = 3

# Loops until the next try: so many at first, twice as many behind each further one that gained
# nothing, and so many at most: what loses a tenth when shared loses less than a hundredth then.
FIRST, MOST = 4, 64

# What was so slow is not tried thrice: thirty requests at once to a server that listens for five
# took ten to twenty times as long as one after the other, since the system tries again a second
# later.
RUIN = 0.5

# Where more of a loop than this went by until workers answered, it says nothing of those that
# follow: two items of 0.5 ms took 1.3 ms on a worker that slept, and 0.7 ms in the next loops.
MOST_ANSWERING = 0.5

# Loops that take less than so many seconds are compared with what their items took alone: to hand
# one over costs 0.2 ms and more, which is what they may lose if two lanes are worth 1.2 (on such a
# machine 2 items of 0.5 ms took 1.05 to 1.4 of the plain loop, and by the sum 1.7 times as fast).
BRIEF = 0.005

# Items that take more than so many times longer on several lanes than alone are not the same.
SLOWER = 2.0

# What items take alone is believed to have become so many times as much at once: another program
# may have had the processor, and then every shared loop would look like a gain.
DOUBT = 1.25

# So many loops of that kind are shared before one stays in the calling thread to see that again.
AGAIN = 64

# Items that take so many times longer than those that were not worth it are others.
OTHERS = 1.5


class Payoff(NamedTuple):
    """What sharing has brought, lately.

    Attributes:
        poor: how many shared loops in a row have gained nothing.
        rest: how many loops stay in the calling thread before the next one is shared.
        wall: seconds that an item of the last one before these took.
        alone: what one took when the calling thread was last alone; 0 if unknown.
        since: loops that have been shared since.
        work: seconds of work up to which nothing can be gained; 0 where that was not the reason.
    """

    poor: int = 0
    rest: int = 0
    wall: float = 0.0
    alone: float = 0.0
    since: int = 0
    work: float = 0.0


UNTRIED = Payoff()


class Shared(NamedTuple):
    """A loop that other lanes took part in.

    Attributes:
        items: how many there were.
        worked: seconds that they took, on all lanes together.
        seconds: from the beginning of the loop to its end.
        answer: how long workers take to answer, to wake up included, which is booked elsewhere.
    """

    items: int
    worked: float
    seconds: float
    answer: float = 0.0


def gained(loop: Shared, alone: float = 0.0) -> float | None:
    """How many times as fast as its caller alone a loop was.

    Args:
        loop: what was measured.
        alone: seconds that an item takes where the calling thread is alone; 0 if unknown.

    Returns:
        ``None`` where most of it was waiting for workers to answer.

    Examples:
        >>> gained(Shared(items=40, worked=0.32, seconds=0.17, answer=0.01))
        2.0
        >>> brief = Shared(items=2, worked=0.0016, seconds=0.001)
        >>> gained(brief), gained(brief, alone=0.0005)
        (1.6, 1.0)
        >>> gained(Shared(items=2, worked=0.001, seconds=0.0013, answer=0.0008))
    """
    if loop.answer > MOST_ANSWERING * loop.seconds:
        return None
    if loop.seconds < BRIEF and alone < loop.worked / loop.items <= SLOWER * alone:
        return alone * loop.items / loop.seconds
    return loop.worked / (loop.seconds - loop.answer)


def judged(payoff: Payoff, loop: Shared, wall: float) -> Payoff:
    """What is known behind a loop that was shared.

    Args:
        payoff: what was known before.
        loop: what was measured.
        wall: seconds that an item took.

    Examples:
        >>> known, loop = UNTRIED, Shared(items=100, worked=0.018, seconds=0.02)
        >>> for _ in range(3):
        ...     known = judged(known, loop, wall=2e-5)
        >>> known.poor, known.rest, judged(known, loop, wall=2e-5).rest
        (3, 4, 8)
        >>> better = Shared(items=100, worked=0.018, seconds=0.01)
        >>> judged(known, better, wall=2e-5).rest
        0
    """
    gain, since = gained(loop, payoff.alone), payoff.since + 1
    if gain is None:
        return payoff
    if gain >= WORTH:
        if since >= AGAIN and loop.seconds < BRIEF:
            return Payoff(rest=1, wall=wall, alone=payoff.alone, since=since)
        return Payoff(alone=payoff.alone, since=since)
    before = 0 if payoff.work else payoff.poor  # others were in vain
    poor = max(before + 1, ENOUGH if gain < RUIN and loop.seconds >= BRIEF else 0)
    return Payoff(poor, _pause(poor), wall, payoff.alone, since)


def passed(payoff: Payoff, wall: float) -> Payoff:
    """What is known behind a loop that stayed in the calling thread.

    Args:
        payoff: what was known before.
        wall: seconds that an item took.
    """
    alone = min(wall, DOUBT * payoff.alone) if payoff.alone else wall
    return payoff._replace(rest=max(0, payoff.rest - 1), alone=alone, since=0)


def vain(payoff: Payoff, wall: float, work: float) -> Payoff:
    """What is known behind a loop for which no other lane could have done anything.

    Args:
        payoff: what was known before.
        wall: seconds that an item took.
        work: all of them.

    Examples:
        >>> known = vain(UNTRIED, wall=5e-4, work=1e-3)
        >>> known.rest, spared(known, work=1e-3), spared(known, work=1.0)
        (4, 0.00075, 0.0)
        >>> vain(UNTRIED, wall=0.5, work=1.0).rest  # there is time to look each time
        0
    """
    payoff = passed(payoff, wall)
    if work >= BRIEF:
        return payoff
    poor = max(payoff.poor + 1, ENOUGH)
    return payoff._replace(poor=poor, rest=_pause(poor), wall=wall, work=work)


def spared(payoff: Payoff, work: float) -> float:
    """Items that take up to so many seconds are not shared this time.

    Args:
        payoff: what is known.
        work: seconds that all of them take.

    Examples:
        >>> spared(Payoff(poor=2), 1.0), spared(Payoff(poor=3, rest=2, wall=0.5), 1.0)
        (0.0, 0.75)
    """
    if not payoff.rest or (payoff.work and work > OTHERS * payoff.work):
        return 0.0
    return OTHERS * payoff.wall


def _pause(poor: int) -> int:
    """Loops that stay in the calling thread behind so many in a row that gained nothing."""
    return 0 if poor < ENOUGH else min(MOST, FIRST << min(poor - ENOUGH, MOST))
