"""Find the source of a function, whatever it hides behind.  Reads files; runs nothing.

    partial ─> method ─> wrapper ─> plain function ─> file, line ─> one block of lines ─> tree
                                         └ no source: NoSource(cause), never an exception

Only the lines of the function are parsed, not the module: the time does not depend on how long
the file is.  What is found is checked against the compiled code, so that a file edited after
its import gives `NoSource`, not somebody else's lines.
"""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
import os
import re
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ._static import (
    MISSING,
    class_lookup,
    class_qualname,
    instance_dict,
    is_exactly,
    wrapped_by,
)

__all__ = ["FunctionSource", "NoSource", "hops", "layers", "read_layer", "read_source"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_MAX_HOPS = 50  # wrappers around wrappers: more than this is a cycle
_MAX_TRIES = 12  # ends of a block to try: a lone `)` at the margin looks like one
_MAX_FILES = 64  # files kept in memory
_MAX_BLOCKS = 1024  # parsed functions kept in memory
_MAX_MODULE_LINES = 2500  # a lambda may need its whole module parsed: 12 us a line
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

_files: OrderedDict[tuple[str, int, int], list[str]] = OrderedDict()
_blocks: OrderedDict[int, tuple[types.CodeType, str, FunctionNode]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class NoSource:
    """There is no source to read, and this is why."""

    cause: str


@dataclass(frozen=True, slots=True)
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

    node: FunctionNode
    function: types.FunctionType
    file: str
    namespace: Mapping[str, object]
    closure: Mapping[str, object]
    defaults: Mapping[str, object]


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
    last = _last_line(code)
    text = "\n".join(lines[code.co_firstlineno - 1 : last])
    known = _blocks.get(id(code))
    if known is not None and known[0] is code and known[1] == text:
        node = known[2]
    else:
        found = _find_lambda(code, lines) if code.co_name == "<lambda>" else _find(code, lines)
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
        lines = [line.rstrip("\n") for line in linecache.getlines(file, function.__globals__)]
    return lines, file


def _beside(module: str) -> str:
    folder = os.path.dirname(linecache.__file__)
    return os.path.join(folder, *module.split(".")) + ".py"


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
    encoding = "utf-8-sig"
    for line in data.split(b"\n", 2)[:2]:
        declared = _CODING.match(line)
        if declared:
            encoding = declared[1].decode("ascii")
            break
    return data.decode(encoding)


def _last_line(code: types.CodeType) -> int:
    """The last line that the compiled code of a function mentions."""
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            last = max(last, _last_line(constant))
    return last


def _find(code: types.CodeType, lines: list[str]) -> FunctionNode | NoSource:
    for tree in _blocks_at(lines, code.co_firstlineno, _last_line(code)):
        node = tree[0] if tree else None
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            break
        if node.name == code.co_name and _parameters(node) == _code_parameters(code):
            return node
    return NoSource("the source file has changed since it was imported")


def _blocks_at(lines: list[str], first: int, last: int) -> Iterator[list[ast.stmt]]:
    """Parse what starts at a line and reaches at least another one: shortest block first.

    The block is found by its indentation; where a bracket or a string hangs over to the left,
    the shortest block does not parse and the next one is tried.
    """
    start = lines[first - 1]
    margin = len(start) - len(start.lstrip())
    ends = (
        number
        for number in range(max(last, first), len(lines))
        if lines[number].strip() and _indent(lines[number]) <= margin
    )
    for end in itertools.islice(itertools.chain(ends, (len(lines),)), _MAX_TRIES):
        # Empty lines in front keep the line numbers; `if 1:` takes the indentation.
        head = "\n" * (first - 2) + "if 1:\n" if margin else "\n" * (first - 1)
        try:
            tree = ast.parse(head + "\n".join(lines[first - 1 : end]) + "\n").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if margin and first > 1:
            tree = tree[0].body if tree and isinstance(tree[0], ast.If) else []
        yield tree


def _indent(line: str) -> int:
    text = line.lstrip()
    return 1_000_000 if text.startswith("#") else len(line) - len(text)


def _parameters(node: FunctionNode) -> list[str]:
    spec = node.args
    names = [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    return [*names, *(extra.arg for extra in (spec.vararg, spec.kwarg) if extra)]


def _code_parameters(code: types.CodeType) -> list[str]:
    """Parameters as compiled; private names come back unmangled."""
    flags = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + flags]
    return [re.sub(r"^_[^_]\w*?(?=__\w)", "", name) for name in names]


def _find_lambda(code: types.CodeType, lines: list[str]) -> FunctionNode | NoSource:
    """A lambda has no block of its own: parse the statement around it, at worst the module."""
    last = _last_line(code)
    for first in range(code.co_firstlineno, max(0, code.co_firstlineno - 6), -1):
        for tree in itertools.islice(_blocks_at(lines, first, last), 3):
            found = _same_lambda(code, tree)
            if found is not None:
                return found
    if len(lines) > _MAX_MODULE_LINES:
        return NoSource("a lambda inside a long expression of a long module")
    try:
        tree = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NoSource("the source file cannot be parsed")
    return _same_lambda(code, tree) or NoSource("several lambdas on one line look the same")


def _same_lambda(code: types.CodeType, tree: list[ast.stmt]) -> ast.Lambda | None:
    """The lambda that was compiled to ``code``; None when that is not certain."""
    found = [
        node
        for statement in tree
        for node in ast.walk(statement)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and _parameters(node) == _code_parameters(code)
    ]
    if len(found) > 1 and sys.version_info >= (3, 11):
        spans = set(code.co_positions())
        found = [node for node in found if _span(node.body) in spans]
    if len(found) > 1:
        found = [node for node in found if _words(node) == _code_words(code)]
    alike = {ast.dump(node) for node in found}
    return found[0] if found and len(alike) == 1 else None


def _span(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _words(node: ast.Lambda) -> set[str]:
    """Names and constants in the body of a lambda, as text."""
    words = set(_parameters(node))
    for part in ast.walk(node.body):
        if isinstance(part, ast.Name):
            words.add(part.id)
        elif isinstance(part, ast.Attribute):
            words.add(part.attr)
        elif isinstance(part, ast.Constant):
            words.add(repr(part.value))
    return words


def _code_words(code: types.CodeType) -> set[str]:
    words = {*code.co_varnames, *code.co_names, *code.co_freevars, *code.co_cellvars}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            words |= _code_words(constant)
        elif constant is not None:
            words.add(repr(constant))
    return words
