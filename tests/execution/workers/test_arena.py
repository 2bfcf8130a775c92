"""Private copies of big buffers: memory is used again when, and only when, nobody has it."""

from __future__ import annotations

import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.workers._arena import HUGE, SHARES_MEMORY, Copies

pytestmark = [
    pytest.mark.skipif(not SHARES_MEMORY, reason="buffers travel inside the pickles here"),
    pytest.mark.skipif(
        not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="memory is never used again"
    ),
]


def buffer(letter: bytes, size: int = HUGE) -> memoryview:
    """Something to copy."""
    return memoryview(letter * size)


def test_memory_that_was_let_go_of_is_used_again():
    """For a buffer of the same size."""
    copies = Copies(4 * HUGE)
    first = copies.make(buffer(b"a"))
    place = id(first)
    del first
    again = copies.make(buffer(b"b"))
    assert id(again) == place
    assert again[:2] == b"bb"


@pytest.mark.parametrize("hold", [lambda x: x, memoryview, lambda x: memoryview(x)[5:9].cast("b")])
def test_memory_that_somebody_has_is_not(hold):
    """Not even a part of it, by whatever way."""
    copies = Copies(4 * HUGE)
    held = hold(copies.make(buffer(b"a")))
    for _ in range(5):
        copies.make(buffer(b"b"))
    assert bytes(held[:2]) == b"aa"


def test_an_array_keeps_its_memory():
    """Also through a view of a view."""
    numpy = pytest.importorskip("numpy")
    copies = Copies(4 * HUGE)
    array = numpy.frombuffer(copies.make(buffer(b"\x01")), dtype="u1")[1:][1:]
    for _ in range(3):
        copies.make(buffer(b"\x02"))
    assert array.min() == array.max() == 1
    array[0] = 7


@given(
    steps=st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=30), most=st.integers(0, 6)
)
def test_no_more_is_kept_than_was_said(steps, most):
    """Whatever the sizes, and whoever holds what."""
    copies, held = Copies(most * HUGE), []
    for number, (size, hold) in enumerate(steps):
        letter = bytes([number])
        copy = copies.make(buffer(letter, size * HUGE))
        if hold:
            held.append((letter, copy))
        del copy
        if len(held) > 3:
            del held[0]
        assert sum(map(len, copies._kept)) <= most * HUGE
    for letter, copy in held:
        assert copy[0] == copy[-1] == letter[0]
    held.clear()
    gc.collect()
