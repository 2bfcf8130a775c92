"""Warnings of lanes: noted as they are given, and given again where the loop's caller is.

    lane:    warnings.warn ──> filters: "ignore" and "error" as ever, all else ──> an event
    caller:  event ──> warnings.warn_explicit, with the caller's filters and registries

Whether a warning is the first of its kind can only be said in the order of the loop, so that
question waits for the replay.  A lane that says `warnings.catch_warnings` has filters of its
own until it leaves the block; what those let through is shown, not filtered again.
"""

from __future__ import annotations

import sys
import warnings

from clustrix.basis._typing import Any, Callable, NamedTuple
from clustrix.execution.showing._recorder import FILTERS, WARNING, Recorder, current

__all__ = ["Warned", "forget", "install", "pack", "properties", "replay"]

# The names of `warnings` that catch_warnings assigns to.
_PLACES = ("filters", "showwarning", "_showwarnmsg_impl")

# What the interpreter shows always, whatever its registries say; asked for every warning.
_ALL = ("always", None, Warning, None, 0)

_namespace = vars(warnings)
_below: dict[str, Any] = {}  # what was there before; others may have put something there, too
_orphans: dict[str, dict[str, Any]] = {}  # registries of warnings that belong to no module


class Warned(NamedTuple):
    """A warning as it was given.

    Attributes:
        message: the warning, or the bytes that restore it.
        text: what it says, should the bytes be of no use.
        filename: where it was given.
        lineno: in which line.
        line: the source line, where it is not to be found in a file.
        module: the name of the module, or ``None``.
        scope: the globals of the module; ``None`` when it comes from another process.
        decided: whether it has been through filters already.
        source: the object that it is about.
    """

    message: Any
    text: str
    filename: str
    lineno: int
    line: str | None
    module: str | None
    scope: dict[str, Any] | None
    decided: bool
    source: Any


def properties() -> dict[str, property]:
    """What `warnings.filters` and the like are for whoever asks."""
    return {name: _place(name) for name in _PLACES if name in _namespace}


def install() -> Callable[[], None]:
    """Let warnings of lanes be noted; how to undo that."""
    mine = {
        "_showwarnmsg": _dispatch,
        "_add_filter": _dispatch_filter,
        "resetwarnings": _dispatch_reset,
        "_filters_mutated": _dispatch_mutated,
    }
    _below.update((name, _namespace[name]) for name in mine if _namespace[name] is not mine[name])
    _namespace.update(mine)

    def undo() -> None:
        for name, function in mine.items():
            if _namespace[name] is function:
                _namespace[name] = _below[name]

    return undo


def _place(name: str) -> property:
    def look(_: object) -> Any:
        recorder = current()
        if recorder is not None:
            if name in recorder.own:
                return recorder.own[name]
            if name == "filters":
                return _undecided()
        return _namespace[name]

    def put(_: object, value: Any) -> None:
        recorder = current()
        if recorder is None:
            _namespace[name] = value
        elif name != "filters":
            if value is _namespace[name]:
                recorder.own.pop(name, None)  # the end of a catch_warnings block
            else:
                recorder.own[name] = value
        elif value != _undecided():
            recorder.own[name] = value
        elif recorder.own.pop(name, None) is None:
            recorder.own[name] = list(_namespace[name])  # its beginning: it copies what it finds

    return property(look, put)


_made: tuple[list[Any], list[Any]] = ([], [_ALL])


def _undecided() -> list[Any]:
    """The filters, except that what is shown once is shown always: the caller's will decide."""
    global _made
    filters = _namespace["filters"]
    if _made[0] != filters:
        keeping = [
            entry if entry[0] in ("ignore", "error") else ("always", *entry[1:])
            for entry in filters
        ]
        default = _namespace.get("defaultaction", "default")
        last = (default, *_ALL[1:]) if default in ("ignore", "error") else _ALL
        _made = (list(filters), [*keeping, last])
    return _made[1]


def _dispatch_filter(*item: Any, append: bool) -> None:
    """`warnings.simplefilter` and the like: inside a lane's own block, its own filters."""
    recorder = current()
    filters = None if recorder is None else recorder.own.get("filters")
    if filters is None:
        _below["_add_filter"](*item, append=append)
        return
    if append:
        if item not in filters:
            filters.append(item)
    else:
        if item in filters:
            filters.remove(item)
        filters.insert(0, item)
    _namespace["_filters_mutated"]()


