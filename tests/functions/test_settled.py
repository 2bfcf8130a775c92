"""A function that is still what it was is not pickled again; any change is seen."""

from __future__ import annotations

import functools
import math
import operator
import textwrap
import types
from typing import Any

import pytest

from clustrix import LocalExecutor, SharedStateWarning
from clustrix._model import Call
from clustrix.execution.workers._tasks import Tasks
from clustrix.functions._settled import settle

SETTINGS = types.ModuleType("settings_of_this_test")
SETTINGS.K = 1  # type: ignore[attr-defined]

K = 1
TABLE = [1]


def scale(x: int) -> int:
    """Reads a number, by a helper."""
    return helper(x) * K


def helper(x: int) -> int:
    """Reads nothing."""
    return x + 1


def reads_a_list(x: int) -> int:
    """Reads what may change inside."""
    return x + TABLE[0]


def counts(x: int) -> int:
    """Writes a global."""
    global K
    K += x
    return K


def remembers(x: int) -> int:
    """Keeps something on itself."""
    remembers.last = x  # type: ignore[attr-defined]
    return x


def by_the_back_door(x: int) -> int:
    """Changes a global without naming it."""
    globals()["K"] = x
    return x


def of_a_module(x: int) -> Any:
    """Reads an attribute of a module."""
    return x * SETTINGS.K


def with_default(x: int, sign: int = -1) -> int:
    """Has a default argument."""
    return x * sign


def local(held: Any) -> Any:
    """A closure."""
    return lambda x: (x, held)


helped = functools.wraps(textwrap.dedent)(local([1]))  # says that it is of the standard library


def by_a_helper_that_holds(x: int) -> Any:
    """Its helper may answer differently the next time."""
    return helped(x)


@pytest.mark.parametrize("function", [scale, helper, of_a_module, with_default, operator.neg, len])
def test_what_holds_nothing_that_changes_is_settled(function):
    """Numbers, helpers, modules and built-ins are looked at where they sit."""
    settled = settle(function)
    assert settled is not None
    assert settled.holds()


@pytest.mark.parametrize(
    "function",
    [
        reads_a_list,
        counts,
        remembers,
        by_the_back_door,
        local([1]),
        local(1),
        by_a_helper_that_holds,
        TABLE.append,
    ],
)
def test_what_may_change_inside_is_not(function):
    """Its pickle is made and compared for each loop."""
    assert settle(function) is None


@pytest.mark.parametrize(
    ("change", "function"),
    [
        (lambda m: m.setattr(f"{__name__}.K", 2), scale),
        (lambda m: m.setattr(f"{__name__}.K", True), scale),
        (lambda m: m.setattr(f"{__name__}.helper", with_default), scale),
        (lambda m: m.setattr(helper, "__code__", with_default.__code__), scale),
        (lambda m: m.setattr(f"{__name__}.scale", helper), scale),
        (lambda m: m.setattr(SETTINGS, "K", 7), of_a_module),
        (lambda m: m.setattr(with_default, "__defaults__", (3,)), with_default),
        (lambda m: m.setattr(with_default, "__kwdefaults__", {"sign": 3}), with_default),
        (lambda m: m.setitem(with_default.__dict__, "note", 3), with_default),
        (lambda m: m.setitem(scale.__globals__, "len", helper), lambda x: len(x)),
    ],
)
def test_every_change_is_noticed(monkeypatch, change, function):
    """Of a global, a helper, its code, a default, an attribute, a built-in that is shadowed."""
    settled = settle(function)
    assert settled is not None
    change(monkeypatch)
    assert not settled.holds()


def test_a_settled_task_is_made_once():
    """The second loop takes the bytes of the first."""
    tasks, call = Tasks(), Call(scale, range(2))
    first = tasks.make(call)
    again = tasks.make(call)
    assert not first.settled
    assert again.settled
    assert again.packed is first.packed


@pytest.mark.parametrize("other", [0, -0.0, False, "0"])
def test_constant_arguments_are_told_apart(other):
    """Equal numbers may be of another type or sign."""
    tasks = Tasks()
    tasks.make(Call(with_default, range(2), args=(0.0,)))
    assert tasks.make(Call(with_default, range(2), args=(0.0,))).settled
    assert not tasks.make(Call(with_default, range(2), args=(other,))).settled


def test_workers_follow_each_change(monkeypatch):
    """Loops before, between and after see what the caller has at that time."""
    with LocalExecutor(max_workers=1) as executor:

        def loop(function: Any) -> list[Any]:
            return executor.execute_loop_parallel(function, "x", [1, 2], position=0, chunk_size=2)

        for value in (1, 1, 1, 2, 2, 1, 1):
            monkeypatch.setattr(f"{__name__}.K", value)
            assert loop(scale) == [2 * value, 3 * value]
        assert loop(math.sqrt) == [1.0, math.sqrt(2)]
        monkeypatch.setattr(f"{__name__}.helper", with_default)
        assert loop(scale) == loop(scale) == [-1, -2]
        for value in (5, 6, 6):
            TABLE[0] = value
            assert loop(reads_a_list) == [1 + value, 2 + value]


def test_what_a_function_changes_in_the_worker_is_not_carried_on():
    """Each loop starts from what the caller has."""
    lost = pytest.warns(SharedStateWarning, match="K")  # which is what it says, too
    with lost, LocalExecutor(max_workers=1) as executor:
        for _ in range(3):
            done = executor.execute_loop_parallel(counts, "x", [1, 2], position=0, chunk_size=2)
            assert done == [K + 1, K + 3]


@functools.lru_cache(None)
def cached(x: int) -> int:
    """Remembers what it has given."""
    return x + 1


def asks_a_cache(x: int) -> int:
    """Reads a function that remembers."""
    return cached(x)


@functools.lru_cache(None)
def cached_reader(x: int) -> int:
    """Remembers what was in a list then."""
    return x + TABLE[0]


def asks_a_cached_reader(x: int) -> int:
    """Reads such a one."""
    return cached_reader(x)


@pytest.mark.parametrize("function", [cached, asks_a_cache], ids=lambda f: f.__name__)
def test_a_cache_is_settled_until_it_is_emptied(function: Any) -> None:
    """A worker may keep its own as long; what is asked here says nothing."""
    cached.cache_clear()
    settled = settle(function)
    assert settled is not None
    assert settled.holds()
    cached(1)
    cached(1)
    assert settled.holds()
    cached.cache_clear()
    assert not settled.holds()


def test_a_cache_is_no_more_settled_than_what_it_remembers() -> None:
    """Its function may read what changes inside."""
    assert settle(asks_a_cached_reader) is None
