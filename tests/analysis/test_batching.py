"""A function gets whole chunks only when one item could not but fail."""

from __future__ import annotations

import contextlib
import functools
import math

import pytest

from clustrix.analysis import needs_batches


def doubled(chunk):
    return [x * 2 for x in chunk]


def looped(chunk):
    total = 0
    for x in chunk:
        total += x
    return total


def summed(chunk):
    return sum(chunk)


def measured(chunk):
    n = len(chunk)
    return n


def first(chunk):
    return chunk[0]


def unpacked(chunk):
    a, b = chunk
    return a + b


def starred(chunk):
    return max(*chunk)


def inner(chunk):
    return math.sqrt(sum(x * x for x in chunk))


def spread(scale, chunk, *, offset=0):
    """Has a docstring, and does something else first."""
    base = scale + offset
    return [base * x for x in chunk]


@pytest.mark.parametrize(
    "function",
    [doubled, looped, summed, measured, first, unpacked, starred, inner],
)
def test_it_is_proved_for(function):
    finding = needs_batches(function, "chunk", range(100))
    assert finding.code == "BA101"
    assert finding.name == "chunk"
    assert finding.file == __file__
    assert finding.line > function.__code__.co_firstlineno


def test_a_slot_may_be_a_position():
    assert needs_batches(spread, 1, [1, 2])
    assert needs_batches(spread, 0, [1, 2]) is None
    assert needs_batches(spread, "chunk", [1, 2])
    assert needs_batches(spread, 7, [1, 2]) is None
    assert needs_batches(spread, "other", [1, 2]) is None
    assert needs_batches(functools.partial(spread, 3), 0, [1, 2])


def test_self_is_not_counted():
    class Job:
        def run(self, chunk):
            return [x + 1 for x in chunk]

        def __call__(self, chunk):
            return len(chunk)

    assert needs_batches(Job().run, 0, [1])
    assert needs_batches(Job(), 0, [1])


def test_lambdas():
    assert needs_batches(lambda chunk: sum(chunk), 0, [1.5])


@pytest.mark.parametrize(
    "items", [["ab", "cd"], [[1], [2]], [(1, 2)], [{}], [], [1, "ab"], [b"x"], [range(3)]]
)
def test_items_that_can_be_iterated_are_items(items):
    assert needs_batches(doubled, "chunk", items) is None


def test_len_needs_a_length_and_subscripts_an_item():
    class Sized:
        def __len__(self):
            return 3

    class Indexed:
        def __getitem__(self, index):
            return [1, 2][index]

    assert needs_batches(measured, "chunk", [Sized()]) is None
    assert needs_batches(doubled, "chunk", [Sized()])
    assert needs_batches(first, "chunk", [Indexed()]) is None
    assert needs_batches(doubled, "chunk", [Indexed()]) is None
    assert needs_batches(first, "chunk", [int, str]) is None


def guarded(chunk):
    if isinstance(chunk, int):
        return chunk
    return [x + 1 for x in chunk]


def wrapped_in_a_list(chunk):
    if not isinstance(chunk, list):
        chunk = [chunk]
    return [x + 1 for x in chunk]


def tried(chunk):
    try:
        return sum(chunk)
    except TypeError:
        return chunk


def suppressed(chunk):
    with contextlib.suppress(TypeError):
        return sum(chunk)
    return chunk


def maybe(chunk, deep=False):
    return sum(chunk) if deep else chunk


def short_circuit(chunk, deep=False):
    return deep and sum(chunk)


def early(chunk, deep=False):
    if not deep:
        return chunk
    return sum(chunk)


def in_a_loop(chunk, times=0):
    for _ in range(times):
        sum(chunk)
    return chunk


def rebound(chunk):
    chunk = [chunk]
    return sum(chunk)


def later(chunk):
    def inside():
        return sum(chunk)

    return inside


def generated(chunk):
    for x in chunk:
        yield x + 1


def second_iterator(chunk):
    return [x for _ in () for x in chunk]


def second_argument(chunk):
    return sum([], chunk)


def asked_about(chunk):
    if callable(chunk):
        return 0
    return sum(chunk) if hasattr(chunk, "__iter__") else chunk


def shadowed(chunk, sum=abs):
    return sum(chunk)


def elements_of_something_else(chunk):
    return [x + 1 for x in range(chunk)]


def two_arguments(chunk):
    return max(chunk, 3)


@pytest.mark.parametrize(
    "function",
    [
        guarded, wrapped_in_a_list, tried, suppressed, maybe, short_circuit, early, in_a_loop,
        rebound, later, generated, second_iterator, second_argument, asked_about, shadowed,
        elements_of_something_else, two_arguments,
    ],
)  # fmt: skip
def test_there_is_no_proof_when_one_item_may_do(function):
    assert needs_batches(function, "chunk", range(10)) is None


def test_a_wrapper_may_change_its_arguments():
    @functools.wraps(doubled)
    def wrapper(chunk):
        return doubled([chunk])

    assert needs_batches(wrapper, "chunk", range(3)) is None


def test_what_cannot_be_read_proves_nothing():
    for function in (len, None, 3, "text", sum, int):
        assert needs_batches(function, 0, range(3)) is None
    assert needs_batches(doubled, None, range(3)) is None
