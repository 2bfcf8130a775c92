"""Output: what the items write arrives as if the loop had written it."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import (
    COLLECT,
    PROGRESS,
    TOGETHER,
    Subject,
    same,
)
from clustrix.testing.conformance._waiting import folder, leave_mark, wait_for

theme = Theme("output", "what the items write")
N = 20


def _say(x: int) -> int:
    print("item", x)
    return x


@theme.behaviour
def prints(subject: Subject) -> None:
    """What the items print arrives in loop order."""
    same(subject, lambda loop: loop(_say, range(N), chunk_size=3), shows="item 19")


def _say_late(x: int, place: str | None) -> int:
    print("start", x)
    if place is not None and x == 0:
        wait_for(place, 1)
    print("end", x)
    if place is not None:
        leave_mark(place, x)
    return x


@theme.behaviour(needs=[TOGETHER])
def not_interleaved(subject: Subject) -> None:
    """Of two items that print at the same time the first one's lines come first, in one piece."""
    with folder() as place:

        def program(loop: Subject) -> Any:
            return loop(_say_late, range(2), place if loop.together else None, chunk_size=1)

        same(subject, program, shows="end 0\nstart 1")


def _pieces(x: int) -> int:
    sys.stdout.write(f"<{x}")
    sys.stdout.writelines([",", "", "b"])
    print("c", "d", sep="-", end=">")
    return sys.stdout.write("")


@theme.behaviour
def writes_without_line_ends(subject: Subject) -> None:
    """`sys.stdout.write`, `writelines` and `print(end="")`, with no line end in sight."""
    same(subject, lambda loop: loop(_pieces, range(N)), shows="<0,bc-d><1")


def _complain(x: int) -> int:
    print("problem", x, file=sys.stderr)
    sys.stderr.write(f"more {x}\n")
    return x


@theme.behaviour
def standard_error(subject: Subject) -> None:
    """What the items write to `sys.stderr`."""
    same(subject, lambda loop: loop(_complain, range(N)), shows="more 19")


def _both(x: int) -> int:
    print("out", x)
    print("err", x, file=sys.stderr)
    print("out again", x)
    return x


@theme.behaviour
def the_two_streams_in_turn(subject: Subject) -> None:
    """Pieces for standard output and standard error keep their order among each other."""
    same(subject, lambda loop: loop(_both, range(N), chunk_size=4), shows="out again 3\n")


def _flush(x: int) -> None:
    print("item", x, flush=True)
    sys.stdout.flush()
    sys.stderr.flush()


@theme.behaviour
def flushing(subject: Subject) -> None:
    """`print(flush=True)` changes no order."""
    same(subject, lambda loop: loop(_flush, range(N), chunk_size=1), shows="item 19")


def _foreign(x: int) -> None:
    print("Grüße 日本語 😀 \x00 \r back", "é"[:1] * x)


@theme.behaviour
def any_text(subject: Subject) -> None:
    """Text of any script, control characters and carriage returns."""
    same(subject, lambda loop: loop(_foreign, range(5)), shows="😀")


@theme.behaviour
def redirected_by_the_caller(subject: Subject) -> None:
    """Output goes where `contextlib.redirect_stdout` and `redirect_stderr` send it at the call."""

    def program(loop: Subject) -> Any:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            loop(_both, range(3))
        loop(_say, range(2))
        return out.getvalue(), err.getvalue()

    same(subject, program, shows="out again 2")


