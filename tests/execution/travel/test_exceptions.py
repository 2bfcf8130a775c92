"""How an exception travels: same type, same state, whatever its constructor asks."""

from __future__ import annotations

import builtins
import dataclasses
import json
import pickle
import sys
import threading
import traceback

import pytest

from clustrix import parallel
from clustrix.execution.travel._exceptions import (
    RemoteTraceback,
    pack_error,
    pack_returned,
    unpack_error,
)
from clustrix.execution.travel._transport import dumps, loads
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


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    """Refuses to be given anything."""

    code: int


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlots(Exception):
    """Refuses as well, with a `TypeError`."""

    code: int


class Guarded(Exception):
    """Changes what it is given."""

    def __init__(self):
        super().__init__("guarded")
        self.code = 1

    def __setattr__(self, name, value):
        super().__setattr__(name, [value])


class ByKeyword(Exception):
    """Made of keywords only."""

    def __new__(cls, code, *, reason):
        made = super().__new__(cls, code)
        made.reason = reason
        return made

    def __init__(self, code, *, reason):
        super().__init__(code)


class Forgetful(Exception):
    """Its reduction leaves out an argument, so that copies cannot be made."""

    def __init__(self, code, reason):
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason

    def __reduce__(self):
        return type(self), (self.code,)


class Unwilling(Exception):
    """Its reduction raises."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

    def __reduce__(self):
        raise TypeError("not picklable")


class Drastic(Unwilling):
    """Its reduction asks the program to end."""

    def __reduce__(self):
        raise SystemExit("not picklable")


class Named(Unwilling):
    """Its reduction is a name that leads nowhere."""

    def __reduce__(self):
        return "NOWHERE"


class Disguised(Unwilling):
    """Arrives as something that is no exception."""

    def __reduce__(self):
        return str, ("disguised",)


class Hinting(Exception):
    """Keeps `None` in a slot, and nothing in another."""

    __slots__ = ("__private", "hint", "never")

    def __init__(self, hint=None):
        self.hint = hint
        self.__private = hint

    def __str__(self):
        return f"hint: {self.hint} {self.__private}"


class Mixed(ValueError, OSError):
    """Of two ancestors that are made in different ways."""


@pytest.mark.parametrize(
    "error",
    [
        Frozen(3),
        FrozenSlots(3),
        Guarded(),
        ByKeyword(3, reason="r"),
        Forgetful(3, "r"),
        Unwilling(3),
        Drastic(3),
        Named(3),
        Disguised(3),
        Hinting(),
        Hinting("h"),
        Mixed(2, "mixed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_class_makes_its_exceptions_lose_their_type(error):
    """Whatever its constructor asks for, and whatever it says of pickling and of attributes."""
    with pytest.raises(type(error)):
        raise error from KeyError("why")
    copy = travel(error)
    assert type(copy) is type(error)
    assert copy.args == error.args
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    for name in ("code", "reason", "hint", "never", "errno"):
        assert getattr(copy, name, "nothing") == getattr(error, name, "nothing"), name
    assert copy.__cause__.args == ("why",)


def test_numpys_own_errors_arrive_whole():
    """One of them has slots, most of which hold `None`."""
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match="axis 4") as caught:
        numpy.zeros(3).sum(axis=4)
    copy = travel(caught.value)
    assert type(copy) is type(caught.value)
    assert str(copy) == str(caught.value)


def test_what_was_taken_out_of_a_built_in_exception_stays_out():
    """Its arguments alone would put it back."""
    error = OSError(2, "no such thing", "/no/where")
    error.filename = None
    assert travel(error).filename is None
    error = OSError("odd")
    error.args = (2, "changed")
    assert type(travel(error)) is OSError
    assert travel(error).args == (2, "changed")


class Hidden(Exception):
    """Asked for anything that it does not have, it fails."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")


class Leaving(Hidden):
    """Or asks the program to end."""

    def __getattr__(self, name):
        raise SystemExit(f"no {name}")


class BadNotes(Exception):
    """Its notes cannot be read."""

    @property
    def __notes__(self):
        raise RuntimeError("no notes")


class Speechless(Exception):
    """Cannot be shown."""

    def __str__(self):
        raise KeyboardInterrupt

    __repr__ = __str__


