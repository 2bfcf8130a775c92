"""Workers: processes that die, and what the loop says of it."""

from __future__ import annotations

import os
import signal
from typing import Any

from clustrix import WorkerDied
from clustrix.testing.conformance._model import THERE, Theme, expect
from clustrix.testing.conformance._subjects import COLLECT, WORKERS, Subject

theme = Theme("workers", "worker processes that die")


def _leave(x: int, bad: int) -> int:
    if x == bad:
        os._exit(9)
    return x


def _kill(x: int, bad: int) -> int:
    if x == bad:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def _died(subject: Subject, function: Any) -> WorkerDied:
    try:
        made = subject(function, range(8), 3, chunk_size=1)
    except WorkerDied as error:
        return error
    except Exception as error:
        expect(False, f"it raised {error!r}")
    expect(False, f"it returned {made}")
    raise AssertionError


@theme.behaviour(needs=[WORKERS], where=[THERE])
def an_exit_without_a_word(subject: Subject) -> None:
    """A worker that ends under an item: `WorkerDied`, with the item and the exit status."""
    error = _died(subject, _leave)
    expect((error.item, error.exitcode) == (3, 9), f"it names {error.item}, {error.exitcode}")


@theme.behaviour(needs=[WORKERS], where=[THERE])
def a_kill(subject: Subject) -> None:
    """A worker that is killed under an item: `WorkerDied`, with the item and the signal."""
    error = _died(subject, _kill)
    expect((error.item, error.exitcode) == (3, -9), f"it names {error.item}, {error.exitcode}")


@theme.behaviour(needs=[WORKERS], where=[THERE])
def the_next_loop_works(subject: Subject) -> None:
    """After a death the next loop works."""
    _died(subject, _leave)
    made = subject(_leave, range(6), None)
    expect(made == [*range(6)], f"it returned {made}")


@theme.behaviour(needs=[WORKERS, COLLECT], where=[THERE])
def collected(subject: Subject) -> None:
    """With ``on_error="collect"`` all other items have their values."""
    made = subject(_leave, range(8), 3, chunk_size=2, on_error="collect")
    rest = [one for place, one in enumerate(made) if place != 3]
    expect(rest == [0, 1, 2, 4, 5, 6, 7], f"the others gave {rest}")
    expect(isinstance(made[3], WorkerDied), f"in its place stands {made[3]!r}")


class _Unloadable:
    def __reduce__(self) -> Any:
        return _explode, ()


def _explode() -> None:
    raise ZeroDivisionError("cannot be made here")


def _make_unloadable(x: int) -> Any:
    return _Unloadable() if x == 2 else x


@theme.behaviour(where=[THERE])
def results_that_cannot_be_read(subject: Subject) -> None:
    """A result that cannot be unpickled is an error that says so, and the next loop works."""
    try:
        subject(_make_unloadable, range(4), chunk_size=1)
    except (TypeError, ZeroDivisionError):
        made = subject(abs, range(-3, 0))
        expect(made == [3, 2, 1], f"the next loop returned {made}")
    else:
        expect(False, "no error")
