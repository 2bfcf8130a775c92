"""Outcomes come as they like and leave in loop order, each as soon as those in front have left.

    [6:8] [0:3]       ──> [0:3]
    [3:6]             ──> [3:6] [6:8]

What waits here is what was faster than something in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from clustrix._records import Outcome

__all__ = ["InOrder"]


class InOrder:
    """Puts the outcomes of one loop in order, while it runs.

    Args:
        start: position in the loop of the first item that is expected.

    Attributes:
        next: position of the first item that has not left yet.

    Example:
        >>> order = InOrder()
        >>> [list(order.add(Outcome(start, values), start + 2)) for start, values in (
        ...     (2, "cd"), (0, "ab"))]
        [[], [Outcome(start=0, values='ab', ...), Outcome(start=2, values='cd', ...)]]
    """

    def __init__(self, start: int = 0) -> None:
        self.next = start
        self._early: dict[int, tuple[Outcome, int]] = {}

    def add(self, outcome: Outcome, stop: int) -> Iterator[Outcome]:
        """Take an outcome in; yields what may leave now.

        Args:
            outcome: of neighbouring items that are in no other outcome.
            stop: position in the loop just behind the last of them.
        """
        self._early[outcome.start] = (outcome, stop)
        while (found := self._early.pop(self.next, None)) is not None:
            self.next = found[1]
            yield found[0]
