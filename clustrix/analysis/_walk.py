"""Walk the body of one function in the order in which it runs, keeping track of what names mean.

    statement ─> expression ─> value of its parts ─> call ─> reader.call(value, arguments)
        └ branches join, error paths are quiet, what cannot run is left out

A name has the value it was given last; after a branch, one of the values it may have.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from clustrix.analysis._conditions import asks_for_a_file, decide
from clustrix.analysis._expressions import Arguments, Expressions, Reader
from clustrix.analysis._names import annotated, imported
from clustrix.analysis._source import FunctionNode, in_library
from clustrix.analysis._static import stores
from clustrix.analysis._values import (
    FROM_CACHE,
    NONE,
    Instance,
    Local,
    Unknown,
    Value,
    attribute,
    item_of,
    join,
)
from clustrix.analysis.catalogue import DEBUG_WORDS

__all__ = ["Arguments", "Reader", "Walk"]

_MISSES = frozenset({"KeyError", "LookupError", "IndexError"})


class Walk(Expressions):
    """One function being read: its statements.

    `block` and `statement` say whether the code behind them can be reached.
    """

    def run(self) -> None:
        """Walk the whole body."""
        self.body(self.source.node)

    def body(self, node: FunctionNode) -> None:
        """Walk the body of this function, or of one defined inside it."""
        if isinstance(node, ast.Lambda):
            self.returned.append(self.value(node.body))
        else:
            self.block(node.body)

    def block(self, body: list[ast.stmt]) -> bool:
        """Walk statements in order; False when control does not come out at the end."""
        return all(self.statement(node) for node in body)

    def statement(self, node: ast.stmt) -> bool:
        """Walk one statement; False when control does not come out behind it."""
        self.reader.step()
        handler = _STATEMENTS.get(type(node))
        return True if handler is None else handler(self, node) is not False

    def _expr(self, node: ast.Expr) -> None:
        self.value(node.value)

    def _return(self, node: ast.Return) -> bool:
        self.returned.append(self.value(node.value) if node.value else NONE)
        return False

    def _raise(self, node: ast.Raise) -> bool:
        self.quiet += 1
        for part in (node.exc, node.cause):
            if part:
                self.value(part)
        self.quiet -= 1
        return False

    def _leave(self, node: ast.stmt) -> bool:
        return False

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        value = self.value(node.value) if node.value else None
        said = annotated(node.annotation, self.source)
        if value is None or value is NONE or isinstance(value, Unknown):
            value = said or value
        if value is not None:
            self.bind(node.target, value)

    def _aug_assign(self, node: ast.AugAssign) -> None:
        self.value(node.value)

    def _if(self, node: ast.If) -> bool:
        verdict = decide(node.test, self)
        self.value(node.test)
        if verdict is True:
            return self._branch(node.body, node.test)
        if verdict is False:
            return self.block(node.orelse)
        before = dict(self.names)
        through = self._branch(node.body, node.test)
        after_body, self.names = self.names, before
        through_else = self._quiet_if_raises(node.orelse)
        if through and through_else:
            self._merge(after_body)
        elif through:
            self.names = after_body
        return through or through_else

    def _branch(self, body: list[ast.stmt], test: ast.expr) -> bool:
        """A branch; a debugging aid or the way to a `raise` does not count."""
        aid = _is_debug(test) or (decide(test, self) is None and asks_for_a_file(test))
        aid = aid or (self.depth > 0 and self._fills_a_cache(test))
        self.quiet += aid
        through = self._quiet_if_raises(body)
        self.quiet -= aid
        return through

    def _fills_a_cache(self, test: ast.expr) -> bool:
        """``if key not in _cache:``, ``if not _loaded:`` deep in a library: usually done before."""
        if not in_library(self.source.file):
            return False
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            return any(self._fills_a_cache(part) for part in test.values)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._is_kept(test.operand)
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
            return False
        if isinstance(test.ops[0], ast.NotIn):
            return self._is_kept(test.comparators[0])
        return isinstance(test.ops[0], ast.Is) and self._is_kept(test.left)

    def _is_kept(self, node: ast.expr) -> bool:
        """Whether a name belongs to the module and is written by the function, or came from it."""
        if not isinstance(node, ast.Name):
            return False
        local = self.names.get(node.id)
        if local is not None:
            return isinstance(local, Unknown) and local.cause == FROM_CACHE
        kept = self.source.namespace.get(node.id)
        return type(kept) is dict or stores(self.source.function.__code__, node.id, field=False)

    def _quiet_if_raises(self, body: list[ast.stmt]) -> bool:
        raises = bool(body) and isinstance(body[-1], ast.Raise)
        self.quiet += raises
        through = self.block(body)
        self.quiet -= raises
        return through

    def _merge(self, other: dict[str, Value]) -> None:
        mine = self.names
        for name, value in other.items():
            if name not in mine:
                mine[name] = value
            elif mine[name] is not value:
                mine[name] = join([mine[name], value])

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        self.bind(node.target, self.item(node.iter, waits=isinstance(node, ast.AsyncFor)))
        self._maybe(node.body)
        return self.block(node.orelse) or True

    def _while(self, node: ast.While) -> bool:
        self.value(node.test)
        self._maybe(node.body)
        self.block(node.orelse)
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return not forever or any(isinstance(part, ast.Break) for part in ast.walk(node))

    def _maybe(self, body: list[ast.stmt]) -> None:
        before = dict(self.names)
        self.block(body)
        self._merge(before)

    def _try(self, node: Any) -> bool:
        through = self.block(node.body)
        if through:
            through = self.block(node.orelse)
        for handler in node.handlers:
            before = dict(self.names)
            error = not _is_miss(handler) or (self.depth > 0 and in_library(self.source.file))
            self.quiet += error
            if handler.name:
                self.names[handler.name] = Unknown("an exception")
            came_out = self.block(handler.body)
            self.quiet -= error
            if came_out:
                self._merge(before)
            else:
                self.names = before
            through = through or came_out
        return self.block(node.finalbody) and through

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            value = self.value(item.context_expr)
            if isinstance(node, ast.AsyncWith) and not isinstance(item.context_expr, ast.Call):
                self.reader.awaited(value, self, item.context_expr)
            if isinstance(value, Instance) and value.name == "generator":
                entered = item_of(value)  # @contextmanager: what was yielded
            else:
                enter = attribute(value, "__enter__")
                entered = self.reader.call(enter, ([], {}), self, item.context_expr)
            if item.optional_vars is not None:
                known = not isinstance(entered, Unknown) and entered is not NONE
                self.bind(item.optional_vars, entered if known else value)
        return self.block(node.body)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names.update(imported(node, self.source.namespace))

    def _def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names[node.name] = Local(node, self)

    def _class(self, node: ast.ClassDef) -> None:
        self.names[node.name] = Unknown("a class defined inside the function")

    def _match(self, node: ast.Match) -> bool:
        self.value(node.subject)
        through = False
        for case in node.cases:
            before = dict(self.names)
            through = self._quiet_if_raises(case.body) or through
            self._merge(before)
        return True

    def _assert(self, node: ast.Assert) -> None:
        self.value(node.test)


def _is_debug(test: ast.expr) -> bool:
    """``if debug:``, ``if self.verbose > 1:``, ``if DEBUG and x:``."""
    if isinstance(test, ast.UnaryOp):
        return False
    for part in ast.walk(test):
        name = getattr(part, "id", None) or getattr(part, "attr", None)
        if isinstance(name, str) and name.lower().strip("_").startswith(DEBUG_WORDS):
            return True
    return False


def _is_miss(handler: ast.ExceptHandler) -> bool:
    """``except KeyError:`` around a look into a cache: what follows is the ordinary work."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return bool(kinds) and all(isinstance(kind, ast.Name) and kind.id in _MISSES for kind in kinds)


_STATEMENTS: dict[type, Callable[[Walk, Any], bool | None]] = {
    ast.Expr: Walk._expr,
    ast.Return: Walk._return,
    ast.Raise: Walk._raise,
    ast.Break: Walk._leave,
    ast.Continue: Walk._leave,
    ast.Assign: Walk._assign,
    ast.AnnAssign: Walk._ann_assign,
    ast.AugAssign: Walk._aug_assign,
    ast.If: Walk._if,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.Try: Walk._try,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import,
    ast.FunctionDef: Walk._def,
    ast.AsyncFunctionDef: Walk._def,
    ast.ClassDef: Walk._class,
    ast.Match: Walk._match,
    ast.Assert: Walk._assert,
}
if hasattr(ast, "TryStar"):  # Python 3.11
    _STATEMENTS[ast.TryStar] = Walk._try
