"""Methods: on instances, through the class, inherited, overridden, of dataclasses."""

from __future__ import annotations

import copy
import functools
import inspect

import pytest

from clustrix import Plan, parallel
from tests.decorators.targets import Offset, Special, Tool


def test_on_an_instance():
    """The instance is the same for every item."""
    assert Tool(1).scale(range(4)) == [1, 4, 7, 10]
    assert Tool(1).scale(5) == 16
    assert Tool(1).scale(x=[5]) == [16]


def test_through_the_class():
    """``Class.method(instance, items)``, as Python has it."""
    assert Tool.scale(Tool(1), range(4)) == [1, 4, 7, 10]
    assert Tool.scale(Tool(1), 5) == 16
    assert Tool.scale(Tool(1), x=[5, 6]) == [16, 19]


def test_through_the_class_with_self_by_keyword():
    """Unusual, and allowed."""
    assert Tool.scale(self=Tool(1), x=[5, 6]) == [16, 19]


def test_without_an_instance():
    """The error is Python's own."""
    with pytest.raises(TypeError):
        Tool.scale()
    with pytest.raises(TypeError):
        Tool.scale(x=[1, 2])


def test_inherited():
    """Attributes are those of the instance's own class."""
    assert Special(1).scaled([1, 2]) == [5, 10]
    assert Special(1).scaled([1, 2], plus=1) == [6, 11]
    assert Special.scaled(Special(), [1, 2], 3) == [8, 13]


def test_overridden_and_called_by_super():
    """Both are decorated; the inner call has one item."""
    assert Tool().overridden([1, 2]) == ["tool, base 1", "tool, base 2"]


def test_in_a_nested_class():
    """Two levels down."""
    assert Tool.Inner().negative([1, 2]) == [-1, -2]


def test_of_a_dataclass():
    """Fields are at hand."""
    assert Offset(5).add([1, 2]) == [6, 7]
    assert Offset().add(1) == 2


def test_of_a_frozen_dataclass_with_slots(executor):
    """Nothing is stored on the instance."""
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True)
    class Frozen:
        by: int

        @parallel(loop_var="x", executor=executor, max_workers=2)
        def add(self, x):
            return x + self.by

    assert Frozen(3).add([1, 2]) == [4, 5]


def test_of_a_local_class(executor):
    """Instance and class travel by value."""

    class Local:
        def __init__(self, by):
            self.by = by

        @parallel(loop_var="x", executor=executor, max_workers=2)
        def add(self, x):
            return x + self.by

        @parallel(executor=executor, max_workers=2)
        def twice(self, x):
            return self.add(self.add(x))

    assert Local(3).add([1, 2]) == [4, 5]
    assert Local(3).twice([1, 2]) == [7, 8]


def test_on_threads_the_instance_is_shared():
    """No copy is made."""

    class Counter:
        def __init__(self):
            self.seen = []

        @parallel(loop_var="x", executor="threads")
        def see(self, x):
            self.seen.append(x)

    counter = Counter()
    assert counter.see(range(10)) == [None] * 10
    assert sorted(counter.seen) == list(range(10))


def test_a_bound_method_can_be_decorated():
    """From outside, on one instance."""

    class Plain:
        def __init__(self, by):
            self.by = by

        def add(self, x):
            return x + self.by

    body = parallel(Plain(5).add, loop_var="x", executor="threads")
    assert body([1, 2]) == [6, 7]
    assert body(1) == 6


def test_the_bare_decorator_skips_self():
    """The first parameter behind it is the loop variable."""

    class Plain:
        @parallel
        def pair(self, x, y=0):
            return x, y

    assert Plain().pair([1, 2], 3) == [(1, 3), (2, 3)]
    assert Plain.pair(Plain(), [1, 2]) == [(1, 0), (2, 0)]


def test_special_methods():
    """``__call__`` and ``__getitem__`` are methods like any other."""

    class Squares:
        @parallel(executor="threads")
        def __call__(self, x):
            return x * x

        @parallel(executor="threads")
        def __getitem__(self, index):
            return index + 1

    assert Squares()([1, 2, 3]) == [1, 4, 9]
    assert Squares()[[1, 2]] == [2, 3]
    assert Squares()[1] == 2


def test_instances_do_not_share_anything():
    """One decoration, many instances of several classes."""
    tools = [Tool(i) for i in range(3)] + [Special(1)]
    assert [tool.scale([1]) for tool in tools] == [[3], [4], [5], [6]]


def test_explain_on_instance_and_class():
    """The same plan either way; nothing runs."""
    plan = Tool(1).scale.explain(range(10))
    assert isinstance(plan, Plan)
    assert plan.engine == "processes"
    assert Tool.scale.explain(Tool(1), range(10)) == plan


def test_methods_look_like_methods():
    """Signature without ``self`` when bound, with it when not."""
    assert str(inspect.signature(Tool(1).scale)) == str(
        inspect.signature(Tool(1).scale.__wrapped__)
    )
    assert list(inspect.signature(Tool(1).scale).parameters) == ["x"]
    assert list(inspect.signature(Tool.scale).parameters) == ["self", "x"]
    assert Tool(1).scale.__name__ == "scale"
    tool = Tool(1)
    assert tool.scale.__self__ is tool
    assert tool.scale.__doc__ == "An ordinary method."
    assert Tool.scale.__qualname__ == "Tool.scale"


def test_copies_of_the_instance_work():
    """The decoration belongs to the class."""
    assert copy.deepcopy(Tool(4)).scale([1]) == [7]


def test_partialmethod():
    """Some arguments filled in within the class."""

    class Plain:
        @parallel(loop_var="x", executor="threads")
        def power(self, x, exponent):
            return x**exponent

        cube = functools.partialmethod(power, exponent=3)

    assert Plain().cube([1, 2]) == [1, 8]


def test_property_and_cached_property_may_use_it():
    """A decorated method inside other descriptors."""

    class Plain:
        @parallel(executor="threads")
        def double(self, x):
            return 2 * x

        @functools.cached_property
        def doubled(self):
            return self.double([1, 2])

    assert Plain().doubled == [2, 4]
