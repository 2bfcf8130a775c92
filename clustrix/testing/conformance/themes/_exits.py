"""Exits: exceptions that mean something else elsewhere, and here are errors like others."""

from __future__ import annotations

from typing import Any

from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import Subject, same
from clustrix.testing.conformance.themes._errors import raised_by_an_item

theme = Theme("exits", "exceptions that are no ordinary errors")


class Base(BaseException):
    """No `Exception`."""


def _stop() -> Exception:
    return StopIteration("value", 5)


@theme.behaviour
def stop_iteration(subject: Subject) -> None:
    """`StopIteration` is an error like others, and does not cut the results short."""
    raised_by_an_item(subject, _stop, "StopIteration")


def _generator_exit() -> BaseException:
    return GeneratorExit("leaving")


@theme.behaviour
def generator_exit(subject: Subject) -> None:
    """`GeneratorExit`.

    A pool's ``map`` keeps this too; an engine made of generators may swallow it.
    """
    raised_by_an_item(subject, _generator_exit, "GeneratorExit")


def _system_exit() -> BaseException:
    return SystemExit(3)


@theme.behaviour
def system_exit(subject: Subject) -> None:
    """`SystemExit`, with its code, ends nothing but the loop.

    A pool's ``map`` keeps this too; a worker that really exits does not.
    """
    raised_by_an_item(subject, _system_exit, "code=3")


def _keyboard_interrupt() -> BaseException:
    return KeyboardInterrupt("by hand")


@theme.behaviour
def keyboard_interrupt(subject: Subject) -> None:
    """`KeyboardInterrupt` that the function itself raises.

    A pool's ``map`` keeps this too; a thread that dies of it does not.
    """
    raised_by_an_item(subject, _keyboard_interrupt, "by hand")


def _base() -> BaseException:
    return Base("base", 1)


@theme.behaviour
def base_exceptions(subject: Subject) -> None:
    """An exception that is no `Exception`.

    A pool's ``map`` keeps this too; an engine that catches `Exception` only hangs.
    """
    raised_by_an_item(subject, _base, "Base")


def _endless(x: int) -> int:
    return _endless(x + 1)


@theme.behaviour
def recursion_errors(subject: Subject) -> None:
    """Recursion without end is a `RecursionError`.

    A pool's ``map`` keeps this too; an engine that lifts the limit crashes.
    """

    def program(loop: Subject) -> Any:
        try:
            loop(_endless, range(3))
        except RecursionError as error:
            return type(error).__name__, str(error)[:32]

    same(subject, program, shows="maximum recursion depth")
