"""Simple functions travel as code, without cloudpickle, and arrive as what they were."""

from __future__ import annotations

import pickle
import textwrap
from collections.abc import Callable
from typing import Any

import cloudpickle
import pytest

from clustrix import parallel
from clustrix._records import Call
from clustrix.execution.travel import _light
from clustrix.execution.travel._transport import dumps
from clustrix.functions._evident import MOST_ITEMS
from tests import jobs
from tests.scripts import output_of

SOURCE = """
    import math
    import operator
    from math import sqrt
    K = 3
    T = (1, "a")
    TABLE = {"a": 1}

    def square(x):
        return x * x

    def annotated(x: int, k: "int" = 2) -> float:
        "It says so."
        return math.sqrt(x) + sqrt(k) + operator.neg(K) + len(T)

    def recursive(x):
        return 1 if x < 2 else x * recursive(x - 1)

    def with_helper(x):
        return square(x) + sum(annotated(i) for i in range(x))

    def with_inner(x):
        return [(lambda y: y + K)(i) for i in range(x)]

    def even(x):
        return x == 0 or odd(x - 1)

    def odd(x):
        return x != 0 and even(x - 1)

    def reads_a_table(x):
        return TABLE.get(x)

    def by_keyword(x, *, k=1):
        return x + k

    def annotated_with_objects(x: TABLE):
        return x

    def with_attributes(x):
        return x
    with_attributes.mark = 1

    def maker(k):
        return lambda x: x + k
    closure = maker(1)
"""
SIMPLE = ("square", "annotated", "recursive", "with_helper", "with_inner", "even")
OTHERS = ("reads_a_table", "by_keyword", "annotated_with_objects", "with_attributes", "closure")


def halved(x: Any) -> Any:
    """Simple, and in a module."""
    return x / 2


@parallel
def tripled(x: Any) -> Any:
    """Decorated, so that its name leads to something else."""
    return halved(x) * 6


def makes_another(x: Any) -> Any:
    """What it makes has no name that leads there."""
    return lambda y: x + y


unnamed = lambda x: x + 1  # noqa: E731


pytestmark = pytest.mark.usefixtures("nothing_by_value")


@pytest.fixture
def program(main_module: Any) -> Any:
    """A program that somebody started: its module has no name to import."""
    code = compile(textwrap.dedent(SOURCE), "program.py", "exec", dont_inherit=True)
    exec(code, vars(main_module))
    return main_module


def sent(function: Callable[..., Any], items: Any = range(3), **options: Any) -> bytes | None:
    """A function as the light way sends it: as code, or as a name."""
    call = Call(function, items, **options)
    code = _light.by_code(call, alone=_light.knows_no_function(call))
    return _light.by_name((call.task(), {}), call) if code is None else code


def arrived(function: Callable[..., Any], items: Any = range(3)) -> Any:
    """And what comes out of that."""
    packed = sent(function, items)
    assert packed is not None
    (made, *_), carried = pickle.loads(packed)
    assert carried == {}
    return made


@pytest.mark.parametrize("name", SIMPLE)
def test_simple_functions_arrive_as_cloudpickle_would_bring_them(program, name):
    """With their names, texts, defaults and annotations; and their values are the same."""
    function = getattr(program, name)
    packed = sent(function)
    assert packed is not None
    assert b"cloudpickle" not in packed
    made, theirs = arrived(function), pickle.loads(cloudpickle.dumps(function))
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__"):
        assert getattr(made, attribute) == getattr(theirs, attribute)
    assert made.__annotations__ == theirs.__annotations__
    assert made.__code__ == theirs.__code__
    assert [made(x) for x in range(6)] == [function(x) for x in range(6)]


@pytest.mark.parametrize("name", OTHERS)
def test_others_take_the_long_way(program, name):
    """Somebody else might hold what they hold, or it is more than plain data."""
    assert sent(getattr(program, name)) is None


