"""Arguments: the items and what else the function gets, and what becomes of them."""

from __future__ import annotations

import collections
import itertools
import re
import threading
from collections.abc import Iterator
from typing import Any

from clustrix.testing.conformance._model import THERE, Theme, expect
from clustrix.testing.conformance._subjects import ZIP, Subject, same
from clustrix.testing.conformance._transcript import observe

theme = Theme("arguments", "items and other arguments")


def _itself(x: Any) -> Any:
    return x


@theme.behaviour
def iterators_are_consumed_once(subject: Subject) -> None:
    """A generator is asked for each item exactly once, and is at its end afterwards.

    A pool's ``map`` keeps this too; an engine that first counts the items does not.
    """

    def program(loop: Subject) -> Any:
        asked = []

        def items() -> Iterator[int]:
            for x in range(10):
                asked.append(x)
                yield x

        given = items()
        return loop(_itself, given), asked, list(given)

    same(subject, program)


def _length(pair: Any) -> tuple[Any, list[Any]]:
    key, group = pair
    return key, list(group)


@theme.behaviour
def groups(subject: Subject) -> None:
    """Each group of `itertools.groupby` has its members, wherever it is looked at."""
    words = ["ant", "ape", "bat", "cat", "cow", "cod", "dog"]

    def program(loop: Subject) -> Any:
        return loop(_length, itertools.groupby(words, key=lambda word: word[0]))

    same(subject, program, shows="cod")


class _Lying:
    """Iterable, with a length that is not true."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[int]:
        return iter(range(7))


@theme.behaviour
def the_length_is_not_believed(subject: Subject) -> None:
    """What an iterable gives counts, not what its `__len__` says.

    A pool's ``map`` keeps this too; an engine that cuts by ``len()`` does not.
    """
    same(subject, lambda loop: loop(_itself, _Lying()), shows="6")


class _ByIndex:
    """The old protocol: only `__getitem__`."""

    def __getitem__(self, index: int) -> int:
        if index >= 5:
            raise IndexError(index)
        return index * index


@theme.behaviour
def any_iterable(subject: Subject) -> None:
    """Tuples, deques, views, `map`, `zip` and the old protocol by index.

    A pool's ``map`` keeps this too; an engine that slices does not.
    """

    def program(loop: Subject) -> Any:
        table = {"a": 1, "b": 2}
        queue = collections.deque([3, 4])
        kinds = (
            (1, 2),
            queue,
            table.keys(),
            table.items(),
            map(abs, [-1]),
            zip("ab", [1, 2], strict=True),
        )
        return [loop(_itself, items) for items in (*kinds, _ByIndex(), range(9, 0, -2))]

    same(subject, program, shows="16")


@theme.behaviour
def sets_in_their_order(subject: Subject) -> None:
    """A set of text is looped over in the caller's order.

    A pool's ``map`` keeps this too; an engine that sends the whole set to a worker does not.
    """
    items = {f"word {x}" for x in range(50)}
    same(subject, lambda loop: loop(_itself, items) == list(items), shows="True")


@theme.behaviour
def arrays_row_by_row(subject: Subject) -> None:
    """An array of two dimensions is a loop over its rows.

    A pool's ``map`` keeps this too; an engine that cuts arrays itself may hand out blocks.
    """
    try:
        import numpy
    except ImportError:
        return
    rows = numpy.arange(12.0).reshape(4, 3)
    same(subject, lambda loop: loop(_sum, rows), shows="30.0")


def _sum(row: Any) -> tuple[float, tuple[int, ...]]:
    return float(row.sum()), row.shape


def _append(x: list[int]) -> int:
    x.append(len(x))
    return len(x)


@theme.behaviour
def changed_items(subject: Subject) -> None:
    """Items that the function changes are changed in the caller, or a warning says they are not."""
    _said_or_same(subject, _append, lambda: ([[0] for _ in range(6)], ()))


def _collect(x: int, into: list[int]) -> None:
    into.append(x)


@theme.behaviour
def changed_arguments(subject: Subject) -> None:
    """An argument that the function fills is filled in the caller, or a warning says it is not."""
    _said_or_same(subject, _collect, lambda: (list(range(6)), ([],)))


COUNTS: dict[int, int] = {}


def _count(x: int) -> int:
    COUNTS[x] = COUNTS.get(x, 0) + 1
    return x


@theme.behaviour
def changed_globals(subject: Subject) -> None:
    """A global that the function fills is filled in the caller, or a warning says it is not."""

    def make() -> Any:
        COUNTS.clear()
        return list(range(6)), ()

    _said_or_same(subject, _count, make, lambda: dict(sorted(COUNTS.items())))


class _Adder:
    def __init__(self) -> None:
        self.total = 0

    def add(self, x: int) -> int:
        self.total += x
        return x


@theme.behaviour
def changed_self(subject: Subject) -> None:
    """An attribute that a method changes is changed in the caller, or a warning says it is not."""
    adders: list[_Adder] = []

    def program(loop: Subject) -> Any:
        adders.append(_Adder())
        values = loop(adders[-1].add, range(8))
        return values, adders[-1].total

    _compare_or_said(subject, program)


def _said_or_same(subject: Subject, function: Any, make: Any, rest: Any = lambda: None) -> None:
    def program(loop: Subject) -> Any:
        items, others = make()
        loop(function, items, *others)
        # On threads a list that all items fill has the order in which they finish.
        return sorted(items, key=repr), [sorted(one) for one in others], rest()

    _compare_or_said(subject, program)


def _compare_or_said(subject: Subject, program: Any) -> None:
    if observe(program, subject).said:
        return
    same(subject, program)


def _with_default(x: int, memory: list[int] = []) -> int:  # noqa: B006
    return x + len(memory)


@theme.behaviour
def defaults(subject: Subject) -> None:
    """Default values, also of keyword-only parameters and of nested functions."""

    def program(loop: Subject) -> Any:
        def local(x: int, scale: list[int] = [5], *, offset: int = 1) -> int:  # noqa: B006
            return x * scale[0] + offset

        return [loop(_with_default, range(3)), loop(local, range(3))]

    same(subject, program, shows="11")


class _Stubborn:
    """Not to be compared, hashed, shown or measured."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __repr__(self) -> str:
        raise RuntimeError("shown")

    def __bool__(self) -> bool:
        raise RuntimeError("asked for truth")


