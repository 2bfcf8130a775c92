"""Which chunk runs next: bookkeeping that must not depend on who is faster."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clustrix._model import Call, Chunk, Outcome
from clustrix.execution._engine import gather
from clustrix.execution.chunking._chunks import cut
from clustrix.execution.chunking._schedule import Schedule
from tests.jobs import same
from tests.strategies import failures

N = 40
LOOP = Call(same, ())
COLLECT = Call(same, (), collect=True)


def settle(chunk: Chunk, bad: frozenset[int]) -> Outcome:
    """What a lane makes of a chunk whose items fail at some positions."""
    failed = next((i for i in range(chunk.start, chunk.stop) if i in bad), None)
    stop = chunk.stop if failed is None else failed
    error = None if failed is None else ValueError(failed)
    return Outcome(chunk.start, list(range(chunk.start, stop)), error, failed)


def drive(bad, size, lanes, choices, puts_back=False, call=LOOP):
    """Run a schedule on so many lanes; ``choices`` decides who is next to finish."""
    schedule = Schedule(call, cut(range(N), size))
    under_way: list[Chunk] = []
    settled: list[Outcome] = []
    choices = iter([*choices, *[0] * 1000])
    while True:
        while len(under_way) < lanes and (chunk := schedule.take()) is not None:
            under_way.append(chunk)
        if not under_way:
            return settled
        choice = next(choices)
        chunk = under_way.pop(choice % len(under_way))
        if puts_back and choice % 3 == 2:
            schedule.put_back(chunk)
            continue
        settled.append(schedule.settle(chunk, settle(chunk, bad)))


interleavings = st.lists(st.integers(0, 11), max_size=80)
shapes = {"size": st.integers(1, 15), "lanes": st.integers(1, 5), "choices": interleavings}


@given(bad=failures, **shapes)
def test_the_first_failure_in_loop_order_is_found(bad, size, lanes, choices):
    """Whoever is faster, the first failing item of the loop is among the outcomes."""
    outcomes = drive(bad, size, lanes, choices)
    assert min(o.failed for o in outcomes if o.failed is not None) == min(bad)


@given(bad=failures, **shapes)
def test_everything_in_front_of_the_failure_runs(bad, size, lanes, choices):
    """The plain loop would have run those items."""
    done = {value for outcome in drive(bad, size, lanes, choices) for value in outcome.values}
    assert done.issuperset(range(min(bad)))


@given(bad=failures, size=st.integers(1, 15))
def test_one_lane_starts_nothing_behind_the_failure(bad, size):
    """With one lane the schedule is the plain loop, cut into chunks."""
    outcomes = drive(bad, size, 1, [])
    assert [outcome.start for outcome in outcomes] == list(range(0, min(bad) + 1, size))


@given(**shapes)
def test_every_chunk_runs_exactly_once(size, lanes, choices):
    """Giving chunks back loses none and doubles none."""
    outcomes = drive(frozenset(), size, lanes, choices, puts_back=True)
    assert sorted(value for outcome in outcomes for value in outcome.values) == list(range(N))


@given(bad=failures, **shapes)
def test_collected_errors_end_nothing(bad, size, lanes, choices):
    """Every position has exactly one value, and those of failed items are errors."""
    outcomes = drive(bad, size, lanes, choices, call=COLLECT)
    results = gather(iter(sorted(outcomes, key=lambda outcome: -outcome.start)), N, collect=True)
    assert len(results) == N
    assert {i for i, value in enumerate(results) if isinstance(value, ValueError)} == bad
    assert all(value in (i, None) or i in bad for i, value in enumerate(results))


def test_a_returned_chunk_is_the_next_to_be_taken():
    """It may be what everybody waits for."""
    schedule = Schedule(LOOP, cut(range(10), 2))
    first = schedule.take()
    schedule.take()
    schedule.put_back(first)
    assert schedule.take() is first


def test_a_returned_chunk_behind_a_failure_is_dropped():
    """Its outcome cannot matter any more."""
    schedule = Schedule(LOOP, cut(range(6), 2))
    first, second = schedule.take(), schedule.take()
    schedule.put_back(second)
    schedule.settle(first, settle(first, frozenset({0})))
    assert not schedule.wanted(second)
    assert schedule.take() is None


def test_nothing_starts_after_stop():
    """Ctrl-C ends the loop where it is."""
    schedule = Schedule(LOOP, cut(range(6), 2))
    chunk = schedule.take()
    schedule.stop()
    assert schedule.take() is None
    assert not schedule.wanted(chunk)


def test_chunks_are_drawn_one_at_a_time():
    """A loop over a stream must not be read ahead of the lanes."""
    drawn = []

    def chunks():
        for chunk in cut(range(6), 2):
            drawn.append(chunk.start)
            yield chunk

    schedule = Schedule(LOOP, chunks())
    assert drawn == []
    schedule.take()
    assert drawn == [0]
