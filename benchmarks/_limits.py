"""The limits as data, and the judge.  They are meant for two CPUs.

A row has a limit or says that it has none; nothing else in the benchmark knows the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ALL_PEERS", "LIMITS", "Limit", "as_ratio", "judge"]

ALL_PEERS = 0.85  # geometric mean over the rows of ours to the best peer


@dataclass(frozen=True)
class Limit:
    """What a row may take at most.

    Attributes:
        loop: times the plain loop.
        slack: seconds on top of that.
        over: seconds over the plain loop, whatever the ratio.
        schedule: times the best possible schedule in loop order.
        peer: times the best peer, where there are peers.
        why: of those that ask for nothing.
    """

    loop: float | None = None
    slack: float = 0.0
    over: float | None = None
    schedule: float | None = None
    peer: float | None = 1.10
    why: str = ""

    def __str__(self) -> str:
        parts = []
        if self.loop is not None:
            parts.append(f"{self.loop:.2f}" + (f" + {self.slack * 1e3:g} ms" if self.slack else ""))
        if self.over is not None:
            small = self.over < 1e-3
            parts.append(f"+{self.over * 1e6:.0f} us" if small else f"+{self.over * 1e3:.0f} ms")
        if self.schedule is not None:
            parts.append(f"{self.schedule:.2f} best")
        return ", ".join(parts) or "none"


# What the promise says of every call: never slower than the loop, within 5 % and 0.2 ms.
_PROMISE = Limit(loop=1.05, slack=2e-4)
_UNEVEN = Limit(loop=0.58, schedule=1.10)
_CALL = Limit(over=60e-6)
_IN_C = Limit(loop=0.7)

LIMITS: Mapping[str, Limit] = {
    "tiny": Limit(loop=1.05),
    "few-1": _CALL,
    "few-2": _CALL,
    "few-5": _CALL,
    "small-cold": Limit(loop=1.0),
    "small-warm": Limit(loop=0.65),
    "heavy": Limit(loop=0.56),
    "skewed-growing": _UNEVEN,
    "skewed-random": _UNEVEN,
    "giant-first": _UNEVEN,
    "giant-middle": _UNEVEN,
    "giant-last": _UNEVEN,
    "waiting": Limit(loop=0.06),
    "mixed-each": _PROMISE,
    "mixed-halves": _PROMISE,
    "arrays-summed": Limit(loop=1.05),
    "arrays-sorted": _IN_C,
    "arrays-filled": Limit(loop=1.05),
    "gil-free-numpy": _IN_C,
    "gil-free-zlib": _IN_C,
    "gil-free-hashlib": _IN_C,
    "blas": _PROMISE,
    "texts": _IN_C,
    "records": Limit(loop=0.75),
    "words": _PROMISE,
    "warm-call": Limit(loop=0.75),
    "pause-short": _PROMISE,
    "pause-long": _PROMISE,
    # Peers fork; a library that keeps threads and locks whole cannot.
    "cold-start": Limit(loop=0.75, peer=1.25),
    "import-time": Limit(over=0.05, peer=None),
    "memory-peak": Limit(peer=None, why="shown for comparison: workers are interpreters"),
    **{f"growth-{power}": _PROMISE for power in range(2, 8)},
}


def as_ratio(limit: Limit, loop: float) -> float | None:
    """The limit as a ratio to a plain loop of so many seconds, for the plot."""
    if limit.loop is not None:
        return limit.loop + limit.slack / loop
    return None if limit.over is None else 1 + limit.over / loop


def judge(limit: Limit, result: Mapping[str, Any]) -> list[str]:
    """What is over the limit, in words; nothing if all is well.

    Args:
        limit: of the row.
        result: the row as the report has it: `loop` and `ours` in seconds, and the ratios.
    """
    if result["ours"] is None:
        return [f"failed: {result['skipped'].get('clustrix', 'no figures')}"]
    loop, ours, over = result["loop"], result["ours"], []
    if limit.loop is not None and result["ratio"] > limit.loop + limit.slack / loop:
        over.append("loop")
    if limit.over is not None and ours - loop > limit.over:
        over.append("loop")
    schedule = result["to_schedule"]
    if limit.schedule is not None and schedule is not None and schedule > limit.schedule:
        over.append("schedule")
    to_peer = result["to_peer"]
    if limit.peer is not None and to_peer is not None and to_peer > limit.peer:
        over.append("peer")
    return over
