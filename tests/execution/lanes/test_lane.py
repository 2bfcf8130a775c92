"""One chunk on one lane: the code that every engine shares."""

from __future__ import annotations

import pytest

from clustrix import parallel
from clustrix._model import Call, Chunk
from clustrix.execution.lanes._lane import (
    Unwatched,
    inside_lane,
    item_note,
    join_batch,
    lane,
    run_chunk,
)
from tests.jobs import Unruly, double, fail_at

UNWATCHED = Unwatched()


def work(function, items, start=0, **parts):
    """What one lane makes of one chunk."""
    return run_chunk(Call(function, (), **parts), Chunk(start, items), UNWATCHED)


def test_values_in_order():
    """One value for each item."""
    outcome = work(double, [1, 2, 3], start=5)
    assert (outcome.start, list(outcome.values), outcome.error) == (5, [2, 4, 6], None)


def test_values_up_to_the_error():
    """What finished is kept, and the failed item is named by its position in the loop."""
    outcome = work(fail_at, [1, 2, 3], start=5, args=(frozenset({3}),))
    assert list(outcome.values) == [1, 2]
    assert outcome.error.args == ("bad item", 3)
    assert outcome.failed == 7


def test_the_note_names_the_item():
    """PEP 678: the error says which item of which function it was."""
    outcome = work(fail_at, [3], start=17, args=(frozenset({3}),), loop_var="x")
    assert outcome.error.__notes__ == ["clustrix: item 17 (x=3) of fail_at()"]


def test_an_error_that_is_raised_again_and_again_names_its_item_once() -> None:
    """A program may keep one object and raise it in every loop."""
    kept = ValueError("kept")

    def fail(x: int) -> None:
        raise kept

    for _ in range(3):
        with pytest.raises(ValueError, match="kept") as caught:
            parallel(fail)([1, 2])
        assert caught.value is kept
    (note,) = kept.__notes__  # type: ignore[attr-defined]
    assert note.startswith("clustrix: item 0 (x=1) of ")


def test_a_note_that_is_refused_changes_nothing():
    """The error itself matters more."""

    def unruly(x):
        raise Unruly

    assert type(work(unruly, [1]).error) is Unruly


def test_a_repr_that_fails_does_not_hide_the_error():
    """The note shows the type instead."""

    class Shy:
        def __repr__(self):
            raise RuntimeError("no")

    note = item_note(Call(double, (), loop_var="x"), 3, Shy())
    assert note.startswith("clustrix: item 3 (x=<Shy ")


def test_a_note_stays_short():
    """An item of a megabyte does not fill the screen."""
    for item in ("a" * 10**6, list(range(10**6)), b"b" * 10**6, {i: i for i in range(10**4)}):
        assert len(item_note(Call(double, (), loop_var="x"), 0, item)) < 400


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_exceptions_that_are_not_errors_end_the_chunk_too(error):
    """They are the caller's business, not the lane's."""

    def leave(x):
        raise error

    assert type(work(leave, [1, 2]).error) is error


def test_the_watch_sees_every_item_and_may_stop():
    """A stopped chunk has fewer values than items, and no error."""
    seen = []

    class Watch:
        def enter(self, index, values):
            seen.append((index, list(values)))
            return index < 12

    outcome = run_chunk(Call(double, ()), Chunk(10, [1, 2, 3, 4]), Watch())
    assert seen == [(10, []), (11, [2]), (12, [2, 4])]
    assert (list(outcome.values), outcome.error, outcome.failed) == ([2, 4], None, None)


def test_a_batch_gets_the_whole_chunk():
    """Lists are joined, the rest is one value."""
    assert list(work(sorted, [3, 1, 2], batched=True).values) == [1, 2, 3]
    assert list(work(sum, [3, 1, 2], batched=True).values) == [6]


def test_only_lists_are_joined():
    """A tuple is a value like any other."""
    assert join_batch([1, 2]) == [1, 2]
    assert join_batch((1, 2)) == [(1, 2)]
    assert join_batch(None) == [None]


def test_a_failing_batch_names_its_span():
    """The function saw all of its items, so the note says which."""
    outcome = work(fail_at, [1, 2, 3], start=4, args=(1,), batched=True)
    assert outcome.failed == 4
    assert "items 4 to 6" in outcome.error.__notes__[0]


def test_lanes_nest():
    """The inner loop of an inner loop is inside, too, and leaving restores."""
    assert not inside_lane()
    with lane():
        with lane():
            assert inside_lane()
        assert inside_lane()
    assert not inside_lane()
