"""How streams end: with their iterable, or with the item that fails."""

from __future__ import annotations

import pytest

from clustrix import parallel
from tests.jobs import double


class Again:
    """An iterator that ends, and would go on if it were asked once more."""

    def __init__(self) -> None:
        self.asked = 0

    def __iter__(self) -> Again:
        return self

    def __next__(self) -> int:
        self.asked += 1
        if self.asked == 10:
            raise StopIteration
        return self.asked


def test_the_end_of_an_iterable_is_the_end():
    """It is not asked again, in no call of the function."""
    for _ in range(3):
        assert list(parallel(double).stream(Again())) == [double(x) for x in range(1, 10)]


def halves(xs: list[int]) -> list[int]:
    """Fails in the middle of the loop."""
    if 50 in xs:
        sum(range(3_000_000))  # those behind it come first
        raise KeyError(50)
    return [x // 2 for x in xs]


@pytest.mark.parametrize("how", ["serial", "threads", "processes"])
def test_nothing_leaves_behind_a_chunk_that_failed(how):
    """Whole chunks have as many values as they like, but their places are kept."""
    body, got = parallel(halves, batched=True, chunk_size=7, executor=how, max_workers=2), []
    try:
        for value in body.stream(range(120)):
            got.append(value)
    except KeyError:
        got.append("failed")
    assert got == [*(x // 2 for x in range(49)), "failed"]
