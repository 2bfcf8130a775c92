"""Errors: what an item raises reaches the caller as it was raised."""

from __future__ import annotations

import builtins
import threading
import traceback
from typing import Any

from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._subjects import NOTES, TOGETHER, Subject, same
from clustrix.testing.conformance._waiting import folder, leave_mark, wait_for

theme = Theme("errors", "the exception that reaches the caller")
N = 12
_Group: Any = getattr(builtins, "ExceptionGroup", None)


class NeedsKeywords(Exception):
    """Its constructor asks for more than it hands on."""

    def __init__(self, code: int, *, reason: str) -> None:
        super().__init__(f"[{code}] {reason}")
        self.code, self.reason = code, reason


class Rewrites(Exception):
    """Its constructor changes what it is given."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no such thing: {name}")


class Slotted(Exception):
    """Keeps its state in a slot."""

    __slots__ = ("level",)

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level


class FileTrouble(OSError):
    """An `OSError` with an attribute of its own."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(2, "No such file", path)
        self.detail = detail


class Silent(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Holds(Exception):
    """Holds what cannot travel between processes."""


def _raise(x: int, error: Any) -> int:
    if x == 5:
        raise error
    return x


def raised_by_an_item(subject: Subject, make: Any, shows: str) -> None:
    """A loop whose sixth item raises what ``make`` makes, there."""

    def program(loop: Subject) -> Any:
        return loop(_raise_made, range(N), make, chunk_size=2)

    same(subject, program, shows=shows)


def _raise_made(x: int, make: Any) -> int:
    return _raise(x, make() if x == 5 else None)


def _fail_backwards(x: int, place: str | None) -> int:
    if x == 0 and place is not None:
        wait_for(place, "failed")
    elif x == 1 and place is not None:
        leave_mark(place, "failed")
    raise ValueError("item", x)


@theme.behaviour(needs=[TOGETHER])
def first_in_loop_order(subject: Subject) -> None:
    """Of several failures the first in loop order is raised, though another came first in time.

    A pool's ``map`` keeps this too; an engine that raises what comes first does not.
    """
    with folder() as place:

        def program(loop: Subject) -> Any:
            shared = place if loop.together else None
            return loop(_fail_backwards, range(2), shared, chunk_size=1)

        same(subject, program, shows="'item', 0")


def _plain_error() -> Exception:
    error = ValueError("bad", 5, None)
    error.hint = "try 6"  # type: ignore[attr-defined]
    return error


@theme.behaviour
def type_arguments_and_attributes(subject: Subject) -> None:
    """Type, `args` and added attributes.

    A pool's ``map`` keeps this too; an engine that wraps errors does not.
    """
    raised_by_an_item(subject, _plain_error, "try 6")


def _needs_keywords() -> Exception:
    return NeedsKeywords(7, reason="late")


@theme.behaviour
def constructors_that_need_keywords(subject: Subject) -> None:
    """An exception whose constructor asks for other arguments than `args`."""
    raised_by_an_item(subject, _needs_keywords, "late")


def _rewrites() -> Exception:
    return Rewrites("x")


@theme.behaviour
def constructors_that_change_arguments(subject: Subject) -> None:
    """An exception whose constructor rewrites its argument: it runs once, not twice."""
    raised_by_an_item(subject, _rewrites, "no such thing: x")


def _slotted() -> Exception:
    return Slotted(3)


@theme.behaviour
def slots(subject: Subject) -> None:
    """What an exception keeps in slots."""
    raised_by_an_item(subject, _slotted, "level=3")


def _file_trouble() -> Exception:
    return FileTrouble("/nowhere", "gone")


@theme.behaviour
def operating_system_errors(subject: Subject) -> None:
    """`OSError` and its heirs keep number, text, file name and attributes."""
    raised_by_an_item(subject, _file_trouble, "errno=2")


def _decode() -> Exception:
    try:
        b"\xff".decode()
    except UnicodeDecodeError as error:
        return error
    raise AssertionError


@theme.behaviour
def errors_made_in_c(subject: Subject) -> None:
    """Errors that the interpreter makes keep their fields.

    A pool's ``map`` keeps this too; an engine that rebuilds errors from text does not.
    """
    raised_by_an_item(subject, _decode, "UnicodeDecodeError")


@theme.behaviour
def local_exceptions(subject: Subject) -> None:
    """An exception class made where the loop stands is caught by that class."""

    class LocalError(Exception):
        pass

    def program(loop: Subject) -> Any:
        def work(x: int) -> int:
            raise LocalError(x)

        try:
            loop(work, range(3))
        except LocalError as error:
            return "caught", error.args

    same(subject, program, shows="caught")


def _with_cause() -> Exception:
    error = RuntimeError("outer")
    error.__cause__ = KeyError("inner")
    error.__cause__.__cause__ = ZeroDivisionError("innermost")
    return error


@theme.behaviour
def causes(subject: Subject) -> None:
    """The chain of ``raise … from …``."""
    raised_by_an_item(subject, _with_cause, "innermost")


_EMPTY: dict[int, int] = {}


def _raise_in_handler(x: int, hide: bool) -> int:
    try:
        return _EMPTY[x]
    except KeyError:
        if hide:
            raise ValueError("hidden", x) from None
        raise ValueError("in handler", x)  # noqa: B904


@theme.behaviour
def contexts(subject: Subject) -> None:
    """The exception that was being handled when another was raised."""
    same(subject, lambda loop: loop(_raise_in_handler, range(3), False), shows="context(False)")


@theme.behaviour
def hidden_contexts(subject: Subject) -> None:
    """``raise … from None`` hides the context, and keeps it."""
    same(subject, lambda loop: loop(_raise_in_handler, range(3), True), shows="context(True)")


def _group() -> BaseException:
    inner = _Group("inner", [NeedsKeywords(2, reason="late")])
    made: BaseException = _Group("several", [ValueError(1), inner])
    return made


@theme.behaviour(needs=[] if _Group else ["Python 3.11"])
def groups(subject: Subject) -> None:
    """`ExceptionGroup`, nested, with exceptions of any kind."""
    raised_by_an_item(subject, _group, "NeedsKeywords")


def _with_notes() -> Exception:
    error = ValueError("noted")
    vars(error)["__notes__"] = ["first", "second"]  # in Python 3.10, too
    return error


@theme.behaviour
def notes_of_the_function(subject: Subject) -> None:
    """Notes that the function added itself (PEP 678).

    A pool's ``map`` keeps this too; an engine that rebuilds errors may lose them.
    """
    raised_by_an_item(subject, _with_notes, "second")


class _HoldsLock(Holds):
    def __init__(self) -> None:
        super().__init__("held", 3)
        self.lock = threading.Lock()


@theme.behaviour
def errors_that_cannot_travel(subject: Subject) -> None:
    """An exception that holds a lock is still caught by its type, with its message."""

    def program(loop: Subject) -> Any:
        try:
            loop(_raise_made, range(N), _HoldsLock)
        except Holds as error:
            return type(error).__name__, error.args

    same(subject, program, shows="_HoldsLock")


def _silent() -> Exception:
    return Silent(1)


@theme.behaviour
def errors_that_cannot_be_shown(subject: Subject) -> None:
    """An exception whose `__str__` fails.

    A pool's ``map`` keeps this too; an engine that formats errors stumbles.
    """
    raised_by_an_item(subject, _silent, "no words")


def _deep(x: int) -> float:
    return _deeper(x)


def _deeper(x: int) -> float:
    return 1 / (x - 5)


@theme.behaviour
def readable_tracebacks(subject: Subject) -> None:
    """The printed traceback shows function, file and line where it happened.

    A pool shows them, too; an engine that sends the error alone does not.
    """
    try:
        subject(_deep, range(N))
    except ZeroDivisionError as error:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    line = _deeper.__code__.co_firstlineno + 1
    for part in (f"line {line}, in _deeper", "in _deep", "_errors.py", "return 1 / (x - 5)"):
        expect(part in text, f"the traceback does not show {part!r}")


@theme.behaviour(needs=[NOTES])
def the_note_that_names_the_item(subject: Subject) -> None:
    """A note says which item of which function failed."""
    try:
        subject(_raise_made, range(N), _plain_error)
    except ValueError as error:
        notes = getattr(error, "__notes__", [])
        expect(notes == ["clustrix: item 5 (x=5) of _raise_made()"], f"the notes are {notes}")
    else:
        expect(False, "no error")
