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

Two processors may be one core with two threads, or share what leads to the memory, and slow each
other down.  Then items take longer on two lanes than they would alone, and the sum says too much.
What they took when the calling thread was last alone says how much; but that was at another time,
when the machine may have been less busy.  Of a brief loop it is believed, of others half.

Pure functions of figures: no clocks here.  All times in seconds.
"""

from __future__ import annotations

import math

from clustrix.basis._typing import NamedTuple

__all__ = [
    "UNTRIED",
    "WORTH",
    "Payoff",
    "Shared",
    "gained",
    "judged",
    "passed",
    "spared",
    "vain",
]

# A loop that is not so many times as fast as it would be alone keeps a processor busy for nothing
# (benchmarks/real_data.py: shared, lists of words are 0.85 to 1.09 times as fast, texts 1.3 to 1.8
# times, also on a busy machine).
WORTH = 1.1

# One loop may meet a busy machine, or a worker that has yet to import what the function needs.
# Behind a try that failed it takes one only.
ENOUGH = 3

# Loops until the next try: so many at first, twice as many behind each further one that gained
# nothing, and so many at most: what loses a tenth when shared loses less than a hundredth then.
FIRST, MOST = 4, 64

# Brief loops (see below) are shared for so many seconds in a row before they are judged, and stay
# for longer then: a processor that had nothing to do takes some loops of a millisecond to come up
# (benchmarks/warm_call.py; 2 items of 0.5 ms took 1.3 to 1.4 ms in lone tries, behind loops that
# stayed, and 0.7 to 0.75 ms in loops that were shared in a row).
SETTLED = 0.015
BRIEF_FIRST, BRIEF_MOST = 32, 256

# What was so slow is not tried thrice: thirty requests at once to a server that listens for five
# took ten to twenty times as long as one after the other, since the system tries again a second
# later.
RUIN = 0.65

# Where more of a loop than this went by until workers answered, it says nothing of those that
# follow: two items of 0.5 ms took 1.3 ms on a worker that slept, and 0.7 ms in the next loops.
MOST_ANSWERING = 0.5

# Loops that take less than so many seconds are compared with what their items took alone, and no
# other way: to hand one over costs 0.2 ms and more, which is what they may lose if two lanes are
# worth 1.2 (on such a machine 2 items of 0.5 ms took 1.05 to 1.4 of the plain loop, and by the sum
# they were 1.7 times as fast; 1,000 lists of words took 1.05 to 1.4, and by the sum 1.2).
BRIEF = 0.005

# Items that take more than so many times longer on several lanes than alone may be others, or have
# found there what they have here: in a cache, say (20,000 items of 2 us each with a table behind
# `lru_cache` took 13.6 on workers, by the sum a gain of 1.17, and 5.4 times as long as the loop).
# The next loop stays here, and behind that it is known which.
SLOWER = 2.0

# What items take alone is believed to have become so many times as much at once: another program
# may have had the processor, and then every shared loop would look like a gain.
DOUBT = 1.25

# So many loops of that kind are shared before one stays in the calling thread to see that again.
AGAIN = 64

# What it takes to look at a loop that stays: 0.1 ms, and 1 ms where nothing is in a cache.  That is
# nothing to loops that take more than so many seconds (of 15 ms it was 6 to 15 %).
LOOKED_AT = 0.05

# Items that take so many times longer than those that were not worth it are others.
OTHERS = 1.5


class Payoff(NamedTuple):
    """What sharing has brought, lately.

    Attributes:
        poor: how many shared loops in a row have gained nothing, in the try that is under way.
        tries: how many in a row have failed.
        rest: how many loops stay in the calling thread before the next one is shared.
        wall: seconds that an item of the last one before these took.
        alone: what one took when the calling thread was last alone; 0 if unknown.
        since: loops that have been shared since.
        work: seconds of work up to which nothing can be gained; 0 where that was not the reason.
    """

    poor: int = 0
    tries: int = 0
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
        answer: how long workers take to answer, to wake up included.
    """

    items: int
    worked: float
    seconds: float
    answer: float = 0.0


