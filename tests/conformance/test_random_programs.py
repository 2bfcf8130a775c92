"""Whatever a program prints, logs, warns, raises and branches on: its transcript is the loop's."""

from __future__ import annotations

import logging
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix.testing.conformance._subjects import PLAIN, same
from tests.conformance.random_programs import (
    Add,
    Fail,
    If,
    Log,
    Odd,
    Print,
    Try,
    Warn,
    Yield,
    interpret,
)

words = st.sampled_from(["one", "zwei", "三", "multi\nline", ""])
steps = st.one_of(
    st.builds(
        Print, st.sampled_from(["stdout", "stderr"]), words, st.sampled_from(["\n", "", " "])
    ),
    st.builds(Log, st.sampled_from([logging.DEBUG, logging.INFO, logging.WARNING, 50]), words),
    st.builds(Warn, words, st.booleans()),
    st.builds(Yield, st.integers(1, 20)),
    st.builds(Add, st.integers(-5, 5)),
)
failing = steps | st.builds(Fail, st.sampled_from([ValueError, KeyError, Odd, StopIteration]))


def _nested(inner: st.SearchStrategy) -> st.SearchStrategy:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.builds(If, st.integers(2, 9), parts, parts) | st.builds(Try, parts)


programs = st.lists(
    steps | st.recursive(failing, _nested, max_leaves=6).filter(lambda one: type(one) is not Fail),
    min_size=1,
    max_size=6,
).map(tuple)


@settings(max_examples=60)
@given(
    program=programs,
    count=st.integers(0, 25),
    size=st.none() | st.integers(1, 9),
    on_error=st.sampled_from(["raise", "collect"]),
    rule=st.sampled_from(["default", "always", "once", "error", "ignore"]),
    level=st.sampled_from([logging.DEBUG, logging.WARNING, logging.ERROR]),
)
def test_the_transcript_is_the_loops(subject, program, count, size, on_error, rule, level):
    """On every engine, for every chunk size, with any filter and level of the caller."""

    def run(loop):
        warnings.simplefilter(rule)
        logging.getLogger("conformance").setLevel(level)
        return loop(interpret, range(count), program, on_error=on_error, chunk_size=size)

    same(subject, run)


@pytest.mark.parametrize("kind", ["output", "log", "warning", "error", "value"])
def test_the_programs_show_something(kind):
    """Each channel is used by some program, so that the property above is about it."""
    program = {
        "output": (Print("stdout", "text"),),
        "log": (Log(50, "text"),),
        "warning": (Warn("text", True),),
        "error": (If(2, (Fail(Odd),), ()),),
        "value": (Add(3),),
    }[kind]
    shows = {"error": "Odd", "value": "list[3, 4]"}.get(kind, "text")
    same(PLAIN, lambda loop: loop(interpret, range(2), program), shows=shows)
