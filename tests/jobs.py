"""Functions, classes and exceptions that a worker process can import; nothing heavy here."""

from __future__ import annotations

import contextlib
import contextvars
import decimal
import functools
import io
import locale
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from clustrix._model import Call, Plan


def same(x: Any) -> Any:
    """The item itself."""
    return x


def double(x: Any) -> Any:
    """Twice the item."""
    return x + x


def affine(x: Any, scale: int = 1, *, offset: int = 0) -> Any:
    """An item with company."""
    return (x, scale, offset)


def pid(x: Any) -> int:
    """Which process ran the item."""
    return os.getpid()


def pid_and_thread(x: Any) -> tuple[int, int]:
    """Which process and which thread ran the item."""
    return os.getpid(), threading.get_ident()


def fail_at(x: int, bad: frozenset[int]) -> int:
    """Fails for some items."""
    if x in bad:
        raise ValueError("bad item", x)
    return x


def touch(x: Any, path: str) -> Any:
    """Leaves a trace of having run."""
    with open(path, "a") as file:
        file.write(f"{x}\n")
    return x


def leave(x: int, bad: int, status: int) -> int:
    """Ends its process without a word, for one item."""
    if x == bad:
        os._exit(status)
    return x


def kill(x: int, bad: int, number: int) -> int:
    """Sends its own process a signal, for one item."""
    if x == bad:
        os.kill(os.getpid(), number)
        signal.pause()
    return x


def hang_at(x: int, bad: int) -> int:
    """Never comes back, for one item."""
    if x == bad:
        threading.Event().wait()
    return x


def note_pid_and_hang(x: int, folder: str) -> None:
    """Says who runs the item, then never comes back."""
    path = Path(folder)
    (path / f"{x}.part").write_text(str(os.getpid()))
    (path / f"{x}.part").rename(path / f"{x}.pid")
    threading.Event().wait()


def meet(x: int, barrier: threading.Barrier) -> int:
    """Comes back only when another lane is inside, too."""
    barrier.wait(60)
    return x


class TwoArguments(Exception):
    """Its constructor asks for other arguments than it passes on."""

    def __init__(self, code: int, *, reason: str) -> None:
        super().__init__(f"[{code}] {reason}")
        self.code = code
        self.reason = reason


class Rewritten(Exception):
    """Its constructor changes the one argument that it takes."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no such thing: {name}")


class Slotted(Exception):
    """Keeps its state in a slot, and guards its attribute with a property."""

    __slots__ = ("_code",)

    def __init__(self, code: int) -> None:
        super().__init__("slotted", code)
        self._code = code

    @property
    def code(self) -> int:
        """What the slot holds."""
        return self._code


class FileTrouble(OSError):
    """An OSError with an attribute of its own."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(2, "No such file", path)
        self.detail = detail


class Unruly(Exception):
    """Its constructor takes nothing, and refuses notes."""

    def __init__(self) -> None:
        super().__init__("unruly", 1)

    def add_note(self, note: str) -> None:
        """Refuse."""
        raise RuntimeError("no notes, please")


class Holder(Exception):
    """Holds whatever it is given."""

    def __init__(self, message: str, held: object) -> None:
        super().__init__(message, held)
        self.held = held


class Unloadable:
    """Pickles, but does not unpickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return explode, ()


def explode() -> None:
    """What an `Unloadable` does when it arrives."""
    raise ZeroDivisionError("cannot be made here")


def decorate_plainly(function: Any) -> Any:
    """A decorator of the old school."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@decorate_plainly
def layered(x: int) -> int:
    """Sits inside two decorations."""
    return x + 1


def call_of(function: Any, items: Any, *args: Any, slot: Any = 0, **kwargs: Any) -> Call:
    """A call as the engines get it."""
    return Call(function, items, args, kwargs, slot, loop_var="x")


def plan_of(
    engine: str, workers: int = 2, chunk_size: int = 1, timeout: float | None = None
) -> Plan:
    """A plan as the engines get it."""
    return Plan(engine, workers, chunk_size=chunk_size, timeout=timeout)


@functools.lru_cache
def cached(x: int) -> int:
    """Looked up rather than computed, the second time."""
    return x * 10


REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("REQUEST", default="none")


def whereabouts(x: Any) -> dict[str, Any]:
    """What an item can see of its surroundings."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.warn("shown by the filters or not", ResourceWarning, stacklevel=1)
    return {
        "request": REQUEST.get(),
        "folder": os.getcwd(),
        "variable": os.environ.get("CLUSTRIX_TEST"),
        "locale": locale.setlocale(locale.LC_ALL),
        "path": list(sys.path),
        "warnings": len(seen),
        "info": logging.getLogger("tests.jobs").isEnabledFor(logging.INFO),
        "critical": logging.getLogger("other").isEnabledFor(logging.CRITICAL),
        "recursion": sys.getrecursionlimit(),
        "digits": sys.get_int_max_str_digits(),
        "prec": decimal.getcontext().prec,
        "flags": [s for s, on in decimal.getcontext().flags.items() if on],
        "patience": socket.getdefaulttimeout(),
    }


def wander(x: Any) -> dict[str, Any]:
    """Sees its surroundings, then changes all of them."""
    found = whereabouts(x)
    REQUEST.set(f"changed by {x}")
    os.chdir("/")
    os.environ["CLUSTRIX_TEST"] = f"changed by {x}"
    locale.setlocale(locale.LC_ALL, "C")
    sys.path.append(f"/changed/by/{x}")
    warnings.simplefilter("ignore")
    logging.getLogger("tests.jobs").setLevel(logging.ERROR)
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    sys.set_int_max_str_digits(sys.get_int_max_str_digits() + 1)
    decimal.getcontext().prec += 1
    decimal.Decimal(1) / decimal.Decimal(3)
    socket.setdefaulttimeout(1.0 + x)
    return found


class OwnWarning(UserWarning):
    """Its constructor asks for another argument than it passes on."""

    def __init__(self, number: int) -> None:
        super().__init__(f"number {number}")
        self.colour = f"red {number}"


def warn_own(x: int) -> None:
    """Gives a warning of its own kind."""
    warnings.warn(OwnWarning(x), stacklevel=1)


class Chatty:
    """Says when it is pickled."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __getstate__(self) -> dict[str, Any]:
        """Not the loop's doing."""
        print("pickled")
        return self.__dict__


def perform(job: tuple[int, list[tuple[str, Any]]], bad: set[int]) -> int:
    """Does what a program says: prints, logs, warns, waits, and fails if it shall."""
    number, steps = job
    for what, how in steps:
        if what == "print":
            print(number, how)
        elif what == "error text":
            sys.stderr.write(how)
        elif what == "log":
            logging.getLogger("tests.jobs").log(how, "step %s of %d", [how], number)
        elif what == "warn":
            warnings.warn(f"warning {how}", DeprecationWarning, stacklevel=1)
        elif what == "warn elsewhere":
            warnings.warn(f"warning {how}", UserWarning, stacklevel=1)
        elif what == "catch":
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                warnings.warn(how, stacklevel=1)
                warnings.warn(how, stacklevel=1)
            print("caught", [str(one.message) for one in seen])
        elif what == "redirect":
            with contextlib.redirect_stdout(io.StringIO()) as text:
                print("for me", number)
            print("got", text.getvalue())
        elif what == "sleep":
            time.sleep(how)
    if number in bad:
        raise ValueError("bad item", number)
    return number
