"""What the quick look calls evident, the analysis finds nothing in."""

from __future__ import annotations

import builtins
import itertools
import math
import operator
import os
import random
import time
from typing import Any

import pytest

from clustrix import analysis, parallel
from clustrix._model import Call, Machine, Options
from clustrix.functions._evident import is_evident, is_silent

STATE: list[int] = []
K = 3


def burn(count: int) -> int:
    """Arithmetic in a loop."""
    value = 1
    for _ in range(count):
        value = (value * 5 + K) & 0xFFFF
    return value


def with_helpers(x: int) -> float:
    """Helpers, built-ins, a comprehension, pure modules."""
    return math.sqrt(sum(burn(i) for i in range(x))) + max(
        itertools.accumulate([x, operator.neg(x)])
    )


def text(x: int) -> str:
    """Methods of text."""
    return " ".join(str(x).split("1")).upper()


def sleeps(x: int) -> int:
    """Waits."""
    time.sleep(0)
    return x


def opens(x: int) -> Any:
    """Waits, by a built-in."""
    return open(x)


def appends(x: int) -> None:
    """Changes a list."""
    STATE.append(x)


def writes(x: Any) -> None:
    """Changes its item."""
    x[0] = 1


def counts(x: int) -> None:
    """Changes a global."""
    global K
    K += x


def rolls(x: int) -> float:
    """Would differ from the loop."""
    return random.random() * x


def finds(x: str) -> Any:
    """By another name."""
    return getattr(os, x)


def imports(x: int) -> Any:
    """Inside."""
    import os as hidden

    return hidden.listdir(x)


def local() -> Any:
    """A function inside of one that reads files."""
    open(os.devnull).close()

    def inner(x: int) -> int:
        return burn(x)

    return inner


class Point:
    """A class of the user's."""

    @staticmethod
    def distance(x: int) -> float:
        """A function inside of it."""
        return math.hypot(x, 1)


def makes(_: int) -> Point:
    """Runs code of that class."""
    return Point()


@pytest.mark.parametrize(
    "function", [burn, with_helpers, text, local(), Point.distance, lambda x: x * x]
)
def test_simple_functions_are_evident(function):
    """And the analysis agrees: processes, nothing found."""
    call = Call(function, range(4))
    assert is_evident(call)
    plan = analysis.make_plan(call, Options(), Machine(cpus=2))
    assert plan.engine == "processes"
    assert [one.code for one in plan.findings] == ["PL501"]


@parallel
def decorated(x: int) -> int:
    """Under its name stands its decoration."""
    return burn(x)


@parallel
def calls_itself(x: int) -> Any:
    """The loops inside are loops of clustrix."""
    return x and calls_itself([x - 1])


def test_a_decorated_function_is_what_it_was():
    """Unless it calls what stands under its name."""
    assert is_evident(Call(decorated.__wrapped__, range(4)))
    assert not is_evident(Call(calls_itself.__wrapped__, range(4)))


@pytest.mark.parametrize(
    "function",
    [
        sleeps,
        opens,
        appends,
        writes,
        counts,
        rolls,
        finds,
        imports,
        makes,
        print,
        len,
        STATE.append,
    ],
)
def test_whatever_reaches_further_is_not(function):
    """Then the source is read."""
    assert not is_evident(Call(function, range(4)))


@pytest.mark.parametrize("items", [[[1]], [1, object()], [(1,)]])
def test_items_that_may_be_changed_are_not(items):
    """A method of theirs may do anything."""
    assert not is_evident(Call(burn, items))


def test_constant_arguments_count():
    """They may be changed, too."""
    assert is_evident(Call(burn, range(3), args=(1,)))
    assert not is_evident(Call(burn, range(3), args=([],)))
    assert not is_evident(Call(burn, range(3), kwargs={"x": []}))


def test_a_built_in_of_the_users_own_is_noticed(monkeypatch):
    """Names may be added to the built-ins."""
    monkeypatch.setattr(builtins, "surprise", appends, raising=False)
    assert not is_evident(Call(lambda x: surprise(x), range(3)))  # type: ignore[name-defined]  # noqa: F821


def prints(x: int) -> None:
    """Evident, since what is printed in a lane comes out in its place; but it is heard."""
    print(x)


def test_who_prints_is_heard():
    """Nobody can tell how often a function has run that only computes."""
    assert is_evident(Call(prints, range(3)))
    assert not is_silent(Call(prints, range(3)))
    assert is_silent(Call(burn, range(3)))
    assert not is_silent(Call(STATE.append, range(3)))
