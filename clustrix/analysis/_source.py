"""Find the source of a function, whatever it hides behind.  Reads files; runs nothing.

    partial ─> method ─> wrapper ─> plain function ─> file, line ─> one block of lines ─> tree
                                         └ no source: NoSource(cause), never an exception

Only the lines of the function are parsed, not the module: the time does not depend on how long
the file is.  What is found is checked against the compiled code, so that a file edited after
its import gives `NoSource`, not somebody else's lines.
"""

from __future__ import annotations

import codecs
import functools
import linecache
import os
import re
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

from clustrix.analysis._blocks import FunctionNode, NoSource, find_node, last_line
from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    class_qualname,
    instance_dict,
    is_exactly,
    wrapped_by,
)
from clustrix.functions._reads import INSTALLED

__all__ = [
    "FunctionNode",
    "FunctionSource",
    "NoSource",
    "hops",
    "in_library",
    "layers",
    "read_layer",
    "read_source",
]

_MAX_HOPS = 50  # wrappers around wrappers: more than this is a cycle
_MAX_FILES = 64  # files kept in memory
_MAX_BLOCKS = 1024  # parsed functions kept in memory
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

# `sysconfig` would say as much, and takes 2 ms of the 17 that loading the analysis does.
_STANDARD = os.path.dirname(linecache.__file__)
_STAND_INS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "execution", "showing", "")

_files: OrderedDict[tuple[str, int, int], list[str]] = OrderedDict()
_blocks: OrderedDict[int, tuple[types.CodeType, str, FunctionNode]] = OrderedDict()


class FunctionSource:
    """A function as its author wrote it, with what is needed to look its names up.

    Attributes:
        node: the definition; its line numbers are those of the file.
        function: the plain function, behind every wrapper.
        file: path of the source file.
        namespace: the globals of the function.
        closure: the values of its free variables that have one.
        defaults: the default values by parameter.
    """

    __slots__ = ("closure", "defaults", "file", "function", "namespace", "node")

    def __init__(
        self,
        node: FunctionNode,
        function: types.FunctionType,
        file: str,
        namespace: Mapping[str, object],
        closure: Mapping[str, object],
        defaults: Mapping[str, object],
    ) -> None:
        self.node: Final = node
        self.function: Final = function
        self.file: Final = file
        self.namespace: Final = namespace
        self.closure: Final = closure
        self.defaults: Final = defaults


def in_library(file: str) -> bool:
    """Whether a file belongs to the standard library or to an installed package.

    What stands in for methods of `logging` while lanes run is taken for those.
    """
    if file.startswith((_STANDARD + os.sep, _STAND_INS)):
        return True
    return any(folder in file for folder in INSTALLED)


def read_source(function: object) -> FunctionSource | NoSource:
    """The source of a callable, unwrapped to the plain function inside.

    Args:
        function: anything; functions, methods, partials, wrappers, callable objects and
            classes have source if they are written in Python.

    Returns:
        The source, or `NoSource` with the cause.
    """
    found = layers(function)
    if not found:
        return NoSource(f"{class_qualname(type(function))} object without Python code")
    return read_layer(found[-1])


def layers(function: object) -> list[types.FunctionType]:
    """The plain functions that a call of ``function`` goes through, outermost first.

    Args:
        function: anything.

    Returns:
        Wrappers first, the function inside them last; empty for what has no Python code.
    """
    found: list[types.FunctionType] = []
    for step in hops(function):
        if type(step) is types.FunctionType:
            if step in found:
                break
            found.append(step)
    return found


def hops(function: object) -> Iterator[object]:
    """What a call goes through, the object itself first, the innermost thing last."""
    for _ in range(_MAX_HOPS):
        yield function
        function = _one_hop(function)
        if function is MISSING:
            return


