"""Streams and coroutines: results as they come, in loop order, and `async def` functions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._subjects import ASYNC, STREAM, Subject, same
from clustrix.testing.conformance._waiting import folder, leave_mark, marks

theme = Theme("streams", "f.stream(items), and coroutines")


def _square(x: int) -> int:
    return x * x


@theme.behaviour(needs=[STREAM])
def in_loop_order(subject: Subject) -> None:
    """`f.stream(items)` yields the values in loop order."""
    same(subject, lambda loop: list(loop.decorate(_square).stream(range(50))), shows="2401")


@theme.behaviour(needs=[STREAM])
def without_end(subject: Subject) -> None:
    """An endless generator can be streamed; only a bounded number of items is taken ahead."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for x in itertools.count():
            expect(x < 1_000_000, "it takes items without end")
            taken = x
            yield x

    stream = subject.decorate(_square).stream(items())
    made = list(itertools.islice(stream, 100))
    stream.close()
    expect(made == [x * x for x in range(100)], f"it yielded {made[:5]} …")
    expect(taken < 100_000, f"it took {taken} items for 100 values")


def _mark(x: int, place: str) -> int:
    leave_mark(place, x)
    return x


def _close_it(subject: Subject, **options: Any) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for x in itertools.count():
            taken = x
            yield x

    with folder() as place:
        stream = subject.decorate(_mark, **options).stream(items(), place)
        expect(next(stream) == 0, "the first value is wrong")
        stream.close()
        before, begun = taken, len(marks(place))
        subject(abs, range(-2000, 0), chunk_size=1)  # time in which it could go on
        expect(taken == before, f"it took {taken - before} items after it was closed")
        more = len(marks(place)) - begun
    expect(more <= 4, f"{more} items began after it was closed")  # two lanes, and as many next


@theme.behaviour(needs=[STREAM])
def closing_it(subject: Subject) -> None:
    """Closing the stream ends the work: no further chunk begins, and no further item is taken."""
    _close_it(subject, chunk_size=1)


@theme.behaviour(needs=[STREAM])
def closing_it_within_a_chunk(subject: Subject) -> None:
    """Nor does a further item of a chunk that has begun."""
    _close_it(subject)


def _say_and_fail(x: int) -> int:
    print("item", x)
    if x == 6:
        raise ValueError("item", x)
    return x


@theme.behaviour(needs=[STREAM])
def errors_in_their_place(subject: Subject) -> None:
    """The values in front of an error are yielded, then it is raised, with the loop's output."""

    def program(loop: Subject) -> Any:
        seen = []
        try:
            for value in loop.decorate(_say_and_fail).stream(range(20)):
                seen.append(value)
        except ValueError as error:
            return seen, error.args

    same(subject, program, shows="'item', 6")


@theme.behaviour(needs=[STREAM])
def output_with_the_values(subject: Subject) -> None:
    """What an item prints is there when its value is, and what comes later is not yet."""

    def program(loop: Subject) -> Any:
        for value in loop.decorate(_say_and_fail).stream(range(6)):
            print("got", value)

    same(subject, program, shows="item 0\ngot 0\nitem 1")


@theme.behaviour(needs=[STREAM])
def in_any_order(subject: Subject) -> None:
    """With ``ordered=False`` it yields pairs of index and value, each once."""

    def program(loop: Subject) -> Any:
        stream = loop.decorate(_square).stream(range(10, 30), ordered=False)
        return sorted(tuple(pair) for pair in stream)

    same(subject, program, shows="tuple[19, 841]")


async def _later(x: int) -> int:
    await asyncio.sleep(0)
    if x == 33:
        raise ValueError("item", x)
    return x * 2


@theme.behaviour(needs=[ASYNC])
def coroutines(subject: Subject) -> None:
    """`f.run(items)` for an `async def` function: the values in loop order."""
    same(subject, lambda loop: loop.decorate(_later).run(range(20)), shows="38")


@theme.behaviour(needs=[ASYNC])
def coroutines_that_fail(subject: Subject) -> None:
    """The first failure in loop order of an `async def` function."""
    same(subject, lambda loop: loop.decorate(_later).run(range(30, 40)), shows="'item', 33")


@theme.behaviour(needs=[ASYNC])
def awaiting(subject: Subject) -> None:
    """`await f(items)` inside a coroutine is the same loop."""

    async def caller() -> Any:
        return await subject.decorate(_later)(range(5))

    if subject.spec == "plain":  # there the loop is written out
        return
    made = asyncio.run(caller())
    expect(made == [0, 2, 4, 6, 8], f"it returned {made}")
