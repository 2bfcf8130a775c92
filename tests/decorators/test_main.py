"""Programs without a guard: from a file, with ``-c``, from standard input."""

from __future__ import annotations

import pytest

from tests.scripts import output_of, run_script

pytestmark = pytest.mark.parametrize("how", ["file", "-c", "stdin"])


def test_a_decorated_function(how, tmp_path):
    """The first program that anybody writes."""
    program = """
        from clustrix import parallel

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def square(x):
            return x * x

        print(square(range(5)), square(7))
    """
    assert output_of(program, tmp_path, how) == "[0, 1, 4, 9, 16] 49\n"


def test_the_choice_is_left_to_the_analysis(how, tmp_path):
    """Also where there is no source to read."""
    program = """
        from clustrix import parallel

        @parallel
        def square(x):
            return x * x

        print(square(range(5)))
        print(square.explain(range(5)).engine in ("serial", "threads", "processes"))
    """
    assert output_of(program, tmp_path, how) == "[0, 1, 4, 9, 16]\nTrue\n"


def test_functions_that_call_each_other(how, tmp_path):
    """Decorated and plain, recursive, with globals, classes and modules."""
    program = """
        import math
        from clustrix import parallel

        BASE = 10

        class Point:
            def __init__(self, x):
                self.x = x

            @parallel(loop_var="k", executor="processes", max_workers=2)
            def move(self, k):
                return Point(self.x + k)

        def helper(x):
            return math.sqrt(x) + BASE

        @parallel(loop_var="n", executor="processes", max_workers=2)
        def even(n):
            return n == 0 or odd(n - 1)

        @parallel(loop_var="n", executor="processes", max_workers=2)
        def odd(n):
            return n != 0 and even([n - 1])[0]

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def work(x):
            return helper(x), isinstance(Point(x), Point), even(range(x))

        print(work([1, 4]))
        print(odd(range(4)))
        moved = Point(1).move([1, 2])
        print([type(p) is Point for p in moved], [p.x for p in moved])
    """
    assert output_of(program, tmp_path, how) == (
        "[(11.0, True, [True]), (12.0, True, [True, False, True, False])]\n"
        "[False, True, False, True]\n"
        "[True, True] [2, 3]\n"
    )


def test_an_exception_class_of_main(how, tmp_path):
    """It is caught by the ``except`` that stands next to it."""
    program = """
        from clustrix import parallel

        class Mine(Exception):
            def __init__(self, x, *, why):
                super().__init__(f"{x} because {why}")
                self.x = x

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def body(x):
            if x > 1:
                raise Mine(x, why="big")
            return x

        try:
            body(range(5))
        except Mine as error:
            print(error.args, error.x)
    """
    assert output_of(program, tmp_path, how) == "('2 because big',) 2\n"


def test_a_global_that_changes_between_calls(how, tmp_path):
    """The value of the moment, as in the plain loop."""
    program = """
        from clustrix import parallel

        FACTOR = 2

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def scale(x):
            return FACTOR * x

        print(scale([1, 2]))
        FACTOR = 5
        print(scale([1, 2]))
    """
    assert output_of(program, tmp_path, how) == "[2, 4]\n[5, 10]\n"


def test_an_uncaught_error_ends_the_program_as_ever(how, tmp_path):
    """Status 1, and the traceback names the line, the item and the worker's own traceback."""
    program = """
        from clustrix import parallel

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def body(x):
            return 1 // x

        body([1, 0])
    """
    done = run_script(program, tmp_path, how)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "in a worker process" in done.stderr
    assert "return 1 // x" in done.stderr or how != "file"
