"""Nested functions, closures and lambdas."""

from __future__ import annotations

import os

from clustrix import parallel


def test_a_closure_sees_what_it_closed_over(executor):
    """Plain data, other functions, other closures."""
    base, table = 10, {1: "one", 2: "two"}

    def helper(x):
        return table[x] * 2

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(x):
        return base + x, helper(x)

    assert body([1, 2]) == [(11, "oneone"), (12, "twotwo")]


def test_a_closure_sees_the_value_of_the_moment(executor):
    """Not that of the first call."""
    base = 1

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(x):
        return base + x

    assert body([1, 2]) == [2, 3]
    base = 100
    assert body([1, 2]) == [101, 102]


def test_globals_have_the_value_of_the_moment(executor):
    """For functions that travel by value: as in the plain loop."""
    scope = {}
    exec("shift = 1\ndef body(x): return x + shift", scope)
    run = parallel(scope["body"], loop_var="x", executor=executor, max_workers=2)
    assert run([1, 2]) == [2, 3]
    scope["shift"] = 5
    assert run([1, 2]) == [6, 7]


def test_a_lambda(executor):
    """It has a name of its own kind."""
    body = parallel(lambda x, y=1: x + y, loop_var="x", executor=executor, max_workers=2)
    assert body([1, 2]) == [2, 3]
    assert body([1, 2], y=5) == [6, 7]
    assert body.__name__ == "<lambda>"


def test_functions_made_in_a_loop(executor):
    """Each has its own closure, though they share their code."""

    def make(factor):
        return parallel(lambda x: x * factor, executor=executor, max_workers=2)

    bodies = [make(factor) for factor in (2, 3, 5)]
    assert [body([1, 2]) for body in bodies] == [[2, 4], [3, 6], [5, 10]]


def test_a_cpu_bound_closure_may_really_run_elsewhere():
    """``executor="processes"`` is real parallelism for closures, too."""
    base = 3
    body = parallel(lambda x: (os.getpid(), x + base), executor="processes", max_workers=2)
    results = body(range(4))
    assert [value for _, value in results] == [3, 4, 5, 6]
    assert os.getpid() not in {pid for pid, _ in results}


def test_a_class_that_is_closed_over(executor):
    """Its instances come back as instances."""

    class Point:
        def __init__(self, x):
            self.x = x

    body = parallel(Point, loop_var="x", executor=executor, max_workers=2)
    assert [point.x for point in body([1, 2])] == [1, 2]
    assert all(type(point) is Point for point in body([1, 2]))
