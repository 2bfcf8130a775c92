"""What items take from an iterator, or from a file, is there for one of them: others see it gone.

In a lane of its own each would have a copy, and the same would be dealt out twice.
"""

from __future__ import annotations

import functools
import io
import itertools
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clustrix._model import Call
from clustrix.analysis import effects_of
from clustrix.functions._stores import may_write

BUFFER = io.StringIO("a\nb\nc\n")
BYTES = io.BytesIO()
NUMBERS = itertools.count()
TAKE = NUMBERS.__next__
FOUND: list[Any] = []
KEEP = functools.partial(FOUND.append)
KEEP_BY_CLASS = functools.partial(list.append, FOUND)


class Reader:
    """Holds what is used up."""

    def __init__(self) -> None:
        self.lines: Iterator[int] = iter(range(9))

    def read(self, x: int) -> Any:
        return [*itertools.islice(self.lines, 2)]

    def first(self, x: int) -> Any:
        for line in self.lines:
            return line
        return None


def _prints(x: Any) -> None:
    print(x, file=BUFFER)


def _writes(x: Any) -> None:
    BUFFER.write(x)


def _reads(x: Any) -> str:
    return BUFFER.readline()


def _loops(x: Any) -> Any:
    for line in BUFFER:
        return line


def _dumps(x: Any) -> None:
    pickle.dump(x, BYTES)


def _nexts(x: Any) -> int:
    return next(NUMBERS)


def _takes(x: Any) -> Any:
    return TAKE()


def _slices(x: Any) -> list[int]:
    return list(itertools.islice(NUMBERS, 2))


def _zips(x: Any) -> Any:
    return dict(zip("ab", NUMBERS, strict=False))


def _searches(x: Any) -> bool:
    return x in NUMBERS


def _unpacks(x: Any) -> Any:
    a, b = itertools.islice(NUMBERS, 2)
    return a + b


def _spreads(x: Any) -> Any:
    return [*itertools.islice(NUMBERS, 2)]


def _passes(x: Any) -> Any:
    return max(*itertools.islice(NUMBERS, 2))


def _sums(x: Any) -> int:
    return sum(itertools.takewhile(lambda n: n % 3, NUMBERS))


def _joins(x: Any) -> str:
    return "".join(map(str, itertools.islice(NUMBERS, 2)))


def _keeps(x: Any) -> None:
    KEEP(x)


def _keeps_by_class(x: Any) -> None:
    KEEP_BY_CLASS(x)


def _closure() -> Callable[[Any], Any]:
    numbers = iter(range(9))
    take = numbers.__next__

    def body(x: Any) -> Any:
        return take()

    return body


USES_UP = [
    *(_prints, _writes, _reads, _loops, _dumps, _nexts, _takes, _slices, _zips, _searches),
    *(_unpacks, _spreads, _passes, _sums, _joins, _keeps, _keeps_by_class, _closure()),
    *(Reader().read, Reader().first),
]


def codes(function: Callable[..., Any], items: list[Any], *args: Any) -> set[str]:
    """Of what is found in a loop."""
    call = Call(function, items, args=args, loop_var="x")
    return {finding.code for finding in effects_of(call) if finding.code.startswith("SH")}


@pytest.mark.parametrize("function", USES_UP, ids=lambda f: f.__qualname__)
def test_what_one_item_takes_is_seen(function: Callable[..., Any]) -> None:
    """By the quick look, and by the one that reads."""
    assert may_write(function, (getattr(function, "__self__", None), 1))
    assert codes(function, [1, 2])


def _listed(x: Any) -> Any:
    return list(x)


def _summed(x: Any) -> Any:
    return sum(x)


def _pair(x: Any) -> Any:
    return [2 * one for one in x][:2]


def _first(x: Any, lines: Any) -> Any:
    return list(itertools.islice(lines, 1))


@pytest.mark.parametrize("function", [_listed, _summed, _pair])
def test_items_that_are_used_up_are_the_callers(function: Callable[..., Any]) -> None:
    """The caller finds them used up behind the loop; and one may stand there several times."""
    assert codes(function, [iter([1, 2]), iter([3, 4])])
    assert not codes(function, [[1, 2], [3, 4]])


def test_arguments_that_are_used_up_are_seen() -> None:
    """All items have the same one."""
    assert codes(_first, [1, 2], iter(range(9)))
    assert not codes(_first, [1, 2], [1, 2, 3])


def _asks(x: Any) -> Any:
    return isinstance(NUMBERS, str), type(NUMBERS), id(NUMBERS) > 0, NUMBERS is None


def _own(x: Any) -> Any:
    numbers = iter(range(x))
    text = io.StringIO()
    print(next(numbers), *numbers, file=text)
    return text.getvalue(), list(zip(numbers, [1], strict=False))


@pytest.mark.parametrize("function", [_asks, _own])
def test_what_is_only_looked_at_or_made_here_is_not_used_up(function: Callable[..., Any]) -> None:
    """No item can tell what others have done."""
    assert not codes(function, [1, 2])


def _shows(x: Any) -> None:
    sys.stdout.write("a")
    sys.stdout.writelines(["b"])
    print(x, file=sys.stderr)
    json.dump(x, sys.stdout)


class Tee(io.TextIOBase):
    """Keeps what it shows."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def write(self, text: str) -> int:
        self.kept.append(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        self.kept.extend(lines)


@pytest.mark.parametrize("place", [io.StringIO(), io.TextIOWrapper(io.BytesIO()), Tee()])
def test_what_is_shown_comes_in_order_and_is_no_write(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in the place of standard output: lanes hand on what is written there."""
    monkeypatch.setattr(sys, "stdout", place)
    monkeypatch.setattr(sys, "stderr", place)
    found = codes(_shows, [1, 2])
    monkeypatch.undo()
    assert not found
