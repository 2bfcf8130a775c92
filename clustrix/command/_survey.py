"""One walk through a module: what it imports, defines, decorates, and where it loops.

    tree ─> Survey(names, decorated functions, loops), each with the scopes around it

Everything else looks at what this walk has found, so a file is walked once however many rules
there are.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from clustrix.analysis import Names, dotted, imported_names

__all__ = ["Decorated", "Function", "Loop", "Scope", "Survey", "survey"]

Function = ast.FunctionDef | ast.AsyncFunctionDef

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = frozenset({ast.For, ast.ListComp, ast.SetComp, ast.DictComp})
_USING_UP = frozenset({"dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"})
_PARALLEL = frozenset({"clustrix.parallel", "clustrix.decorators.parallel"})


class Scope(NamedTuple):
    """A function or class, or the module itself, and what is around it."""

    node: ast.AST
    above: Scope | None

    def functions(self) -> Iterator[ast.AST]:
        """The functions around a place, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield scope.node
            scope = scope.above


class Loop(NamedTuple):
    """A `for` statement, a comprehension, or a call that uses up a generator or a map."""

    node: ast.For | ast.ListComp | ast.SetComp | ast.DictComp | ast.Call
    scope: Scope


class Decorated(NamedTuple):
    """A function that `parallel` is applied to.

    Attributes:
        function: its definition.
        place: what applies it: the decorator, or a call.
        said: the call with the options; ``None`` where there are none.
        scope: what is around the function.
    """

    function: Function | ast.Lambda
    place: ast.expr
    said: ast.Call | None
    scope: Scope


@dataclass
class Survey:
    """What the walk found.

    Attributes:
        names: imports, and functions of the module that are defined once and never rebound.
        scopes: for each function of the module what is around it.
        records: classes of the module that only hold fields.
        decorated: the functions that are parallel already.
        loops: what may be worth it, in no certain order.
    """

    names: Names
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    records: set[str] = field(default_factory=set)
    decorated: list[Decorated] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)


def survey(tree: ast.Module) -> Survey:
    """Walk through a module."""
    imports: dict[str, str] = {}
    twice: Counter[str] = Counter()
    functions: dict[str, Function] = {}
    found = Survey(Names(imports, functions))
    calls: list[tuple[ast.Call, Scope]] = []
    top = Scope(tree, None)
    waiting: list[tuple[ast.AST, Scope]] = [(tree, top)]
    while waiting:
        node, scope = waiting.pop()
        kind = type(node)
        if kind is ast.Import or kind is ast.ImportFrom:
            imports.update(imported_names(node))  # type: ignore[arg-type]
            continue
        if kind in _LOOPS:
            found.loops.append(Loop(node, scope))  # type: ignore[arg-type]
        elif kind is ast.Call:
            calls.append((node, scope))  # type: ignore[arg-type]
        elif kind is ast.Name:
            if scope is top and isinstance(node.ctx, ast.Store):  # type: ignore[attr-defined]
                twice[node.id] += 1  # type: ignore[attr-defined]
            continue
        elif kind is ast.Constant:
            continue
        elif isinstance(node, _SCOPES):
            found.scopes[node] = scope
            if scope is top and not isinstance(node, ast.Lambda):
                twice[node.name] += 1
                if not isinstance(node, ast.ClassDef):
                    functions[node.name] = node
                elif _is_record(node):
                    found.records.add(node.name)
            scope = Scope(node, scope)
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]
    for name in [name for name in functions if twice[name] > 1]:
        del functions[name]
    if any(name.startswith("clustrix") for name in imports.values()):
        found.decorated = [*_by_decorator(found, tree), *_by_call(found, calls)]
    found.loops += [
        Loop(call, scope)
        for call, scope in calls
        if _uses_up(call) and getattr(call.func, "id", "") not in imports
    ]
    return found


def _uses_up(call: ast.Call) -> bool:
    """``sum(…)``, ``", ".join(…)``: what they are given is gone through to its end, at once."""
    if len(call.args) != 1 or not isinstance(call.args[0], ast.GeneratorExp | ast.Call):
        return False
    func = call.func
    if isinstance(func, ast.Attribute):
        return func.attr == "join" and isinstance(func.value, ast.Constant)
    return isinstance(func, ast.Name) and func.id in _USING_UP


def _is_record(node: ast.ClassDef) -> bool:
    """A NamedTuple or a dataclass that does nothing when it is made."""
    said = [*node.bases, *(d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)]
    words = {getattr(part, "attr", getattr(part, "id", "")) for part in said}
    if words.isdisjoint({"NamedTuple", "dataclass"}):
        return False
    busy = {"__init__", "__new__", "__post_init__"}
    return not any(getattr(part, "name", "") in busy for part in node.body)


def _by_decorator(found: Survey, tree: ast.Module) -> Iterator[Decorated]:
    ready = _ready_made(found, tree)
    for node, scope in found.scopes.items():
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for place in node.decorator_list:
            called = place if isinstance(place, ast.Call) else None
            name = dotted(called.func if called else place, found.names)
            if name in _PARALLEL:
                yield Decorated(node, place, called, scope)
            elif isinstance(place, ast.Name) and place.id in ready:
                yield Decorated(node, place, ready[place.id], scope)


def _ready_made(found: Survey, tree: ast.Module) -> dict[str, ast.Call]:
    """``on_threads = parallel(executor="threads")``: decorators with a name of their own."""
    return {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        if dotted(statement.value.func, found.names) in _PARALLEL and not statement.value.args
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _by_call(found: Survey, calls: list[tuple[ast.Call, Scope]]) -> Iterator[Decorated]:
    """``parallel(f)``, ``parallel(lambda …)`` and ``parallel(…)(f)``."""
    for call, scope in calls:
        said = call.func if isinstance(call.func, ast.Call) else call
        if len(call.args) != 1 or dotted(said.func, found.names) not in _PARALLEL:
            continue
        given = call.args[0]
        if isinstance(given, ast.Lambda):
            yield Decorated(given, call, said, scope)
        elif isinstance(given, ast.Name) and given.id in found.names.functions:
            yield Decorated(found.names.functions[given.id], call, said, scope)
