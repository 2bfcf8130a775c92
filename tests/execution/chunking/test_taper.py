"""Cutting a loop by time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.chunking._taper import BITE, LEAST, MOST, SHORT, SHORT_PARTS, Taper


@given(
    count=st.integers(0, 500),
    start=st.integers(0, 500),
    wall=st.floats(0, 1),
    size=st.none() | st.integers(1, 9),
    lanes=st.integers(1, 64),
    travels=st.booleans(),
    splits=st.booleans(),
)
def test_a_taper_cuts_everything_once(count, start, wall, size, lanes, travels, splits):
    """Whatever it believes an item costs."""
    taper = Taper(range(count), min(start, count), wall, size)
    taper.lanes, taper.travels, taper.splits = lanes, travels, splits
    seen = [x for chunk in taper for x in chunk.items]
    assert seen == list(range(min(start, count), count))


@given(count=st.integers(2, 5000), wall=st.floats(1e-6, 0.1), lanes=st.integers(2, 64))
def test_no_chunk_of_a_taper_holds_up_the_other_lanes(count, wall, lanes):
    """Each is a part of a lane's share of what is left, or half a millisecond, or one item."""
    taper = Taper(range(count), 0, wall)
    taper.lanes = lanes
    while (left := taper.left) > 0:
        size = len(next(taper).items)
        assert size == 1 or size * wall <= max(left * wall / lanes / SHORT_PARTS, LEAST) * 1.001


@given(
    waiting=st.integers(0, 5000),
    wall=st.floats(0, 0.1),
    lanes=st.integers(2, 64),
    size=st.none() | st.integers(1, 9),
    light=st.booleans(),
)
def test_a_bite_leaves_the_other_lanes_their_part(waiting, wall, lanes, size, light):
    """Half a share at most, and 2 or 10 ms; chunks of a size that the user has said stay."""
    taper = Taper(range(waiting), 0, wall, size)
    taper.lanes, taper.light = lanes, light
    bite = taper.bite(waiting)
    if size is not None:
        assert bite == 1
    else:
        assert 0 <= bite <= waiting / (2 * lanes)
        assert bite * wall <= (BITE if light else SHORT) * 1.001


@given(count=st.integers(2, 5000), wall=st.floats(1e-6, 0.1), lanes=st.integers(2, 64))
def test_where_chunks_can_be_split_each_lane_has_one_at_first(count, wall, lanes):
    """Big ones, and still as many as there are lanes, if there are as many items."""
    taper = Taper(range(count), 0, wall)
    taper.lanes, taper.travels, taper.splits = lanes, False, True
    sizes = [len(chunk.items) for chunk in taper]
    assert sizes[0] * wall <= max(MOST, wall) * 1.001
    if count * wall > 2 * lanes * LEAST:  # else there is nothing to share
        assert len(sizes) >= min(lanes, count)
