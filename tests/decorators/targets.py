"""Decorated things that a worker process can import: every kind of callable, at module level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clustrix import parallel
from tests.jobs import decorate_plainly


@parallel(loop_var="x", executor="processes", max_workers=2)
def square(x: int) -> int:
    """The square of a number."""
    return x * x


@parallel(loop_var="n", executor="processes", max_workers=2)
def factorial(n: int) -> int:
    """Calls its decorated self."""
    return n * factorial(n - 1) if n else 1


@parallel(loop_var="x", executor="processes", max_workers=2)
def squares_below(x: int) -> list[int]:
    """Runs another decorated loop inside an item."""
    return square(range(x))


@parallel(loop_var="function", executor="processes", max_workers=2)
def apply(function: Any, value: Any) -> Any:
    """Calls a function that was sent to it."""
    return function(value)


@decorate_plainly
@parallel(loop_var="x", executor="processes", max_workers=2)
def wrapped_outside(x: int) -> int:
    """A plain decorator around the parallel one."""
    return x + 100


@parallel(loop_var="x", executor="processes", max_workers=2)
@decorate_plainly
def wrapped_inside(x: int) -> int:
    """The parallel decorator around a plain one."""
    return x + 200


class Base:
    """A class with something to inherit."""

    factor = 2

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def scaled(self, x: int, plus: int = 0) -> int:
        """Uses the instance's own factor."""
        return self.factor * x + plus

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def overridden(self, x: int) -> str:
        """Replaced below."""
        return f"base {x}"


class Tool(Base):
    """Every kind of method, in either order of stacking."""

    factor = 3

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def scale(self, x: int) -> int:
        """An ordinary method."""
        return self.factor * x + self.shift

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def overridden(self, x: int) -> str:
        """Calls the one that it replaces."""
        return f"tool, {super().overridden(x)}"

    @classmethod
    @parallel(loop_var="x", executor="processes", max_workers=2)
    def make(cls, x: int) -> tuple[str, int]:
        """The class method outside."""
        return cls.__name__, x * cls.factor

    @parallel(loop_var="x", executor="processes", max_workers=2)
    @classmethod
    def make_too(cls, x: int) -> tuple[str, int]:
        """The class method inside."""
        return cls.__name__, x * cls.factor

    @staticmethod
    @parallel(loop_var="x", executor="processes", max_workers=2)
    def helper(x: int) -> int:
        """The static method outside."""
        return x + 1

    @parallel(loop_var="x", executor="processes", max_workers=2)
    @staticmethod
    def helper_too(x: int) -> int:
        """The static method inside."""
        return x + 2

    class Inner:
        """A class within a class."""

        @parallel(loop_var="x", executor="processes", max_workers=2)
        def negative(self, x: int) -> int:
            """A method two levels down."""
            return -x


class Special(Tool):
    """Inherits everything."""

    factor = 5


@dataclass
class Offset:
    """A dataclass with a decorated method."""

    by: int = 1

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def add(self, x: int) -> int:
        """Uses a field."""
        return x + self.by


class Callable:
    """An object that can be called."""

    def __init__(self, by: int) -> None:
        self.by = by

    def __call__(self, x: int, sign: int = 1) -> int:
        """Adds what it was made with."""
        return sign * (x + self.by)


add_seven = parallel(Callable(7), loop_var="x", executor="processes", max_workers=2)
