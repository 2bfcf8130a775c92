"""What was done when somebody pressed Ctrl-C: reachable from the exception.

    try:                                   error.partial == {0: …, 1: …, 5: …}
        f(items)
    except KeyboardInterrupt as error:

They are there by the positions of their items, in loop order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clustrix._records import Outcome
from clustrix.execution.lanes._lane import Raised

__all__ = ["keep_partial"]


def keep_partial(interrupt: KeyboardInterrupt, done: Iterable[Outcome]) -> None:
    """Add values to those that an interrupt carries, as its attribute ``partial``.

    Of a call in batches, the values of a batch follow from the position of its first item on.
    """
    found: dict[int, Any] = dict(getattr(interrupt, "partial", ()))
    for one in done:
        for index, value in enumerate(one.values, one.start):
            found[index] = value.error if type(value) is Raised else value
    interrupt.partial = dict(sorted(found.items()))  # type: ignore[attr-defined]
