"""Read the expressions of a function for what they refer to.

    total            what the name was given last
    self.rows[k]     a part of something that outlives the call
    [a, b]           a new container with old members
    rows + [x]       a new container, too

Looking at a thing and only naming it are told apart: ``rows.append(x)`` does not read `rows`.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from clustrix.analysis._operators import FORMATTED, SUBSCRIPTED, operator_methods
from clustrix.analysis._passing import Reader
from clustrix.analysis._refs import (
    FRESH,
    NOTHING,
    Home,
    Ref,
    Thing,
    Value,
    attribute,
    is_outside,
    join,
    member,
    shell,
)
from clustrix.analysis._touched import ADD, TAKE, Touch, is_own
from clustrix.analysis.catalogue.effects import NOT_DATA, VIEWED

__all__ = ["LocalThing", "Referring", "is_viewed"]


class LocalThing(Thing):
    """A function defined inside the function being read, with the names around it."""

    def __init__(self, node: Any, walk: Referring) -> None:
        self.node = node
        self.walk = walk


class Referring(ABC):
    """One function being read: its expressions.

    Args:
        home: where its names are looked up.
        names: what its parameters refer to.
        reader: what is shared with its helpers.
        depth: how many calls away from the outermost function.
        outer: the function around it, for a nested one.
    """

    def __init__(
        self,
        home: Home,
        names: dict[str, Value],
        reader: Reader,
        depth: int = 0,
        outer: Referring | None = None,
    ) -> None:
        self.home = home
        self.names = names
        self.reader = reader
        self.depth = depth
        self.outer = outer
        self.returned: list[Value] = []
        self.shared_names: dict[str, str] = {}  # declared `global` or `nonlocal`
        self.mixed: set[str] = set()  # containers with members of both kinds
        self.tested: set[str] = set()  # arguments that a library treats by their type
        self.locks = 0
        self.restores = 0  # around this place: what brings settings back
        self.lazy: list[str] = []  # what an `if X is None` around this place fills

    # ---- what it refers to ----------------------------------------------------------------

    def value(self, node: ast.expr | None) -> Value:
        """What an expression refers to; looking at it counts as reading it."""
        found = self.refer(node)
        for ref in found:
            if is_outside(ref):
                self.reader.touched.read(ref)
        return found

    def refer(self, node: ast.expr | None) -> Value:
        """What an expression refers to, without having looked at it."""
        if node is None:
            return NOTHING
        self.reader.step(self.depth)
        handler = _EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return NOTHING

    def look_up(self, name: str) -> Value:
        """What a name refers to."""
        walk: Referring | None = self
        if self.shared_names.get(name) != "global":
            while walk is not None:
                if name in walk.names:
                    return walk.names[name]
                walk = walk.outer
        return self.home.lookup(name)

    def _name(self, node: ast.Name) -> Value:
        return self.look_up(node.id)

    def _constant(self, node: ast.Constant) -> Value:
        return NOTHING

    def _attribute(self, node: ast.Attribute) -> Value:
        value = self.refer(node.value)
        if node.attr == "__dict__":
            return value
        return attribute(value, node.attr)

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.refer(node.value)
        self.value(node.slice)
        self.operate(value, SUBSCRIPTED, node)
        if isinstance(node.value, ast.Name) and node.value.id in self.mixed:
            value = tuple(ref for ref in value if not ref.shell)
        if not isinstance(node.slice, ast.Slice):
            return member(value)
        views = tuple(ref for ref in value if is_viewed(ref))
        copies = tuple(ref for ref in value if ref not in views) if views else value
        return join(views, shell(member(copies)))

    def _display(self, node: Any) -> Value:
        parts = []
        for part in node.elts:
            starred = isinstance(part, ast.Starred)
            parts.append(self.iterate(part.value) if starred else self.value(part))
        return shell(join(*parts))

    def _dict(self, node: ast.Dict) -> Value:
        parts = []
        for key, one in zip(node.keys, node.values, strict=True):
            found = self.value(one)
            parts.append(found if key is not None else member(found))
            self.value(key)
        return shell(join(*parts))

    def _either(self, node: ast.BoolOp) -> Value:
        return join(*[self.value(part) for part in node.values])

    def _if_else(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return join(self.refer(node.body), self.refer(node.orelse))

    def _walrus(self, node: ast.NamedExpr) -> Value:
        found = self.refer(node.value)
        self.names[node.target.id] = found
        return found

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        self.operate(left, operator_methods(node.op), node)
        self.operate(right, operator_methods(node.op, right=True), node)
        return shell(join(member(left), member(right))) if isinstance(node.op, ast.Add) else NOTHING

    def _compare(self, node: ast.Compare) -> Value:
        if all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            for part in (node.left, *node.comparators):
                (self.refer if isinstance(part, ast.Name) else self.value)(part)
            return NOTHING
        left = self.value(node.left)
        for op, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            self.operate(left, operator_methods(op), node)
            self.operate(right, operator_methods(op, right=True), node)
            if isinstance(op, ast.In | ast.NotIn):
                self.use_up(right, part)
            left = right
        return NOTHING

    def _unary(self, node: ast.UnaryOp) -> Value:
        self.operate(self.value(node.operand), operator_methods(node.op), node)
        return NOTHING

    def _formatted(self, node: ast.FormattedValue) -> Value:
        self.operate(self.value(node.value), FORMATTED, node)
        return self.value(node.format_spec)

    def _comprehension(self, node: Any) -> Value:
        before = dict(self.names)
        for part in node.generators:
            self.bind(part.target, self.iterate(part.iter))
            for test in part.ifs:
                self.value(test)
        if isinstance(node, ast.DictComp):
            self.value(node.key)
            found = self.refer(node.value)
        else:
            found = self.refer(node.elt)
        self.names = before
        return shell(found)

    def _lambda(self, node: ast.Lambda) -> Value:
        return (Ref("", FRESH, LocalThing(node, self)),)

    def _passed(self, node: Any) -> Value:
        return self.refer(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Value:
        found = self.refer(node.value)
        if isinstance(node, ast.YieldFrom):
            self.use_up(found, node)
        self.returned.append(shell(found) if isinstance(node, ast.Yield) else found)
        return NOTHING

    def iterate(self, node: ast.expr) -> Value:
        """What a loop over an expression gives; an iterator that others share is used up."""
        found = self.value(node)
        self.use_up(found, node)
        return member(found)

    def use_up(self, value: Value, node: ast.expr) -> None:
        """Somebody goes through it: an iterator that others share gives them what is left."""
        self.operate(value, ("__iter__",), node)
        for ref in value:
            if ref.thing is not None and not ref.shell and ref.thing.is_iterator():
                self.touch(TAKE, ref, node)

    @abstractmethod
    def call(self, node: ast.Call) -> Value:
        """What a call gives; for the class that knows what calls mean."""

    @abstractmethod
    def operate(self, value: Value, methods: Iterable[str], node: ast.expr) -> None:
        """What runs by itself calls methods of objects; for the class that knows calls."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Value) -> None:
        """Give a target a value; for the class that knows statements."""

    # ---- what it changes ------------------------------------------------------------------

    def touch(
        self,
        kind: str,
        ref: Ref,
        node: ast.AST,
        name: str = "",
        *,
        part: str = "",
        guarded: bool = False,
    ) -> None:
        """Note a write to what ``ref`` refers to, or to a part of it."""
        path = f"{ref.path}{part}"
        if not is_outside(ref) or any(path.startswith(lazy) for lazy in self.lazy):
            return
        if any(path.startswith(tested) for tested in self.tested):
            return
        if self.home.library and kind == ADD and "cache" in path.lower():
            return  # only saves time
        if ref.thing is not None and (
            ref.thing.is_shown() or not NOT_DATA.isdisjoint(ref.thing.kinds())
        ):
            return
        self.note(kind, name or path, path, node, own=is_own(ref), guarded=guarded)

    def note(
        self,
        kind: str,
        name: str,
        path: str,
        node: Any,
        *,
        own: bool = False,
        guarded: bool = False,
    ) -> None:
        place = (self.home.file, node.lineno, node.col_offset + 1)
        if self.home.internal and self.reader.trail:
            place = self.reader.trail[-1]
        self.reader.touched.note(Touch(kind, name, path, *place, own, guarded))


