"""The state of a process that a program may change: kept, and put back afterwards.

A behaviour sets up folders, filters, handlers and limits as a person would, and need not tidy up.
"""

from __future__ import annotations

import locale
import logging
import os
import random
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clustrix.calling import _told

__all__ = ["kept"]

_LOGGER = ("level", "propagate", "disabled")


@contextmanager
def kept() -> Iterator[None]:
    """Put the state of this process back when the block ends, however it ends."""
    undo = [keep() for keep in (_system, _interpreter, _loggers, _generators)]
    _told.forget()  # each engine has to say for itself what it would lose
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.simplefilter("default")
            once = dict(warnings.onceregistry)  # type: ignore[attr-defined]
            warnings.onceregistry.clear()  # type: ignore[attr-defined]
            try:
                yield
            finally:
                warnings.onceregistry.clear()  # type: ignore[attr-defined]
                warnings.onceregistry.update(once)  # type: ignore[attr-defined]
    finally:
        for put_back in undo:
            put_back()


def _system() -> Callable[[], None]:
    folder, environ = os.getcwd(), dict(os.environ)
    timeout, mask = socket.getdefaulttimeout(), os.umask(0o22)
    os.umask(mask)
    named = locale.setlocale(locale.LC_ALL)

    def put_back() -> None:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        socket.setdefaulttimeout(timeout)
        os.umask(mask)
        locale.setlocale(locale.LC_ALL, named)

    return put_back


def _interpreter() -> Callable[[], None]:
    streams = sys.stdin, sys.stdout, sys.stderr
    path, argv, limit = list(sys.path), list(sys.argv), sys.getrecursionlimit()
    digits = sys.get_int_max_str_digits()

    def put_back() -> None:
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.path[:], sys.argv[:] = path, argv
        sys.setrecursionlimit(limit)
        sys.set_int_max_str_digits(digits)

    return put_back


def _loggers() -> Callable[[], None]:
    known = [logging.root, *_existing()]
    before = [
        ({name: getattr(one, name) for name in _LOGGER}, one.handlers[:], one.filters[:])
        for one in known
    ]
    disabled = logging.root.manager.disable
    fresh = logging.Logger("").__dict__

    def put_back() -> None:
        logging.captureWarnings(False)
        for one in _existing():
            if one not in known:  # made meanwhile; loggers cannot be removed
                one.handlers[:], one.filters[:] = [], []
                one.__dict__.update({name: fresh[name] for name in _LOGGER})
        for one, (attributes, handlers, filters) in zip(known, before, strict=True):
            one.__dict__.update(attributes)
            one.handlers[:], one.filters[:] = handlers, filters
        logging.root.setLevel(logging.root.level)  # forgets which levels were asked for
        logging.disable(disabled)

    return put_back


def _existing() -> list[logging.Logger]:
    found = logging.root.manager.loggerDict.values()
    return [one for one in found if isinstance(one, logging.Logger)]


def _generators() -> Callable[[], None]:
    state = random.getstate()
    numpy: Any = sys.modules.get("numpy")
    other = numpy.random.get_state() if numpy else None

    def put_back() -> None:
        random.setstate(state)
        if numpy:
            numpy.random.set_state(other)

    return put_back
