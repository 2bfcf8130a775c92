"""Whatever is asked about: the kinds of callables, and where a finding stands."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import sqlite3
import time
import zipapp
from pathlib import Path

import pytest

from clustrix.analysis import find_blocking_calls
from clustrix.analysis._blocking import look_for_blocking_calls


def read(name):
    with open(name) as stream:
        return stream.read()


def call(function, value):
    return function(value)


def copy_all(names):
    for name in names:
        shutil.copystat(name, "x")


def zipped(name):
    zipapp.get_interpreter(name)


class Reader:
    def __call__(self, name):
        return read(name)

    def read(self, name):
        return read(name)


@pytest.mark.parametrize(
    "function",
    [
        read,
        functools.partial(read, "x"),
        functools.partial(os.listdir, "."),
        functools.partial(call, read),
        functools.lru_cache(os.stat),
        functools.lru_cache(read),
        Reader(),
        Reader().read,
        Reader.read,
        lambda name: read(name),
        os.listdir,
        open,
        time.sleep,
        socket.socket().recv,
        sqlite3.connect(":memory:").execute,
        Path("x").read_text,
        Path.read_text,
        shutil.copy,
    ],
)
def test_every_kind_of_callable_is_looked_into(function):
    assert find_blocking_calls(function)


@pytest.mark.parametrize(
    "function", [len, str.upper, "a".join, functools.partial(sorted, key=len), int, dict, Reader]
)
def test_computing_is_silent(function):
    assert find_blocking_calls(function) == ()


def test_a_call_in_a_library_is_shown_at_the_line_of_the_user():
    """Not somewhere in a file that the user has never seen."""
    (finding, *_) = find_blocking_calls(zipped)
    assert finding.file == __file__
    assert finding.line == zipped.__code__.co_firstlineno + 1


def test_a_helper_of_the_user_is_shown_where_it_calls():
    def outer(name):
        return read(name)

    assert {f.line for f in find_blocking_calls(outer)} == {
        read.__code__.co_firstlineno + 1,
        read.__code__.co_firstlineno + 2,
    }


def test_rebound_globals_are_seen(monkeypatch):
    """An answer that was kept would be wrong now."""
    assert find_blocking_calls(read)
    monkeypatch.setitem(globals(), "open", dict)
    assert [f.name for f in find_blocking_calls(read)] == []


def test_a_function_too_long_to_be_read_is_read_in_part(tmp_path):
    """Steps are bounded; what was found so far stands, and the cause is told."""
    file = tmp_path / "long.py"
    file.write_text("def f(x):\n    open(x)\n" + "    x = x + 1\n" * 5_000)
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    look = look_for_blocking_calls(space["f"])
    assert [finding.name for finding in look.findings] == ["open"]
    assert "more to read" in look.cause


def test_recursion_ends():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert find_blocking_calls(even) == ()
