"""What a worker needs of the standard library, from the halves of it that are written in C.

    from clustrix.basis._native import pickle, socket ──> _pickle, _socket, loaded when asked for

The other halves, in Python, load `collections`, `enum`, `re` and more: two thirds of the time that
a worker used to take behind the start of its interpreter.  Interpreters that have no such halves
have the whole.
"""

from __future__ import annotations

import sys

__all__ = [
    "Context",
    "ContextVar",
    "Lock",
    "RLock",
    "copy_context",
    "deque",
    "get_ident",
    "local",
    "partial",
    "pickle",
    "queue",
    "signal",
    "socket",
    "start_new_thread",
    "struct",
    "suppress",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pickle
    import queue
    import signal
    import socket
    import struct
    from _thread import start_new_thread
    from collections import deque
    from contextlib import suppress
    from contextvars import Context, ContextVar, copy_context
    from functools import partial
    from threading import Lock, RLock, get_ident, local
else:
    # Where each name is: its half in C, what it is called there, and the whole.
    _PLACES = {
        "Context": ("_contextvars", "Context", "contextvars"),
        "ContextVar": ("_contextvars", "ContextVar", "contextvars"),
        "Lock": ("_thread", "allocate_lock", "threading"),
        "RLock": ("_thread", "RLock", "threading"),
        "copy_context": ("_contextvars", "copy_context", "contextvars"),
        "deque": ("_collections", "deque", "collections"),
        "get_ident": ("_thread", "get_ident", "threading"),
        "local": ("_thread", "_local", "threading"),
        "partial": ("_functools", "partial", "functools"),
        "start_new_thread": ("_thread", "start_new_thread", "_thread"),
    }

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        half, there, whole = _PLACES.get(name, (f"_{name}", None, name))
        try:
            with _without_functools():
                module = __import__(half)
        except ImportError:
            module, there = __import__(whole), there and name
        globals()[name] = found = getattr(module, there) if there else module
        return found

    class _without_functools:
        """`_pickle` loads `functools` to know `partial`, which `_functools` has, too.

        Where `functools` is not loaded there is no `threading`, so no other thread sees this.
        """

        def __enter__(self):
            self._lent = "functools" not in sys.modules
            if self._lent:
                sys.modules["functools"] = __import__("_functools")

        def __exit__(self, *_):
            if self._lent:
                del sys.modules["functools"]

    class suppress:
        """That of `contextlib`."""

        def __init__(self, *kinds):
            self._kinds = kinds

        def __enter__(self):
            pass

        def __exit__(self, kind, error, traceback):
            return kind is not None and issubclass(kind, self._kinds)
