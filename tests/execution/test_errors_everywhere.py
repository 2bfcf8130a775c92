"""What an item raises arrives as the loop would raise it, on every engine."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import pytest

from clustrix import parallel
from clustrix.execution.travel._exceptions import RemoteTraceback
from tests import jobs


def with_state(x: int) -> None:
    """Attributes of its own."""
    error = LookupError("a", x)
    error.colour = "red"  # type: ignore[attr-defined]
    raise error


def with_a_cause(x: int) -> None:
    """And a context behind the cause."""
    try:
        try:
            raise KeyError(x)
        except KeyError:
            raise OSError(2, "no such thing", f"/no/{x}")  # noqa: B904  (the context is meant)
    except OSError as error:
        raise ValueError(x) from error


def without_its_context(x: int) -> None:
    """Hidden on purpose."""
    try:
        raise KeyError(x)
    except KeyError:
        raise ValueError(x) from None


def odd(x: int) -> None:
    """A constructor that asks for other arguments than it passes on."""
    raise jobs.TwoArguments(x, reason="because")


def stop(x: int) -> None:
    """Ends no iteration but the call's."""
    raise StopIteration(x)


def leave(x: int) -> None:
    """Asks the program to end."""
    sys.exit(x + 3)


def interrupt(x: int) -> None:
    """As if somebody had pressed Ctrl-C."""
    raise KeyboardInterrupt("by the function", x)


def close(x: int) -> None:
    """As a generator that is closed."""
    raise GeneratorExit(x)


def group(x: int) -> None:
    """Several at once."""
    raise ExceptionGroup("two", [ValueError(x), TypeError("t")])  # type: ignore[name-defined]  # noqa: F821


FAILURES = [with_state, with_a_cause, without_its_context, odd, stop, leave, interrupt, close]
if sys.version_info >= (3, 11):
    FAILURES.append(group)


def anatomy(error: BaseException | None) -> Any:
    """All that a handler can ask of an exception, except for where it came from."""
    if error is None or isinstance(error, RemoteTraceback):
        return None
    state = {
        name: value for name, value in vars(error).items() if name not in ("__notes__", "partial")
    }
    return (
        type(error),
        error.args if not hasattr(error, "exceptions") else error.args[0],
        str(error),
        state,
        [anatomy(one) for one in getattr(error, "exceptions", ())],
        anatomy(error.__cause__),
        anatomy(error.__context__),
        error.__suppress_context__ and error.__context__ is not None,
        getattr(error, "errno", None),
        getattr(error, "value", None),
        getattr(error, "code", None),
    )


def caught_from(run: Any) -> BaseException:
    """What a call raises."""
    try:
        run()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("fail", FAILURES, ids=lambda function: function.__name__)
def test_an_error_is_the_loops_error(executor: Any, fail: Any) -> None:
    """Type, arguments, attributes, causes and contexts."""

    def body(x: int) -> int:
        return fail(x) if x in (2, 5) else x  # type: ignore[no-any-return]

    f = parallel(body, loop_var="x", executor=executor, max_workers=2, chunk_size=1)
    error = caught_from(lambda: f(range(8)))
    expected = caught_from(lambda: [body(x) for x in range(8)])
    assert anatomy(error) == anatomy(expected)
    assert "item 2 (x=2) of " in error.__notes__[0]  # type: ignore[attr-defined]
    assert fail.__name__ in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("fail", FAILURES, ids=lambda function: function.__name__)
def test_what_is_collected_is_an_error_and_nothing_else(executor: Any, fail: Any) -> None:
    """Whoever asks to leave leaves, with any setting."""

    def body(x: int) -> int:
        return fail(x) if x in (2, 5) else x  # type: ignore[no-any-return]

    f = parallel(body, executor=executor, max_workers=2, chunk_size=1, on_error="collect")
    expected = caught_from(lambda: [body(x) for x in range(8)])
    if not isinstance(expected, Exception):
        assert anatomy(caught_from(lambda: f(range(8)))) == anatomy(expected)
        return
    results = f(range(8))
    assert anatomy(results[2]) == anatomy(expected)
    assert results[:2] + results[3:5] + results[6:] == [0, 1, 3, 4, 6, 7]


def test_what_was_done_before_an_interrupt_is_in_the_exception(executor: Any) -> None:
    """By position; the values behind it are no part of it unless they were done as well."""

    def body(x: int) -> int:
        if x == 3:
            raise KeyboardInterrupt
        return x * x

    f = parallel(body, executor=executor, max_workers=1, chunk_size=1)
    error = caught_from(lambda: f(range(6)))
    assert isinstance(error, KeyboardInterrupt)
    partial = error.partial  # type: ignore[attr-defined]
    assert {0, 1, 2} <= set(partial)
    assert 3 not in partial
    assert list(partial) == sorted(partial)
    assert all(value == x * x for x, value in partial.items())
