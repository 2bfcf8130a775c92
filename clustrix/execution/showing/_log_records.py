"""Log records on their way: the same object for another thread, bytes for another process.

    lane:    record ──> settle ──> the record, and the text of its message
                   └──> pack ────> its attributes as bytes, and that text
    caller:  unpack ──> a record as the caller's factory makes it, with these attributes
             saying ──> a record that says what it said, whatever has become of its arguments
             without ─> handlers that are not to have it

A message that cannot be made is nothing to fail for: the caller's handlers will find out, and
say what they say of such a record in the plain loop.
"""

from __future__ import annotations

import os
import sys

from clustrix.basis._native import pickle
from clustrix.basis._typing import Any, Callable, Iterable, NamedTuple
from clustrix.execution.showing._recorder import current

__all__ = ["Logged", "Shown", "copied", "pack", "place_of", "saying", "settle", "unpack", "without"]

_ATOMS = (str, bytes, type(None), bool, int, float, complex)

# What `Logger.makeRecord` gives to the factory, by the names that records have for it.
_GIVEN = ("name", "levelno", "pathname", "lineno", "msg")
_BEHIND = ("exc_info", "funcName", "stack_info")

# Of these the lane knows better than who makes the record again.
_OF_THE_LANE = {"created", "msecs", "relativeCreated", "exc_text", "taskName"}


class Shown(NamedTuple):
    """What became of a record in its lane, where an item has handlers of its own.

    Attributes:
        handlers: those that have handled it, in this process.
        places: the same, as names of loggers and what these handlers write to.
        loggers: the names of those whose other handlers are to have it.
        filtered: whether the filters of its logger have seen it, and let it through.
    """

    handlers: tuple[Any, ...]
    places: tuple[tuple[str, str | None], ...]
    loggers: tuple[str, ...]
    filtered: bool


class Logged(NamedTuple):
    """A record as it was made.

    Attributes:
        name: of the logger.
        record: the record, or the bytes of its dictionary.
        text: its message; ``None`` if it cannot be made, or cannot change.
        level: its level, should the bytes be of no use.
        shown: who has it already; ``None`` if it was nobody.
        by_factory: whether it went through a factory of the user's before it was packed.
    """

    name: str
    record: Any
    text: str | None
    level: int
    shown: Shown | None = None
    by_factory: bool = False


# ---- in a lane ------------------------------------------------------------------------------


def _atomic(args: Any) -> bool:
    parts = args.values() if isinstance(args, dict) else args if isinstance(args, tuple) else [args]
    return all(isinstance(part, _ATOMS) for part in parts)


def _message(record: Any) -> str | None:
    try:
        text: str = record.getMessage()
        return text
    except RecursionError:  # handlers do not keep that to themselves
        raise
    except Exception:
        return None


def copied(record: Any) -> Any:
    """A copy, which handlers and filters may change."""
    import copy

    return copy.copy(record)


def settle(logged: Logged) -> Logged:
    """A record for another thread, where its arguments may be others by then."""
    record = logged.record
    if isinstance(record.msg, str) and _atomic(record.args):
        return logged
    return logged._replace(text=_message(record))


def pack(logged: Logged) -> Logged:
    """A record ready to leave the process."""
    import logging

    from clustrix.execution.travel._transport import dumps  # brings cloudpickle

    fields = dict(vars(logged.record))
    text = _message(logged.record) if logged.text is None else logged.text
    shown = None if logged.shown is None else logged.shown._replace(handlers=())
    packed = logged._replace(
        text=text, shown=shown, by_factory=logging.getLogRecordFactory() is not logging.LogRecord
    )
    if error := fields.get("exc_info"):
        try:
            fields["exc_text"] = fields.get("exc_text") or _traceback(error)
            fields["exc_info"] = (*error[:2], None)
        except Exception:  # no exception at all: for the caller's handlers to find out
            pass
    if isinstance(fields.get("msg"), str) and _atomic(fields.get("args")):
        try:
            return packed._replace(record=pickle.dumps(fields))
        except Exception:
            pass
    words = [name for name in ("msg", "args") if not _travels(fields.get(name))]
    for name, value in fields.items():  # each part that cannot travel says what it would have said
        if name not in ("msg", "args") and not _travels(value):
            fields[name] = None if name == "exc_info" else _repr(value)
    if text is None:
        fields.update((name, _in_words(fields[name])) for name in words)
    elif words or fields.get("args") is None:
        fields["msg"], fields["args"] = text, None
    return packed._replace(record=dumps(fields))


def _traceback(error: Any) -> str:
    import logging

    return logging.Formatter().formatException(error)


def _travels(value: Any) -> bool:
    from clustrix.execution.travel._transport import dumps, loads

    try:
        loads(dumps(value))
    except Exception:
        return False
    return True


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return object.__repr__(value)


