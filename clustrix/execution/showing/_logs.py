"""Log records of lanes: noted where they are made, handled where the loop's caller is.

    lane:    logger.info ──> the caller's levels ──> Logger.handle ──┬──> an event
                                                                     └──> handlers of the item
    caller:  event ──> the logger of that name: its filters, its handlers, its parents

A handler that an item has made or added is the item's own while that runs: it handles records at
once, and nobody else's.  In a worker process it stays with those who come after, as it would in
the loop; in a thread of the caller's process it is one of the caller's then.

Nothing here loads `logging`.  A worker that has not loaded it gets the levels when it does.
"""

from __future__ import annotations

import sys

from clustrix.basis._native import get_ident, suppress
from clustrix.basis._typing import Any, Callable, Iterable, NamedTuple
from clustrix.execution.showing._log_records import (
    Logged,
    Shown,
    copied,
    pack,
    place_of,
    saying,
    settle,
    unpack,
    without,
)
from clustrix.execution.showing._recorder import LOG, Recorder, current

__all__ = ["Levels", "Logged", "adopt_levels", "install", "levels", "pack", "replay"]

# `Logger.setLevel` and `logging.disable` empty the caches of all loggers.  As long as our mark
# is in there, no level has changed.
_MARK: Any = "clustrix"

# What is disabled, the loggers that have a level, and where the caller has handlers: the names of
# their loggers, and what they write to.
Places = tuple[tuple[str, str | None], ...]
Levels = tuple[int, tuple[tuple[str, int], ...], Places]

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
    import threading

    configure, add, remove = logging.basicConfig, kind.addHandler, kind.removeHandler
    make, serve = logging.Handler.__init__, logging.Handler.handle

    def handle(self: Any, record: Any) -> None:
        recorder = current()
        if recorder is None:
            if not _owners or get_ident() != threading.main_thread().ident:
                before(self, record)
            else:  # the caller's item in its turn, as far as can be told
                with _not_for_others(record):
                    before(self, record)
        elif not self.disabled:
            _note(self, record, recorder)

    handle.of_clustrix = True  # type: ignore[attr-defined]

    def basic_config(**options: Any) -> None:
        recorder = current()
        if recorder is None or not recorder.portable:
            configure(**options)
        elif not options:  # `logging.warning` without handlers: the caller's process is to have one
            recorder.note(LOG, _BASIC)
        elif options.get("force") or not any(name == "root" for name, _ in _callers):
            configure(**options)
            # If an item in front has done the same, its level has been taken back since.
            if (level := options.get("level")) is not None:
                logging.root.setLevel(level)

    def add_handler(self: Any, hdlr: Any) -> None:
        if hdlr not in self.handlers:
            _own(hdlr, added=True)
        add(self, hdlr)

    def remove_handler(self: Any, hdlr: Any) -> None:
        remove(self, hdlr)
        if (owner := _owner(hdlr)) is not None:
            _owners[hdlr] = owner._replace(removed=True)

    def init(self: Any, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        _own(self, added=False)

    def handle_one(self: Any, record: Any) -> Any:
        return False if id(record) in _relayed and _is_others(self) else serve(self, record)

    ours = [
        (kind, "handle", before, handle),
        (kind, "addHandler", add, add_handler),
        (kind, "removeHandler", remove, remove_handler),
        (logging.Handler, "__init__", make, init),
        (logging.Handler, "handle", serve, handle_one),
        (logging, "basicConfig", configure, basic_config),
    ]
    for place, name, theirs, mine in ours:
        for look in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(mine, look, getattr(theirs, look))
        mine.__dict__["__wrapped__"] = theirs  # who asks what an item does shall read that
        setattr(place, name, mine)

    def undo() -> None:
        for place, name, theirs, mine in ours:
            if vars(place).get(name) is mine:
                setattr(place, name, theirs)
        for handler in [one for one, owner in _owners.items() if not owner.portable]:
            del _owners[handler]  # no lane runs: what items have left is the caller's

    return undo


def replay(logged: Logged) -> None:
    """Hand a record to its logger in the calling thread."""
    import logging

    if logged.level == _BASIC.level:
        logging.basicConfig()
        return
    logger, record, shown = logging.getLogger(logged.name), unpack(logged), logged.shown
    call: Any = logger.handle
    if shown is not None and current() is None:
        if not logger.hasHandlers():  # then nobody is left, and the last resort was not needed
            call = logger.filter if not (shown.filtered or logger.disabled) else lambda _: None
        elif shown.filtered:
            call = logger.callHandlers
    text = None if isinstance(logged.record, bytes) else logged.text
    with _not_for_others(record), saying(record, text), without(_served(logger, shown), record):
        call(record)


# ---- handlers of items ----------------------------------------------------------------------


class _Owner(NamedTuple):
    """The item that has made or added a handler.

    Attributes:
        lane: the recorder of its lane, as a weak reference.
        portable: whether that is in a worker process.
        thread: where that runs.
        item: its position in the loop.
        added: whether it came to its logger by `addHandler`; else the item has put a list of its
            own in the place of the logger's, as `unittest.TestCase.assertLogs` does.
        removed: whether it has been removed since.
    """

    lane: Callable[[], Recorder | None]
    portable: bool
    thread: int
    item: int
    added: bool
    removed: bool = False


_owners: Any = {}


def _own(handler: Any, *, added: bool) -> None:
    global _owners
    recorder = current()
    if recorder is None or recorder.muted:
        with suppress(TypeError):
            _owners.pop(handler, None)  # now it is the caller's
        return
    import weakref

    if not _owners:
        _owners = weakref.WeakKeyDictionary()
    with suppress(TypeError):  # a class may have no hashes
        where = recorder.portable, get_ident(), recorder._where()
        _owners[handler] = _Owner(weakref.ref(recorder), *where, added)


def _owner(handler: Any) -> _Owner | None:
    try:
        owner: _Owner | None = _owners.get(handler)
    except TypeError:
        return None
    return owner


def _chain(logger: Any) -> Iterable[Any]:
    """The loggers whose handlers get its records."""
    while logger is not None:
        yield logger
        logger = logger.parent if logger.propagate else None


def _note(logger: Any, record: Any, recorder: Recorder) -> None:
    """Note a record; handlers of the item that runs handle it now."""
    shown = None
    if _owners and not recorder.muted:
        mine: list[Any] = []
        places, reached = [], []
        for one in _chain(logger):
            its = [handler for handler in one.handlers if _is_own(one, handler, recorder)]
            mine += its
            places += [(one.name, place_of(handler)) for handler in its]
            if all(_owners[handler].added for handler in its):
                reached.append(one.name)
        if mine:
            filtered = not recorder.portable  # else the caller's filters are elsewhere
            passed = _show(logger, record if filtered else copied(record), mine)
            if not reached or (filtered and not passed):
                return
            shown = Shown(tuple(mine), tuple(places), tuple(reached), filtered)
    logged = Logged(logger.name, record, None, record.levelno, shown)
    recorder.note(LOG, pack(logged) if recorder.portable else settle(logged))


def _is_own(logger: Any, handler: Any, recorder: Recorder) -> bool:
    owner = _owner(handler)
    if owner is None:
        return False
    if not recorder.portable:
        return owner.lane() is recorder and owner.item == recorder._where()
    place = place_of(handler)
    return place is None or (logger.name, place) not in _callers


def _show(logger: Any, record: Any, handlers: list[Any]) -> bool:
    """Whether the filters of its logger let a record through, to these handlers."""
    passed = logger.filter(record)
    if not passed:
        return False
    if passed is not True and hasattr(passed, "levelno"):  # a filter has put another in its place
        record = passed
    for handler in handlers:
        if record.levelno >= handler.level:
            handler.handle(record)
    return True


_relayed: set[int] = set()  # records in the hands of a caller, by identity


class _not_for_others:
    """Keep a record of the caller's from handlers of items that run in other threads."""

    __slots__ = ("_key",)

    def __init__(self, record: Any) -> None:
        self._key: int | None = id(record)

    def __enter__(self) -> None:
        if not _owners or self._key in _relayed:
            self._key = None
        else:
            _relayed.add(self._key)  # type: ignore[arg-type]

    def __exit__(self, *_: object) -> None:
        if self._key is not None:
            _relayed.discard(self._key)


def _is_others(handler: Any) -> bool:
    """Whether it is the own one of an item in another thread, or was removed by that."""
    owner = _owner(handler)
    if owner is None or owner.thread == get_ident():
        return False
    lane = owner.lane()
    return owner.removed or (lane is not None and lane._where() == owner.item)


def _served(logger: Any, shown: Shown | None) -> Iterable[Any]:
    """Handlers that are not to have a record, because of what became of it in its lane."""
    if shown is None:
        return
    yield from shown.handlers
    for one in _chain(logger):
        for handler in one.handlers:
            place = None if shown.filtered else place_of(handler)
            if one.name not in shown.loggers or (place and (one.name, place) in shown.places):
                yield handler


# ---- levels ---------------------------------------------------------------------------------

_last: tuple[object, Any] | None = None
_callers: Places = ()  # in a worker, like these:
_stand_ins: dict[str, Any] = {}


def levels() -> Levels | None:
    """The levels of all loggers that have one, and what is disabled; ``None``: no logging."""
    logging = sys.modules.get("logging")
    root = getattr(logging, "root", None)
    if root is None:
        return None
    return *_levels(root), tuple(_places(root) if _handlers_made(logging) else ())


def _handlers_made(logging: Any) -> bool:
    """Whether there is any handler but the last resort; to look for them takes 50 ns a logger."""
    return len(getattr(logging, "_handlerList", "unknown")) > 1


def _places(root: Any) -> Iterable[tuple[str, str | None]]:
    for name, logger in [("root", root), *list(root.manager.loggerDict.items())]:
        for handler in getattr(logger, "handlers", ()):
            yield name, place_of(handler)


def _levels(root: Any) -> tuple[int, tuple[tuple[str, int], ...]]:
    global _last
    cache = getattr(root, "_cache", None)
    if _last is not None and cache is not None and cache.get(_MARK) is _last[0]:
        return _last[1]  # type: ignore[no-any-return]
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
    global _callers
    disabled, named, _callers = wanted or (0, (("root", logging.WARNING),), ())
    _stand_in(logging, {name for name, _ in _callers})
    if (now := _levels(logging.root)) == (disabled, named):
        return
    logging.disable(disabled)
    for name in {name for name, _ in now[1]} - {name for name, _ in named}:
        logging.getLogger(name).setLevel(0)
    for name, level in named:
        logger = logging.getLogger(name)
        if logger.level != level:
            logger.setLevel(level)


def _stand_in(logging: Any, names: set[str]) -> None:
    """Handlers that do nothing, where the caller has some that do.

    Libraries ask whether there are any, and bring their own if there are none.
    """
    for name in _stand_ins.keys() - names:
        logging.getLogger(name).removeHandler(_stand_ins.pop(name))
    for name in names:
        handler = _stand_ins.setdefault(name, logging.NullHandler())
        logging.getLogger(name).addHandler(handler)  # once
