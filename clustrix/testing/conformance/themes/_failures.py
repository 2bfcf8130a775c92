"""Failures: what happens to the loop around an item that fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._subjects import COLLECT, NOTES, TOGETHER, Subject, same
from clustrix.testing.conformance._waiting import folder, leave_mark, marks, wait_for
from clustrix.testing.conformance.themes._errors import NeedsKeywords

theme = Theme("failures", "the loop around an item that fails")
N = 12


def _odd_fail(x: int) -> int:
    if x % 2:
        raise NeedsKeywords(x, reason="odd")
    return x


def _mark(x: int, place: str, bad: int) -> int:
    leave_mark(place, x)
    if x == bad:
        raise ValueError("bad", x)
    return x


@theme.behaviour
def all_in_front_have_run(subject: Subject) -> None:
    """Every item in front of the one that failed has run.

    A pool's ``map`` keeps this too; an engine that stops at the first news does not.
    """
    with folder() as place:
        try:
            subject(_mark, range(N), place, 7, chunk_size=1)
        except ValueError as error:
            expect(error.args == ("bad", 7), f"it raised {error!r}")
        missing = {str(x) for x in range(8)} - marks(place)
        expect(not missing, f"these did not run: {sorted(missing)}")


def _fail_or_wait(x: int, place: str) -> int:
    if x == 0:
        raise ValueError("first")
    wait_for(place, "caught", patience=1.0)
    leave_mark(place, x)
    return x


@theme.behaviour(needs=[TOGETHER])
def the_rest_is_cancelled(subject: Subject) -> None:
    """Behind the item that failed most items do not run at all.

    A pool's ``map`` cancels what it has not handed out; an engine that runs all to the end fails.
    """
    with folder() as place:
        try:
            subject(_fail_or_wait, range(300), place, chunk_size=1)
        except ValueError:
            leave_mark(place, "caught")
        ran = len(marks(place) - {"caught"})
        expect(ran < 50, f"{ran} of 300 items ran behind the first one, which failed")


@theme.behaviour
def the_next_loop_works(subject: Subject) -> None:
    """After a failure the next loops work as if nothing had been."""

    def program(loop: Subject) -> Any:
        seen: list[Any] = []
        for items in ([1, 2], [2, 4], [3], [4, 6, 8]):
            try:
                seen.append(loop(_odd_fail, items))
            except NeedsKeywords as error:
                seen.append(error)
        return seen

    same(subject, program, shows="8")


@theme.behaviour(needs=[COLLECT])
def collected(subject: Subject) -> None:
    """With ``on_error="collect"`` every item runs, and errors stand where values would."""
    same(
        subject,
        lambda loop: loop(_odd_fail, range(N), on_error="collect", chunk_size=3),
        shows="reason='odd'",
    )


def _stop_and_go(x: int) -> int:
    if x == 2:
        raise StopIteration(x)
    if x == 4:
        raise AssertionError
    return x


@theme.behaviour(needs=[COLLECT])
def collected_oddities(subject: Subject) -> None:
    """`StopIteration` and bare errors are collected like others."""
    same(subject, lambda loop: loop(_stop_and_go, range(6), on_error="collect"), shows="StopIter")


def _leave(x: int, kind: type[BaseException]) -> int:
    if x == 3:
        raise kind(x)
    return x


@theme.behaviour(needs=[COLLECT])
def what_is_never_collected(subject: Subject) -> None:
    """`SystemExit` and `KeyboardInterrupt` end the loop, also with ``on_error="collect"``."""
    for kind in (SystemExit, KeyboardInterrupt):

        def program(loop: Subject, kind: type[BaseException] = kind) -> Any:
            return loop(_leave, range(6), kind, on_error="collect")

        same(subject, program, shows=kind.__name__)


@theme.behaviour(needs=[COLLECT, NOTES])
def collected_errors_name_their_item(subject: Subject) -> None:
    """Each collected error has its own note."""
    made = subject(_odd_fail, range(4), on_error="collect", chunk_size=1)
    notes = [getattr(one, "__notes__", None) for one in made]
    wanted = [None, ["clustrix: item 1 (x=1) of _odd_fail()"]]
    expect(notes[:2] == wanted, f"the notes are {notes}")


def _say(x: int) -> int:
    print("item", x)
    return x


@theme.behaviour
def the_iterable_fails(subject: Subject) -> None:
    """When the iterable fails, the items it gave have run, and its error is raised."""

    def program(loop: Subject) -> Any:
        def items() -> Iterator[int]:
            yield from range(4)
            raise LookupError("no more", 4)

        return loop(_say, items())

    same(subject, program, shows="item 3")


def _say_and_fail(x: int) -> int:
    print("item", x)
    if x == 2:
        raise ValueError("item", x)
    return x


@theme.behaviour
def an_item_fails_before_the_iterable(subject: Subject) -> None:
    """An item's error comes before the error that the iterable would have raised later."""

    def program(loop: Subject) -> Any:
        def items() -> Iterator[int]:
            yield from range(6)
            raise LookupError("no more")

        return loop(_say_and_fail, items())

    same(subject, program, shows="ValueError")


@theme.behaviour
def the_iterable_leaves(subject: Subject) -> None:
    """``sys.exit`` in a generator ends the program behind the items in front of it."""

    def program(loop: Subject) -> Any:
        def items() -> Iterator[int]:
            yield from range(6)
            raise SystemExit("no more")

        return loop(_say, items())

    same(subject, program, shows="no more")


@theme.behaviour
def not_iterable_at_all(subject: Subject) -> None:
    """An iterable whose `__iter__` fails raises that error.

    A pool's ``map`` keeps this too; an engine that probes iterables may swallow it.
    """

    class Closed:
        def __iter__(self) -> Iterator[int]:
            raise ConnectionError("closed")

    same(subject, lambda loop: loop(_say, Closed()), shows="closed")


def _fail_then_tidy(x: int) -> int:
    try:
        raise ValueError("bad", x)
    finally:
        print("tidied", x)


@theme.behaviour
def clean_up_code_runs(subject: Subject) -> None:
    """``finally`` in the failing item has run, and what it printed is there."""
    same(subject, lambda loop: loop(_fail_then_tidy, range(3)), shows="tidied 0")
