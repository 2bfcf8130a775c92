"""Other decorators, outside and inside."""

from __future__ import annotations

import contextlib
import functools
import inspect

import pytest

from clustrix import parallel
from tests import jobs
from tests.decorators import targets


def shout(function):
    """A decorator of the old school."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        result = function(*args, **kwargs)
        return [f"{r}!" for r in result] if isinstance(result, list) else f"{result}!"

    return wrapper


def test_functools_wraps_outside(executor):
    """It sees the whole call."""

    @shout
    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(x):
        return x

    assert body([1, 2]) == ["1!", "2!"]
    assert body(1) == "1!"


def test_functools_wraps_inside(executor):
    """It sees each item; the loop variable is found through it."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    @shout
    def body(a, x):
        return a + x

    assert body(1, [1, 2]) == ["2!", "3!"]
    assert body(1, 1) == "2!"
    assert list(inspect.signature(body).parameters) == ["a", "x"]


def test_importable_ones_travel():
    """In either order, by name."""
    assert targets.wrapped_outside([1, 2]) == [101, 102]
    assert targets.wrapped_inside([1, 2]) == [201, 202]


def test_lru_cache_inside():
    """Each item is looked up."""
    calls = []

    @parallel(loop_var="x", executor="serial")
    @functools.lru_cache
    def body(x):
        calls.append(x)
        return x * 10

    assert body([1, 2, 1, 2]) == [10, 20, 10, 20]
    assert calls == [1, 2]
    assert body.cache_info().hits == 2
    body.cache_clear()
    assert body.cache_info().hits == 0


def test_lru_cache_inside_on_every_engine(executor):
    """A cache is C code around the function; the answers are the same."""
    body = parallel(jobs.cached, loop_var="x", executor=executor, max_workers=2)
    assert body([1, 2, 1, 2]) == [10, 20, 10, 20]


def test_a_local_lru_cache_runs_where_it_is():
    """It cannot travel, so the analysis leaves it here."""

    @functools.lru_cache
    def cached(x):
        return x * 10

    body = parallel(cached, loop_var="x", max_workers=2)
    assert body([1, 2, 1, 2]) == [10, 20, 10, 20]
    assert body.explain([1, 2]).engine != "processes"


def test_lru_cache_outside():
    """Whole calls are looked up, so the loop must be hashable."""
    calls = []

    @functools.lru_cache
    @parallel(loop_var="x", executor="threads")
    def body(x):
        calls.append(x)
        return x * 10

    assert body((1, 2)) == [10, 20]
    assert body((1, 2)) == [10, 20]
    assert sorted(calls) == [1, 2]
    assert body(3) == 30


def test_a_context_manager_as_decorator_inside(executor):
    """Entered and left for each item."""

    @contextlib.contextmanager
    def around():
        yield

    @parallel(loop_var="x", executor="threads")
    @around()
    def body(x):
        return x

    assert body([1, 2]) == [1, 2]


def test_singledispatch_inside():
    """Dispatch sees one item at a time."""

    @functools.singledispatch
    def kind(x):
        return "object"

    @kind.register
    def _(x: int):
        return "int"

    assert parallel(kind, loop_var="x", executor="threads")([1, "a"]) == ["int", "object"]


def test_a_wrapper_that_changes_the_signature_counts():
    """What matters is how the function is called, not what is deep inside."""

    def add_argument(function):
        def wrapper(extra, x):
            return extra, function(x)

        return wrapper

    body = parallel(add_argument(lambda x: x), loop_var="extra", executor="threads")
    assert body([1, 2], "x") == [(1, "x"), (2, "x")]
    with pytest.raises(TypeError, match="'y'"):
        parallel(add_argument(lambda y: y), loop_var="y")


def test_wrapt_decorators_inside_and_outside(executor):
    """Proxies around proxies."""
    import wrapt

    @wrapt.decorator
    def through(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs)

    def plain(x):
        return x + 1

    inside = parallel(through(plain), loop_var="x", executor="threads")
    outside = through(parallel(plain, loop_var="x", executor="threads"))
    assert inside([1, 2]) == outside([1, 2]) == [2, 3]
    assert inside(1) == outside(1) == 2
