"""Callables that are no functions: objects, partials, builtins, classes."""

from __future__ import annotations

import functools
import inspect
import math
import operator

import pytest

from clustrix import parallel
from tests.decorators import targets
from tests.jobs import affine


def test_an_object_with_call(executor):
    """Its ``__call__`` is the body, its attributes travel."""
    body = parallel(targets.Callable(7), loop_var="x", executor=executor, max_workers=2)
    assert body([1, 2]) == [8, 9]
    assert body([1, 2], sign=-1) == [-8, -9]
    assert body(1) == 8
    assert body.by == 7


def test_an_importable_object_with_call():
    """Known by the name of the variable that holds it."""
    assert targets.add_seven([1, 2]) == [8, 9]
    assert list(inspect.signature(targets.add_seven).parameters) == ["x", "sign"]


def test_an_object_with_call_wants_its_own_parameter():
    """``self`` is no loop variable."""
    with pytest.raises(TypeError, match="x, sign"):
        parallel(targets.Callable(7), loop_var="y")


def test_partial(executor):
    """Arguments filled in stay; the rest is the signature."""
    body = parallel(
        functools.partial(affine, scale=5), loop_var="x", executor=executor, max_workers=2
    )
    assert body([1, 2]) == [(1, 5, 0), (2, 5, 0)]
    assert body([1, 2], offset=9) == [(1, 5, 9), (2, 5, 9)]
    assert body(3) == (3, 5, 0)


def test_partial_with_positional_arguments(executor):
    """What they fill is no parameter any more."""
    body = parallel(functools.partial(affine, 1), loop_var="scale", executor=executor)
    assert body([1, 2]) == [(1, 1, 0), (1, 2, 0)]
    with pytest.raises(TypeError, match="'x'"):
        parallel(functools.partial(affine, 1), loop_var="x")


@pytest.mark.parametrize(
    ("function", "items"),
    [
        (abs, [-1, 2]),
        (len, ["a", "bc"]),
        (math.sqrt, [1, 4]),
        (str.upper, ["a", "b"]),
        (operator.neg, [1, 2]),
        (operator.itemgetter(1), [(1, 2), (3, 4)]),
        (operator.attrgetter("real"), [1, 2]),
        (operator.methodcaller("upper"), ["a", "b"]),
        ("abc".count, ["a", "b"]),
        ({1: "a", 2: "b"}.get, [1, 2]),
    ],
    ids=str,
)
def test_builtins(executor, function, items):
    """C functions, with whatever signature they tell."""
    body = parallel(function, executor=executor, max_workers=2)
    assert body(items) == [function(item) for item in items]


@pytest.mark.parametrize("kind", [int, str, float, list, dict, bytes])
def test_classes(executor, kind):
    """A class is a callable; some tell no signature."""
    items = [[], ()] if kind in (list, dict) else ["1", "2"]
    if kind is bytes:
        items = [[1], [2]]
    body = parallel(kind, executor=executor, max_workers=2)
    assert body(items) == [kind(item) for item in items]


def test_a_builtin_by_the_name_of_its_parameter():
    """``loop_var`` may name a positional-only parameter."""
    name = next(iter(inspect.signature(math.sqrt).parameters))
    assert parallel(math.sqrt, loop_var=name, executor="threads")([1, 4]) == [1.0, 2.0]


@pytest.mark.parametrize("thing", [5, "text", None.__class__(), object(), [1]])
def test_what_cannot_be_called_is_refused(thing):
    """At decoration, in words."""
    with pytest.raises(TypeError, match="decorates functions"):
        parallel(loop_var="x")(thing)
