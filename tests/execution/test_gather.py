"""From outcomes to results."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import ClustrixError
from clustrix._model import Call, Chunk, Outcome, Plan
from clustrix.execution._engine import execute, gather
from clustrix.execution.chunking._chunks import cut
from tests.jobs import double
from tests.strategies import returned


@given(values=st.lists(returned, max_size=30), size=st.integers(1, 9), data=st.data())
def test_results_follow_the_loop_not_the_outcomes(values, size, data):
    """Outcomes may come in any order, and may hold lists, None or nothing at all."""
    outcomes = [Outcome(chunk.start, chunk.items) for chunk in cut(values, size)]
    shuffled = data.draw(st.permutations(outcomes))
    assert gather(iter(shuffled), len(values)) == values


@given(bad=st.sets(st.integers(0, 20), min_size=1), data=st.data())
def test_the_first_error_in_loop_order_is_raised(bad, data):
    """Whichever outcome came first."""
    good = {i: Outcome(i, [i]) for i in range(21)}
    outcomes = [*{**good, **{i: Outcome(i, [], ValueError(i), i) for i in bad}}.values()]
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the args are looked at)
        gather(iter(data.draw(st.permutations(outcomes))), 21)
    assert caught.value.args == (min(bad),)


def test_the_very_error_object_is_raised():
    """Nothing is wrapped or copied."""
    error = KeyError("here")
    with pytest.raises(KeyError) as caught:
        gather(iter([Outcome(0, [], error, 0)]), 1)
    assert caught.value is error


def test_an_error_does_not_keep_the_outcomes_alive():
    """Its traceback refers to no results."""
    error = KeyError("here")
    with pytest.raises(KeyError):
        gather(iter([Outcome(0, ["big"]), Outcome(1, [], error, 1)]), 2)
    frame = error.__traceback__.tb_next.tb_frame
    assert not frame.f_locals["done"]
    assert not {"one", "outcome"} & set(frame.f_locals)


def test_outcomes_are_exhausted_after_an_error():
    """No lane is left behind."""
    seen = []

    def outcomes():
        yield Outcome(0, [], KeyError(), 0)
        seen.append("rest")

    with pytest.raises(KeyError):
        gather(outcomes(), 1)
    assert seen == ["rest"]


def test_lost_results_are_an_error_not_a_short_list():
    """Right answers come first."""
    with pytest.raises(ClustrixError, match="lost 2 of 3"):
        gather(iter([Outcome(0, ["a"])]), 3)


def test_a_batched_call_may_return_as_much_as_it_likes():
    """Three items in, five results out."""
    assert gather(iter([Outcome(2, [4, 5]), Outcome(0, [1, 2, 3])]), None) == [1, 2, 3, 4, 5]


def test_an_engine_is_one_method():
    """A new engine needs nothing but `run`."""

    class Backwards:
        def run(self, call, plan, chunks):
            for chunk in reversed(list(chunks)):
                assert isinstance(chunk, Chunk)
                yield Outcome(chunk.start, [call.function(item) for item in chunk.items])

    call = Call(double, [1, 2, 3, 4, 5])
    assert execute(call, Plan("backwards", 1, chunk_size=2), Backwards()) == [2, 4, 6, 8, 10]


def test_the_engine_is_closed_when_the_caller_is_interrupted():
    """Ctrl-C while outcomes are gathered ends the engine's work at once."""
    events = []

    class Interrupted:
        def run(self, call, plan, chunks):
            try:
                yield Outcome(0, [1])
                raise KeyboardInterrupt
            finally:
                events.append("closed")

    with pytest.raises(KeyboardInterrupt):
        execute(Call(double, [1, 2]), Plan("interrupted", 1), Interrupted())
    assert events == ["closed"]
