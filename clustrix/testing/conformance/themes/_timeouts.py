"""Timeouts: each item has its time, from its own start."""

from __future__ import annotations

import time
from typing import Any

from clustrix import TaskTimeout
from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._subjects import COLLECT, TIMEOUT, Subject
from clustrix.testing.conformance._waiting import folder, leave_mark, wait_for

theme = Theme("timeouts", "items that take too long")


def _wait_at(x: int, bad: int, place: str) -> int:
    if x == bad:
        wait_for(place, "end", 6.0)
    return x


def _too_late(subject: Subject, **options: Any) -> Any:
    with folder() as place:
        try:
            return subject(_wait_at, range(6), 3, place, timeout=0.5, chunk_size=1, **options)
        except TaskTimeout as error:
            return error
        finally:
            leave_mark(place, "end")


@theme.behaviour(needs=[TIMEOUT])
def the_item_is_named(subject: Subject) -> None:
    """An item that runs longer than ``timeout`` ends the loop with a `TaskTimeout` naming it."""
    error = _too_late(subject)
    expect(isinstance(error, TimeoutError), f"it returned {error}")
    expect((error.item, error.timeout) == (3, 0.5), f"the error names item {error.item}")


@theme.behaviour(needs=[TIMEOUT, COLLECT])
def collected(subject: Subject) -> None:
    """With ``on_error="collect"`` it stands in the item's place, and the others have run."""
    made = _too_late(subject, on_error="collect")
    rest = [one for place, one in enumerate(made) if place != 3]
    expect(rest == [0, 1, 2, 4, 5], f"the others gave {rest}")
    expect(isinstance(made[3], TaskTimeout), f"in its place stands {made[3]!r}")


def _short(x: int) -> int:
    time.sleep(0.1)
    return x


@theme.behaviour(needs=[TIMEOUT])
def the_time_is_each_items_own(subject: Subject) -> None:
    """A loop may take much longer than ``timeout``, as long as no item does."""
    begin = time.monotonic()
    values = subject(_short, range(24), timeout=1.0)
    expect(values == [*range(24)], f"it returned {values}")
    expect(time.monotonic() - begin > 1.0, "the loop was too short to show anything")


@theme.behaviour(needs=[TIMEOUT])
def the_next_loop_works(subject: Subject) -> None:
    """After a timeout the next loop works."""
    _too_late(subject)
    values = subject(abs, range(-3, 3))
    expect(values == [3, 2, 1, 0, 1, 2], f"it returned {values}")
