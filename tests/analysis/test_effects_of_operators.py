"""Objects may change by whatever is done with them: every operator is a method of theirs."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clustrix._model import Call
from clustrix.analysis import effects_of
from clustrix.functions._stores import may_write


class Counts:
    """Counts how often anything is done with it."""

    def __init__(self) -> None:
        self.n = 0

    def _tick(self, *_: Any) -> int:
        self.n += 1
        return self.n

    __len__ = __getitem__ = __contains__ = __hash__ = __int__ = __index__ = __bool__ = _tick
    __add__ = __radd__ = __mul__ = __lt__ = __eq__ = __neg__ = __call__ = _tick  # type: ignore[assignment]

    def tick(self, x: Any) -> int:
        return self._tick(x)

    def __str__(self) -> str:
        return str(self._tick())

    def __format__(self, how: str) -> str:
        return str(self._tick())

    def __iter__(self) -> Iterator[int]:
        self.n += 1
        return iter([self.n])


class Ids(dict[Any, int]):
    """Numbers what it is asked for."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


class Plain:
    """Does none of that."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, key: Any) -> Any:
        return key

    def __add__(self, other: Any) -> Any:
        return other


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "len": lambda x, it: len(it),
    "bool": lambda x, it: bool(it),
    "int": lambda x, it: int(it),
    "hash": lambda x, it: hash(it),
    "str": lambda x, it: str(it),
    "f-string": lambda x, it: f"{it}",
    "a method of text": lambda x, it: f"{it!s}",
    "print": lambda x, it: print(it),
    "in": lambda x, it: x in it,
    "subscript": lambda x, it: it[x],
    "list": lambda x, it: list(it),
    "max": lambda x, it: max(it),
    "star": lambda x, it: [*it],
    "for": lambda x, it: [one for one in it],  # noqa: C416
    "plus": lambda x, it: it + x,
    "plus, behind": lambda x, it: x + it,
    "times": lambda x, it: it * x,
    "less": lambda x, it: it < x,
    "equal": lambda x, it: it == x,
    "minus": lambda x, it: -it,
    "map": lambda x, it: list(map(it, [x])),
    "map of a method": lambda x, it: list(map(it.tick, [x])),
    "a key": lambda x, it: max([x, 1], key=it),
}


def codes(function: Callable[..., Any], argument: Any) -> set[str]:
    """Of what is found in a loop."""
    call = Call(function, [1, 2], args=(argument,), loop_var="x")
    return {finding.code for finding in effects_of(call) if finding.code.startswith("SH")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operator_that_changes_its_object_is_seen(name: str) -> None:
    """It is a helper like others."""
    counts = Counts()
    assert may_write(OPERATIONS[name], (counts, 1))
    assert codes(OPERATIONS[name], counts)


def test_what_is_put_where_it_is_missed_is_seen() -> None:
    """The order of the items decides about the numbers."""
    assert codes(OPERATIONS["subscript"], Ids())


def _sums(x: Any, it: Any) -> Any:
    return functools.reduce(operator.add, [x, 1]), list(map(operator.add, [x], [1]))


def test_functions_of_the_names_of_methods_are_no_methods() -> None:
    """`operator.add` puts nothing into `operator`."""
    assert not codes(_sums, None)


@pytest.mark.parametrize("name", ["len", "subscript", "plus", "equal", "str"])
def test_operators_that_only_look_are_nothing(name: str) -> None:
    """Most of them do."""
    assert not codes(OPERATIONS[name], Plain())
    assert not codes(OPERATIONS[name], [1, 2, 3])