def is_viewed(ref: Ref) -> bool:
    """Whether a part of it is no copy."""
    return ref.thing is not None and not VIEWED.isdisjoint(ref.thing.kinds())


_EXPRESSIONS: dict[type, Callable[[Any, Any], Value]] = {
    ast.Name: Referring._name,
    ast.Constant: Referring._constant,
    ast.Attribute: Referring._attribute,
    ast.Subscript: Referring._subscript,
    ast.List: Referring._display,
    ast.Tuple: Referring._display,
    ast.Set: Referring._display,
    ast.Dict: Referring._dict,
    ast.BoolOp: Referring._either,
    ast.IfExp: Referring._if_else,
    ast.NamedExpr: Referring._walrus,
    ast.BinOp: Referring._binary,
    ast.Compare: Referring._compare,
    ast.UnaryOp: Referring._unary,
    ast.FormattedValue: Referring._formatted,
    ast.ListComp: Referring._comprehension,
    ast.SetComp: Referring._comprehension,
    ast.GeneratorExp: Referring._comprehension,
    ast.DictComp: Referring._comprehension,
    ast.Lambda: Referring._lambda,
    ast.Starred: Referring._passed,
    ast.Await: Referring._passed,
    ast.Yield: Referring._yield,
    ast.YieldFrom: Referring._yield,
    ast.Call: lambda walk, node: walk.call(node),
}
