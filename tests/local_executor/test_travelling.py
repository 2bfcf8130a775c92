"""Objects on their way to a worker: serialized once, and named where they cannot go."""

from __future__ import annotations

import os
import threading
from collections import Counter

import numpy as np
import pytest

import clustrix
from clustrix import LocalExecutor, NotPicklableError, parallel


class Reducing:
    """Counts how often it is serialized."""

    def __init__(self, value):
        self.value, self.times, self.owner = value, 0, os.getpid()

    def __reduce__(self):
        self.times += 1
        return type(self), (self.value,)


class Stating(Reducing):
    def __reduce__(self):
        return object.__reduce__(self)

    def __reduce_ex__(self, protocol):
        return object.__reduce_ex__(self, 2)

    def __getstate__(self):
        self.times += 1
        return vars(self)


class Bulky(Reducing):
    """Several of them do not go into one portion."""

    def __init__(self, value):
        super().__init__(value)
        self.data = np.zeros(1 << 20)

    __reduce__ = object.__reduce__

    def __reduce_ex__(self, protocol):
        self.times += 1
        return object.__reduce_ex__(self, protocol)


class Session:
    def __init__(self):
        self.adapter = Adapter()


class Adapter:
    def __init__(self):
        self.lock = threading.Lock()


class Client:
    def __init__(self):
        self.session = Session()


class Refusing:
    def __reduce__(self):
        raise ValueError("not today")


def busy(x, first=None, *, second=None):
    total = 0
    for step in range(50_000):
        total += step
    return x.value


def same(x, *others):
    return x


def measure(x):
    return x.data.nbytes


@pytest.mark.parametrize("kind", [Reducing, Stating])
@pytest.mark.parametrize("engine", ["processes", "auto"])
def test_everything_is_serialized_at_most_once(kind, engine):
    """Items, and constant arguments for all workers together; again and again."""
    function = parallel(loop_var="x", executor=engine, max_workers=3)(busy)
    for _ in range(3):
        items, first, second = [kind(n) for n in range(60)], kind(0), kind(1)
        assert function(items, first, second=second) == list(range(60))
        assert Counter(item.times for item in items).keys() <= {0, 1}
        assert {first.times, second.times} <= {0, 1}
        if engine == "processes":
            assert first.times == second.times == items[0].times == 1


def test_big_items_are_not_serialized_to_find_out_how_big_they_are():
    function = parallel(loop_var="x", executor="processes", chunk_size=6)(measure)
    items = [Bulky(n) for n in range(8)]
    assert function(items) == [1 << 23] * 8
    assert [item.times for item in items] == [1] * 8


def test_one_that_cannot_travel_among_big_items():
    """No item is lost, none runs twice."""
    items = [Bulky(n) for n in range(6)]
    items[1].data = [items[1].data, threading.Lock()]
    function = parallel(loop_var="x", executor="processes", chunk_size=6, on_error="collect")
    results = function(lambda x: x.value)(items)
    assert isinstance(results.pop(1), NotPicklableError)
    assert results == [0, 2, 3, 4, 5]


def test_explaining_serializes_nothing():
    item, other = Reducing(1), Stating(2)
    assert parallel(loop_var="x")(busy).explain([item, item], other).engine == "processes"
    assert (item.times, other.times) == (0, 0)


def refusal(function, *args):
    with pytest.raises(NotPicklableError) as caught:
        function(*args)
    return caught.value


def test_the_error_names_the_path():
    """For a constant argument, an item, a closure, a task."""
    function = parallel(loop_var="x", executor="processes")(same)
    error = refusal(function, [1, 2], 3, Client())
    assert error.path == "args[1].session.adapter.lock"
    assert "args[1].session.adapter.lock: _thread.lock, which cannot" in str(error)
    assert "create it inside the function" in str(error)
    error = refusal(function, [1, 2, {"c": Client()}])
    assert (error.path, error.item) == ("items[2]['c'].session.adapter.lock", 2)
    lock = threading.Lock()

    @parallel(executor="processes")
    def guarded(x):
        with lock:
            return x

    assert refusal(guarded, [1, 2]).path.endswith("guarded.<closure>.lock")
    with LocalExecutor(max_workers=1) as executor:
        error = executor.submit(same, 1, Client()).exception()
    assert error.path == "args[1].session.adapter.lock"


def test_the_error_names_an_item_of_a_sampled_list():
    """The plan looked at some thousands of a million; the error comes from looking at all."""
    many = list(range(10**6))
    many[777_777] = threading.Lock()
    explained = parallel(loop_var="x")(same).explain([1, 2], many)
    assert explained.engine == "processes"
    error = refusal(parallel(loop_var="x", executor="processes")(same), [1, 2], many)
    assert error.path == "args[0][777777]"


def test_collected_errors_name_the_path_too():
    results = parallel(loop_var="x", executor="processes", on_error="collect")(same)([1, Client()])
    assert results[0] == 1
    assert results[1].path == "items[1].session.adapter.lock"
    assert isinstance(results[1], clustrix.NotPicklableError)


def test_an_object_that_refuses_stays_here_when_nobody_said_processes():
    """What it says of itself is believed until it is to be sent; then the loop stays here."""
    there = Refusing()
    function = parallel(loop_var="x", max_workers=2)(lambda x, other: busy(x) and other is there)
    assert function([Reducing(1)] * 40, there) == [True] * 40


def test_with_a_time_limit_it_is_asked_before():
    """Such a loop does not measure itself, so it could not change its mind."""
    there = Refusing()
    function = parallel(loop_var="x", max_workers=2, timeout=60)(lambda x, other: other is there)
    assert function.explain([1, 2], there).findings[0].code == "PK104"
    assert function([1, 2], there) == [True, True]