def test_simple_functions_of_modules_go_as_code():
    """Their module need not be imported where they run, whatever else it needs."""
    for function in (halved, tripled.__wrapped__, unnamed):
        made = arrived(function)
        assert made is not function
        assert (made.__module__, made.__qualname__) == (__name__, function.__qualname__)
        assert made.__globals__["__name__"] == __name__
        assert [made(x) for x in range(3)] == [function(x) for x in range(3)]


def test_others_go_by_name():
    """Builtin or not."""
    for function in (abs, jobs.whereabouts):
        assert arrived(function) is function


def test_a_function_that_may_meet_itself_among_its_items_goes_by_name():
    """It would not know itself."""
    for items in ([halved], [1, (2,)], (), [1] * (MOST_ITEMS + 1)):
        assert arrived(halved, items) is halved
    for items in ([1, "a"], (None,), b"abc", [1] * MOST_ITEMS):
        assert arrived(halved, items) is not halved


def test_long_code_of_modules_goes_by_name(monkeypatch):
    """It would be kept by the worker for each loop."""
    monkeypatch.setattr(halved, "__doc__", "x" * _light.MOST_CODE)
    assert arrived(halved) is halved


def test_what_goes_back_is_what_the_caller_has(program):
    """A worker that returns a function which it has as code means the one of that name."""
    for function in (halved, tripled.__wrapped__):
        made = arrived(function)
        assert made is not function
        assert pickle.loads(dumps(made)) is function
    helper = arrived(tripled.__wrapped__).__globals__["halved"]
    assert pickle.loads(dumps(helper)) is halved
    for made in (arrived(makes_another)(1), arrived(unnamed), arrived(program.square)):
        assert pickle.loads(dumps(made))(2) == made(2)


def test_what_its_name_does_not_lead_to_takes_the_long_way():
    """A lambda of a module that reads more than plain data, say."""
    assert sent(lambda x: pytest) is None


def test_constant_arguments_count():
    """Plain data only."""
    assert sent(abs, args=(1, "a"), kwargs={"b": None}) is not None
    assert sent(abs, args=([],)) is None
    assert sent(abs, kwargs={"b": {}}) is None


def test_modules_that_are_carried_take_the_long_way():
    """Their functions have no name that a worker could import."""
    cloudpickle.register_pickle_by_value(jobs)
    try:
        assert sent(jobs.same) is None
    finally:
        cloudpickle.unregister_pickle_by_value(jobs)
    assert sent(jobs.same) is not None


MODULE = """
import decimal
from clustrix import parallel

STEP = 1

def more(x):
    return x + STEP

def less(x):
    return x - STEP

@parallel(executor="processes", max_workers=2)
def choose(x):
    return more if x % 2 else less

@parallel(executor="processes", max_workers=2)
def is_more(f):
    return f is more
"""
PROGRAM = """
import mine
from clustrix import parallel

found = mine.choose(range(4))
print([f is mine.choose.__wrapped__(x) for x, f in enumerate(found)])
print(mine.is_more([mine.more, mine.less]))

mine.STEP = 10

@parallel(executor="processes", max_workers=2)
def both(x):
    return mine.more(x), mine.less(x)

print(both(range(2)))
"""


def test_functions_are_themselves_wherever_they_have_been(tmp_path):
    """Their values, their items, and what they read of a module that has changed."""
    (tmp_path / "mine.py").write_text(MODULE)
    assert output_of(PROGRAM, tmp_path).splitlines() == [
        str([True] * 4),
        str([True, False]),
        str([(10, -10), (11, -9)]),
    ]


def test_a_worker_does_not_import_the_module_of_a_simple_function(tmp_path):
    """Which may take longer than the loop, for others of its functions."""
    (tmp_path / "mine.py").write_text(f"{MODULE}\nadd = parallel(more, executor='processes')")
    program = """
        import mine
        from clustrix import parallel

        print(mine.add(range(2)))
        look = "sorted({'mine', 'decimal', 'cloudpickle'} & {*__import__('sys').modules})"
        print(parallel(eval, executor="processes", max_workers=2)([look] * 2))
    """
    assert output_of(program, tmp_path).splitlines() == ["[1, 2]", "[[], []]"]
