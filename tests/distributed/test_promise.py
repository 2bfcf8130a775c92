"""The promise on clusters of worker processes, whatever the items and the chunks."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix import NotPicklableError, TaskTimeout, parallel
from tests import jobs
from tests.strategies import chunk_sizes, failures, int_lists, loops, returned, values

N = 40
workers = st.none() | st.integers(1, 3)


@settings(max_examples=25)
@given(items=loops, size=chunk_sizes, workers=workers)
def test_parallel_equals_the_plain_loop(cluster, items, size, workers):
    """Whatever the chunking and the number of workers."""
    body = parallel(jobs.same, executor=cluster, chunk_size=size, max_workers=workers)
    assert body(items) == [jobs.same(item) for item in items]


@settings(max_examples=10)
@given(items=int_lists, scale=values, offset=values, size=chunk_sizes)
def test_other_arguments_are_the_same_for_every_item(cluster, items, scale, offset, size):
    """By position and by keyword."""
    body = parallel(jobs.affine, executor=cluster, chunk_size=size)
    assert body(items, scale, offset=offset) == [(x, scale, offset) for x in items]


@settings(max_examples=10)
@given(results=st.lists(returned, max_size=20), size=chunk_sizes)
def test_flattening_touches_no_result(cluster, results, size):
    """One result for each item, as returned; the function is local and travels by value."""

    def pick(index):
        return results[index]

    body = parallel(pick, executor=cluster, chunk_size=size, batched=False)
    assert body(range(len(results))) == results


@settings(max_examples=15)
@given(bad=failures, size=chunk_sizes, workers=workers)
def test_errors_are_the_loops_errors(cluster, bad, size, workers):
    """The first in loop order: same type, same arguments, and a note that names it."""
    body = parallel(jobs.fail_at, executor=cluster, chunk_size=size, max_workers=workers)
    with pytest.raises(ValueError, match="bad item") as caught:
        body(range(N), bad)
    first = min(bad)
    assert caught.value.args == ("bad item", first)
    assert caught.value.__notes__ == [f"clustrix: item {first} (x={first}) of fail_at()"]


@settings(max_examples=15)
@given(bad=failures, size=chunk_sizes)
def test_collected_errors_stand_where_the_values_would(cluster, bad, size):
    """Everything runs, nothing is raised."""
    body = parallel(jobs.fail_at, executor=cluster, chunk_size=size, on_error="collect")
    results = body(range(N), bad)
    assert len(results) == N
    for index, result in enumerate(results):
        if index in bad:
            assert type(result) is ValueError
            assert result.args == ("bad item", index)
        else:
            assert result == index


@pytest.mark.parametrize("make", [
    lambda: jobs.TwoArguments(3, reason="bad"), lambda: jobs.Rewritten("x"),
    lambda: jobs.Slotted(7), lambda: jobs.FileTrouble("/nowhere", "gone"), jobs.Unruly,
])  # fmt: skip
def test_errors_with_constructors_of_their_own(cluster, make):
    """Same type and arguments, and the worker's traceback as the cause."""

    def body(x):
        if x == 3:
            raise make()
        return x

    expected = make()
    with pytest.raises(type(expected)) as caught:
        parallel(body, executor=cluster)(range(10))
    assert caught.value.args == expected.args
    assert "in body" in str(caught.value.__cause__)


def test_nothing_behind_an_error_is_waited_for(cluster, tmp_path):
    """What has not been started is never started."""
    trace = tmp_path / "trace"
    trace.touch()

    def body(x):
        jobs.touch(x, str(trace))
        jobs.fail_at(x, frozenset({2}))

    with pytest.raises(ValueError, match="bad item"):
        parallel(body, executor=cluster, chunk_size=1)(range(10_000))
    assert {"0", "1", "2"} <= set(trace.read_text().split())
    assert len(trace.read_text().split()) < 1000


def test_whole_chunks(cluster):
    """A function of chunks gets chunks."""
    body = parallel(lambda xs: [2 * x for x in xs], executor=cluster, batched=True)
    assert body(range(11)) == [2 * x for x in range(11)]
    assert parallel(len, executor=cluster, batched=True, chunk_size=4)(list(range(10))) == [4, 4, 2]


