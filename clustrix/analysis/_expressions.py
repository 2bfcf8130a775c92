"""What an expression means, from what its parts mean.

    requests.get(url).json()
    └ name ─> object ─> attribute ─> call: told to the reader ─> value ─> attribute ─> call

Knows Python and no catalogue; what a call means is for its `Reader` to say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from clustrix.analysis._conditions import asks_for_a_file, decide
from clustrix.analysis._names import global_value, owner_of
from clustrix.analysis._source import FunctionSource
from clustrix.analysis._static import mro
from clustrix.analysis._values import (
    NONE,
    Instance,
    Items,
    Known,
    Local,
    Unknown,
    Value,
    attribute,
    instance_of,
    item_of,
    join,
)

__all__ = ["Arguments", "Expressions", "Reader"]

_STR, _LIST, _DICT = (instance_of(kind) for kind in (str, list, dict))
_CONSTANTS: dict[type, Value] = {
    kind: instance_of(kind) for kind in (str, bytes, int, float, complex, bool)
}

Arguments = tuple[list[Value], dict[str, Value]]


class Reader(Protocol):
    """Who is told about the calls."""

    def step(self) -> None:
        """Count one step; raise when there were too many."""

    def call(self, value: Value, given: Arguments, walk: Any, node: ast.expr) -> Value:
        """Say what a call gives, and note whether it waits."""

    def read(self, value: Value, walk: Any, node: ast.expr) -> Value:
        """Say what an attribute gives that may be a property."""

    def held(self, value: Value) -> Value:
        """Say what an attribute holds, where something is taken out of it."""

    def awaited(self, value: Value, walk: Any, node: ast.expr) -> None:
        """Note an `await` or `async for` of something that is not known to compute."""

    def iterated(self, value: Value, walk: Any, node: ast.expr) -> None:
        """Note a loop over the lines of a file."""


class Expressions:
    """The expressions of one function being read.

    Attributes:
        source: the function.
        names: what its local names mean here.
        reader: who is told about the calls.
        depth: 0 for the outermost function, 1 for its helpers, and so on.
        quiet: above 0 in an error path, where waiting does not count.
        returned: what the function may return.
        yielded: what it may yield.
    """

    def __init__(
        self, source: FunctionSource, names: dict[str, Value], reader: Reader, depth: int
    ) -> None:
        self.source = source
        self.names = names
        self.reader = reader
        self.depth = depth
        self.quiet = 0
        self.callee: Value = NONE  # what was called last
        self.returned: list[Value] = []
        self.yielded: list[Value] = []

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give the names in an assignment target their value."""
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            ordered = isinstance(value, Items) and value.ordered
            fits = ordered and len(value.values) == len(target.elts)  # type: ignore[attr-defined]
            for index, part in enumerate(target.elts):
                self.bind(part, value.values[index] if fits else item_of(value))  # type: ignore[attr-defined]
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Instance("list", list, item=value))
        elif isinstance(target, ast.Subscript):
            self.value(target.value)
            self.value(target.slice)
        elif isinstance(target, ast.Attribute):
            self.value(target.value)
            if isinstance(target.value, ast.Name):
                # `self.out = StringIO()`: remembered under a name no variable can have.
                self.names[f"{target.value.id}.{target.attr}"] = value

    def value(self, node: ast.expr) -> Value:
        """What an expression means; the calls in it are told to the reader."""
        self.reader.step()
        handler = _EXPRESSIONS.get(type(node))
        return Unknown("not followed") if handler is None else handler(self, node)

    def _constant(self, node: ast.Constant) -> Value:
        if node.value is None:
            return NONE
        return _CONSTANTS.get(type(node.value)) or Known(node.value)

    def _name(self, node: ast.Name) -> Value:
        found = self.names.get(node.id)
        return global_value(self.source, node.id) if found is None else found

    def _attribute(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Name):
            kept = self.names.get(f"{node.value.id}.{node.attr}")
            if kept is not None:
                return kept
        place = str(getattr(node.value, "attr", None) or getattr(node.value, "id", ""))
        found = attribute(self.value(node.value), self._mangled(node.attr), place)
        return self.reader.read(found, self, node)

    def _mangled(self, name: str) -> str:
        """Private names of a class are kept under its name: ``self.__x`` is ``self._C__x``."""
        if not name.startswith("__") or name.endswith("__"):
            return name
        path = self.source.function.__qualname__.split(".")
        owner = path[-2].lstrip("_") if len(path) > 1 else ""
        return f"_{owner}{name}" if owner and owner != "<locals>" else name

    def _call(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self._super()
        function = self.value(node.func)
        args = [self.value(arg) for arg in node.args]
        kwargs = {word.arg or "**": self.value(word.value) for word in node.keywords}
        self.callee = function
        return self.reader.call(function, (args, kwargs), self, node)

    def _super(self) -> Value:
        """``super()``: an instance of the next class behind the one that defines the function."""
        owner, _ = owner_of(self.source.function)
        bases = mro(owner)[1:] if owner else ()
        return instance_of(bases[0]) if bases else Unknown("super() outside a known class")

    def _inner(self, node: Any) -> Value:
        return self.value(node.value)

    def _await(self, node: ast.Await) -> Value:
        value = self.value(node.value)
        called = isinstance(node.value, ast.Call)
        self.reader.awaited(self.callee if called else value, self, node)
        return value

    def _yield(self, node: ast.Yield) -> Value:
        self.yielded.append(self.value(node.value) if node.value else NONE)
        return Unknown("what is sent")

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        return Local(node, self)

    def _if_exp(self, node: ast.IfExp) -> Value:
        verdict = decide(node.test, self)
        self.value(node.test)
        found = []
        if verdict is not False:
            aside = verdict is None and asks_for_a_file(node.test)
            self.quiet += aside
            found.append(self.value(node.body))
            self.quiet -= aside
        if verdict is not True:
            found.append(self.value(node.orelse))
        return join(found)

    def _bool_op(self, node: ast.BoolOp) -> Value:
        return join([self.value(part) for part in node.values])

    def _bin_op(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        for side in (left, right):
            if isinstance(node.op, ast.Div) and isinstance(side, Instance) and "Path" in side.name:
                return side
        if isinstance(left, Instance) and left.name in ("str", "bytes"):
            return left
        return Unknown("a computed value")

    def _parts(self, node: ast.expr) -> Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return Unknown("a computed value")

    def _text(self, node: ast.expr) -> Value:
        self._parts(node)
        return _STR

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        values = tuple(self.value(part) for part in node.elts)
        plain = any(isinstance(part, ast.Starred) for part in node.elts)
        return Items(values, ordered=not plain) if values else _LIST

    def _dict(self, node: ast.Dict) -> Value:
        for key in node.keys:
            if key is not None:
                self.value(key)
        values = tuple(self.value(part) for part in node.values)
        return Items(values) if values else _DICT

    def _comprehension(self, node: Any) -> Value:
        before = dict(self.names)
        for part in node.generators:
            self.bind(part.target, self.item(part.iter, waits=bool(part.is_async)))
            for test in part.ifs:
                self.value(test)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        item = [self.value(part) for part in parts][-1]
        self.names = before
        return Instance("list", list, item=item)

    def item(self, node: ast.expr, *, waits: bool) -> Value:
        """What a loop over an expression gives, item by item."""
        value = self.reader.held(self.value(node))
        if waits:
            self.reader.awaited(value, self, node)
        self.reader.iterated(value, self, node)
        return item_of(value)

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.reader.held(self.value(node.value))
        index = node.slice
        self.value(index)
        if isinstance(index, ast.Constant):
            member = _member(value, index.value)
            if member is not None:
                return member
        if isinstance(index, ast.Slice):
            return value
        return item_of(value)

    def _slice(self, node: ast.Slice) -> Value:
        return self._parts(node)


def _member(value: Value, index: object) -> Value | None:
    """One member of a container whose members are known."""
    if isinstance(value, Items) and value.ordered and type(index) is int:
        size = len(value.values)
        return value.values[index] if -size <= index < size else None
    if isinstance(value, Known) and type(value.obj) is dict:
        return Known(value.obj[index]) if index in value.obj else None
    return None


_EXPRESSIONS: dict[type, Callable[[Expressions, Any], Value]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Await: Expressions._await,
    ast.YieldFrom: Expressions._inner,
    ast.Starred: Expressions._inner,
    ast.Yield: Expressions._yield,
    ast.NamedExpr: Expressions._named,
    ast.Lambda: Expressions._lambda,
    ast.IfExp: Expressions._if_exp,
    ast.BoolOp: Expressions._bool_op,
    ast.BinOp: Expressions._bin_op,
    ast.UnaryOp: Expressions._parts,
    ast.Compare: Expressions._parts,
    ast.JoinedStr: Expressions._text,
    ast.FormattedValue: Expressions._text,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.Subscript: Expressions._subscript,
    ast.Slice: Expressions._slice,
}
