"""Named tuples without `typing` are those of `typing`."""

from __future__ import annotations

import pickle
import sys
import typing
from typing import Any

import pytest

from clustrix.basis import _typing


class Ours(_typing.NamedTuple):
    """A record."""

    name: str
    size: int = 3
    parts: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        """Twice the size."""
        return 2 * self.size


class Theirs(typing.NamedTuple):
    """A record."""

    name: str
    size: int = 3
    parts: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        """Twice the size."""
        return 2 * self.size


def facts(kind: Any) -> dict[str, Any]:
    """What can be seen of such a class."""
    made = kind("x", parts=(1,))
    return {
        "fields": kind._fields,
        "defaults": kind._field_defaults,
        "annotations": list(kind.__annotations__),
        "doc": kind.__doc__,
        "module": kind.__module__,
        "bases": kind.__bases__,
        "type": type(kind),
        "tuple": tuple(made),
        "property": made.double,
        "replaced": tuple(made._replace(size=4)),
        "has a dict": hasattr(made, "__dict__"),
        "pickled": type(pickle.loads(pickle.dumps(made))) is kind,
        "repr": repr(made).partition("(")[2],
        "made": kind._make(["y", 2, ()]) == ("y", 2, ()),
        "as a dictionary": made._asdict(),
        "patterns": kind.__match_args__,
        "arguments": made.__getnewargs__(),
        "constructor": (kind.__new__.__name__, kind.__new__.__defaults__),
        "documents": [vars(kind)[name].__doc__ for name in kind._fields],
        "copied": tuple(made.__replace__(size=5)) if sys.version_info >= (3, 13) else None,
    }


def test_they_are_the_same():
    """In all that can be seen."""
    assert facts(Ours) == facts(Theirs)


def test_their_names_are_their_own():
    """In messages and pickles."""
    assert (Ours.__name__, Ours.__qualname__) == ("Ours", "Ours")
    assert repr(Ours("x")).startswith("Ours(name='x'")


def test_a_missing_field_is_an_error():
    """As in any call."""
    with pytest.raises(TypeError, match="name"):
        Ours()  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_what_no_field_is_called_is_an_error(kind: Any) -> None:
    """When one is made, from another one or from too many values."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        kind("x", colour=1)
    with pytest.raises((TypeError, ValueError), match=r"unexpected field names: \['colour'\]"):
        kind("x")._replace(colour=1)
    with pytest.raises(TypeError):
        kind._make(["x", 1, (), "too many"])
