"""Cutting a loop into chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.chunking._chunks import cut
from tests.strategies import loops

sizes = st.integers(1, 50)


@given(items=loops, size=sizes)
def test_joined_chunks_are_the_loop(items, size):
    """Nothing is lost, doubled or moved."""
    assert [item for chunk in cut(items, size) for item in chunk.items] == list(items)


@given(items=loops, size=sizes)
def test_chunks_know_where_they_sit(items, size):
    """Start and stop are positions in the loop, without gaps."""
    chunks = list(cut(items, size))
    for chunk in chunks:
        assert list(items[chunk.start : chunk.stop]) == list(chunk.items)
    assert [chunk.stop for chunk in chunks[:-1]] == [chunk.start for chunk in chunks[1:]]


@given(items=loops, size=sizes)
def test_only_the_last_chunk_may_be_short(items, size):
    """Every chunk has the size asked for, and none is empty."""
    lengths = [len(chunk.items) for chunk in cut(items, size)]
    assert all(length == size for length in lengths[:-1])
    assert all(1 <= length <= size for length in lengths)


def test_the_documented_example():
    """``range(5)`` with two items to a chunk."""
    assert [list(chunk.items) for chunk in cut(range(5), 2)] == [[0, 1], [2, 3], [4]]


def test_a_range_is_cut_into_ranges():
    """A range of a million items travels as three numbers."""
    assert [chunk.items for chunk in cut(range(0, 20, 2), 4)] == [
        range(0, 8, 2),
        range(8, 16, 2),
        range(16, 20, 2),
    ]


def test_chunks_are_cut_when_they_are_asked_for():
    """A loop of a million million items costs nothing until it runs."""
    chunks = cut(range(10**12), 1)
    assert next(chunks).start == 0
    assert next(chunks).start == 1