def _in_words(value: Any) -> Any:
    """What stands for a message or its arguments, as many of them as there were."""
    if type(value) is tuple:
        return tuple(part if _travels(part) else _repr(part) for part in value)
    if type(value) is dict:
        return {name: part if _travels(part) else _repr(part) for name, part in value.items()}
    return _repr(value)


# ---- where the caller is --------------------------------------------------------------------


def unpack(logged: Logged) -> Any:
    """The record of a lane, for the calling thread."""
    import logging

    record = logged.record
    if isinstance(record, bytes):
        try:
            from clustrix.execution.travel._transport import loads

            record = _made(loads(record), logged.by_factory, logging)
        except Exception:  # a class that only the worker has
            text = "" if logged.text is None else logged.text
            record = logging.LogRecord(logged.name, logged.level, "", 0, text, None, None)
    if record.levelname == f"Level {record.levelno}":  # the caller may have a name for it
        record.levelname = logging.getLevelName(record.levelno)
    _belongs_here(record, logging)
    return record


def _made(fields: dict[str, Any], by_factory: bool, logging: Any) -> Any:
    """A record with these attributes, and with those that the caller's factory adds."""
    factory: Any = logging.getLogRecordFactory()
    kind = logging.LogRecord
    if factory is not kind and not by_factory:
        args = fields.get("args")
        try:
            record = factory(
                *map(fields.get, _GIVEN),
                (args,) if isinstance(args, dict) else args,
                *map(fields.get, _BEHIND),
            )
            there = vars(record)
            there.update((n, v) for n, v in fields.items() if n not in there or n in _OF_THE_LANE)
            return record
        except Exception:  # too late for the item to fail
            pass
    if isinstance(factory, type) and issubclass(factory, kind):
        kind = factory
    record = logging.LogRecord.__new__(kind)
    vars(record).update(fields)
    return record


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


# What records say that are being handled: message, arguments and text, by identity.
_said: dict[int, tuple[Any, Any, str]] = {}
_kinds: dict[type, type] = {}


class saying:
    """Let a record say what it said when it was made, in a ``with`` block; ``None``: as it is.

    An attribute of its own would be seen by formatters that show all of them.
    """

    __slots__ = ("_kind", "_record", "_text")

    def __init__(self, record: Any, text: str | None) -> None:
        self._record, self._text = record, text
        self._kind: type = type(record)

    def __enter__(self) -> None:
        record, kind = self._record, self._kind
        if self._text is None:
            return
        if kind not in _kinds:
            _kinds[kind] = _speaking(kind)
        _said[id(record)] = (record.msg, record.args, self._text)
        record.__class__ = _kinds[kind]

    def __exit__(self, *_: object) -> None:
        if self._text is None:
            return
        self._record.__class__ = self._kind
        del _said[id(self._record)]


def _speaking(kind: Any) -> type:
    def get_message(self: Any) -> Any:
        said = _said.get(id(self))
        if said is None or said[0] is not self.msg or said[1] is not self.args:
            return kind.getMessage(self)  # a filter has rewritten it
        return said[2]

    def reduce(self: Any, protocol: Any) -> Any:  # copies, and pickles, are of the class it has
        plain = kind.__new__(kind)
        vars(plain).update(vars(self))
        return plain.__reduce_ex__(min(protocol, 1))  # what that gives names no class of its own

    look: dict[str, Any] = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    methods: dict[str, Callable[..., Any]] = {"getMessage": get_message, "__reduce_ex__": reduce}
    return type(kind.__name__, (kind,), {"__slots__": (), **look, **methods})


class without:
    """Keep a record from these handlers, in a ``with`` block."""

    __slots__ = ("_handlers", "_refuse")

    def __init__(self, handlers: Iterable[Any], record: Any) -> None:
        self._handlers = [*handlers]
        self._refuse = lambda other: other is not record

    def __enter__(self) -> None:
        for handler in self._handlers:
            self._change(handler, lambda filters: [self._refuse, *filters])

    def __exit__(self, *_: object) -> None:
        for handler in self._handlers:
            self._change(
                handler, lambda filters: [one for one in filters if one is not self._refuse]
            )

    def _change(self, handler: Any, change: Callable[[list[Any]], list[Any]]) -> None:
        handler.acquire()  # threads with records of their own do the same
        try:
            handler.filters = change(handler.filters)
        finally:
            handler.release()


def place_of(handler: Any) -> str | None:
    """What a handler writes to, if others may write to the same: a file, or a standard stream."""
    if file := getattr(handler, "baseFilename", None):
        return str(file)
    stream = getattr(handler, "stream", None)
    if stream is None:
        return None
    for name in ("stdout", "stderr"):
        if getattr(stream, "name_in_sys", None) == name or stream is getattr(sys, f"__{name}__"):
            return name
        if current() is None and stream is getattr(sys, name):
            return name
    return None
