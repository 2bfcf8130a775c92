"""Random numbers on clusters: each item's own, the same everywhere, and the caller's are his."""

from __future__ import annotations

import random

import pytest

from clustrix import parallel


def draw(x: int, table: object = None) -> tuple[int, float, float, int]:
    """Numbers from both generators."""
    numpy = pytest.importorskip("numpy")
    return x, random.random(), float(numpy.random.random()), random.randrange(10**9)


@pytest.mark.parametrize("options", [{}, {"chunk_size": 1}, {"chunk_size": 7}, {"max_workers": 1}])
def test_a_seed_means_the_same_as_in_the_plain_loop(cluster, options):
    """Whatever the chunks and the workers."""
    expected = parallel(draw, executor="serial", seed=11)(range(30))
    assert parallel(draw, executor=cluster, seed=11, **options)(range(30)) == expected
    assert parallel(draw, executor=cluster, seed=12, **options)(range(30)) != expected


def test_a_seed_in_a_stream(cluster):
    """The same numbers."""
    expected = parallel(draw, executor="serial", seed=11)(range(30))
    assert list(parallel(draw, executor=cluster, seed=11).stream(range(30))) == expected


def test_the_callers_generators_stay_where_they_are(cluster):
    """Whatever the cluster's own code draws to move a big constant and big results."""
    numpy = pytest.importorskip("numpy")
    table = numpy.zeros(300_000)

    def body(x, table):
        return table + x

    loop = parallel(body, executor=cluster, chunk_size=1)
    loop(range(2), table)  # started, whatever that draws
    random.seed(5)
    before = random.getstate()
    assert len(loop(range(12), table)) == 12
    assert random.getstate() == before
