"""How an exception travels: same type, same state, whatever its constructor asks."""

from __future__ import annotations

import builtins
import sys
import threading
import traceback

import pytest

from clustrix.execution._exceptions import RemoteTraceback, pack_error, unpack_error
from clustrix.execution._transport import dumps, loads
from tests.jobs import FileTrouble, Holder, Rewritten, Slotted, TwoArguments, Unloadable, Unruly


def raised(error):
    """The error with a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def travel(error):
    """There and back."""
    return unpack_error(pack_error(raised(error), dumps, loads), loads)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a", 1),
        KeyError(("x", 2)),
        TwoArguments(7, reason="because"),
        Rewritten("x"),
        Slotted(3),
        FileTrouble("/no/where", "really"),
        Unruly(),
        UnicodeDecodeError("utf-8", b"\xff\x00", 0, 1, "invalid start byte"),
        UnicodeEncodeError("ascii", "\u0101", 0, 1, "out of range"),
        FileNotFoundError(2, "No such file", "/no/where"),
        OSError(18, "Cross-device", "a", None, "b"),
        ImportError("no", name="mod", path="/p"),
        StopIteration(5),
        SystemExit(3),
        KeyboardInterrupt(),
        SyntaxError("bad", ("f.py", 1, 2, "x =")),
        AttributeError("no such thing"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_type_args_and_state_survive(error):
    """Nobody can tell by looking that it has travelled."""
    copy = travel(error)
    assert type(copy) is type(error)
    assert copy.args == error.args
    assert str(copy) == str(error)
    visible = ("errno", "strerror", "filename", "filename2", "code", "value", "detail", "reason")
    visible += ("name", "path", "object", "start", "end", "encoding", "msg", "lineno", "text")
    for name in visible:
        assert getattr(copy, name, None) == getattr(error, name, None), name


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(builtins).values()
        if isinstance(kind, type)
        and issubclass(kind, BaseException)
        and "Group" not in kind.__name__
        and not issubclass(kind, (UnicodeError, SyntaxError))  # those check their arguments
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_built_in_exception_travels(kind):
    """All of them, with arguments and without."""
    for args in ((), ("one",), (2, "two")):
        copy = travel(kind(*args))
        assert type(copy) is type(kind(*args))
        assert copy.args == kind(*args).args


def test_attributes_set_after_construction_survive():
    """State is more than arguments."""
    error = ValueError("x")
    error.extra = {"deep": [1, 2]}
    assert travel(error).extra == {"deep": [1, 2]}


def test_notes_survive():
    """The note that names the item, for one."""
    error = ValueError("x")
    error.__notes__ = ["clustrix: item 3"]
    assert travel(error).__notes__ == ["clustrix: item 3"]


def test_the_remote_traceback_is_the_cause():
    """Its text names the line that failed."""
    copy = travel(ValueError("far away"))
    assert isinstance(copy.__cause__, RemoteTraceback)
    assert "in raised" in str(copy.__cause__)
    shown = "".join(traceback.format_exception(type(copy), copy, copy.__traceback__))
    assert "in a worker process" in shown
    assert "far away" in shown


def chained():
    """An error from an error while handling an error."""
    try:
        try:
            raise KeyError("context")
        except KeyError:
            raise TwoArguments(1, reason="cause")  # noqa: B904  (the context is the point)
    except TwoArguments as error:
        made = ValueError("top")
        made.__cause__ = error
        return made


def test_causes_and_contexts_survive():
    """The whole chain arrives, and the remote traceback is at its end."""
    copy = travel(chained())
    assert type(copy.__cause__) is TwoArguments
    assert copy.__cause__.args == ("[1] cause",)
    assert copy.__cause__.__context__.args == ("context",)
    assert isinstance(copy.__cause__.__cause__, RemoteTraceback)


def test_a_context_without_a_cause_survives():
    """An error while handling another one."""
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904  (the context is the point)
    except ValueError as caught:
        error = caught
    assert travel(error).__context__.args == ("first",)


def test_from_none_still_hides_the_context():
    """What the author suppressed is not shown."""
    try:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("shown") from None
    except ValueError as caught:
        copy = travel(caught)
    assert copy.__suppress_context__


def test_a_chain_that_bites_its_tail_ends():
    """A cause may be anything, also the error that it causes."""
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert travel(first).args == ("a",)


def test_an_exception_that_holds_a_lock_becomes_a_stand_in():
    """``except Holder`` still catches it, and its message is still there."""
    copy = travel(Holder("the message", threading.Lock()))
    assert type(copy) is Holder
    assert copy.args[0] == "the message"
    assert "lock" in copy.args[1]
    assert "lock" in copy.held


def test_an_exception_that_cannot_be_read_becomes_a_stand_in():
    """It is tried out before it leaves, so that it cannot fail on arrival."""
    copy = travel(Holder("the message", Unloadable()))
    assert type(copy) is Holder
    assert copy.args[0] == "the message"


def test_a_type_that_cannot_travel_becomes_its_ancestor():
    """The repr tells what it was."""

    def stubborn(self, protocol):
        raise TypeError("no pickling")

    lock = threading.Lock()
    kind = type("Stubborn", (LookupError,), {"__reduce_ex__": stubborn, "held": lock})
    copy = travel(kind("where"))
    assert isinstance(copy, LookupError)
    assert "Stubborn" in str(copy)


def test_a_local_exception_class_travels_by_value():
    """A class made inside a function keeps its name and its state."""

    class Local(Exception):
        def __init__(self, a, b):
            super().__init__(a + b)
            self.a = a

    copy = travel(Local(1, 2))
    assert type(copy).__name__ == "Local"
    assert (copy.args, copy.a) == ((3,), 1)


def test_a_class_that_knows_how_to_pickle_itself_is_asked():
    """Its own ``__reduce__`` knows best."""
    copy = travel(Knowing("secret"))
    assert type(copy) is Knowing
    assert copy.how == "reduced"


class Knowing(Exception):
    """Defines its own reduction."""

    def __init__(self, message, how="made"):
        super().__init__(message)
        self.how = how

    def __reduce__(self):
        return Knowing, (*self.args, "reduced")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_exception_groups_travel_with_their_members():
    """Members keep type and state, at every depth."""
    group = builtins.ExceptionGroup
    inner = group("inner", [TwoArguments(1, reason="x"), FileTrouble("/p", "d")])
    copy = travel(group("outer", [ValueError("v"), inner]))
    assert copy.message == "outer"
    assert copy.exceptions[0].args == ("v",)
    assert copy.exceptions[1].exceptions[0].code == 1
    assert copy.exceptions[1].exceptions[1].detail == "d"
    assert copy.split(TwoArguments)[0] is not None
