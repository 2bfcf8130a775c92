"""Simple functions of a program travel without cloudpickle, and arrive as what they were."""

from __future__ import annotations

import pickle
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import cloudpickle
import pytest

from clustrix._reads import is_installed
from clustrix._records import Call
from clustrix.execution import _light
from tests import jobs

SOURCE = """
    import math
    import operator
    from math import sqrt
    K = 3
    T = (1, "a")
    TABLE = {"a": 1}

    def square(x):
        return x * x

    def annotated(x: int, k: "int" = 2) -> float:
        "It says so."
        return math.sqrt(x) + sqrt(k) + operator.neg(K) + len(T)

    def recursive(x):
        return 1 if x < 2 else x * recursive(x - 1)

    def with_helper(x):
        return square(x) + sum(annotated(i) for i in range(x))

    def with_inner(x):
        return [(lambda y: y + K)(i) for i in range(x)]

    def even(x):
        return x == 0 or odd(x - 1)

    def odd(x):
        return x != 0 and even(x - 1)

    def reads_a_table(x):
        return TABLE.get(x)

    def by_keyword(x, *, k=1):
        return x + k

    def annotated_with_objects(x: TABLE):
        return x

    def with_attributes(x):
        return x
    with_attributes.mark = 1

    def maker(k):
        return lambda x: x + k
    closure = maker(1)
"""
SIMPLE = ("square", "annotated", "recursive", "with_helper", "with_inner", "even")
OTHERS = ("reads_a_table", "by_keyword", "annotated_with_objects", "with_attributes", "closure")


@pytest.fixture(autouse=True)
def nothing_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have sent modules by value that workers could not import."""
    monkeypatch.setattr(cloudpickle.cloudpickle, "_PICKLE_BY_VALUE_MODULES", set())


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A program that somebody started: its module has no name to import."""
    main: Any = ModuleType("__main__")
    exec(compile(textwrap.dedent(SOURCE), "program.py", "exec", dont_inherit=True), vars(main))
    monkeypatch.setitem(sys.modules, "__main__", main)
    is_installed.cache_clear()  # the tests themselves are run by an installed program
    yield main
    is_installed.cache_clear()


def sent(function: Callable[..., Any], **options: Any) -> bytes | None:
    """A function as the light way sends it."""
    call = Call(function, range(3), **options)
    return _light.dumps(call.task(), call)


@pytest.mark.parametrize("name", SIMPLE)
def test_simple_functions_arrive_as_cloudpickle_would_bring_them(program, name):
    """With their names, texts, defaults and annotations; and their values are the same."""
    function = getattr(program, name)
    packed = sent(function)
    assert packed is not None
    assert b"cloudpickle" not in packed
    (made, *_), theirs = pickle.loads(packed), pickle.loads(cloudpickle.dumps(function))
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__"):
        assert getattr(made, attribute) == getattr(theirs, attribute)
    assert made.__annotations__ == theirs.__annotations__
    assert made.__code__ == theirs.__code__
    assert [made(x) for x in range(6)] == [function(x) for x in range(6)]


@pytest.mark.parametrize("name", OTHERS)
def test_others_take_the_long_way(program, name):
    """Somebody else might hold what they hold, or it is more than plain data."""
    assert sent(getattr(program, name)) is None


def test_functions_of_modules_go_by_name():
    """Builtin or not."""
    for function in (abs, jobs.same):
        packed = sent(function)
        assert packed is not None
        assert pickle.loads(packed)[0] is function


def test_what_its_name_does_not_lead_to_takes_the_long_way():
    """A lambda of a module, say."""
    assert sent(lambda x: x) is None


def test_constant_arguments_count():
    """Plain data only."""
    assert sent(abs, args=(1, "a"), kwargs={"b": None}) is not None
    assert sent(abs, args=([],)) is None
    assert sent(abs, kwargs={"b": {}}) is None


def test_modules_that_are_carried_take_the_long_way():
    """Their functions have no name that a worker could import."""
    cloudpickle.register_pickle_by_value(jobs)
    try:
        assert sent(jobs.same) is None
    finally:
        cloudpickle.unregister_pickle_by_value(jobs)
    assert sent(jobs.same) is not None
