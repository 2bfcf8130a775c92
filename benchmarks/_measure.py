"""Rounds, medians and ratios: how every benchmark here measures.

    compare({"loop": f, "ours": g}, rounds=7) ──> f, g, f, g, …  ──> the median of each

The contestants take turns within a round, so that a slow moment of the machine hits them alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

__all__ = ["compare", "median_ms", "table"]


def compare(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int, warmup: int = 1
) -> dict[str, list[float]]:
    """Seconds of every contestant in every round, after some rounds that do not count."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(warmup + rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if number >= warmup:
                taken[name].append(time.perf_counter() - start)
    return taken


def median_ms(seconds: list[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(seconds) * 1e3


def table(question: str, taken: Mapping[str, list[float]], base: str) -> str:
    """The answer as text: medians, spreads, and ratios to one contestant."""
    lines = [question]
    for name, seconds in taken.items():
        ratio = median_ms(seconds) / median_ms(taken[base])
        spread = f"{min(seconds) * 1e3:.2f} to {max(seconds) * 1e3:.2f}"
        lines.append(
            f"  {name:24} median {median_ms(seconds):9.3f} ms   ({spread})   x {ratio:.2f}"
        )
    return "\n".join(lines)