class _Upper:
    """The least that `print` asks of a stream."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text.upper())


@theme.behaviour
def a_stream_of_the_callers_own(subject: Subject) -> None:
    """`sys.stdout` may be any object with `write`."""

    def program(loop: Subject) -> Any:
        mine = _Upper()
        with contextlib.redirect_stdout(mine):  # type: ignore[type-var]
            loop(_say, range(4))
        return "".join(mine.lines)

    same(subject, program, shows="ITEM 3")


@theme.behaviour
def no_output_at_all(subject: Subject) -> None:
    """Where `sys.stdout` is `None`, `print` says nothing, and nothing fails.

    A pool that forks keeps this; an engine that sends the output back may stumble over it.
    """

    def program(loop: Subject) -> Any:
        with contextlib.redirect_stdout(None):
            values = loop(_say, range(4))
        print("there again")
        return values

    same(subject, program, shows="there again")


def _capture(x: int) -> str:
    inside = io.StringIO()
    with contextlib.redirect_stdout(inside):
        print("hidden", x)
    print("open", x)
    return inside.getvalue()


@theme.behaviour
def redirected_by_the_function(subject: Subject) -> None:
    """A function that captures its own output gets it, and the rest arrives."""
    same(subject, lambda loop: loop(_capture, range(6), max_workers=1), shows="hidden 5")


def _say_and_fail(x: int) -> int:
    print("item", x)
    if x == 7:
        print("about to fail", file=sys.stderr)
        raise ValueError(x)
    return x


@theme.behaviour
def in_front_of_an_error(subject: Subject) -> None:
    """What came before an error is there, and what stands behind it is not."""

    def program(loop: Subject) -> Any:
        return loop(_say_and_fail, range(N), chunk_size=2)

    same(subject, program, shows="about to fail")


def _overtake(x: int, place: str | None) -> int:
    if place is not None and x == 0:
        wait_for(place, 1)
    print("item", x)
    if place is not None:
        leave_mark(place, x)
    if x == 0:
        raise ValueError("first")
    return x


@theme.behaviour(needs=[TOGETHER])
def behind_an_error(subject: Subject) -> None:
    """An item that had printed before an earlier one failed leaves no trace."""
    with folder() as place:

        def program(loop: Subject) -> Any:
            return loop(_overtake, range(2), place if loop.together else None, chunk_size=1)

        same(subject, program, shows="item 0")


@theme.behaviour(needs=[COLLECT])
def with_collected_errors(subject: Subject) -> None:
    """With ``on_error="collect"`` the output of items that fail stays in its place."""
    same(
        subject,
        lambda loop: loop(_say_and_fail, range(N), on_error="collect"),
        shows="about to fail",
    )


def _traceback(x: int) -> None:
    try:
        raise KeyError(x)
    except KeyError:
        traceback.print_exc(limit=-1)


@theme.behaviour
def printed_tracebacks(subject: Subject) -> None:
    """`traceback.print_exc` inside the function, on standard error."""
    same(subject, lambda loop: loop(_traceback, range(4)), shows="KeyError: 3")


def _much(x: int) -> int:
    for line in range(200):
        print(x, line, "x" * 500)
    return x


@theme.behaviour
def a_lot_of_it(subject: Subject) -> None:
    """A megabyte of output from a few items, complete and in order."""
    same(subject, lambda loop: loop(_much, range(10), chunk_size=1), shows="9 199 xx")


def _talks_in_thread(x: int, place: str | None) -> int:
    thread = threading.Thread(target=_say_late, args=(x, place))
    thread.start()
    thread.join()
    return x


@theme.behaviour
def from_threads_of_the_function(subject: Subject) -> None:
    """What a thread prints that the function starts and joins."""
    with folder() as place:

        def program(loop: Subject) -> Any:
            return loop(_talks_in_thread, range(2), place if loop.together else None, chunk_size=1)

        same(subject, program, shows="end 1")


@theme.behaviour
def of_the_iterable(subject: Subject) -> None:
    """A generator that prints before it gives an item prints between the items."""

    def program(loop: Subject) -> Any:
        def items() -> Iterator[int]:
            for x in range(3):
                print("give", x)
                yield x

        return loop(_say, items())

    same(subject, program, shows="item 0\ngive 1")


@theme.behaviour
def between_loops(subject: Subject) -> None:
    """What the caller prints before and after a loop stands before and after the items' output."""

    def program(loop: Subject) -> Any:
        for number in range(3):
            print("before", number)
            loop(_both, range(4))
            print("after", number, file=sys.stderr)

    same(subject, program, shows="out again 3")


def _ask(x: int) -> Any:
    return sys.stdout.writable(), sys.stdout.isatty(), sys.stdout.encoding


@theme.behaviour
def what_the_stream_says_of_itself(subject: Subject) -> None:
    """`isatty`, `writable` and `encoding` of the stream are those of the caller's.

    A pool that forks keeps this; an engine that puts another stream there may not.
    """
    same(subject, lambda loop: loop(_ask, range(3)), shows="utf-8")


@theme.behaviour(needs=[PROGRESS])
def with_progress(subject: Subject) -> None:
    """`progress=True` adds nothing where nobody watches a terminal."""
    same(subject, lambda loop: loop(_both, range(5), progress=True), shows="out again 4")
