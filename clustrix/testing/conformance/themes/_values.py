"""Values: what the items return, in the order of the loop."""

from __future__ import annotations

import collections
import decimal
import importlib.util
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from clustrix.testing.conformance._model import THERE, Theme, expect
from clustrix.testing.conformance._subjects import TOGETHER, Subject, same
from clustrix.testing.conformance._waiting import folder, leave_mark, wait_for

theme = Theme("values", "what the items return")


class _Point(NamedTuple):
    x: int
    y: float


def _wait_for_next(x: int, place: str | None) -> int:
    if place is not None and x == 0:
        wait_for(place, 1)
    elif place is not None:
        leave_mark(place, x)
    return x * 10


@theme.behaviour(needs=[TOGETHER])
def in_order_though_later_ones_end_first(subject: Subject) -> None:
    """Results stand in loop order, also when the first item ends last.

    A pool's ``map`` keeps this too; without it nothing else would make sense.
    """
    with folder() as place:

        def program(loop: Subject) -> Any:
            shared = place if loop.together else None
            return loop(_wait_for_next, range(2), shared, chunk_size=1)

        same(subject, program)


def _odd(x: int) -> Any:
    return [None, NotImplemented, Ellipsis, True, 0.0, -0.0, "", b"", (), {}, int][x]


@theme.behaviour
def odd_values(subject: Subject) -> None:
    """`None`, `NotImplemented`, `Ellipsis`, types and empty containers come back as they are.

    A pool's ``map`` keeps this too; an engine that marks gaps with a value of its own does not.
    """
    same(subject, lambda loop: loop(_odd, range(11)), shows="NotImplemented")
    same(subject, lambda loop: loop(_odd, [1], chunk_size=1)[0] is NotImplemented, shows="True")


def _number(x: int) -> Any:
    return [math.nan, math.inf, -math.inf, 10**400, 1e-320, 1 + 2j, decimal.Decimal("1.10")][x]


@theme.behaviour
def numbers_to_the_last_digit(subject: Subject) -> None:
    """NaN, infinities, subnormal, huge and decimal numbers arrive bit for bit.

    A pool's ``map`` keeps this too; an engine that sends text or JSON does not.
    """
    same(subject, lambda loop: loop(_number, range(7)), shows="e-320")


def _error_value(x: int) -> Any:
    try:
        raise KeyError("k", x)
    except KeyError as error:
        return ValueError("a value", x) if x % 2 else error


@theme.behaviour
def exceptions_as_values(subject: Subject) -> None:
    """An exception that is returned is a value, and raises nothing.

    A pool's ``map`` keeps this too; an engine that tells errors by their type does not.
    """
    same(subject, lambda loop: loop(_error_value, range(4)), shows="a value")


def _nested(x: int) -> list[Any]:
    return [] if x == 0 else [[x], [[x]]]


@theme.behaviour
def lists_stay_nested(subject: Subject) -> None:
    """A list that an item returns is one result: nothing is flattened.

    A pool's ``map`` keeps this too; an engine that joins chunks of lists does not.
    """
    same(subject, lambda loop: loop(_nested, range(5), chunk_size=2))


def _twice(x: int) -> tuple[list[int], list[int]]:
    made = [x]
    return made, made


@theme.behaviour
def shared_parts_stay_shared(subject: Subject) -> None:
    """Two references to one object within a result stay references to one object.

    A pool's ``map`` keeps this too; an engine that sends parts one by one does not.
    """
    same(subject, lambda loop: [a is b for a, b in loop(_twice, range(3))], shows="True")


def _first(x: int, one: object) -> object:
    return one


@theme.behaviour
def identity(subject: Subject) -> None:
    """A result that is an argument is that very object."""

    def program(loop: Subject) -> Any:
        one = [1, 2, 3]
        return [result is one for result in loop(_first, range(3), one)]

    same(subject, program, shows="True")


def _count_up(x: int) -> Iterator[int]:
    return (x + step for step in range(3))


