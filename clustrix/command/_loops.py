"""Loops over a function whose items do not depend on each other, and whose calls are real work.

    for x in xs: out.append(f(x))      [f(x) for x in xs]      list(map(f, xs))

The shape is judged here, the function by `_worth`.  Where either is in doubt nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from clustrix._model import Finding
from clustrix.analysis import blocking, dotted
from clustrix.command._files import Source
from clustrix.command._harmless import WAITS_LONG
from clustrix.command._survey import Scope, Survey
from clustrix.command._worth import Judge, sounds_like_change

__all__ = ["check_loops"]

_COLLECT = frozenset({"add", "append", "extend"})
_FEW = 8  # items that are written down: fewer than this are not worth a word

# What an argument besides the item may consist of: it must mean the same in each iteration.
_STEADY = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.Slice),
    *(ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context, ast.JoinedStr),
    *(ast.FormattedValue, ast.Dict),
)


class _Shape(NamedTuple):
    """A loop that calls one function for each item.

    Attributes:
        code: of the finding.
        called: the function.
        arguments: those of the call; ``None`` where they are the items themselves.
        targets: the names that change from one item to the next.
        items: what the loop runs over.
        out: the name that collects the results, if there is one.
    """

    code: str
    called: ast.expr
    arguments: list[ast.expr] | None
    targets: frozenset[str]
    items: ast.expr
    out: str = ""


def check_loops(source: Source, survey: Survey) -> Iterator[Finding]:
    """The loops of a module that are worth decorating their function for."""
    judge = Judge(source, survey)
    parallel = {getattr(one.function, "name", ""): one.function for one in survey.decorated}
    inside = {id(one.function) for one in survey.decorated}
    for loop in survey.loops:
        shape = _shape(loop.node)
        if shape is None or not isinstance(shape.called, ast.Name | ast.Attribute):
            continue
        around = list(loop.scope.functions())
        if any(isinstance(node, ast.AsyncFunctionDef) or id(node) in inside for node in around):
            continue
        if not _is_independent(shape) or _is_few(shape.items):
            continue
        name = _name(shape.called, loop.scope, survey)
        if name and survey.names.functions.get(name) is parallel.get(name, survey):
            why = f"is decorated and gets one item at a time; give it all: {name}({_items(shape)})"
            yield source.finding("CK504", loop.node, f"{name}()", why)
            continue
        why = judge.why(name) if name else _waits_itself(shape.called, survey)
        if why and not _is_recursive(name, around, survey):
            shown = f"{name}()" if name else ast.unparse(shape.called)
            why = f"{why}; the items do not depend on each other"
            yield source.finding(shape.code, loop.node, shown, why)


def _name(called: ast.expr, scope: Scope, survey: Survey) -> str:
    """The name of a function of the module, unless it means something else where the loop is."""
    if not isinstance(called, ast.Name) or called.id not in survey.names.functions:
        return ""
    for function in scope.functions():
        for node in ast.walk(function):
            given = isinstance(node, ast.arg) and node.arg == called.id
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            if given or (stored and node.id == called.id):  # type: ignore[attr-defined]
                return ""
    return called.id


def _waits_itself(called: ast.expr, survey: Survey) -> str:
    """A library function that waits long, called directly."""
    name = dotted(called, survey.names)
    entry = blocking(name)
    if entry is None or sounds_like_change(name):
        return ""
    return entry.why if {entry.code, entry.code[:3]} & WAITS_LONG else ""


def _shape(node: ast.AST) -> _Shape | None:
    if isinstance(node, ast.ListComp | ast.SetComp):
        return _comprehension(node, node.elt)
    if isinstance(node, ast.DictComp):
        return _comprehension(node, node.value) if _is_steady(node.key) else None
    if isinstance(node, ast.Call):
        inner = node.args[0]
        if isinstance(inner, ast.GeneratorExp):
            return _comprehension(inner, inner.elt)
        return _mapped(inner)
    return _appending(node) if isinstance(node, ast.For) else None


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, value: ast.expr
) -> _Shape | None:
    part = node.generators[0]
    arguments = _arguments(value) if isinstance(value, ast.Call) else None
    if len(node.generators) > 1 or part.is_async or arguments is None:
        return None
    assert isinstance(value, ast.Call)  # only calls have arguments
    return _Shape("CK502", value.func, arguments, _targets(part.target), part.iter)


def _mapped(inner: ast.expr) -> _Shape | None:
    """``map(f, xs)``."""
    if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Name):
        return None
    if inner.func.id != "map" or len(inner.args) != 2 or inner.keywords:
        return None
    called, items = inner.args
    return _Shape("CK503", called, None, frozenset(), items)


def _appending(node: ast.For) -> _Shape | None:
    """``out.append(f(x))``, ``out[x] = f(x)`` or ``total += f(x)``; the value may have a name."""
    if node.orelse or not 1 <= len(node.body) <= 2:
        return None
    collected = _collected(node.body[-1])
    if collected is None:
        return None
    out, value = collected
    if len(node.body) == 2:
        first = node.body[0]
        if not isinstance(first, ast.Assign) or len(first.targets) > 1:
            return None
        named = first.targets[0]
        if not isinstance(named, ast.Name) or ast.unparse(value) != named.id:
            return None
        value = first.value
    arguments = _arguments(value) if isinstance(value, ast.Call) else None
    if arguments is None:
        return None
    assert isinstance(value, ast.Call)  # only calls have arguments
    return _Shape("CK501", value.func, arguments, _targets(node.target), node.iter, out)


def _collected(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name that collects, and the value that it collects."""
    out: ast.expr | None = None
    value: ast.expr | None = None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in _COLLECT
            and call.args[1:] == []
        ):
            out, value = call.func.value, call.args[0] if call.args else None
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        place = statement.targets[0]
        out, value = place.value, statement.value if _is_steady(place.slice) else None
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        out, value = statement.target, statement.value
    return (out.id, value) if isinstance(out, ast.Name) and value is not None else None


