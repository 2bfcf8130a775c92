"""While lanes run: `sys`, `warnings` and `logging` ask who is asking.

    hold() ──> sys.stdout, sys.stderr      a lane's go to its recorder, other threads' as ever
           ──> warnings.filters, …         the same
           ──> logging.Logger.handle       the same
    release() of the last who held ──> everything as it was

The modules `sys` and `warnings` get a class with properties, so that an assignment by one
thread (`contextlib.redirect_stdout`, `warnings.catch_warnings`) is that thread's own where it
is a lane, and what other threads find there is the very object that was there before.
"""

from __future__ import annotations

import os
import sys
import types  # not later: it takes the type of modules from `sys`, and that is another one then
import warnings

from clustrix.basis._native import RLock
from clustrix.basis._typing import Any, Callable, Mapping
from clustrix.execution.showing import _recorder, _warned
from clustrix.execution.showing._recorder import recording
from clustrix.execution.showing._streams import (
    STREAMS,
    Kept,
    Stream,
    replace,
    stream_property,
    unwrapped,
)

__all__ = ["Held", "capture", "hold", "release", "streams"]


class Held:
    """What is in place while somebody holds.

    Attributes:
        streams: those that stand in for the standard ones, by name.
    """

    def __init__(self) -> None:
        self.streams = {name: Stream(name, None) for name in STREAMS}
        places = {name: stream_property(name, self.streams, lambda: _lock) for name in STREAMS}
        self._modules = (_Dressed(sys, places), _Dressed(warnings, _warned.properties()))
        self._undo: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Tell lanes apart from now on.

        A lane may come up, or leave, after its loop has ended: while its former caller puts a
        stream of its own in place.  That is the caller's stream then, before, here and behind.
        An interrupt may have left any part of this done.
        """
        self._look_beneath()
        for module in self._modules:
            module.put_on()  # from here on who assigns waits for us
        self._look_beneath()
        vars(sys).update(self.streams)
        self._undo = [_warned.install()]
        self.see_logging()

    def _look_beneath(self) -> None:
        namespace = vars(sys)
        for name in self.streams:
            # Whoever has found ours there may have put it back when it was no longer in place.
            if (found := unwrapped(namespace.get(name))) is not self.streams[name].beneath:
                replace(self.streams, name, found)

    def see_logging(self) -> None:
        """Loggers may have come since then."""
        if "logging" in sys.modules:
            from clustrix.execution.showing import _logs  # most workers never log

            if (undo := _logs.install()) is not None:
                self._undo.append(undo)

    def end(self) -> None:
        """Everything as it was."""
        for undo in self._undo:
            undo()
        namespace = vars(sys)
        for name, stream in self.streams.items():
            if type(found := namespace.get(name)) is Stream:
                namespace[name] = found.beneath
            stream.kept.said = {}
        for module in self._modules:
            module.take_off()


class _Module(type):
    """The type of a dressed module's class: modules that are not dressed belong to it, too.

    Code asks ``isinstance(x, type(sys))``.
    """

    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, types.ModuleType)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, types.ModuleType)


class _Dressed:
    """A module of which some names are properties for a while.

    Picklers that know modules by their exact type do not know this one, so it says its name.
    """

    def __init__(self, module: types.ModuleType, places: Mapping[str, property]) -> None:
        self._module = module
        self._places = places
        self._before: Any = None
        self._made: Any = None

    def put_on(self) -> None:
        before = type(self._module)
        if before is self._made:
            return
        if before is not self._before:
            self._before = before
            name = self._module.__name__
            by_name: dict[str, Any] = {
                "__reduce_ex__": lambda *_: (__import__, (name,)),
                # The import system makes modules by ``type(sys)(name)``: these are not dressed.
                "__new__": lambda _, *given, **named: before(*given, **named),
            }
            self._made = _Module(before.__name__, (before,), {**by_name, **self._places})
        self._module.__class__ = self._made

    def take_off(self) -> None:
        if type(self._module) is self._made:
            self._module.__class__ = self._before


_held = Held()
_holders: set[object] = set()
# Signal handlers run between two steps, and may assign or run a loop.
_lock = RLock()


def hold(holder: object) -> Held:
    """From now on lanes are told apart, until everybody who holds has called `release`.

    Where this is interrupted, `release` may be called or not; the next one to hold sees to it.
    """
    with _lock:
        if _holders:
            _held.see_logging()
        else:
            _held.begin()
        _holders.add(holder)
        return _held


def release(holder: object) -> None:
    """Undo `hold`."""
    with _lock:
        if holder in _holders:
            _holders.discard(holder)
            if not _holders:
                _held.end()


def streams() -> list[Kept]:
    """What lanes get for standard output and error."""
    return [stream.kept for stream in _held.streams.values()]


class capture(recording):
    """Hold, and let a recorder note what this lane shows, in a ``with`` block."""

    __slots__ = ()

    def __enter__(self) -> None:
        hold(self)
        super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        release(self)


def _forget_lane() -> None:
    """A forked child is no lane: what it shows, it shows itself."""
    global _lock
    _lock = RLock()
    _recorder.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lane)
