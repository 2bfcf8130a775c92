"""Warnings: they pass the caller's filters, with their own file and line, and count once."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import COLLECT, Subject, same

theme = Theme("warnings", "the warnings that the items give")
N = 12


class Mine(UserWarning):
    """A category of one's own."""


def _warn(x: int) -> int:
    warnings.warn(f"item {x}", Mine, stacklevel=1)
    return x


def _warn_the_same(x: int) -> int:
    warnings.warn("always the same", RuntimeWarning, stacklevel=1)
    return x


@theme.behaviour
def category_and_place(subject: Subject) -> None:
    """Category, text, file and line are those of the ``warn`` that gave it, in loop order."""
    same(subject, lambda loop: loop(_warn, range(N), chunk_size=3), shows="Mine: item 11")


@theme.behaviour
def once_for_each_place(subject: Subject) -> None:
    """With ``"default"`` the same warning from the same line is shown once in a loop."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("default")
        loop(_warn_the_same, range(N), chunk_size=1)

    same(subject, program, shows="always the same")


@theme.behaviour
def once_across_loops(subject: Subject) -> None:
    """With ``"default"`` a second loop does not show it again, and new filters start afresh."""

    def program(loop: Subject) -> Any:
        for number in range(2):
            print("loop", number)
            loop(_warn_the_same, range(4), chunk_size=1)
        warnings.simplefilter("default")
        loop(_warn_the_same, range(4), chunk_size=1)

    same(subject, program, shows="loop 1")


def _warn_elsewhere(x: int) -> int:
    if x % 2:
        return _warn_the_same(x)
    warnings.warn("always the same", RuntimeWarning, stacklevel=1)
    return x


@theme.behaviour
def once_for_all_places(subject: Subject) -> None:
    """With ``"once"`` the same warning is shown once, wherever it comes from."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("once")
        loop(_warn_elsewhere, range(N), chunk_size=1)
        loop(_warn_the_same, range(N), chunk_size=1)

    same(subject, program, shows="always the same")


@theme.behaviour
def once_for_each_module(subject: Subject) -> None:
    """With ``"module"`` the same warning is shown once for each module."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("module")
        loop(_warn_elsewhere, range(N), chunk_size=1)

    same(subject, program, shows="always the same")


@theme.behaviour
def always(subject: Subject) -> None:
    """With ``"always"`` each is shown."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("always")
        loop(_warn_the_same, range(N), chunk_size=1)

    same(subject, program, shows="always the same")


@theme.behaviour
def ignored(subject: Subject) -> None:
    """Filters by category, text and module decide what is shown."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="item [0-7]$", category=Mine)
        loop(_warn, range(N))
        warnings.filterwarnings("ignore", module=__name__.replace(".", r"\."))
        loop(_warn_the_same, range(N))

    same(subject, program, shows="item 8")


@theme.behaviour
def errors(subject: Subject) -> None:
    """With ``"error"`` the warning is raised by the item that gives it, and nothing is shown."""

    def program(loop: Subject) -> Any:
        warnings.filterwarnings("error", message="item 7")
        return loop(_warn, range(N), chunk_size=2)

    same(subject, program, shows="Mine args=tuple['item 7']")


def _try_to_warn(x: int) -> str:
    try:
        _warn(x)
    except Mine as error:
        return f"caught {error}"
    return "shown"


@theme.behaviour
def errors_that_the_function_catches(subject: Subject) -> None:
    """With ``"error"`` the function can catch its own warning.

    A pool that forks for each loop keeps this; workers that live longer do not know the filter.
    """

    def program(loop: Subject) -> Any:
        warnings.filterwarnings("error", category=Mine)
        return loop(_try_to_warn, range(4))

    same(subject, program, shows="caught item 3")


@theme.behaviour(needs=[COLLECT])
def errors_that_are_collected(subject: Subject) -> None:
    """With ``"error"`` and ``on_error="collect"`` they stand in their places."""

    def program(loop: Subject) -> Any:
        warnings.filterwarnings("error", message="item [36]")
        return loop(_warn, range(8), on_error="collect")

    same(subject, program, shows="item 6")


@theme.behaviour
def recorded_by_the_caller(subject: Subject) -> None:
    """`catch_warnings(record=True)` around the loop records them."""

    def program(loop: Subject) -> Any:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            loop(_warn, range(N))
        return [(str(one.message), one.category.__name__, one.lineno) for one in seen]

    same(subject, program, shows="'item 11', 'Mine'")


@theme.behaviour
def a_hook_of_the_callers_own(subject: Subject) -> None:
    """`warnings.showwarning` of the caller gets the warning object, in its process."""

    def program(loop: Subject) -> Any:
        seen: list[Any] = []
        before = warnings.showwarning

        def show(
            message: Any,
            category: Any,
            filename: str,
            lineno: int,
            file: Any = None,
            line: Any = None,
        ) -> None:
            seen.append((type(message).__name__, message.args, category is Mine, lineno))

        warnings.showwarning = show
        try:
            loop(_warn, range(5))
        finally:
            warnings.showwarning = before
        return seen

    same(subject, program, shows="'Mine', tuple['item 4'], True")


def _record_inside(x: int) -> list[str]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn(f"inside {x}", stacklevel=1)
    return [str(one.message) for one in seen]


@theme.behaviour
def recorded_by_the_function(subject: Subject) -> None:
    """`catch_warnings(record=True)` inside the function records there, and nothing is shown.

    A pool of processes keeps this; on threads the filters are everybody's.
    """
    same(subject, lambda loop: loop(_record_inside, range(6), max_workers=1), shows="inside 5")


def _warn_the_caller(x: int) -> int:
    _deprecated()
    return x


def _deprecated() -> None:
    warnings.warn("use something else", DeprecationWarning, stacklevel=2)


@theme.behaviour
def stack_levels(subject: Subject) -> None:
    """``stacklevel=2`` blames the caller of the function that warns, with that line."""
    same(subject, lambda loop: loop(_warn_the_caller, range(3)), shows="use something else")


@theme.behaviour
def local_categories(subject: Subject) -> None:
    """A category made where the loop stands is caught by the filter for it."""

    class Local(UserWarning):
        pass

    def warn(x: int) -> None:
        warnings.warn(f"local {x}", Local, stacklevel=1)

    def program(loop: Subject) -> Any:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", Local)
            loop(warn, range(3))
        return [one.category is Local for one in seen]

    same(subject, program, shows="True")


def _explicit(x: int) -> None:
    warnings.warn_explicit(f"from a template {x}", Mine, "page.html", 10 + x)


@theme.behaviour
def explicit_places(subject: Subject) -> None:
    """`warn_explicit` names any place."""
    same(subject, lambda loop: loop(_explicit, range(3)), shows="page.html:12")


@theme.behaviour
def as_they_are_printed(subject: Subject) -> None:
    """On standard error: file, line, category, text and the line of code."""

    def program(loop: Subject) -> Any:
        with warnings.catch_warnings():  # puts the hook back
            warnings.showwarning = _print
            loop(_warn, range(2))

    same(subject, program, shows="warnings.warn(f")


def _print(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


def _warn_and_fail(x: int) -> None:
    _warn(x)
    if x == 4:
        raise ValueError(x)


@theme.behaviour
def in_front_of_an_error(subject: Subject) -> None:
    """Warnings in front of an error are there, those behind it are not."""
    same(subject, lambda loop: loop(_warn_and_fail, range(N), chunk_size=2), shows="item 4")
