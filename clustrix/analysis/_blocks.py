"""Cut one definition out of the lines of a file, and make sure that it is the right one.

    def load(name):      <- the compiled code says where it begins
        ...
        return rows      <- and what its last line is, at least
    def next(): ...      <- the first line that is not indented ends it

What is found is checked against the compiled code: its name, its parameters, for lambdas that
share a line their columns or their words.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
import types
from collections.abc import Iterator

from clustrix.basis._typing import NamedTuple

__all__ = ["FunctionNode", "NoSource", "find_node", "last_line"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_MAX_TRIES = 12  # ends of a block to try: a lone `)` at the margin looks like one
_MAX_MODULE_LINES = 2500  # a lambda may need its whole module parsed: 12 us a line


class NoSource(NamedTuple):
    """There is no source to read, and this is why."""

    cause: str


def last_line(code: types.CodeType) -> int:
    """The last line that the compiled code of a function mentions."""
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            last = max(last, last_line(constant))
    return last


def find_node(code: types.CodeType, lines: list[str]) -> FunctionNode | NoSource:
    """The definition that was compiled to ``code``, in the lines of its file."""
    return _find_lambda(code, lines) if code.co_name == "<lambda>" else _find(code, lines)


def _find(code: types.CodeType, lines: list[str]) -> FunctionNode | NoSource:
    for tree in _blocks_at(lines, code.co_firstlineno, last_line(code)):
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
    last = last_line(code)
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