def _dispatch_reset() -> None:
    recorder = current()
    filters = None if recorder is None else recorder.own.get("filters")
    if filters is None:
        _below["resetwarnings"]()
    else:
        filters[:] = []
        _namespace["_filters_mutated"]()


def _dispatch_mutated() -> None:
    _below["_filters_mutated"]()
    recorder = current()
    if recorder is not None:
        recorder.seen.clear()
        if not recorder.events or recorder.events[-1].kind != FILTERS:
            recorder.note(FILTERS, None)


def _dispatch(message: Any) -> None:
    """A warning is to be shown."""
    recorder = current()
    if recorder is None:
        _below["_showwarnmsg"](message)
        return
    own = recorder.own.get("showwarning")
    if own is not None and own is not _namespace.get("_showwarning_orig"):
        own(
            message.message,
            message.category,
            message.filename,
            message.lineno,
            message.file,
            message.line,
        )
    elif "_showwarnmsg_impl" in recorder.own:
        recorder.own["_showwarnmsg_impl"](message)
    else:
        _note(recorder, message)


def _note(recorder: Recorder, message: Any) -> None:
    key = (str(message.message), message.category, message.filename, message.lineno)
    decided = "filters" in recorder.own
    scope = _scope(message.filename, message.lineno)
    module = scope.get("__name__") if scope else None
    if key in recorder.seen and not decided and not _always(key, module):
        return  # the replay would not show it a second time
    recorder.seen.add(key)
    warned = Warned(
        message.message,
        key[0],
        message.filename,
        message.lineno,
        message.line,
        module,
        scope,
        decided,
        message.source,
    )
    recorder.note(WARNING, pack(warned) if recorder.portable else warned)


def _scope(filename: str, lineno: int) -> dict[str, Any] | None:
    """The globals of the code that a warning is about, if it runs now."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == filename and frame.f_lineno == lineno:
            return frame.f_globals
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _always(key: tuple[str, type, str, int], module: str | None) -> bool:
    """Whether the filters show a warning each time that it is given."""
    text, category, filename, lineno = key
    for action, message, kind, where, line in _namespace["filters"]:
        if (
            _fits(message, text)
            and issubclass(category, kind)
            and _fits(where, module or filename)
            and line in (0, lineno)
        ):
            return bool(action == "always")
    return bool(_namespace.get("defaultaction") == "always")


def _fits(pattern: Any, text: str) -> bool:
    if pattern is None or isinstance(pattern, str):  # the interpreter's own filters have texts
        return pattern is None or pattern == text
    return pattern.match(text) is not None


def pack(warned: Warned) -> Warned:
    """A warning ready to leave the process."""
    from clustrix.execution.travel._transport import dumps, loads  # warnings are rare

    message: bytes | str
    try:
        message = dumps(warned.message)
        loads(message)
    except Exception:  # then its text, under the nearest category that can travel
        message = _nearest(type(warned.message))
    import linecache  # it compiles regular expressions, and most items give no warnings

    line = warned.line or linecache.getline(warned.filename, warned.lineno) or None
    return warned._replace(message=message, scope=None, source=None, line=line)


def _nearest(kind: type) -> str:
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")


def forget() -> None:
    """Touch the filters in the calling thread, as an item has done."""
    _namespace["_filters_mutated"]()


def replay(warned: Warned) -> None:
    """Give a warning in the calling thread."""
    message = _restored(warned)
    if warned.decided:
        record = warnings.WarningMessage(
            message,
            type(message),
            warned.filename,
            warned.lineno,
            line=warned.line,
            source=warned.source,
        )
        _namespace["_showwarnmsg"](record)
        return
    scope = warned.scope
    if scope is None and warned.module in sys.modules:
        scope = vars(sys.modules[warned.module])
    if warned.module is None:  # a place of somebody's own making; None would not be shown
        warnings.warn_explicit(
            message, type(message), warned.filename, warned.lineno, source=warned.source
        )
        return
    home = _orphans.setdefault(warned.filename, {}) if scope is None else scope
    registry = home.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message,
        type(message),
        warned.filename,
        warned.lineno,
        warned.module,
        registry,
        source=warned.source,
    )


def _restored(warned: Warned) -> Warning:
    message = warned.message
    if isinstance(message, bytes):
        from clustrix.execution.travel._transport import loads

        try:
            message = loads(message)
        except Exception:  # a class that only the worker has
            message = "UserWarning"
    if isinstance(message, str):
        import builtins

        kind = getattr(builtins, message)
        return kind(warned.text)  # type: ignore[no-any-return]
    return message  # type: ignore[no-any-return]
