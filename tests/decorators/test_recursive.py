"""Functions that call themselves and each other."""

from __future__ import annotations

import pytest

from clustrix import parallel
from tests.decorators import targets


def test_an_importable_one():
    """The inner calls happen in the worker."""
    assert targets.factorial(range(6)) == [1, 1, 2, 6, 24, 120]
    assert targets.factorial(5) == 120


def test_a_local_one(executor):
    """It closes over its decorated self."""

    @parallel(loop_var="n", executor=executor, max_workers=2)
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(range(8)) == [0, 1, 1, 2, 3, 5, 8, 13]


def test_one_that_loops_over_itself(executor):
    """Inner loops run in the lane of the outer item: no lane waits for another for ever."""

    @parallel(loop_var="n", executor=executor, max_workers=2)
    def tree(n):
        return 1 + sum(tree(range(n)))

    assert tree(range(6)) == [1, 2, 4, 8, 16, 32]


def test_two_that_call_each_other(executor):
    """Each is a loop, too."""

    @parallel(loop_var="n", executor=executor, max_workers=2)
    def even(n):
        return n == 0 or odd(n - 1)

    @parallel(loop_var="n", executor=executor, max_workers=2)
    def odd(n):
        return n != 0 and even([n - 1])[0]

    assert even(range(6)) == [True, False, True, False, True, False]
    assert odd(range(6)) == [False, True, False, True, False, True]


def test_one_without_end_fails_as_it_always_did(engine):
    """`RecursionError`, not a crash."""

    @parallel(loop_var="n", executor=engine, max_workers=2)
    def down(n):
        return down(n + 1)

    with pytest.raises(RecursionError):
        down([1, 2])
    with pytest.raises(RecursionError):
        down(1)


def test_decorated_functions_in_data(executor):
    """A function that is an argument, a default, or sits in a list."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def double(x):
        return 2 * x

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def use(x, functions, extra=double):
        return [function(x) for function in functions] + [extra(x)]

    assert use([1, 2], [double, abs]) == [[2, 1, 2], [4, 2, 4]]