def _one_hop(function: object) -> object:
    """What ``function`` forwards its calls to, or ``MISSING``."""
    kind = type(function)
    if is_exactly(function, types.MethodType, staticmethod, classmethod):
        return function.__func__  # type: ignore[attr-defined]
    if kind is property:
        return function.fget  # type: ignore[attr-defined]
    if issubclass(kind, functools.partial):
        return functools.partial.__dict__["func"].__get__(function)
    inner = wrapped_by(function)
    if inner is not MISSING or kind is types.FunctionType:
        return inner
    if issubclass(kind, type):
        for name in ("__init__", "__new__"):
            found = class_lookup(function, name)
            if is_exactly(found, types.FunctionType, staticmethod):
                return found
        return MISSING
    # A wrapper that keeps a function of its own name calls it in the end.
    kept = instance_dict(function)
    if kind is functools.cached_property:
        return kept.get("func", MISSING)
    for value in kept.values():
        if type(value) is types.FunctionType and value.__name__ == kept.get("__name__"):
            return value
    call = class_lookup(kind, "__call__")
    return MISSING if type(call) is types.WrapperDescriptorType else call


def read_layer(function: types.FunctionType) -> FunctionSource | NoSource:
    """The source of exactly this plain function, wrappers ignored."""
    code = function.__code__
    lines, file = _lines_of(function)
    if not lines:
        return NoSource(f"no source file ({code.co_filename})")
    if code.co_firstlineno > len(lines):
        return NoSource("the source file has changed since it was imported")
    last = last_line(code)
    text = "\n".join(lines[code.co_firstlineno - 1 : last])
    known = _blocks.get(id(code))
    if known is not None and known[0] is code and known[1] == text:
        node = known[2]
    else:
        found = find_node(code, lines)
        if isinstance(found, NoSource):
            return found
        node = found
        _blocks[id(code)] = (code, text, node)
        if len(_blocks) > _MAX_BLOCKS:
            _blocks.popitem(last=False)
    return FunctionSource(
        node, function, file, function.__globals__, _closure(function), _defaults(function)
    )


def _closure(function: types.FunctionType) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet: the enclosing function is still running
            continue
    return found


def _defaults(function: types.FunctionType) -> dict[str, object]:
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    found = dict(zip(names[len(names) - len(values) :], values, strict=False))
    return {**found, **(function.__kwdefaults__ or {})}


def _lines_of(function: types.FunctionType) -> tuple[list[str], str]:
    """The lines of the file that a function was compiled from, and the path of that file."""
    file = function.__code__.co_filename
    if file.startswith("<frozen "):  # os, posixpath, …: the file stands beside the others
        beside = function.__globals__.get("__file__")
        file = beside if type(beside) is str else _beside(file[8:-1])
    lines = _read_file(file)
    if not lines:
        lines = [line.rstrip("\n") for line in _cached_lines(file, function.__globals__)]
    return lines, file


def _cached_lines(file: str, space: dict[str, object]) -> list[str]:
    """What `linecache` knows of a file that is none: a notebook's cell, a zip, a doctest."""
    try:
        return linecache.getlines(file, space)
    except Exception:  # the loader of a module may say what it likes
        return []


def _beside(module: str) -> str:
    return os.path.join(_STANDARD, *module.split(".")) + ".py"


def _read_file(file: str) -> list[str]:
    try:
        state = os.stat(file)
        key = (file, state.st_mtime_ns, state.st_size)
        if key in _files:
            _files.move_to_end(key)
            return _files[key]
        with open(file, "rb") as stream:
            data = stream.read()
        text = _decode(data) if b"\0" not in data[:64] else ""
    except (OSError, ValueError, LookupError):
        return []
    # Not str.splitlines: it cuts at form feeds, too, where Python's lines go on.
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    _files[key] = lines
    if len(_files) > _MAX_FILES:
        _files.popitem(last=False)
    return lines


def _decode(data: bytes) -> str:
    encoding = "utf-8"
    for line in data.split(b"\n", 2)[:2]:
        declared = _CODING.match(line)
        if declared:
            encoding = declared[1].decode("ascii")
            break
    # Not "utf-8-sig": that would import a module.
    return data.removeprefix(codecs.BOM_UTF8).decode(encoding)
