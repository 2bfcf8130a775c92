"""Small programs made at random, and the one function that runs them.

    Program([Print(…), If(…), Warn(…), Fail(…), …]) ──> interpret(item, program) ──> a value

Everything that a loop's observer can see is in reach: both streams, log records, warnings, errors,
branches on the item, and giving way to other threads.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("conformance.random")


class Odd(Exception):
    """Its constructor asks for more than it hands on."""

    def __init__(self, item: int, *, why: str) -> None:
        super().__init__(f"{why}: {item}")
        self.item = item


@dataclass(frozen=True)
class Print:
    """Writes to a stream, with or without a line end."""

    stream: str
    text: str
    end: str = "\n"


@dataclass(frozen=True)
class Log:
    """Gives a record."""

    level: int
    text: str


@dataclass(frozen=True)
class Warn:
    """Gives a warning, the same for all items or one for each."""

    text: str
    each: bool


@dataclass(frozen=True)
class Fail:
    """Raises."""

    kind: type[Exception]


@dataclass(frozen=True)
class Yield:
    """Lets others run first."""

    times: int


@dataclass(frozen=True)
class Add:
    """Changes the value that the item returns."""

    amount: int


@dataclass(frozen=True)
class If:
    """Runs a part for some items only."""

    divisor: int
    then: tuple[Any, ...]
    other: tuple[Any, ...]


@dataclass(frozen=True)
class Try:
    """Goes on behind an error, and says so."""

    body: tuple[Any, ...]


def interpret(item: int, program: tuple[Any, ...]) -> int:
    """The function of the loop."""
    return _run(item, program, item)


def _run(item: int, program: tuple[Any, ...], value: int) -> int:
    for step in program:
        value = _step(item, step, value)
    return value


def _step(item: int, step: Any, value: int) -> int:
    if isinstance(step, Print):
        print(step.text, item, value, end=step.end, file=getattr(sys, step.stream))
    elif isinstance(step, Log):
        log.log(step.level, "%s %d", step.text, item)
    elif isinstance(step, Warn):
        warnings.warn(f"{step.text} {item if step.each else ''}", stacklevel=1)
    elif isinstance(step, Fail):
        raise Odd(item, why="odd") if step.kind is Odd else step.kind("failed", item, value)
    elif isinstance(step, Yield):
        for _ in range(step.times * (1 + item % 3)):
            os.sched_yield()
    elif isinstance(step, Add):
        return value + step.amount
    elif isinstance(step, If):
        return _run(item, step.other if item % step.divisor else step.then, value)
    elif isinstance(step, Try):
        try:
            return _run(item, step.body, value)
        except Exception as error:
            print("caught", type(error).__name__, error)
            return -1
    return value
