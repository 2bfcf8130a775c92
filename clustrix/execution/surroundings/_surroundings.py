"""Where a loop runs, as far as a function can tell: read in the caller, put in place elsewhere.

    caller:  surroundings() ──> {folder, environ, path, filters, levels, …} ──> CONTEXT
    worker:  Place.adopt(surroundings); before each item: has one changed it? Place.restore()

A change is noticed without looking: what changes a process's surroundings (`os.chdir`,
`os.putenv`, `locale.setlocale`, …) is a Python name, and in a worker those names say so when
they are called.
"""

from __future__ import annotations

import os
import sys
import time
import warnings

from clustrix.basis._loaded import loaded
from clustrix.basis._native import copy_context, pickle
from clustrix.basis._typing import Any
from clustrix.execution.travel._variables import homes_of

__all__ = ["Surroundings", "surroundings"]

Surroundings = dict[str, Any]

# The variables as the system keeps them: copying these takes 1 us instead of 50.
_environ: dict[Any, Any] | None = getattr(os.environ, "_data", None)


def surroundings(blas: int | None = None) -> Surroundings:
    """The caller's surroundings, as a lane elsewhere must have them.

    Args:
        blas: threads that a numerical library shall use there, if the user said nothing.
    """
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # the caller's folder is gone; so be it
        folder = None
    return {
        "path": list(sys.path),
        "argv": list(getattr(sys, "argv", [])),
        "folder": folder,
        "authkey": _authkey(),
        "environ": os.environ.copy() if _environ is None else _environ.copy(),
        "zone": (time.timezone, time.altzone, time.tzname),
        "blas": blas if blas is None else str(blas),
        "recursion": sys.getrecursionlimit(),
        "digits": _digits(),
        "patience": _socket_timeout(),
        "locale": _locale(),
        "decimal": _decimal(),
        "numpy": _numpy_errors(),
        "filters": _filters(),
        "levels": _levels(),
        "variables": _variables(),
        "streams": _streams(),
        "settings": _settings(),
    }


def _levels() -> Any:
    if loaded("logging") is None:
        return None
    # Many programs never log.  Like this, the import system has no Python code to run.
    import clustrix.execution.showing._logs as logs

    return logs.levels()


def _settings() -> dict[str, Any]:
    """What `clustrix.configure` and the environment say."""
    settings = loaded("clustrix._settings")
    return {} if settings is None else settings.portable()


def _digits() -> int | None:
    """How long a number may be as text; ``None`` where that has no limit yet."""
    ask = getattr(sys, "get_int_max_str_digits", None)
    return None if ask is None else ask()


def _authkey() -> bytes | None:
    """The key with which proxies of a `multiprocessing.Manager` introduce themselves."""
    process = loaded("multiprocessing.process")
    return None if process is None else bytes(process.current_process().authkey)


def _socket_timeout() -> float | None:
    socket = loaded("socket")
    return None if socket is None else socket.getdefaulttimeout()


def _locale() -> str | None:
    """How the C library spells the locale; ``None`` where it has not been changed by Python."""
    locale = loaded("_locale")
    return None if locale is None else locale.setlocale(locale.LC_ALL, None)


def _decimal() -> Any:
    """The decimal context in parts; ``None`` when it is the one that every thread begins with."""
    decimal = loaded("decimal")
    if decimal is None:
        return None
    parts = decimal.getcontext().__reduce__()[1]
    if parts == decimal.DefaultContext.__reduce__()[1]:
        return None
    flags, traps = parts[-2:]
    return (*parts[:-2], tuple(s.__name__ for s in flags), tuple(s.__name__ for s in traps))


def _numpy_errors() -> dict[str, str] | None:
    """What NumPy does about overflow and the like, in a context variable that cannot travel."""
    numpy = loaded("numpy")
    return numpy.geterr() if hasattr(numpy, "geterr") else None


# ---- warning filters ------------------------------------------------------------------------

_filters_known: tuple[list[Any], Any] = ([], ())


def _filters() -> Any:
    """The warning filters, with categories by name, so that no worker has to load a module."""
    global _filters_known
    filters = warnings.filters
    if _filters_known[0] != filters:
        portable = tuple(
            (entry[0], _pattern(entry[1]), _category(entry[2]), _pattern(entry[3]), entry[4])
            for entry in filters
        )
        _filters_known = (list(filters), portable)
    return _filters_known[1], getattr(warnings, "defaultaction", "default")


def _pattern(pattern: Any) -> Any:
    """What a filter looks for; the interpreter's own first filters have plain texts."""
    return pattern if pattern is None or type(pattern) is str else (pattern.pattern, pattern.flags)


def _category(kind: Any) -> Any:
    module, name = kind.__module__, kind.__qualname__
    if module != "__main__" and "<" not in name:
        return module, name
    from clustrix.execution.travel._transport import dumps

    try:
        return dumps(kind)
    except Exception:
        return "builtins", "Warning"


# ---- context variables ----------------------------------------------------------------------


def _variables() -> tuple[tuple[str, str, bytes], ...]:
    """Context variables that can be found again by module and name, with values that travel."""
    context = copy_context()
    if not context:
        return ()
    found = []
    for (_, value), home in zip(context.items(), homes_of(context), strict=True):
        if home is None:
            continue
        try:
            packed = pickle.dumps(value, protocol=5)
        except Exception:  # then perhaps by value
            from clustrix.execution.travel._transport import dumps

            try:
                packed = dumps(value)
            except Exception:
                continue
        found.append((*home, packed))
    return tuple(sorted(found))


# ---- streams --------------------------------------------------------------------------------

_streams_known: tuple[Any, Any, Any] = (..., ..., ())  # neither is any stream, or none


def _streams() -> Any:
    """What can be seen of the standard streams without writing to them."""
    global _streams_known
    out, err = sys.stdout, sys.stderr
    if _streams_known[0] is not out or _streams_known[1] is not err:
        _streams_known = (out, err, (_look_of(out), _look_of(err)))
    return _streams_known[2]


def _look_of(stream: Any) -> dict[str, Any] | None:
    if stream is None:
        return None
    try:
        tty = bool(stream.isatty())
    except Exception:
        tty = False
    texts = {name: getattr(stream, name, None) for name in ("encoding", "errors")}
    said = {name: text if isinstance(text, str) else None for name, text in texts.items()}
    return {**said, "isatty": tty}