def _arguments(call: ast.Call) -> list[ast.expr] | None:
    """All arguments of a call; ``None`` where it is not certain what they are."""
    if any(isinstance(arg, ast.Starred) for arg in call.args):
        return None
    if any(word.arg is None for word in call.keywords):
        return None
    return [*call.args, *(word.value for word in call.keywords)]


def _targets(target: ast.expr) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _is_independent(shape: _Shape) -> bool:
    """One argument is the item, the others stay the same, and the results are not among them."""
    if shape.arguments is None:
        return True
    varying = 0
    for argument in shape.arguments:
        if not _is_steady(argument):
            return False
        names = {node.id for node in ast.walk(argument) if isinstance(node, ast.Name)}
        varying += not names.isdisjoint(shape.targets)
        if shape.out in names:
            return False
    over = {node.id for node in ast.walk(shape.items) if isinstance(node, ast.Name)}
    return varying == 1 and shape.out not in over


def _is_steady(node: ast.expr) -> bool:
    return all(isinstance(part, _STEADY) for part in ast.walk(node))


def _is_few(items: ast.expr) -> bool:
    """Items that are written down, and few."""
    if isinstance(items, ast.List | ast.Tuple | ast.Set):
        return len(items.elts) < _FEW
    if isinstance(items, ast.Constant):
        return True
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Name):
        try:
            numbers = [ast.literal_eval(arg) for arg in items.args]
            return items.func.id == "range" and len(range(*numbers)) < _FEW
        except (ValueError, TypeError):
            return False
    return False


def _is_recursive(name: str, around: list[ast.AST], survey: Survey) -> bool:
    """Whether the loop stands in the function itself, or in a helper of it."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        reached.add(one := waiting.pop())
        function = survey.names.functions.get(one)
        if function is None:
            continue
        if function in around:
            return True
        called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        waiting += sorted(called & survey.names.functions.keys() - reached)
    return False


def _items(shape: _Shape) -> str:
    return ast.unparse(shape.items) if isinstance(shape.items, ast.Name) else "items"
