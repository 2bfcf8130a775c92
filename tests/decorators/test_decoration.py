"""Mistakes are caught where the decorator stands."""

from __future__ import annotations

import functools
import pickle

import pytest

from clustrix import ClustrixError, LoopVariableError, parallel


def test_a_name_that_is_no_parameter():
    """The message has the function, the place, the names and the one probably meant."""

    def load(items, limit=3):
        return items

    with pytest.raises(LoopVariableError) as caught:
        parallel(loop_var="itmes")(load)
    message = str(caught.value)
    assert "loop_var='itmes'" in message
    assert "load()" in message
    assert f"{__file__}:{load.__code__.co_firstlineno}" in message
    assert "it has: items, limit" in message
    assert "Did you mean loop_var='items'?" in message


def test_a_name_like_no_other_gets_no_suggestion():
    """A bad guess is worse than none."""
    with pytest.raises(LoopVariableError) as caught:
        parallel(loop_var="zzz")(lambda items: items)
    assert "Did you mean" not in str(caught.value)


def test_the_error_is_a_type_error_and_ours():
    """Either ``except`` catches it."""
    assert issubclass(LoopVariableError, TypeError)
    assert issubclass(LoopVariableError, ClustrixError)


def test_the_error_travels():
    """Also from a worker that decorates."""
    error = LoopVariableError("message")
    assert pickle.loads(pickle.dumps(error)).args == ("message",)


@pytest.mark.parametrize("name", ["rest", "options"])
def test_parameters_that_collect_are_no_loop_variable(name):
    """They take many values already."""

    def body(x, *rest, **options):
        return x

    with pytest.raises(LoopVariableError, match=f"'{name}' collects") as caught:
        parallel(loop_var=name)(body)
    assert "x, *rest, **options" in str(caught.value)


def test_a_function_without_parameters():
    """There is nothing to loop over."""
    with pytest.raises(LoopVariableError, match="no parameters"):
        parallel(lambda: 1)
    with pytest.raises(LoopVariableError, match="no parameters"):
        parallel(loop_var="x")(lambda: 1)


def test_only_keywords_that_collect():
    """The bare decorator finds nothing to take."""
    with pytest.raises(LoopVariableError):
        parallel(lambda **options: 1)


@pytest.mark.parametrize("name", [5, b"x", ["x", 5], {"x", "y"}, {"x": 1}, 1.5, object()])
def test_a_name_is_a_text(name):
    """And several have an order."""
    with pytest.raises(TypeError, match="loop_var"):
        parallel(loop_var=name)(lambda x, y: x)


async def async_generator(x):
    """An async generator function."""
    yield x


def generator(x):
    """A generator function."""
    yield x


class GeneratorObject:
    """Its call is a generator function."""

    def __call__(self, x):
        """A generator."""
        yield x


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (async_generator, "async generator"),
        (generator, "generator"),
        (GeneratorObject(), "generator"),
        (functools.partial(generator), "generator"),
        (staticmethod(generator), "generator"),
        (classmethod(async_generator), "async generator"),
        (functools.partial(GeneratorObject()), "generator"),
    ],
    ids=repr,
)
def test_what_gives_no_value_for_an_item_is_refused(function, word):
    """With the reason and the way out."""
    with pytest.raises(TypeError, match=word) as caught:
        parallel(loop_var="x")(function)
    assert not isinstance(caught.value, LoopVariableError)
    assert "Decorate" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"executor": 5},
        {"executor": None},
        {"max_workers": "2"},
        {"max_workers": 2.0},
        {"max_workers": True},
        {"chunk_size": "2"},
        {"chunk_size": 1.5},
        {"timeout": "1"},
        {"timeout": True},
        {"batched": 1},
        {"batched": "yes"},
        {"unknown": 1},
        {"seed": "1"},
        {"progress": "bar"},
        {"n_jobs": 2},
    ],
    ids=str,
)
def test_options_of_a_wrong_type_or_name(options):
    """No option does nothing."""
    with pytest.raises(TypeError, match=next(iter(options))):
        parallel(loop_var="x", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"executor": "proceses"},
        {"executor": ""},
        {"executor": "dask://"},
        {"executor": "rya://host:10001"},
        {"max_workers": 0},
        {"max_workers": -1},
        {"chunk_size": 0},
        {"chunk_size": -3},
        {"timeout": 0},
        {"timeout": -1.5},
        {"timeout": float("nan")},
    ],
    ids=str,
)
def test_options_out_of_range(options):
    """At decoration, not at the first call."""
    with pytest.raises(ValueError, match=next(iter(options))):
        parallel(loop_var="x", **options)


def test_a_misspelled_executor_gets_a_suggestion():
    """And the list of those that are known."""
    with pytest.raises(ValueError, match="Did you mean 'processes'") as caught:
        parallel(executor="proceses")
    assert all(name in str(caught.value) for name in ("auto", "serial", "threads", "processes"))


def test_options_are_keyword_only():
    """``@parallel("x")`` is a mistake, not a loop variable."""
    with pytest.raises(TypeError):
        parallel(lambda x: x, "x")
    with pytest.raises(TypeError, match="decorates functions"):
        parallel("x")


def test_counts_may_be_any_integer():
    """NumPy's, for one."""
    numpy = pytest.importorskip("numpy")
    body = parallel(
        lambda x: x, executor="threads", max_workers=numpy.int64(2), chunk_size=numpy.int32(3)
    )
    assert body(range(7)) == list(range(7))
