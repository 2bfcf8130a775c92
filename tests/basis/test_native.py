"""The halves in C are those that the whole of the standard library hands on."""

from __future__ import annotations

import _thread
import contextlib
import contextvars
import functools
import pickle
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import deque

import pytest

from clustrix.basis import _native
from tests.scripts import environment

WHOLE = {
    "Context": contextvars.Context,
    "ContextVar": contextvars.ContextVar,
    "RLock": threading.RLock,
    "copy_context": contextvars.copy_context,
    "deque": deque,
    "get_ident": threading.get_ident,
    "local": threading.local,
    "partial": functools.partial,
    "start_new_thread": _thread.start_new_thread,
}
USED = {
    "pickle": (pickle, ("Pickler", "PicklingError", "PickleBuffer", "dumps", "loads")),
    "queue": (queue, ("Empty", "SimpleQueue")),
    "signal": (signal, ("SIGKILL", "SIGSTOP")),
    "socket": (socket, ("SOL_SOCKET", "SCM_RIGHTS", "CMSG_SPACE")),
    "struct": (struct, ("Struct", "pack", "unpack_from")),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_name_is_what_the_whole_has(name):
    """The very object, except where Python wraps it."""
    if name == "RLock":
        assert type(_native.RLock()) is type(threading.RLock())
    else:
        assert getattr(_native, name) is WHOLE[name]


@pytest.mark.parametrize("name", USED)
def test_a_module_has_what_is_used_of_it(name):
    """With the same meaning."""
    whole, names = USED[name]
    half = getattr(_native, name)
    for one in names:
        assert getattr(half, one) == getattr(whole, one)


@pytest.mark.parametrize("missing", ["_pickle", "_struct", "_contextvars", "_collections"])
def test_without_the_half_there_is_the_whole(missing):
    """As on interpreters that have none."""
    name = {"_contextvars": "copy_context", "_collections": "deque"}.get(missing, missing[1:])
    program = (
        f"import collections, contextvars, pickle, struct, sys; sys.modules[{missing!r}] = None\n"
        f"from clustrix.basis._native import {name} as found\n"
        f"assert found in (pickle, struct, collections.deque, contextvars.copy_context)"
    )
    subprocess.run([sys.executable, "-c", program], env=environment(), check=True)


def test_other_names_are_not_there():
    """And the error says so."""
    with pytest.raises(AttributeError, match="has no attribute 'json'"):
        _native.json  # noqa: B018


def test_functools_is_still_to_be_loaded():
    """It has been lent for a moment, so that pickling does not load it; then it is whole."""
    program = (
        "import sys\nfrom clustrix.basis._native import pickle\n"
        "assert 'functools' not in sys.modules\n"
        "import functools; functools.lru_cache; assert pickle.loads(pickle.dumps([1])) == [1]\n"
        "part = functools.partial(print, 1); assert pickle.loads(pickle.dumps(part)).args == (1,)"
    )
    command = [sys.executable, "-S", "-c", program]
    subprocess.run(command, env=environment(), check=True)


@pytest.mark.parametrize("kinds", [(), (ValueError,), (OSError, LookupError)])
@pytest.mark.parametrize("error", [None, ValueError, KeyError, KeyboardInterrupt])
def test_errors_are_suppressed_as_by_contextlib(kinds, error):
    """Those that were named, and no others."""

    def comes_out(suppress):
        try:
            with suppress(*kinds):
                if error is not None:
                    raise error
        except BaseException as out:
            return type(out)
        return None

    assert comes_out(_native.suppress) is comes_out(contextlib.suppress)