def gained(loop: Shared, alone: float = 0.0, *, just_seen: bool = False) -> float | None:
    """How many times as fast as its caller alone a loop was.

    Args:
        loop: what was measured.
        alone: seconds that an item takes where the calling thread is alone; 0 if unknown.
        just_seen: whether the loop before this one has shown that.

    Returns:
        ``None`` where most of it was waiting for workers to answer, or where nobody knows whether
        the items are still the same.

    Examples:
        >>> gained(Shared(items=40, worked=0.32, seconds=0.16))
        2.0
        >>> brief = Shared(items=2, worked=0.0016, seconds=0.001)
        >>> gained(brief), gained(brief, alone=0.0005)
        (1.6, 1.0)
        >>> round(gained(Shared(items=10, worked=0.016, seconds=0.01), alone=0.0009), 2)
        1.2
        >>> gained(Shared(items=2, worked=0.001, seconds=0.0013, answer=0.0008))
    """
    if loop.answer > MOST_ANSWERING * loop.seconds:
        return None
    each, together = loop.worked / loop.items, loop.worked / loop.seconds
    if each <= alone or not alone:
        return together
    before = alone * loop.items / loop.seconds
    if each > SLOWER * alone:
        return before if just_seen else None
    return before if loop.seconds < BRIEF else math.sqrt(together * before)


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
        >>> known.tries, known.rest, judged(known, loop, wall=2e-5).rest
        (1, 4, 8)
        >>> better = Shared(items=100, worked=0.018, seconds=0.01)
        >>> judged(known, better, wall=2e-5).rest
        0
    """
    gain = gained(loop, payoff.alone, just_seen=not payoff.since)
    known, brief = Payoff(alone=payoff.alone, since=payoff.since + 1), loop.seconds < BRIEF
    if gain is None:
        others = payoff.alone and loop.worked / loop.items > SLOWER * payoff.alone
        return payoff._replace(rest=1, wall=wall, work=0.0) if others else payoff
    if gain >= WORTH:
        return known._replace(rest=1, wall=wall) if brief and known.since >= AGAIN else known
    poor, tries = (1, 0) if payoff.work else (payoff.poor + 1, payoff.tries)  # others were in vain
    enough = math.ceil(SETTLED / loop.seconds) if brief else ENOUGH if not tries else 1
    if poor < enough and (brief or gain >= RUIN):
        return known._replace(poor=poor, tries=tries)
    first, most = (BRIEF_FIRST, BRIEF_MOST) if brief else (FIRST, MOST)
    return known._replace(tries=tries + 1, rest=_pause(tries, first, most), wall=wall)


def passed(payoff: Payoff, wall: float) -> Payoff:
    """What is known behind a loop that stayed in the calling thread.

    Args:
        payoff: what was known before.
        wall: seconds that an item took.
    """
    doubted = payoff.alone and wall <= SLOWER * payoff.alone
    alone = min(wall, DOUBT * payoff.alone) if doubted else wall
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
    if work >= LOOKED_AT:
        return payoff
    rest = _pause(payoff.tries, FIRST, MOST)
    return payoff._replace(tries=payoff.tries + 1, rest=rest, wall=wall, work=work)


def spared(payoff: Payoff, work: float) -> float:
    """Items that take up to so many seconds are not shared this time.

    Args:
        payoff: what is known.
        work: seconds that all of them take.

    Examples:
        >>> spared(Payoff(poor=2), 1.0), spared(Payoff(tries=1, rest=2, wall=0.5), 1.0)
        (0.0, 0.75)
    """
    if not payoff.rest or (payoff.work and work > OTHERS * payoff.work):
        return 0.0
    return OTHERS * payoff.wall


def _pause(tries: int, first: int, most: int) -> int:
    """Loops that stay in the calling thread behind so many tries that failed, and one more."""
    return int(min(most, first << min(tries, most)))
