"""A quick look at a function: is its source worth reading for the proof that it wants chunks?"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from clustrix.calling._calls import may_want_batches

RATE = 3


def total(x: Any) -> Any:
    """Iterates it."""
    return sum(x)


def doubled(x: Any) -> Any:
    """Iterates it, in a comprehension."""
    return [2 * y for y in x]


def first(x: Any) -> Any:
    """Subscribes it."""
    return x[0]


def size(x: Any) -> Any:
    """Measures it."""
    return len(x)


def multiples(x: Any) -> Any:
    """Hands it on to a generator, which iterates something else."""
    return sum(x * k for k in range(RATE))


def square(x: Any) -> Any:
    """Computes."""
    return x * x


class Sized:
    """Can be measured, and nothing else."""

    def __len__(self) -> int:
        return 1


class Sequence(Sized):
    """Can do what a list can."""

    def __getitem__(self, index: int) -> int:
        if index:
            raise IndexError(index)
        return 1


@pytest.mark.parametrize("function", [total, doubled, first, size])
@pytest.mark.parametrize("items", [[1, 2], [None], [Sized()], range(3), ()])
def test_what_an_item_may_not_take_is_worth_a_look(function, items):
    """With items unknown, too."""
    assert may_want_batches(function, "x", items)
    assert may_want_batches(function, 0, items)


@pytest.mark.parametrize("function", [total, doubled, first, size])
@pytest.mark.parametrize(
    "items", [["text"], [b"bytes"], [[1]], [(1, 2)], [{"a": 1}], [Sequence()]], ids=repr
)
def test_items_that_are_like_chunks_prove_nothing(function, items):
    """The call with one of them could be meant."""
    assert not may_want_batches(function, "x", items)


@pytest.mark.parametrize("function", [multiples, square])
def test_what_is_only_handed_on_is_not_iterated(function):
    """A function in the function may do with it what it likes."""
    assert not may_want_batches(function, "x", range(3))


def test_arrays_as_items_need_no_source():
    """They can do all that a chunk can; to load what reads takes longer than many a loop."""
    numpy = pytest.importorskip("numpy")
    assert not may_want_batches(total, "x", [numpy.zeros(3)])
    assert may_want_batches(total, "x", [numpy.float64(3.0)])


def test_a_short_call_with_records_loads_no_analysis():
    """A first call of a millisecond would take five."""
    code = (
        "import sys; from clustrix import parallel\n"
        "@parallel\n"
        "def name(record): return record['name'] * len(record)\n"
        "assert name([{'name': 'a'}, {'name': 'b'}]) == ['a', 'b']\n"
        "print([m for m in sys.modules if m.startswith('clustrix.analysis._')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
