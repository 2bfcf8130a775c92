"""The best possible schedules of items whose costs are known: arithmetic, no clock."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

__all__ = ["best_schedule", "in_loop_order"]


def in_loop_order(costs: Iterable[float], lanes: int) -> float:
    """When the last item ends if a free lane always takes the next item of the loop.

    Nobody who does not know the costs beforehand can be counted on to do better.
    """
    busy = [0.0] * lanes
    for cost in costs:
        heapq.heapreplace(busy, busy[0] + cost)
    return max(busy)


def best_schedule(costs: Sequence[float], lanes: int) -> float:
    """The same for somebody who knows the costs and takes the dearest items first.

    That is not always the very best, but never more than a third above it, and with as many
    items as here within a fraction of a percent.
    """
    return in_loop_order(sorted(costs, reverse=True), lanes)
