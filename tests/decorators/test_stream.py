"""``f.stream(…)``: however a function is reached, its stream is its loop."""

from __future__ import annotations

import copy
import inspect
import itertools
import pickle

import pytest

from clustrix import LoopVariableError, parallel
from tests.decorators.targets import Offset, Special, Tool, square
from tests.decorators.targets import apply as apply_to


def test_a_function():
    """Values in order, one by one."""
    values = square.stream(range(5))
    assert inspect.isgenerator(values)
    assert next(values) == 0
    assert list(values) == [1, 4, 9, 16]


def test_an_endless_one():
    """Nothing counts the items first."""
    values = square.stream(itertools.count())
    assert list(itertools.islice(values, 6)) == [0, 1, 4, 9, 16, 25]


def test_the_loop_variable_by_keyword():
    """As in the call."""
    assert list(square.stream(x=iter([1, 2]))) == [1, 4]
    assert list(apply_to.stream([abs, str], -1)) == [1, "-1"]
    assert list(apply_to.stream(value=-1, function=[abs, str])) == [1, "-1"]


def test_methods():
    """On an instance, through the class, inherited."""
    assert list(Tool(1).scale.stream(range(4))) == [1, 4, 7, 10]
    assert list(Tool.scale.stream(Tool(1), range(4))) == [1, 4, 7, 10]
    assert list(Special(1).scaled.stream([1, 2], plus=1)) == [6, 11]
    assert list(Special.scaled.stream(Special(), [1, 2], 3)) == [8, 13]
    assert list(Offset(5).add.stream([1, 2])) == [6, 7]


@pytest.mark.parametrize("owner", [Tool, Tool(9)], ids=["class", "instance"])
def test_class_and_static_methods(owner):
    """In either order of stacking, as they are called."""
    assert list(owner.make.stream([1, 2])) == [("Tool", 3), ("Tool", 6)]
    assert list(owner.make_too.stream([1, 2])) == [("Tool", 3), ("Tool", 6)]
    assert list(owner.helper.stream([1, 2])) == [2, 3]
    assert list(owner.helper_too.stream([1, 2])) == [3, 4]


def test_out_of_order():
    """Pairs of index and value."""
    assert sorted(square.stream([3, 4], ordered=False)) == [(0, 9), (1, 16)]
    assert list(square.stream(range(9), ahead=1)) == [x * x for x in range(9)]


@pytest.mark.parametrize("item", [7, "text", b"bytes", {"a": 1}, None], ids=repr)
def test_one_item_is_no_stream(item):
    """It says what to do instead."""
    with pytest.raises(TypeError, match=r"square\.stream\(\) needs items .* is one item; call"):
        square.stream(item)
    with pytest.raises(TypeError, match="is one item"):
        square.stream(x=item)


def test_no_items_are_no_stream():
    """It names the parameter."""
    with pytest.raises(TypeError, match=r"square\.stream\(\) needs items for 'x'"):
        square.stream()
    with pytest.raises(TypeError, match=r"Tool\.scale\.stream\(\) needs items for 'x'"):
        Tool(1).scale.stream()


def test_a_call_that_does_not_fit_fails_as_the_loop():
    """In Python's own words, at the first value."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        list(square.stream([1, 2], z=3))
    assert list(square.stream([], z=3)) == []


def test_a_parameter_with_the_name_of_an_option():
    """Nobody guesses which was meant."""

    @parallel(executor="threads")
    def chosen(x, ordered=True):
        return x, ordered

    with pytest.raises(TypeError, match="ordered= is an option of the stream and a parameter"):
        chosen.stream([1], ordered=False)
    assert list(chosen.stream([1], False)) == [(1, False)]


def test_options_of_the_decorator():
    """Hold for streams, too."""

    @parallel(on_error="collect", executor="threads", max_workers=2, chunk_size=3)
    def reciprocal(x):
        return 1 / x

    one, zero = reciprocal.stream([1, 0])
    assert one == 1
    assert isinstance(zero, ZeroDivisionError)


def test_nothing_to_loop_over():
    """A method that has only ``self`` has no loop."""
    with pytest.raises(LoopVariableError):

        @parallel
        def nothing(): ...


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))])
def test_copies_stream_as_well(how):
    """They are the same function."""
    assert list(how(square).stream([1, 2])) == [1, 4]
    assert list(how(Tool(1).scale).stream([1, 2])) == [4, 7]
