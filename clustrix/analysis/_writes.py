"""Walk the body of one function in the order in which it runs, and note what it writes.

    if ready:               each branch leaves a name with one of the values it may have
    for row in rows:        a part of what is iterated over
    with lock:              what is added in here is added safely
    return rows             what the caller gets; nothing behind it runs

What assignments do is in `_targets`, calls in `_touching`, and expressions in `_referring`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from clustrix.analysis._guards import is_lock, tested_for_nothing
from clustrix.analysis._operators import OPENS
from clustrix.analysis._referring import LocalThing
from clustrix.analysis._refs import (
    FRESH,
    ITEM,
    NOTHING,
    Ref,
    Value,
    is_outside,
    join,
    member,
)
from clustrix.analysis._targets import Targets
from clustrix.analysis.catalogue.effects import RESTORES

__all__ = ["Writes"]


class Writes(Targets):
    """One function being read: its statements."""

    def run(self, node: Any) -> None:
        """Walk the whole body."""
        if isinstance(node, ast.Lambda):
            self.returned.append(self.value(node.body))
        else:
            self.block(node.body)

    def block(self, body: list[ast.stmt]) -> bool:
        """Walk statements in order; False when control does not come out at the end."""
        return all(self.statement(node) for node in body)

    def statement(self, node: ast.stmt) -> bool:
        """Walk one statement; False when control does not come out behind it."""
        self.reader.step(self.depth)
        handler = _STATEMENTS.get(type(node))
        return True if handler is None else handler(self, node) is not False

    def _expr(self, node: ast.Expr) -> None:
        self.refer(node.value)

    def _return(self, node: ast.Return) -> bool:
        self.returned.append(self.value(node.value))
        return False

    def _raise(self, node: ast.Raise) -> bool:
        self.value(node.exc)
        return False

    def _leave(self, node: ast.stmt) -> bool:
        return False

    def _if(self, node: ast.If) -> bool:
        if isinstance(node.test, ast.Constant):
            return self.block(node.body if node.test.value else node.orelse)
        filled = self._filled_lazily(node)
        if filled:
            self.lazy.extend(filled)
            self.block(node.body)
            del self.lazy[-len(filled) :]
            return True
        self.value(node.test)
        before = dict(self.names)
        through = self.block(node.body)
        after, self.names = self.names, before
        through_else = self.block(node.orelse)
        if through and through_else:
            self._merge(after)
        elif through:
            self.names = after
        return through or through_else

    def _merge(self, other: dict[str, Value]) -> None:
        for name, value in other.items():
            mine = self.names.get(name, NOTHING)
            self.names[name] = value if mine is value else join(mine, value)

    def _filled_lazily(self, node: ast.If) -> list[str]:
        """``if X is None: X = load()``: each lane fills its own, with what is always the same."""
        tested = tested_for_nothing(node.test)
        if tested is None or node.orelse:
            return []
        targets = [
            target
            for part in node.body
            if isinstance(part, ast.Assign) and not self._mentions_item(part.value)
            for target in part.targets
        ]
        if ast.unparse(tested) not in map(ast.unparse, targets):
            return []
        found: list[str] = []
        for target in targets:
            if isinstance(target, ast.Name):
                found += [target.id] if target.id in self.shared_names else []
            elif isinstance(target, ast.Attribute):
                found += [ref.path for ref in self.refer(target) if is_outside(ref)]
        return found

    def _mentions_item(self, node: ast.expr) -> bool:
        """Whether the value of an expression may differ from item to item."""
        parts = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        inside = {part.id for part in parts if isinstance(part.ctx, ast.Store)}
        for part in parts:
            if part.id in self.names and part.id not in inside:
                found = self.names[part.id]
                if not found or any(ref.root == ITEM for ref in found):
                    return True
        return False

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        self.bind(node.target, self.iterate(node.iter))
        self._maybe(node.body)
        self.block(node.orelse)
        return True

    def _while(self, node: ast.While) -> bool:
        never = isinstance(node.test, ast.Constant) and not node.test.value
        self.value(node.test)
        if not never:
            self._maybe(node.body)
        self.block(node.orelse)
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return not forever or any(isinstance(part, ast.Break) for part in ast.walk(node))

    def _maybe(self, body: list[ast.stmt]) -> None:
        before = dict(self.names)
        self.block(body)
        self._merge(before)

    def _try(self, node: Any) -> bool:
        before = dict(self.names)
        through = self.block(node.body) and self.block(node.orelse)
        for handler in node.handlers:
            after, self.names = self.names, {**before, **self.names}
            if handler.name:
                self.names[handler.name] = NOTHING
            came_out = self.block(handler.body)
            if came_out:
                self._merge(after)
            else:
                self.names = after
            through = through or came_out
        return self.block(node.finalbody) and through

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        locks = restores = 0
        for item in node.items:
            found = self.value(item.context_expr)
            self.operate(found, OPENS, item.context_expr)
            locks += any(is_lock(ref) for ref in found)
            restores += _brings_back(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, found)
        self.locks += locks
        self.restores += restores
        through = self.block(node.body)
        self.locks -= locks
        self.restores -= restores
        return through

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names.update(self.home.imported(node))

    def _def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names[node.name] = (Ref("", FRESH, LocalThing(node, self)),)

    def _class(self, node: ast.ClassDef) -> None:
        self.names[node.name] = NOTHING

    def _match(self, node: Any) -> bool:
        subject = self.value(node.subject)
        before, through = dict(self.names), False
        for case in node.cases:
            after, self.names = self.names, dict(before)
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.names[name] = join(subject, member(subject))
            self.value(case.guard)
            if self.block(case.body):
                through = True
                self._merge(after)
            else:
                self.names = after
        return through or not any(_takes_all(case) for case in node.cases)


def _brings_back(node: ast.expr) -> bool:
    """``with warnings.catch_warnings(): …``: what is set inside does not outlive the block."""
    called = node.func if isinstance(node, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in RESTORES


def _takes_all(case: Any) -> bool:
    return case.guard is None and getattr(case.pattern, "pattern", ...) is None


_STATEMENTS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Expr: Writes._expr,
    ast.Return: Writes._return,
    ast.Raise: Writes._raise,
    ast.Break: Writes._leave,
    ast.Continue: Writes._leave,
    ast.Global: Writes._shared,
    ast.Nonlocal: Writes._shared,
    ast.Assign: Writes._assign,
    ast.AnnAssign: Writes._ann_assign,
    ast.AugAssign: Writes._aug_assign,
    ast.Delete: Writes._delete,
    ast.If: Writes._if,
    ast.For: Writes._for,
    ast.AsyncFor: Writes._for,
    ast.While: Writes._while,
    ast.Try: Writes._try,
    ast.With: Writes._with,
    ast.AsyncWith: Writes._with,
    ast.Import: Writes._import,
    ast.ImportFrom: Writes._import,
    ast.FunctionDef: Writes._def,
    ast.AsyncFunctionDef: Writes._def,
    ast.ClassDef: Writes._class,
    ast.Match: Writes._match,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = Writes._try