def test_a_loop_in_a_loop(cluster):
    """The inner one is serial, and the decorated function travels."""

    @parallel(executor=cluster)
    def inner(x, plus):
        return x + plus

    @parallel(executor=cluster)
    def outer(xs):
        return inner(xs, 1)

    assert outer([[1, 2], [], [3]]) == [[2, 3], [], [4]]


def test_an_item_that_is_out_of_time(cluster):
    """Named, and the loop ends although the item does not."""
    body = parallel(lambda x: time.sleep(20 * (x == 5)), executor=cluster, timeout=0.5)
    with pytest.raises(TaskTimeout) as caught:
        body(range(12))
    assert (caught.value.item, caught.value.timeout) == (5, 0.5)


def test_items_out_of_time_are_collected(cluster):
    """And their neighbours have their values."""

    def body(x):
        time.sleep(20 * (x == 2))
        return x

    results = parallel(body, executor=cluster, timeout=0.5, on_error="collect", chunk_size=3)(
        range(6)
    )
    assert type(results.pop(2)) is TaskTimeout
    assert results == [0, 1, 3, 4, 5]


def test_what_cannot_travel(cluster):
    """Function, item, result: each with a name; the cluster works on."""
    lock = threading.Lock()
    with pytest.raises(NotPicklableError):
        parallel(lambda x: lock, executor=cluster)([1, 2])
    with pytest.raises(NotPicklableError) as caught:
        parallel(jobs.same, executor=cluster)([1, 2, lock])
    assert caught.value.item == 2
    with pytest.raises(NotPicklableError) as caught:
        parallel(lambda x: threading.Lock() if x == 3 else x, executor=cluster)(range(6))
    assert caught.value.item == 3
    with pytest.raises(NotPicklableError) as caught:
        parallel(jobs.same, executor=cluster)([1, jobs.Unloadable(), 3])
    assert caught.value.item == 1
    assert parallel(jobs.double, executor=cluster)([1, 2]) == [2, 4]


def test_changed_globals_of_modules_are_there(cluster, monkeypatch):
    """A module that the workers import has the values that it has here."""
    from tests.distributed import settings_module

    monkeypatch.setattr(settings_module, "FACTOR", 7)
    assert parallel(settings_module.scaled, executor=cluster)([1, 2]) == [7, 14]


def test_arrays(cluster):
    """As items, as constants and as results; what comes back can be written to."""
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(200_000.0)

    def body(x, table):
        x += 1  # an item of its own
        return x * table[: len(x)]

    items = [numpy.full(50_000, float(k)) for k in range(6)]
    results = parallel(body, executor=cluster)(items, table)
    for k, result in enumerate(results):
        assert (result == (k + 1) * table[:50_000]).all()
        result += 1
    assert all((item == k).all() for k, item in enumerate(items))


def test_the_callers_folder(cluster, tmp_path, monkeypatch):
    """A cluster on this machine opens files where the caller would."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").write_text("found")

    def read(name):
        with open(name) as file:
            return file.read()

    assert parallel(read, executor=cluster)(["here.txt"] * 3) == ["found"] * 3


def shows(x: int) -> int:
    """Prints its item, and warns of every fifth."""
    print("item", x)
    if x % 5 == 0:
        warnings.warn(f"five {x}", stacklevel=1)
    return x


def test_what_items_show_is_shown_in_loop_order(cluster, capsys):
    """As the plain loop prints it, wherever the items ran."""
    decorated = parallel(executor=cluster)(shows)
    with pytest.warns(UserWarning, match="five") as seen:
        assert decorated(range(30)) == list(range(30))
    assert capsys.readouterr().out == "".join(f"item {x}\n" for x in range(30))
    assert [str(one.message) for one in seen] == [f"five {x}" for x in range(0, 30, 5)]


def test_a_stream_takes_what_it_needs(cluster):
    """From an endless source, in loop order."""
    stream = parallel(executor=cluster)(shows_nothing).stream(itertools.count())
    with contextlib.closing(stream) as values:
        assert list(itertools.islice(values, 50)) == [x * x for x in range(50)]


def shows_nothing(x: int) -> int:
    """Quiet work."""
    return x * x
