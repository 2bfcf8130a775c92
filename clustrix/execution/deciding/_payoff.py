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

Pure functions of figures: no clocks here.  All times in seconds.
"""

from __future__ import annotations

from clustrix._typing import NamedTuple

__all__ = ["UNTRIED", "Payoff", "gained", "judged", "passed", "spared"]

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

# Items that take so many times longer than those that were not worth it are others.
OTHERS = 1.5


class Payoff(NamedTuple):
    """What sharing has brought, lately.

    Attributes:
        poor: how many shared loops in a row have gained nothing.
        rest: how many loops stay in the calling thread before the next try.
        wall: seconds that an item of the last poor one took.
    """

    poor: int = 0
    rest: int = 0
    wall: float = 0.0


UNTRIED = Payoff()


def gained(worked: float, seconds: float, answer: float) -> float:
    """How many times as fast as its caller alone a loop was.

    Args:
        worked: seconds that its items took, on all lanes together.
        seconds: from the beginning of the loop to its end.
        answer: how long workers take to answer, which is booked elsewhere.

    Examples:
        >>> round(gained(worked=0.32, seconds=0.17, answer=0.01), 3)
        2.0
    """
    return worked / max(seconds - answer, 1e-9)


def judged(payoff: Payoff, gain: float, wall: float) -> Payoff:
    """What is known behind a loop that was shared.

    Args:
        payoff: what was known before.
        gain: as `gained` says.
        wall: seconds that an item took.

    Examples:
        >>> known = UNTRIED
        >>> for gain in (0.9, 0.9, 0.9):
        ...     known = judged(known, gain, wall=2e-5)
        >>> known
        Payoff(poor=3, rest=4, wall=2e-05)
        >>> judged(known, 0.9, wall=2e-5).rest, judged(known, 1.8, wall=2e-5)
        (8, Payoff(poor=0, rest=0, wall=0.0))
    """
    if gain >= WORTH:
        return UNTRIED
    poor = max(payoff.poor + 1, ENOUGH if gain < RUIN else 0)
    rest = 0 if poor < ENOUGH else min(MOST, FIRST << min(poor - ENOUGH, MOST))
    return Payoff(poor, rest, wall)


def passed(payoff: Payoff) -> Payoff:
    """What is known behind a loop that stayed in the calling thread for that."""
    return payoff._replace(rest=payoff.rest - 1) if payoff.rest else payoff


def spared(payoff: Payoff) -> float:
    """Items that take up to so many seconds are not shared this time.

    Examples:
        >>> spared(Payoff(poor=2)), spared(Payoff(poor=3, rest=2, wall=0.5))
        (0.0, 0.75)
    """
    return OTHERS * payoff.wall if payoff.rest else 0.0