@theme.behaviour
def generators_as_values(subject: Subject) -> None:
    """A generator comes back; from another process the error says which item returned it."""
    if subject.where == THERE:
        try:
            subject(_count_up, range(3), chunk_size=1)
        except TypeError as error:
            expect(re.search("items? 0", str(error)), f"the error names no item: {error}")
            expect("generator" in str(error), f"the error names no type: {error}")
        else:
            expect(False, "no error")
    else:
        same(subject, lambda loop: [list(one) for one in loop(_count_up, range(3))])


def _point(x: int) -> Any:
    deque = collections.deque([x], maxlen=2)
    return _Point(x, x / 2), deque, collections.OrderedDict(a=x), collections.Counter("aab")


@theme.behaviour
def types_of_containers(subject: Subject) -> None:
    """Named tuples, deques with their limit, counters and ordered dictionaries keep their type.

    A pool's ``map`` keeps this too; an engine that rebuilds containers does not.
    """
    same(subject, lambda loop: loop(_point, range(3)), shows="maxlen=2")


@theme.behaviour
def local_classes(subject: Subject) -> None:
    """Instances of a class made where the loop stands come back as instances of that class."""

    class Local:
        def __init__(self, x: int) -> None:
            self.x = x

    def make(x: int) -> Local:
        return Local(x)

    same(subject, lambda loop: [(type(one) is Local, one.x) for one in loop(make, range(4))])


def _array(x: int) -> Any:
    import numpy

    return numpy.arange(x * 1000, x * 1000 + 5, dtype="int32").reshape(1, 5)


def _halve(x: Any) -> Any:
    x /= 2
    return x


_NUMPY = [] if importlib.util.find_spec("numpy") else ["numpy"]


@theme.behaviour(needs=_NUMPY)
def arrays(subject: Subject) -> None:
    """Arrays come back with type, shape and values, and can be written to.

    A pool's ``map`` keeps this too; an engine that shares memory may hand out read-only views.
    """
    same(subject, lambda loop: loop(_array, range(4)), shows="int32")


@theme.behaviour(needs=_NUMPY)
def big_arrays(subject: Subject) -> None:
    """Arrays of a megabyte go in and out; each result is writable and its own.

    A pool's ``map`` keeps this too; an engine that uses buffers again may not.
    """
    import numpy

    def program(loop: Subject) -> Any:
        given = [numpy.full(130_000, float(value)) for value in range(6)]
        made = loop(_halve, given, chunk_size=2)
        made[0][:] = -1
        return [(one.flags.writeable, one.sum(), one.dtype.str) for one in made]

    same(subject, program, shows="True")


def _identity_of(x: Any) -> Any:
    return type(x).__name__, x


@theme.behaviour
def nothing_to_do(subject: Subject) -> None:
    """No items give an empty list, from whatever iterable.

    A pool's ``map`` keeps this too; an engine that cuts by the number of items divides by zero.
    """
    nothing: list[Any] = [[], range(0), {}.keys(), ()]
    same(subject, lambda loop: [loop(_identity_of, empty) for empty in nothing])


@theme.behaviour
def a_single_item(subject: Subject) -> None:
    """A list of one item gives a list of one result.

    A pool's ``map`` keeps this too; an engine with a short cut for one item may not.
    """
    items: list[Any] = [None, [], "text", {"a": 1}]
    same(subject, lambda loop: [loop(_identity_of, [x]) for x in items])


@theme.behaviour
def a_million_items(subject: Subject) -> None:
    """A million items are a million results, in order.

    A pool's ``map`` keeps this in principle, at a price; the others must at all.
    """
    values = subject(abs, range(-500_000, 500_000), chunk_size=50_000)
    expect(len(values) == 1_000_000, f"{len(values)} results")
    expect(values[0] == 500_000 and values[500_000] == 0, "the order is lost")
    expect(values == [abs(x) for x in range(-500_000, 500_000)], "the values differ")


def _sized(x: int) -> str:
    return "ab" * (x * x * 1000)


@theme.behaviour
def results_of_very_different_size(subject: Subject) -> None:
    """Nothing and megabytes come back from the same loop.

    A pool's ``map`` keeps this too; an engine with buffers of fixed size does not.
    """
    same(subject, lambda loop: [len(one) for one in loop(_sized, range(24))], shows="1058000")
