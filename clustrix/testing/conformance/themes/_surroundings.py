"""Surroundings: each item finds the process as the caller had it at the call."""

from __future__ import annotations

import contextvars
import decimal
import importlib.util
import locale
import os
import socket
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from clustrix.testing.conformance._model import THERE, Theme
from clustrix.testing.conformance._subjects import Subject, same

theme = Theme("surroundings", "what an item finds around it")
N = 4
setting: contextvars.ContextVar[Any] = contextvars.ContextVar("setting", default="nothing")


def _setting(x: int) -> Any:
    return setting.get()


@theme.behaviour
def context_variables(subject: Subject) -> None:
    """Context variables, as they are at each call.

    A pool that forks for each loop keeps this; threads and workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for value in ("one", ["two"]):
            setting.set(value)
            seen.append(loop(_setting, range(N)))
        return seen

    same(subject, program, shows="['two']")


def _folder(x: int) -> Any:
    return os.getcwd(), Path("here.txt").exists()


@theme.behaviour
def working_folder(subject: Subject) -> None:
    """The working folder, and relative paths in it.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = [[there for _, there in loop(_folder, range(N))]]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "here.txt").touch()
            before = os.getcwd()
            os.chdir(folder)
            try:
                seen.append([there and at == os.getcwd() for at, there in loop(_folder, range(N))])
            finally:
                os.chdir(before)
        return seen

    same(subject, program, shows="True")


def _variables(x: int) -> Any:
    return os.environ.get("CONFORMANCE"), os.getenv("CONFORMANCE_GONE")


@theme.behaviour
def environment_variables(subject: Subject) -> None:
    """Environment variables that were set, changed or removed since the last loop.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        os.environ["CONFORMANCE_GONE"] = "still there"
        for value in ("one", "two"):
            os.environ["CONFORMANCE"] = value
            seen.append(loop(_variables, range(N)))
            os.environ.pop("CONFORMANCE_GONE", None)
        return seen

    same(subject, program, shows="tuple['two', None]")


def _locale(x: int) -> Any:
    return locale.setlocale(locale.LC_CTYPE), locale.setlocale(locale.LC_NUMERIC)


@theme.behaviour
def the_locale(subject: Subject) -> None:
    """The locale.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for name in ("C", "C.UTF-8", "C"):
            locale.setlocale(locale.LC_ALL, name)
            seen.append(loop(_locale, range(N)))
        return seen

    same(subject, program, shows="C.UTF-8")


def _paths(x: int) -> Any:
    return sys.path[-1], list(sys.argv)


@theme.behaviour
def search_path_and_command_line(subject: Subject) -> None:
    """`sys.path` and `sys.argv`.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for value in ("/one", "/two"):
            sys.path.append(value)
            sys.argv[:] = ["program", value]
            seen.append(loop(_paths, range(N)))
        return seen

    same(subject, program, shows="tuple['/two', list['program', '/two']]")


def _filters(x: int) -> Any:
    return [one[0] for one in warnings.filters][:2]


@theme.behaviour
def warning_filters(subject: Subject) -> None:
    """The filters for warnings, for functions that look at them.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = [loop(_filters, range(N))]
        warnings.filterwarnings("error", category=BytesWarning)
        warnings.filterwarnings("ignore", message="nothing")
        return [*seen, loop(_filters, range(N))]

    same(subject, program, shows="'ignore', 'error'")


def _depth(x: int) -> Any:
    def down(left: int) -> int:
        return 0 if left == 0 else 1 + down(left - 1)

    return sys.getrecursionlimit(), down(1500)


@theme.behaviour
def recursion_limit(subject: Subject) -> None:
    """A recursion limit that the caller raised, and functions that need it.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        sys.setrecursionlimit(3210)
        return loop(_depth, range(N))

    same(subject, program, shows="tuple[3210, 1500]")


def _long(x: int) -> Any:
    return sys.get_int_max_str_digits(), len(str(10**5000))


@theme.behaviour
def length_of_numbers_as_text(subject: Subject) -> None:
    """A longest number that may become text, which the caller raised for longer ones.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        sys.set_int_max_str_digits(6543)
        return loop(_long, range(N))

    same(subject, program, shows="tuple[6543, 5001]")


