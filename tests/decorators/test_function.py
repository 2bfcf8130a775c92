"""Decorated functions: the loop and the single item."""

from __future__ import annotations

import pytest

from clustrix import Plan, parallel
from tests.decorators import targets


def test_the_loop_and_the_item(executor):
    """An iterable gives a list, one item gives one value."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def square(x):
        return x * x

    assert square(range(10)) == [x * x for x in range(10)]
    assert square(7) == 49


def test_the_bare_decorator_takes_the_first_parameter():
    """No parentheses, no options."""

    @parallel
    def power(base, exponent=2):
        return base**exponent

    assert power([2, 3]) == [4, 9]
    assert power([2, 3], 3) == [8, 27]
    assert power(2, exponent=5) == 32


def test_empty_parentheses_are_the_bare_decorator():
    """As with any decorator that takes options."""

    @parallel()
    def double(x):
        return 2 * x

    assert double([1, 2]) == [2, 4]


def test_a_function_can_be_decorated_in_a_call():
    """The decorator is a function."""
    assert parallel(targets.square.__wrapped__, loop_var="x")([2, 3]) == [4, 9]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (([1, 2],), {}),
        (([1, 2], 5), {}),
        (([1, 2],), {"b": 5}),
        ((), {"a": [1, 2]}),
        ((), {"b": 7, "a": [1, 2]}),
        (([1, 2], 5), {"c": 1}),
    ],
)
def test_arguments_go_where_they_went(executor, args, kwargs):
    """By position and by keyword, with defaults for the rest."""

    def plain(a, b=2, *, c=3):
        return a, b, c

    run = parallel(plain, loop_var="a", executor=executor, max_workers=2)
    at = (kwargs or {}).get("a") or args[0]
    others = {key: value for key, value in kwargs.items() if key != "a"}
    assert run(*args, **kwargs) == [plain(item, *args[1:], **others) for item in at]


def test_the_loop_variable_may_stand_anywhere(executor):
    """What stands in front of it is the same for every item."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(first, x, last="z"):
        return first, x, last

    assert body("a", [1, 2]) == [("a", 1, "z"), ("a", 2, "z")]
    assert body("a", [1, 2], "b") == [("a", 1, "b"), ("a", 2, "b")]
    assert body("a", x=[1, 2]) == [("a", 1, "z"), ("a", 2, "z")]
    assert body(x=[1, 2], first="a") == [("a", 1, "z"), ("a", 2, "z")]
    assert body([8, 9], 1) == ([8, 9], 1, "z"), "a list elsewhere is just an argument"


def test_an_omitted_loop_argument_is_an_ordinary_call():
    """Its default is no loop, even if it could be one."""

    @parallel(loop_var="x")
    def body(x=(1, 2, 3)):
        return x

    assert body() == (1, 2, 3)
    assert body([4]) == [4]


def test_an_empty_loop_is_an_empty_list(executor):
    """The function is not called."""

    @parallel(loop_var="x", executor=executor)
    def body(x):
        raise AssertionError("never")

    assert body([]) == []
    assert body(range(0)) == []
    assert body(iter(())) == []


def test_a_loop_of_one_runs_where_it_is_called(executor):
    """No worker is asked: what the function sees is the caller's own."""
    seen = []

    @parallel(loop_var="x", executor=executor)
    def body(x):
        seen.append(x)
        return x

    assert body([5]) == [5]
    assert seen == [5]


def test_the_plain_function_stays_at_hand():
    """It is the very function."""

    def plain(x):
        return x

    assert parallel(plain).__wrapped__ is plain


def test_explain_runs_nothing(executor):
    """It returns the plan for the call."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(x, y=1):
        raise AssertionError("never")

    plan = body.explain(range(100), y=3)
    assert isinstance(plan, Plan)
    assert str(plan)
    assert "body" in str(plan)
    assert body.explain(range(100), y=3) == plan


def test_explain_of_a_single_item():
    """An ordinary call runs where it is called."""
    assert parallel(lambda x: x).explain(5).engine == "serial"


def test_a_call_inside_an_item_is_the_plain_loop():
    """Workers do not start workers."""
    assert targets.squares_below(range(4)) == [[], [0], [0, 1], [0, 1, 4]]


def test_decorating_twice_is_one_loop():
    """The outer decoration makes items; to the inner one they are items."""
    once = parallel(lambda x: x + 1, executor="threads")
    twice = parallel(once, loop_var="x", executor="threads")
    assert twice([1, 2, 3]) == [2, 3, 4]
    assert twice([[1, 2], [3]]) == [[2, 3], [4]]


def test_a_decorated_function_has_no_state_between_calls(executor):
    """An error in one call is forgotten by the next."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def inverse(x):
        return 1 / x

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            inverse([1, 0, 2])
        assert inverse([1, 2]) == [1.0, 0.5]


def test_the_timeout_belongs_to_each_item():
    """Ten items within the limit are not one too long."""
    import threading

    event = threading.Event()
    body = parallel(lambda x: event.wait(0.1), executor="threads", max_workers=1, timeout=0.7)
    assert body(range(10)) == [False] * 10


def test_whole_chunks_on_request():
    """``batched=True`` says that the function takes lists."""

    @parallel(loop_var="xs", batched=True, chunk_size=3, executor="threads")
    def body(xs):
        return [len(xs)] * len(xs)

    assert body([0] * 8) == [3, 3, 3, 3, 3, 3, 2, 2]
