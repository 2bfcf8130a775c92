"""Log records of lanes: noted where they are made, handled where the loop's caller is.

    lane:    logger.info ──> the caller's levels ──> Logger.handle ──> an event
    caller:  event ──> the logger of that name: its filters, its handlers, its parents

Nothing here loads `logging`.  A worker that has not loaded it gets the levels when it does.
"""

from __future__ import annotations

import os
import sys

from clustrix._native import pickle
from clustrix._typing import Any, Callable, NamedTuple
from clustrix.execution._recorder import LOG, current

__all__ = ["Levels", "Logged", "adopt_levels", "install", "levels", "pack", "replay"]

_ATOMS = (str, bytes, type(None), bool, int, float, complex)

# `Logger.setLevel` and `logging.disable` empty the caches of all loggers.  As long as our mark
# is in there, no level has changed.
_MARK: Any = "clustrix"

Levels = tuple[int, tuple[tuple[str, int], ...]]


class Logged(NamedTuple):
    """A record as it was made.

    Attributes:
        name: of the logger.
        record: the record, or the bytes of its dictionary.
        text: its message, should the bytes be of no use.
        level: its level, for the same case.
    """

    name: str
    record: Any
    text: str
    level: int


# In the place of a record: `logging.basicConfig()` is due where the caller is.
_BASIC = Logged("", None, "", -1)


def install() -> Callable[[], None] | None:
    """Let records of lanes be noted; how to undo that, or ``None`` if there is nothing to do."""
    logging: Any = sys.modules.get("logging")
    kind = getattr(logging, "Logger", None)  # None while it is being imported
    if kind is None or getattr(logging, "root", None) is None:
        return None
    before = kind.handle
    if hasattr(before, "of_clustrix"):
        return None

    def handle(self: Any, record: Any) -> None:
        recorder = current()
        if recorder is None:
            before(self, record)
        elif not self.disabled:
            logged = Logged(self.name, record, "", record.levelno)
            recorder.note(LOG, pack(logged) if recorder.portable else _settle(logged))

    handle.of_clustrix = True  # type: ignore[attr-defined]
    handle.__doc__ = before.__doc__
    kind.handle = handle
    configure = logging.basicConfig

    def basic_config(**options: Any) -> None:
        recorder = current()
        if recorder is None or not recorder.portable or options:
            configure(**options)
        else:  # `logging.warning` without handlers: the caller's process is to have one
            recorder.note(LOG, _BASIC)

    basic_config.__doc__ = configure.__doc__
    logging.basicConfig = basic_config

    def undo() -> None:
        if kind.handle is handle:
            kind.handle = before
        if logging.basicConfig is basic_config:
            logging.basicConfig = configure

    return undo


def _atomic(args: Any) -> bool:
    parts = args.values() if isinstance(args, dict) else args if isinstance(args, tuple) else [args]
    return all(isinstance(part, _ATOMS) for part in parts)


def _settle(logged: Logged) -> Logged:
    """A record that says later what it would say now, whatever becomes of its arguments."""
    record = logged.record
    if not (isinstance(record.msg, str) and _atomic(record.args)):
        text = record.getMessage()
        record.getMessage = lambda: text
    return logged


def pack(logged: Logged) -> Logged:
    """A record ready to leave the process."""
    from clustrix.execution._transport import dumps, loads  # brings cloudpickle

    fields = dict(vars(logged.record))
    text = logged.record.getMessage()
    if error := fields.get("exc_info"):
        fields["exc_text"] = fields.get("exc_text") or _traceback(error)
        fields["exc_info"] = (*error[:2], None)
    if isinstance(fields.get("msg"), str) and _atomic(fields.get("args")):
        try:
            return Logged(logged.name, pickle.dumps(fields), text, logged.level)
        except Exception:
            pass
    for name, value in list(fields.items()):
        try:
            loads(dumps(value))
        except Exception:  # each part that cannot travel says what it would have said
            fields[name] = None if name == "exc_info" else repr(value)
            if name in ("msg", "args"):
                fields["msg"], fields["args"] = text, None
    if fields.get("args") is None:
        fields["msg"] = text
    return Logged(logged.name, dumps(fields), text, logged.level)


def _traceback(error: Any) -> str:
    import logging

    return logging.Formatter().formatException(error)


def replay(logged: Logged) -> None:
    """Hand a record to its logger in the calling thread."""
    import logging

    if logged.level == _BASIC.level:
        logging.basicConfig()
        return
    logger = logging.getLogger(logged.name)
    record = logged.record
    if isinstance(record, bytes):
        try:
            record = logging.makeLogRecord(_loaded(record))
        except Exception:  # a class that only the worker has
            record = logging.makeLogRecord(
                {"name": logged.name, "msg": logged.text, "levelno": logged.level}
            )
            record.levelname = logging.getLevelName(logged.level)
    if record.levelname == f"Level {record.levelno}":  # the caller may have a name for it
        record.levelname = logging.getLevelName(record.levelno)
    _belongs_here(record, logging)
    logger.handle(record)


def _loaded(packed: bytes) -> dict[str, Any]:
    from clustrix.execution._transport import loads

    fields: dict[str, Any] = loads(packed)
    return fields


def _belongs_here(record: Any, logging: Any) -> None:
    """The loop would have made it in this thread."""
    import threading

    if getattr(record, "thread", None) is not None:
        record.thread = threading.get_ident()
        record.threadName = threading.current_thread().name
    if getattr(record, "process", None) is not None:
        record.process = os.getpid()
    multiprocessing = sys.modules.get("multiprocessing")
    if getattr(record, "processName", None) is not None:
        record.processName = (
            "MainProcess" if multiprocessing is None else multiprocessing.current_process().name
        )
    if isinstance(start := getattr(logging, "_startTime", None), float):
        record.relativeCreated = (record.created - start) * 1000


# ---- levels ---------------------------------------------------------------------------------

_last: tuple[object, Levels] | None = None


def levels() -> Levels | None:
    """The levels of all loggers that have one, and what is disabled; ``None``: no logging."""
    global _last
    logging = sys.modules.get("logging")
    root = getattr(logging, "root", None)
    if root is None:
        return None
    cache = getattr(root, "_cache", None)
    if _last is not None and cache is not None and cache.get(_MARK) is _last[0]:
        return _last[1]
    named = [("root", root.level)]
    for name, logger in list(root.manager.loggerDict.items()):
        if level := getattr(logger, "level", 0):
            named.append((name, level))
    found = (root.manager.disable, tuple(named))
    if cache is not None:
        mark = object()
        cache[_MARK] = mark
        _last = (mark, found)
    return found


def adopt_levels(wanted: Levels | None) -> None:
    """In a worker: loggers have the caller's levels, from now on or once `logging` is loaded."""
    logging: Any = sys.modules.get("logging")
    if getattr(logging, "root", None) is None:
        return
    disabled, named = wanted or (0, (("root", logging.WARNING),))
    if (now := levels()) == (disabled, named):
        return
    logging.disable(disabled)
    for name in {name for name, _ in now[1]} - {name for name, _ in named} if now else ():
        logging.getLogger(name).setLevel(0)
    for name, level in named:
        logger = logging.getLogger(name)
        if logger.level != level:
            logger.setLevel(level)
