"""Logs: records go through the caller's loggers, levels, filters and handlers."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from typing import Any

from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import COLLECT, Subject, same

theme = Theme("logs", "the records that the items log")
N = 12
log = logging.getLogger("conformance.work")


def _log(x: int) -> int:
    log.warning("item %d of %s", x, "many")
    return x


@theme.behaviour
def records(subject: Subject) -> None:
    """Records reach the caller's handlers in loop order, with logger, level and message."""
    same(subject, lambda loop: loop(_log, range(N), chunk_size=3), shows="item 11 of many")


def _all_levels(x: int) -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.CRITICAL):
        log.log(level, "item %d", x)


@theme.behaviour
def levels(subject: Subject) -> None:
    """The levels of the caller's loggers decide, as they are at the call."""

    def program(loop: Subject) -> Any:
        for level in (logging.DEBUG, logging.CRITICAL, logging.NOTSET, logging.INFO):
            logging.getLogger("conformance").setLevel(level)
            loop(_all_levels, range(2))

    same(subject, program, shows="DEBUG item 1")


def _enabled(x: int) -> Any:
    return log.isEnabledFor(logging.DEBUG), log.getEffectiveLevel(), logging.root.level


def _configured(x: int) -> Any:
    names = ("", "conformance", "conformance.work", "conformance.other")
    found = [logging.getLogger(name) for name in names]
    if not found[2].hasHandlers():  # as libraries do it
        found[2].addHandler(logging.StreamHandler())
    log.warning("item %d", x)
    return [(bool(one.handlers), one.hasHandlers()) for one in found]


@theme.behaviour
def asking_for_handlers(subject: Subject) -> None:
    """`hasHandlers` answers in the function as in the caller: who would bring some need not."""

    def program(loop: Subject) -> Any:
        handler = logging.NullHandler()
        logger = logging.getLogger("conformance")
        logger.addHandler(handler)
        try:
            return [loop(_configured, range(4)), loop(_configured, range(4))]
        finally:
            logger.removeHandler(handler)

    same(subject, program, shows="item 3")


@theme.behaviour
def asking_for_the_level(subject: Subject) -> None:
    """`isEnabledFor` and `getEffectiveLevel` answer in the function as in the caller.

    A pool that forks for each loop keeps this; workers that live longer do not.
    """

    def program(loop: Subject) -> Any:
        before = loop(_enabled, [1, 2])
        logging.root.setLevel(logging.ERROR)
        log.setLevel(5)
        return before, loop(_enabled, [1, 2])

    same(subject, program, shows="True, 5, 40")


@theme.behaviour
def filters_of_a_handler(subject: Subject) -> None:
    """A filter of the caller's handler sees every record once, and may drop or rewrite it."""

    def program(loop: Subject) -> Any:
        seen: list[str] = []

        def once_in_two(record: logging.LogRecord) -> bool:
            seen.append(record.getMessage())
            record.msg = f"rewritten: {record.msg}"
            return len(seen) % 2 == 0

        logging.root.handlers[0].addFilter(once_in_two)
        loop(_log, range(N))
        return seen

    same(subject, program, shows="rewritten: item 1 of")


@theme.behaviour
def filters_of_a_logger(subject: Subject) -> None:
    """A filter of the caller's logger counts in the caller."""

    def program(loop: Subject) -> Any:
        count = 0

        def at_most_three(record: logging.LogRecord) -> bool:
            nonlocal count
            count += 1
            return count <= 3

        log.addFilter(at_most_three)
        loop(_log, range(N))
        return count

    same(subject, program, shows="item 2")


@theme.behaviour
def handlers_of_a_logger(subject: Subject) -> None:
    """Handlers of several loggers on the way up, each with its formatter and level."""

    def program(loop: Subject) -> Any:
        texts = []
        for name, level in (("conformance", logging.INFO), ("conformance.work", logging.ERROR)):
            text = io.StringIO()
            handler = logging.StreamHandler(text)
            handler.setLevel(level)
            handler.setFormatter(logging.Formatter(f"{name}: %(levelname)-8s %(message)s"))
            logging.getLogger(name).addHandler(handler)
            texts.append(text)
        loop(_all_levels, range(3))
        return [text.getvalue() for text in texts]

    same(subject, program, shows="conformance.work: CRITICAL item 2")


@theme.behaviour
def no_propagation(subject: Subject) -> None:
    """``propagate = False`` keeps records from the handlers above."""

    def program(loop: Subject) -> Any:
        text = io.StringIO()
        log.addHandler(logging.StreamHandler(text))
        log.propagate = False
        loop(_log, range(3))
        log.propagate = True
        loop(_log, range(1))
        return text.getvalue()

    same(subject, program, shows="item 2 of many")


@theme.behaviour
def disabled(subject: Subject) -> None:
    """`logging.disable` and disabled loggers say nothing."""

    def program(loop: Subject) -> Any:
        logging.disable(logging.WARNING)
        loop(_all_levels, range(2))
        logging.disable(logging.NOTSET)
        log.disabled = True
        loop(_all_levels, range(2))

    same(subject, program, shows="CRITICAL item 1")


