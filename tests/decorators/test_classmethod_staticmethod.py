"""Class methods and static methods, in either order of stacking."""

from __future__ import annotations

import inspect

import pytest

from clustrix import Plan, parallel
from tests.decorators.targets import Special, Tool


@pytest.mark.parametrize("name", ["make", "make_too"])
def test_classmethod(name):
    """On the class and on an instance; ``cls`` is the class it is called on."""
    for owner, word, factor in ((Tool, "Tool", 3), (Special, "Special", 5)):
        for holder in (owner, owner()):
            body = getattr(holder, name)
            assert body([1, 2]) == [(word, factor), (word, 2 * factor)]
            assert body(2) == (word, 2 * factor)
            assert body(x=[2]) == [(word, 2 * factor)]


@pytest.mark.parametrize(("name", "plus"), [("helper", 1), ("helper_too", 2)])
def test_staticmethod(name, plus):
    """On the class, on an instance, and on a subclass."""
    for holder in (Tool, Tool(), Special, Special()):
        body = getattr(holder, name)
        assert body([1, 2]) == [1 + plus, 2 + plus]
        assert body(2) == 2 + plus
        assert body(x=[2]) == [2 + plus]


@pytest.mark.parametrize("kind", [classmethod, staticmethod])
@pytest.mark.parametrize("outside", [True, False])
def test_local_classes(kind, outside, executor):
    """Either order, on every engine, in a class that cannot be imported."""
    make = parallel(loop_var="x", executor=executor, max_workers=2)

    if kind is classmethod:

        def body(cls, x):
            return cls.factor * x
    else:

        def body(x):
            return 3 * x

    method = kind(make(body)) if outside else make(kind(body))
    owner = type("Owner", (), {"factor": 3, "body": method})
    assert owner.body([1, 2]) == [3, 6]
    assert owner().body([1, 2]) == [3, 6]
    assert owner.body(5) == 15


@pytest.mark.parametrize("name", ["make", "make_too", "helper", "helper_too"])
def test_they_explain_themselves(name):
    """Through the class as through an instance."""
    assert isinstance(getattr(Tool, name).explain([1, 2]), Plan)
    assert getattr(Tool(), name).explain([1, 2]) == getattr(Tool, name).explain([1, 2])


@pytest.mark.parametrize("name", ["make", "make_too", "helper", "helper_too"])
def test_they_look_like_what_they_are(name):
    """Signature, name and docstring."""
    assert list(inspect.signature(getattr(Tool, name)).parameters) == ["x"]
    assert getattr(Tool, name).__name__ == name
    assert "side." in getattr(Tool, name).__doc__


@pytest.mark.parametrize("outside", [True, False])
def test_a_wrong_loop_variable_fails_where_the_decorator_stands(outside):
    """Inside a static method, too."""

    def body(x):
        return x

    with pytest.raises(TypeError, match="'y'"):
        parallel(loop_var="y")(body if outside else staticmethod(body))


def test_the_bare_decorator_skips_cls():
    """The first parameter behind it is the loop variable."""

    class Owner:
        @classmethod
        @parallel
        def outside(cls, x, y=1):
            return cls.__name__, x, y

        @parallel
        @classmethod
        def inside(cls, x, y=1):
            return cls.__name__, x, y

    for body in (Owner.outside, Owner.inside):
        assert body([1, 2], y=5) == [("Owner", 1, 5), ("Owner", 2, 5)]


def test_abstract_methods_stay_abstract():
    """`abc` looks for a mark on the function."""
    import abc

    class Base(abc.ABC):
        @abc.abstractmethod
        @parallel
        def body(self, x):
            """Left to others."""

        @parallel
        @abc.abstractmethod
        def body_too(self, x):
            """Left to others."""

    assert Base.__abstractmethods__ == {"body", "body_too"}
    with pytest.raises(TypeError, match="abstract"):
        Base()