@pytest.mark.parametrize(
    "error",
    [
        SyntaxError("unexpected token", ("page.tmpl", 1, 1, b"{{ x")),
        SyntaxError("unexpected token", ("page.tmpl", 1, 1, 5)),
        SyntaxError("unexpected token", ("page.tmpl", 1, "2", "{{ x")),
        Hidden(1),
        Leaving(1),
        BadNotes(1),
        Speechless(1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_cannot_be_printed_arrives(error):
    """With as much of its traceback as can be made."""
    copy = travel(error)
    assert type(copy) is type(error)
    assert copy.args == error.args
    assert "in raised" in str(copy.__cause__)


def test_a_cause_that_cannot_be_printed_costs_only_its_own_text():
    """The error in front of it is in the text as ever."""
    error = ValueError("in front")
    error.__cause__ = SyntaxError("behind", ("f", 1, 1, b"x"))
    copy = travel(error)
    assert "ValueError: in front" in str(copy.__cause__.__cause__)
    assert type(copy.__cause__) is SyntaxError


def test_a_speechless_error_that_cannot_travel_is_replaced():
    """Even its repr raises, and what it raises is no `Exception`."""

    class Local(Speechless):
        held = threading.Lock()  # the class goes by value, so it cannot go at all

    copy = travel(Local())
    assert type(copy) is Exception
    assert "Local" in copy.args[0]


def test_an_error_that_reduces_itself_keeps_what_was_added():
    """Notes, attributes, causes and contexts: its class knows nothing of them."""
    try:
        try:
            {}["key"]
        except KeyError as cause:
            try:
                json.loads("{bad}")
            except json.JSONDecodeError as error:
                error.file = "a.json"
                error.lock = threading.Lock()
                error.__notes__ = ["in a.json"]
                raise error from cause
    except ValueError as caught:
        error = caught
    copy = travel(error)
    assert type(copy) is json.JSONDecodeError
    assert (copy.pos, copy.doc, str(copy)) == (1, "{bad}", str(error))
    assert copy.file == "a.json"
    assert "lock" in copy.lock
    assert copy.__notes__ == ["in a.json"]
    assert copy.__cause__.args == ("key",)
    assert copy.__context__ is copy.__cause__


class Restoring(Exception):
    """Its reduction comes with state, which it restores in a way of its own."""

    def __init__(self, code):
        super().__init__(code)
        self.lock = threading.Lock()

    def __reduce__(self):
        return Restoring, self.args, {"restored": True}

    def __setstate__(self, state):
        vars(self).update(state)


def test_the_state_that_a_class_gives_is_restored_by_it():
    """And what its constructor makes anew does not get in the way."""
    error = Restoring(5)
    error.extra = 7
    copy = travel(error)
    assert (copy.args, copy.restored, copy.extra) == ((5,), True, 7)
    assert isinstance(copy.lock, type(threading.Lock()))


@pytest.mark.parametrize("link", ["__cause__", "__context__"])
@pytest.mark.parametrize("held", [threading.Lock(), Unloadable()], ids=["lock", "unloadable"])
def test_a_part_of_the_chain_that_cannot_travel_is_replaced(link, held):
    """What is behind it arrives, too, and what is in front of it arrives as it was."""
    first, second, third = TwoArguments(1, reason="front"), Holder("held", held), KeyError("end")
    setattr(first, link, second)
    setattr(second, link, third)
    first.seen = second
    copy = travel(first)
    assert (type(copy), copy.code) == (TwoArguments, 1)
    behind = getattr(copy, link)
    assert type(behind) is Holder
    assert behind.args[0] == "held"
    assert isinstance(behind.held, str)
    assert copy.seen is behind  # the same exception, wherever it is referred to
    assert getattr(behind, link).args == ("end",)


def test_an_error_that_holds_itself_still_does():
    """Although another part of it cannot travel."""
    error = Holder("held", threading.Lock())
    error.me = error
    copy = travel(error)
    assert copy.me is copy
    assert isinstance(copy.held, str)


@pytest.mark.parametrize("held", [None, threading.Lock()], ids=["whole", "lock"])
def test_chains_of_any_length_arrive(held):
    """Each link of them, whether the last one can travel whole or not."""
    length = 3 * sys.getrecursionlimit()
    error = Holder("end", held)
    for number in range(length):
        front = ValueError(number)
        front.__context__ = error
        error = front
    copy = travel(error)
    for number in reversed(range(length)):
        assert copy.args == (number,)
        copy = copy.__context__
    assert type(copy) is Holder
    assert copy.args[0] == "end"


only_with_groups = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="exception groups came with Python 3.11"
)


@only_with_groups
def test_a_group_stays_a_group_whatever_is_in_it():
    """Only the member that cannot travel is replaced, by something of its type."""
    group = builtins.ExceptionGroup
    held = Holder("held", threading.Lock())
    inner = group("inner", [held, Forgetful(1, "r")])
    copy = travel(group("outer", [inner, TwoArguments(2, reason="x")]))
    assert type(copy) is group
    assert copy.message == "outer"
    assert copy.exceptions[1].code == 2
    stand_in, forgetful = copy.exceptions[0].exceptions
    assert type(stand_in) is Holder
    assert stand_in.args[0] == "held"
    assert forgetful.reason == "r"
    assert copy.subgroup(Holder) is not None


@only_with_groups
def test_groups_of_a_class_that_cannot_travel_stay_groups():
    """``except*`` finds their members."""

    class Local(builtins.ExceptionGroup):
        held = threading.Lock()  # the class goes by value, so it cannot go at all

    copy = travel(Local("local", [ValueError(1), KeyError(2)]))
    assert type(copy) is builtins.ExceptionGroup
    assert "Local" in copy.message
    assert [type(one) for one in copy.exceptions] == [ValueError, KeyError]


@only_with_groups
@pytest.mark.parametrize("held", [7, threading.Lock()], ids=["plain", "lock"])
def test_groups_in_groups_in_groups_arrive(held):
    """However deep."""
    depth = 300
    error = Holder("deep down", held)
    for number in range(depth):
        error = builtins.ExceptionGroup(f"level {number}", [error])
    copy = travel(error)
    for number in reversed(range(depth)):
        assert copy.message == f"level {number}"
        (copy,) = copy.exceptions
    assert type(copy) is Holder
    assert copy.args[0] == "deep down"


if sys.version_info >= (3, 11):

    class Coded(builtins.ExceptionGroup):
        """A group whose constructor takes other arguments."""

        def __new__(cls, members, code):
            made = super().__new__(cls, "coded", members)
            made.code = code
            return made


@only_with_groups
def test_a_group_with_a_constructor_of_its_own_travels():
    """Its members are where it keeps them, and its message as well."""
    copy = travel(Coded([ValueError(1), Holder("m", threading.Lock())], 5))
    assert (type(copy), copy.code, copy.message) == (Coded, 5, "coded")
    assert [type(one) for one in copy.exceptions] == [ValueError, Holder]


def returned(*errors):
    """There and back, as values."""
    return pickle.loads(pickle.dumps(pack_returned(errors, dumps, loads)))


def test_a_returned_exception_keeps_what_led_to_it():
    """With its notes, and without a traceback of the worker: nobody raised it there."""
    error = chained()
    error.__notes__ = ["note"]
    error.__cause__.__cause__ = Holder("held", threading.Lock())
    copy, again, number = returned(error, error, 5)
    assert copy is again
    assert number == 5
    assert copy.__notes__ == ["note"]
    assert copy.__cause__.args == ("[1] cause",)
    assert copy.__cause__.__context__.args == ("context",)
    assert type(copy.__cause__.__cause__) is Holder
    assert copy.__cause__.__cause__.__cause__ is None


def test_a_returned_exception_is_never_a_stand_in():
    """A result that cannot travel is refused, not replaced by something similar."""
    error = Holder("held", threading.Lock())
    assert pack_returned([error], dumps, loads)[0] is error


def fail_with(error):
    """Raises what it is given how to make."""
    kind, *args = error
    raise kind(*args)


@pytest.mark.parametrize(
    "error",
    [
        (Frozen, 3),
        (FrozenSlots, 3),
        (Hidden, 3),
        (Forgetful, 3, "r"),
        (SyntaxError, "unexpected", ("page.tmpl", 1, 1, b"{{ x")),
    ],
    ids=lambda error: error[0].__name__,
)
def test_no_exception_ends_its_worker(error):
    """The loop raises it, or collects it."""
    kind, *args = error
    expected = kind(*args)
    settings = {"executor": "processes", "max_workers": 2, "chunk_size": 1}
    with pytest.raises(kind) as caught:
        parallel(fail_with, **settings)([error] * 3)
    assert caught.value.args == expected.args
    for one in parallel(fail_with, **settings, on_error="collect")([error] * 3):
        assert type(one) is kind
