"""Functions by reference or by value, and what cannot travel."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
import threading
import warnings
from collections import ChainMap

import pytest

from clustrix import parallel
from clustrix.execution.travel._transport import dumps, loads
from tests import jobs
from tests.decorators import targets


def travel(obj):
    """There and back."""
    return loads(dumps(obj))


def test_importable_functions_go_by_name():
    """The worker imports them: no code travels."""
    assert travel(jobs.double) is jobs.double
    assert len(dumps(jobs.double)) < 100


def test_the_original_of_a_decorated_function_goes_by_name():
    """Its name leads to the decorated one; one layer below it is the original."""
    original = targets.square.__wrapped__
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(original)
    assert travel(original) is original
    assert len(dumps(original)) < 200


def test_the_original_of_a_decorated_method_goes_by_name():
    """Nested in a class, inside classmethod and staticmethod, too."""
    for name in ("scale", "make", "helper"):
        original = vars(targets.Tool)[name]
        while hasattr(original, "__wrapped__"):
            original = original.__wrapped__
        assert travel(original) is original, name


def test_an_original_inside_two_decorations_goes_by_name():
    """The worker takes off as many layers."""
    inner = jobs.layered.__wrapped__
    assert travel(inner) is inner


def test_a_decorated_function_goes_by_name():
    """It stays one object, decoration and all."""
    assert travel(targets.square) is targets.square


def test_local_functions_go_by_value():
    """Code, closure and defaults."""
    base = [10]

    def add(x, extra=1):
        return x + base[0] + extra

    copy = travel(add)
    assert copy(5) == 16
    base[0] = 99
    assert copy(5) == 16, "a copy, with the closure as it was"


def test_code_that_goes_by_value_keeps_the_name_of_its_file():
    """Tracebacks and warnings name it, also of a function that is defined inside another one."""

    def outer():
        return lambda: warnings.warn("here", stacklevel=1)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        travel(outer)()()
    assert caught[0].filename == __file__
    assert travel(outer).__code__ == outer.__code__


def test_lambdas_and_partials_go_by_value():
    """What the standard pickle refuses."""
    assert travel(lambda x: x * 2)(4) == 8
    assert travel(functools.partial(lambda a, b: a - b, b=1))(4) == 3


def test_a_recursive_local_function_goes_by_value():
    """It mentions itself."""

    def factorial(n):
        return n * factorial(n - 1) if n else 1

    assert travel(factorial)(5) == 120


def test_a_recursive_decorated_local_function_goes_by_value():
    """It mentions its decorated self."""

    @parallel(loop_var="n")
    def factorial(n):
        return n * factorial(n - 1) if n else 1

    copy = travel(factorial)
    assert type(copy) is type(factorial)
    assert copy(5) == 120
    assert travel(factorial.__wrapped__)(5) == 120


def test_decorated_local_functions_that_call_each_other_go_by_value():
    """Either of them carries both."""

    @parallel(loop_var="n")
    def even(n):
        return n == 0 or odd(n - 1)

    @parallel(loop_var="n")
    def odd(n):
        return n != 0 and even(n - 1)

    assert travel(even)(10) is True
    assert travel(odd.__wrapped__)(10) is False


def test_a_decorated_local_function_keeps_its_options():
    """The copy explains itself like the original."""

    @parallel(loop_var="b", executor="serial", max_workers=3)
    def sub(a, b):
        return a - b

    copy = travel(sub)
    assert copy(10, [1, 2]) == [9, 8]
    assert copy.explain(10, [1, 2]).engine == "serial"
    assert copy.__name__ == "sub"


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_standard_streams_go_by_name(name):
    """``print(..., file=stream)`` in a worker writes to the worker's own."""
    script = (
        "import sys\nfrom clustrix.execution.travel._transport import dumps, loads\n"
        f"assert loads(dumps(sys.{name})) is sys.{name}\n"
        f"assert loads(dumps([sys.__{name}__]))[0] is sys.__{name}__\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdin=subprocess.DEVNULL)


def test_an_open_file_is_refused(tmp_path):
    """Its text must not travel in silence; the message says what to do."""
    path = tmp_path / "open.txt"
    path.write_text("secret")
    with open(path) as file, pytest.raises(pickle.PicklingError, match="send its path"):
        dumps(file)
    with open(path, "rb") as file, pytest.raises(TypeError):
        dumps(file)


def test_what_cannot_travel_says_so():
    """Locks, generators, running frames."""
    for thing in (threading.Lock(), (x for x in ()), sys._getframe()):
        with pytest.raises((TypeError, pickle.PicklingError)):
            dumps(thing)


def test_pickling_hooks_of_the_object_are_asked():
    """Whatever they raise comes out as it is."""

    class Refuses:
        def __getstate__(self):
            raise ZeroDivisionError("not me")

        def __reduce_ex__(self, protocol):
            raise ZeroDivisionError("not me")

    with pytest.raises(ZeroDivisionError):
        dumps(Refuses())


def test_data_goes_as_the_standard_pickle_has_it():
    """Nothing about plain objects is changed."""
    data = {"a": [1, 2.5, None], (1, 2): {3}, "chain": ChainMap({1: 2})}
    assert travel(data) == data
    shared = [1]
    first, second = travel([shared, shared])
    assert first is second


def test_classes_that_are_made_inside_a_function_go_by_value():
    """And so do their instances."""

    class Point:
        def __init__(self, x):
            self.x = x

        def __eq__(self, other):
            return self.x == other.x

        __hash__ = None

    assert travel(Point(3)).x == 3


def test_big_buffers_are_offered_to_the_callback():
    """Out of band, as protocol 5 has it."""
    taken = []
    data = bytearray(1000)
    body = dumps(pickle.PickleBuffer(data), buffer_callback=taken.append)
    assert len(body) < 100
    assert bytes(loads(body, taken)) == bytes(data)