def _inside(x: _Stubborn) -> int:
    return x.x


@theme.behaviour
def items_are_left_alone(subject: Subject) -> None:
    """Items are not compared, hashed, shown or asked for their truth.

    A pool's ``map`` keeps this too; an engine that looks for a gap in a list may not.
    """
    same(subject, lambda loop: loop(_inside, [_Stubborn(x) for x in range(6)]))


def _held(x: Any) -> bool:
    return bool(x.acquire(False))


@theme.behaviour
def items_that_cannot_travel(subject: Subject) -> None:
    """A lock as an item works as in the loop; to another process the error names the item."""
    items = [threading.Lock() for _ in range(3)]
    if subject.where != THERE:
        made = subject(_held, items)
        expect(made == [True] * 3 and all(one.locked() for one in items), f"it returned {made}")
        return
    try:
        subject(_held, items, chunk_size=1)
    except TypeError as error:
        expect(re.search("items? 0", str(error)), f"the error names no item: {error}")
    else:
        expect(False, "no error")


def _pair(x: int, y: str) -> tuple[int, str]:
    return x, y


@theme.behaviour(needs=[ZIP])
def several_loop_variables(subject: Subject) -> None:
    """`loop_var=("x", "y")` is the loop ``for x, y in zip(xs, ys, strict=True)``."""

    def program(loop: Subject) -> Any:
        return loop.decorate(_pair, loop_var=("x", "y"))(range(4), list("abcd"))

    same(subject, program, shows="'d'")


@theme.behaviour(needs=[ZIP])
def several_loop_variables_of_different_length(subject: Subject) -> None:
    """With several loop variables, lengths that differ are a `ValueError`."""
    try:
        subject.decorate(_pair, loop_var=("x", "y"))(range(4), list("abc"))
    except ValueError:
        return
    expect(False, "no error")
