"""Streams and progress on clusters: a bounded number of chunks, cut by measured time."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from clustrix import parallel
from clustrix.execution.chunking._portions import MOST_STREAMED, MeasuredPace
from tests import jobs

MILLION = 1_000_000


def tiny(x: int) -> int:
    """Next to nothing."""
    return x + 1


class Tasks:
    """Counts what a cluster is given to do, and how much of it at a time."""

    def __init__(self, kind, monkeypatch):
        self.given = self.most = 0
        self._live = set()
        submit, result = kind.submit, kind.result

        def counted(cluster, *arguments):
            handle = submit(cluster, *arguments)
            self.given += 1
            self._live.add(handle)
            self.most = max(self.most, len(self._live))
            return handle

        def over(cluster, handle):
            self._live.discard(handle)
            return result(cluster, handle)

        monkeypatch.setattr(kind, "submit", counted)
        monkeypatch.setattr(kind, "result", over)


@pytest.fixture
def tasks(cluster, monkeypatch):
    """The tasks of a cluster."""
    if cluster == "dask":
        from clustrix.execution.foreign._dask import DaskCluster as Kind
    else:
        from clustrix.execution.foreign._ray import RayCluster as Kind
    return Tasks(Kind, monkeypatch)


def test_a_million_tiny_items_are_some_dozens_of_tasks(cluster, tasks):
    """From a generator, so nobody knows how many there are."""
    stream = parallel(executor=cluster)(tiny).stream(x for x in range(MILLION))
    assert sum(stream) == MILLION * (MILLION + 1) // 2
    assert MILLION // MOST_STREAMED <= tasks.given < 200
    assert tasks.most < 16


class Source:
    """Numbers without end, and how many of them have been taken."""

    def __init__(self):
        self.taken = 0

    def __iter__(self):
        while True:
            self.taken += 1
            yield self.taken - 1


def test_only_so_much_is_taken_ahead(cluster, tasks):
    """A consumer that stops finds a bounded number of items taken, and nothing goes on."""
    source = Source()
    stream = parallel(executor=cluster)(tiny).stream(source)
    with contextlib.closing(stream) as values:
        assert list(itertools.islice(values, 10)) == list(range(1, 11))
    ahead, given = source.taken, tasks.given
    assert ahead < 20 * MOST_STREAMED
    assert given < 50
    assert parallel(executor=cluster, chunk_size=100)(tiny)(range(100)) == list(range(1, 101))
    assert (source.taken, tasks.given) == (ahead, given + 1)


@pytest.mark.parametrize("ahead", [1, 6])
def test_the_look_ahead_of_the_user_holds(cluster, ahead):
    """However cheap the items are."""
    source = Source()
    stream = parallel(executor=cluster)(tiny).stream(source, ahead=ahead)
    with contextlib.closing(stream) as values:
        for done, value in enumerate(itertools.islice(values, 60), 1):
            assert value == done
            assert source.taken - done <= ahead


def test_the_chunks_of_the_user_hold(cluster, tasks):
    """As said, to the end."""
    stream = parallel(executor=cluster, chunk_size=10)(tiny).stream(range(95))
    assert list(stream) == list(range(1, 96))
    assert tasks.given == 10


def test_an_error_stands_where_its_value_would(cluster):
    """Behind all earlier values."""
    stream = parallel(executor=cluster)(jobs.fail_at).stream(range(1000), frozenset({137, 500}))
    seen = []
    with pytest.raises(ValueError, match="bad item") as caught:
        seen.extend(stream)
    assert caught.value.args == ("bad item", 137)
    seen = []
    with contextlib.suppress(ValueError):
        for value in parallel(executor=cluster)(jobs.fail_at).stream(range(1000), frozenset({137})):
            seen.append(value)
    assert seen == list(range(137))


def test_pairs_in_any_order(cluster):
    """Each once."""
    stream = parallel(executor=cluster)(tiny).stream(range(500), ordered=False)
    assert sorted(stream) == [(x, x + 1) for x in range(500)]


def test_whole_chunks_are_streamed(cluster):
    """With values that are joined."""

    def double(xs):
        return [2 * x for x in xs]

    stream = parallel(executor=cluster, batched=True)(double).stream(range(300))
    assert list(stream) == [2 * x for x in range(300)]


def test_the_pace_follows_the_items():
    """By the seconds that they take there, and by their bytes."""
    pace = MeasuredPace(2)
    assert pace.size == 1
    pace.learn(1, 1e-6, 10)
    pace.note(1, 5.0)  # the way there and back says nothing
    assert pace.size == 16
    for _ in range(9):
        pace.learn(pace.size, pace.size * 1e-7, 10)
    assert pace.size == MOST_STREAMED
    pace.learn(100, 1.0, 100)
    assert pace.size == 5
    pace.learn(100, 1e-5, 100 << 24)
    assert pace.size == 2


@pytest.mark.parametrize("batched", [False, True])
def test_progress_is_told(cluster, batched):
    """Up to the last item, never backwards, in the calling thread."""
    told = []

    def body(x):
        return [y + 1 for y in x] if batched else x + 1

    loop = parallel(executor=cluster, batched=batched, progress=told.append)(body)
    assert loop(range(500)) == list(range(1, 501))
    done = [one.done for one in told]
    assert done == sorted(done)
    assert done[-1] == 500
    assert {one.total for one in told} == {500}
