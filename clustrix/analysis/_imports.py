"""Calls that wait, in source that nobody has imported: names are resolved from the tree alone.

    import requests as r ─> r.get ─> "requests.get" ─> in the catalogue?  finding
    with open(p) as f    ─> f.read ─> "io.TextIOWrapper.read" ─┘

Less is known here than of a live function: no globals, no other modules, no types but those that
the source itself names.  What is not known is not reported.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from clustrix._model import Finding
from clustrix.analysis._blocks import FunctionNode
from clustrix.analysis.catalogue import RETURNS, blocking, is_pure
from clustrix.basis._typing import NamedTuple

__all__ = ["Names", "blocking_calls_in", "dotted", "imported_names", "is_known_call"]

_MAX_DEPTH = 5  # helpers of helpers
_BUILTINS = frozenset(dir(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Names(NamedTuple):
    """What the names of a module stand for, as far as its own text tells.

    Attributes:
        imports: local name -> dotted name of what was imported under it.
        functions: the functions of the module that have a name of their own.
    """

    imports: Mapping[str, str]
    functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]


def imported_names(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Local names and what an import statement binds to them.

    A relative import keeps its dots: where the file stands is not known.

    Examples:
        >>> imported_names(ast.parse("from os import path as p, sep").body[0])
        {'p': 'os.path', 'sep': 'os.sep'}
        >>> imported_names(ast.parse("import os.path").body[0])
        {'os': 'os'}
    """
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in node.names
        }
    base = "." * node.level + (node.module or "")
    return {
        alias.asname or alias.name: f"{base}.{alias.name}"
        for alias in node.names
        if alias.name != "*"
    }


def dotted(node: ast.expr, names: Names, local: Mapping[str, str] | None = None) -> str:
    """The canonical name of what an expression means, or of its type; ``""`` when unknown.

    Args:
        node: a name, a chain of attributes, or a call of one.
        names: the names of the module.
        local: the names of the function around it, with the types that they hold.
    """
    if isinstance(node, ast.Name):
        if local is not None and node.id in local:
            return local[node.id]
        if node.id in names.imports:
            return names.imports[node.id]
        return node.id if node.id in _BUILTINS and node.id not in names.functions else ""
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, names, local)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Call):
        called = dotted(node.func, names, local)
        kind = RETURNS.get(called)
        if kind is not None:
            return kind
        return called if called.rpartition(".")[2][:1].isupper() else ""
    return ""


def is_known_call(name: str) -> bool:
    """Whether the catalogue knows a canonical name: as something that waits, or that computes."""
    return blocking(name) is not None or is_pure(name)


def blocking_calls_in(function: FunctionNode, names: Names, file: str = "") -> tuple[Finding, ...]:
    """The calls of a function that wait, its own helpers in the same module included.

    Args:
        function: its definition.
        names: the names of the module.
        file: path of the module, for the findings.

    Returns:
        In the order of the source.  Line and column (in bytes, from 1) are those of the call in
        the function itself, also where the waiting is done by a helper.

    Examples:
        >>> tree = ast.parse("def nap(n): sleep(n)")
        >>> names = Names({"sleep": "time.sleep"}, {})
        >>> blocking_calls_in(tree.body[0], names)[0].name
        'time.sleep'
    """
    found: list[Finding] = []
    for call, name in _calls(function, names, (), {}):
        entry = blocking(name)
        assert entry is not None  # only such calls were handed on
        place = call.lineno, call.col_offset + 1
        found.append(Finding(entry.code, entry.why, name, file, *place))
    return tuple(found)


_Waits = list[tuple[ast.Call, str]]


def _calls(
    function: FunctionNode,
    names: Names,
    above: tuple[FunctionNode, ...],
    known: dict[FunctionNode, _Waits],
) -> _Waits:
    """The calls in a function that wait, with the canonical name of what does."""
    if function in known:
        return known[function]
    local = dict.fromkeys(_bound(function), "")
    local |= _annotated(function, names)
    inner: dict[str, FunctionNode] = {}
    found: _Waits = []
    for node in _in_order(function):
        if isinstance(node, ast.FunctionDef):
            inner[node.name] = node
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            _hold(node.targets[0], node.value, names, local)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            _hold(node.optional_vars, node.context_expr, names, local)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            local |= imported_names(node)
        elif isinstance(node, ast.Call):
            name = dotted(node.func, names, local)
            if name and blocking(name):
                found.append((node, name))
                continue
            helper = _helper(node, names, local, inner)
            if (
                helper
                and helper is not function
                and helper not in above
                and len(above) < _MAX_DEPTH
            ):
                waits = _calls(helper, names, (*above, function), known)
                found += [(node, name) for _, name in waits[:1]]
    known[function] = found
    return found


def _helper(
    node: ast.Call, names: Names, local: Mapping[str, str], inner: Mapping[str, FunctionNode]
) -> FunctionNode | None:
    if not isinstance(node.func, ast.Name):
        return None
    if node.func.id in inner:
        return inner[node.func.id]
    return None if node.func.id in local else names.functions.get(node.func.id)


def _hold(target: ast.expr, value: ast.expr, names: Names, local: dict[str, str]) -> None:
    """A name holds an object whose type may be known."""
    if isinstance(target, ast.Name):
        local[target.id] = dotted(value, names, local)


def _annotated(function: FunctionNode, names: Names) -> dict[str, str]:
    spec = function.args
    every = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
    return {arg.arg: dotted(arg.annotation, names) for arg in every if arg.annotation is not None}


def _bound(function: FunctionNode) -> Iterator[str]:
    """The names that are local to a function."""
    for node in ast.walk(function.args):
        if isinstance(node, ast.arg):
            yield node.arg
    for node in _in_order(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _in_order(function: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a body as they run; error paths and what is defined inside are left out."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ExceptHandler | ast.Raise):
            continue
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))
