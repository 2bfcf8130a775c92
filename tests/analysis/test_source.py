"""The source of a function is found behind whatever hides it, or the cause is told."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import posixpath
import textwrap
from pathlib import Path

import wrapt

from clustrix.analysis import FunctionSource, NoSource, read_source


# fmt: off
def plain(x, *, y=2):
    text = """A string
that hangs over to the left."""
    return text and (
        x
+ y
    )
# fmt: on


def tag(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@wrapt.decorator
def passing(wrapped, instance, args, kwargs):
    return wrapped(*args, **kwargs)


@tag
@tag
def wrapped(x):
    return x + 1


@functools.lru_cache
def cached(x):
    return x + 2


@passing
def proxied(x):
    return x + 3


class Kind:
    def __init__(self, x):
        self.x = x

    def __call__(self, y):
        return self.x + y

    def method(self):
        return self.x

    @classmethod
    def make(cls):
        return cls(1)

    @staticmethod
    def free(x):
        return x

    @property
    def size(self):
        return self.x

    def __private(self, x):
        return x


pair = (lambda x: x + 1), (lambda x: x * 2)
table = {
    "one": lambda x: x - 1,
    "two": lambda x: x - 2,
}


def first_line(source):
    lines = Path(source.file).read_text().splitlines()
    return lines[source.node.lineno - 1].strip()


def test_line_numbers_are_those_of_the_file():
    source = read_source(plain)
    assert first_line(source) == "def plain(x, *, y=2):"
    assert source.node.body[-1].lineno == source.node.lineno + 3
    assert source.defaults == {"y": 2}
    assert source.namespace is globals()


def test_wrappers_are_opened():
    """Down to the function that was written."""
    for function, name in (
        (wrapped, "wrapped"),
        (cached, "cached"),
        (proxied, "proxied"),
        (functools.partial(functools.partial(plain, 1), y=3), "plain"),
        (Kind(1).method, "method"),
        (Kind.make, "make"),
        (Kind.free, "free"),
        (Kind.__dict__["make"], "make"),
        (Kind.size, "size"),
        (Kind(1), "__call__"),
        (Kind, "__init__"),
        (Kind._Kind__private, "__private"),
    ):
        source = read_source(function)
        assert isinstance(source, FunctionSource), name
        assert source.node.name == name


def test_closures_and_their_values():
    base = 7

    def add(x):
        return x + base

    assert read_source(add).closure == {"base": 7}


def test_lambdas_on_one_line_are_told_apart():
    assert [ast.unparse(read_source(one).node.body) for one in pair] == ["x + 1", "x * 2"]


def test_lambdas_in_a_table():
    assert ast.unparse(read_source(table["two"]).node.body) == "x - 2"


def test_frozen_modules_have_a_file():
    """`inspect` finds no source for them on some versions; the file is there."""
    for function in (os.walk, os.makedirs, posixpath.join):
        source = read_source(function)
        assert source.node.name == function.__name__
        assert first_line(source).startswith(f"def {function.__name__}(")


def test_code_from_an_interactive_session():
    """Only `linecache` knows it."""
    text = "def typed(x):\n    return x\n"
    linecache.cache["<typed-1>"] = (len(text), None, text.splitlines(True), "<typed-1>")
    space = {}
    exec(compile(text, "<typed-1>", "exec"), space)
    assert read_source(space["typed"]).node.name == "typed"
    del linecache.cache["<typed-1>"]


def test_what_has_no_source_says_why():
    space = {}
    exec("def made(x): return x", space)
    for thing in (len, 3, None, "text", space["made"], object(), int, print, [].append):
        found = read_source(thing)
        assert isinstance(found, NoSource), thing
        assert found.cause


def test_an_edited_file_is_not_taken_for_the_old_one(tmp_path):
    """Other lines under the same number belong to somebody else."""
    file = tmp_path / "edited.py"
    file.write_text("def old(x):\n    return x\n")
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    assert read_source(space["old"]).node.name == "old"
    file.write_text("# moved\n\n\ndef other(x):\n    return x\n")
    assert isinstance(read_source(space["old"]), NoSource)


def test_encodings_are_respected(tmp_path):
    file = tmp_path / "latin.py"
    text = "# coding: latin-1\ndef speak():\n    return 'é'\n"
    file.write_bytes(text.encode("latin-1"))
    space = {}
    exec(compile(file.read_bytes(), str(file), "exec"), space)
    assert read_source(space["speak"]).node.body[0].value.value == "é"


def test_only_the_block_is_parsed(tmp_path):
    """A mistake elsewhere in the file, or its length, is of no concern."""
    file = tmp_path / "long.py"
    text = textwrap.dedent(
        """
        class A:
            @staticmethod
            def inner(x):
                if x:
                    return 1
            # a comment between
                return 2
        """
    )
    space = {}
    exec(compile(text, str(file), "exec"), space)
    file.write_text(text + "def broken(:\n")
    source = read_source(space["A"].inner)
    assert [type(part) for part in source.node.body] == [ast.If, ast.Return]