def _extra(x: int) -> None:
    log.error("user", extra={"user": f"u{x}", "data": [x]})
    logging.LoggerAdapter(log, {"user": "adapter", "data": x}).error("adapted")


@theme.behaviour
def extra_fields(subject: Subject) -> None:
    """Fields given with `extra`, and by a `LoggerAdapter`."""

    def program(loop: Subject) -> Any:
        text = io.StringIO()
        handler = logging.StreamHandler(text)
        handler.setFormatter(logging.Formatter("%(message)s %(user)s %(data)s"))
        log.addHandler(handler)
        loop(_extra, range(3))
        return text.getvalue()

    same(subject, program, shows="user u2 [2]")


def _with_exception(x: int) -> None:
    try:
        raise KeyError("lost", x)
    except KeyError:
        log.exception("it failed")
        log.error("no trace of it")


@theme.behaviour
def exceptions(subject: Subject) -> None:
    """`log.exception` brings the traceback, formatted as in the loop."""

    def program(loop: Subject) -> Any:
        text = io.StringIO()
        log.addHandler(logging.StreamHandler(text))
        loop(_with_exception, range(2))
        return text.getvalue()

    same(subject, program, shows="KeyError: ('lost', 1)")


def _lazy(x: int) -> None:
    log.warning("%(what)s is %(value).2f", {"what": "pi", "value": x * 3.14159})
    log.warning("no arguments, 100 %")
    log.warning(ValueError("not even text"))


@theme.behaviour
def attributes_of_a_record(subject: Subject) -> None:
    """Message and arguments apart, function, file and line: as the handler of a loop gets them."""

    def program(loop: Subject) -> Any:
        seen: list[Any] = []

        class Keep(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                place = record.pathname, record.module, record.lineno, record.funcName
                seen.append((str(record.msg), record.args, record.levelno, *place))

        log.addHandler(Keep())
        loop(_lazy, range(1, 4))
        return seen

    same(subject, program, shows="'value': 6.28318")


def _names(x: int) -> None:
    for name in ("conformance.a", "conformance.a.b", "conformance.new"):
        logging.getLogger(name).warning("item %d", x)
    logging.warning("from the root %d", x)


@theme.behaviour
def names(subject: Subject) -> None:
    """Loggers of any name, made by the function or known before, and the root."""
    same(subject, lambda loop: loop(_names, range(3)), shows="root WARNING from the root 2")


def _mixed(x: int) -> None:
    print("print", x)
    log.warning("log %d", x)
    warnings.warn(f"warning {x}", stacklevel=1)
    print("again", x)


@theme.behaviour
def in_turn_with_prints_and_warnings(subject: Subject) -> None:
    """Prints, records and warnings keep their order among each other."""
    same(subject, lambda loop: loop(_mixed, range(6), chunk_size=2), shows="log 5")


def _locked(x: int) -> None:
    log.warning("holding %s", _Held(x))


class _Held:
    def __init__(self, x: int) -> None:
        self.x, self.lock = x, threading.Lock()

    def __str__(self) -> str:
        return f"a lock for {self.x}"


@theme.behaviour
def arguments_that_cannot_travel(subject: Subject) -> None:
    """A record whose argument cannot travel arrives with its message."""
    same(subject, lambda loop: loop(_locked, range(3)), shows="holding a lock for 2")


@theme.behaviour
def without_any_handler(subject: Subject) -> None:
    """Without handlers warnings and worse go to standard error, as text alone."""

    def program(loop: Subject) -> Any:
        logging.root.handlers[:] = []
        log.propagate = True
        loop(_all_levels, range(2))

    same(subject, program, shows="item 1")


@theme.behaviour
def captured_warnings(subject: Subject) -> None:
    """`logging.captureWarnings` turns the items' warnings into records."""

    def program(loop: Subject) -> Any:
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        try:
            loop(_mixed, range(2))
        finally:
            logging.captureWarnings(False)

    same(subject, program, shows="py.warnings")


def _log_and_fail(x: int) -> None:
    log.warning("item %d", x)
    if x == 4:
        raise ValueError(x)


@theme.behaviour
def in_front_of_an_error(subject: Subject) -> None:
    """Records in front of an error are there, those behind it are not."""
    same(subject, lambda loop: loop(_log_and_fail, range(N), chunk_size=2), shows="item 4")


@theme.behaviour(needs=[COLLECT])
def with_collected_errors(subject: Subject) -> None:
    """With ``on_error="collect"`` the records of items that fail stay in their place."""
    same(
        subject,
        lambda loop: loop(_log_and_fail, range(N), on_error="collect"),
        shows="item 11",
    )


@theme.behaviour
def levels_of_ones_own(subject: Subject) -> None:
    """A level that the caller named with `addLevelName` has its name."""

    def program(loop: Subject) -> Any:
        logging.addLevelName(35, "NOTICE")
        loop(_at_level, range(2))

    same(subject, program, shows="NOTICE item 1")


def _at_level(x: int) -> None:
    log.log(35, "item %d", x)