def _third(x: int) -> Any:
    return decimal.getcontext().prec, str(decimal.Decimal(1) / decimal.Decimal(3))


@theme.behaviour
def decimal_context(subject: Subject) -> None:
    """Precision, rounding and traps of `decimal`.

    A pool that forks for each loop keeps this; threads and workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for digits in (5, 9):
            with decimal.localcontext() as context:
                context.prec = digits
                context.rounding = decimal.ROUND_UP
                seen.append(loop(_third, range(N)))
        return seen

    same(subject, program, shows="'0.333333334'")


def _timeout(x: int) -> Any:
    return socket.getdefaulttimeout()


@theme.behaviour
def socket_timeout(subject: Subject) -> None:
    """The default timeout of sockets.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for seconds in (12.5, None):
            socket.setdefaulttimeout(seconds)
            seen.append(loop(_timeout, range(N)))
        return seen

    same(subject, program, shows="12.5")


def _division(x: int) -> Any:
    import numpy

    return numpy.geterr()["divide"]


@theme.behaviour(needs=[] if importlib.util.find_spec("numpy") else ["numpy"])
def numpy_error_handling(subject: Subject) -> None:
    """`numpy.errstate` around the loop.

    A pool that forks for each loop keeps this; threads and workers that live longer may not.
    """
    import numpy

    def program(loop: Subject) -> Any:
        with numpy.errstate(divide="raise"):
            inside = loop(_division, range(N))
        return inside, loop(_division, range(N))

    same(subject, program, shows="raise")


def _file_mode(x: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made")
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))
        return oct(path.stat().st_mode & 0o777)


@theme.behaviour
def mode_of_new_files(subject: Subject) -> None:
    """The file mode creation mask (`os.umask`).

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        seen = []
        for mask in (0o077, 0o022):
            os.umask(mask)
            seen.append(loop(_file_mode, range(2)))
        return seen

    same(subject, program, shows="0o600")


def _change_everything(x: int) -> Any:
    found = _look()
    os.chdir("/")
    os.environ["CONFORMANCE"] = "changed"
    sys.path.insert(0, "/changed")
    sys.setrecursionlimit(4321)
    sys.set_int_max_str_digits(1234)
    socket.setdefaulttimeout(99.0)
    warnings.simplefilter("error")
    setting.set("changed")
    decimal.getcontext().prec = 3
    locale.setlocale(locale.LC_ALL, "C")
    return found


def _look() -> Any:
    return (
        os.getcwd() == "/",
        os.environ.get("CONFORMANCE"),
        sys.path[0] == "/changed",
        sys.getrecursionlimit() == 4321,
        sys.get_int_max_str_digits() == 1234,
        socket.getdefaulttimeout(),
        warnings.filters[0][0] == "error",
        setting.get(),
        decimal.getcontext().prec == 3,
    )


def _only_look(x: int) -> Any:
    return _look()


@theme.behaviour(where=[THERE])
def changes_do_not_leak_to_the_next_item(subject: Subject) -> None:
    """What an item changes there, the next one on the same worker does not find."""

    def program(loop: Subject) -> Any:
        function = _change_everything if loop is subject else _only_look
        return loop(function, range(6), max_workers=1, chunk_size=3)

    same(subject, program, shows="'nothing'")


@theme.behaviour(where=[THERE])
def changes_do_not_leak_to_the_next_loop(subject: Subject) -> None:
    """Nor does the next loop, nor the caller.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        if loop is subject:
            loop(_change_everything, range(2), chunk_size=1)
        return loop(_only_look, range(4), chunk_size=1), _look()

    same(subject, program, shows="'nothing'")
