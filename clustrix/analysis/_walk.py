"""Walk the body of one function in the order in which it runs, keeping track of what names mean.

    statement ─> expression ─> value of its parts ─> call ─> reader.call(value, arguments)
        └ branches join, error paths are quiet, what cannot run is left out

The walk knows Python and no catalogue; what a call means is for its `Reader` to say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from ._names import annotated, global_value, imported
from ._source import FunctionSource
from ._static import mro
from ._tests import decide
from ._values import (
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
from .catalogue import DEBUG_WORDS

__all__ = ["Arguments", "Reader", "Walk"]

_STR, _INT, _LIST, _DICT = (instance_of(kind) for kind in (str, int, list, dict))
_CONSTANTS: dict[type, Value] = {
    kind: instance_of(kind) for kind in (str, bytes, int, float, complex, bool)
}
_MISSES = frozenset({"KeyError", "LookupError", "IndexError"})

Arguments = tuple[list[Value], dict[str, Value]]


class Reader(Protocol):
    """Who is told about the calls."""

    def step(self) -> None:
        """Count one step; raise when there were too many."""

    def call(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """Say what a call gives, and note whether it waits."""

    def read(self, value: Value, walk: Walk, node: ast.expr) -> Value:
        """Say what an attribute gives that may be a property."""


class Walk:
    """One function being read."""

    def __init__(
        self, source: FunctionSource, names: dict[str, Value], reader: Reader, depth: int
    ) -> None:
        self.source = source
        self.names = names
        self.reader = reader
        self.depth = depth
        self.quiet = 0  # > 0: in an error path, where waiting does not count
        self.returned: list[Value] = []
        self.yielded: list[Value] = []

    def run(self) -> None:
        """Walk the whole body."""
        node = self.source.node
        if isinstance(node, ast.Lambda):
            self.returned.append(self.value(node.body))
        else:
            self.block(node.body)

    # Statements.  `block` and `statement` say whether the code behind them can be reached.

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
        if value is None or (isinstance(value, Unknown) or value is NONE) and said:
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
        aid = _is_debug(test)
        self.quiet += aid
        through = self._quiet_if_raises(body)
        self.quiet -= aid
        return through

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
        self.bind(node.target, item_of(self.value(node.iter)))
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
            error = not _is_miss(handler)
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
            entered = self.reader.call(
                attribute(value, "__enter__"), ([], {}), self, item.context_expr
            )
            if item.optional_vars is not None:
                known = not isinstance(entered, Unknown) and entered is not NONE
                self.bind(item.optional_vars, entered if known else value)
        return self.block(node.body)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names.update(imported(node, self.source.namespace))

    def _def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names[node.name] = Local(node)

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

    # Expressions.

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
        place = getattr(node.value, "attr", None) or getattr(node.value, "id", "")
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
        return self.reader.call(function, (args, kwargs), self, node)

    def _super(self) -> Value:
        """``super()``: an instance of the next class behind the one that defines the function."""
        from ._names import owner_of

        owner, _ = owner_of(self.source.function)
        bases = mro(owner)[1:] if owner else ()
        return instance_of(bases[0]) if bases else Unknown("super() outside a known class")

    def _await(self, node: Any) -> Value:
        return self.value(node.value)

    def _yield(self, node: ast.Yield) -> Value:
        self.yielded.append(self.value(node.value) if node.value else NONE)
        return Unknown("what is sent")

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        return Local(node)

    def _if_exp(self, node: ast.IfExp) -> Value:
        verdict = decide(node.test, self)
        self.value(node.test)
        sides = {True: [node.body], False: [node.orelse]}.get(verdict, [node.body, node.orelse])  # type: ignore[arg-type]
        return join([self.value(side) for side in sides])

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
            self.bind(part.target, item_of(self.value(part.iter)))
            for test in part.ifs:
                self.value(test)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        item = [self.value(part) for part in parts][-1]
        self.names = before
        return Instance("list", list, item=item)

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.value(node.value)
        index = node.slice
        self.value(index)
        if isinstance(value, Items) and value.ordered and isinstance(index, ast.Constant):
            if type(index.value) is int and -len(value.values) <= index.value < len(value.values):
                return value.values[index.value]
        if isinstance(value, Known) and type(value.obj) is dict and isinstance(index, ast.Constant):
            if index.value in value.obj:
                return Known(value.obj[index.value])
        if isinstance(index, ast.Slice):
            return value
        return item_of(value)

    def _slice(self, node: ast.Slice) -> Value:
        return self._parts(node)


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

_EXPRESSIONS: dict[type, Callable[[Walk, Any], Value]] = {
    ast.Constant: Walk._constant,
    ast.Name: Walk._name,
    ast.Attribute: Walk._attribute,
    ast.Call: Walk._call,
    ast.Await: Walk._await,
    ast.YieldFrom: Walk._await,
    ast.Starred: Walk._await,
    ast.Yield: Walk._yield,
    ast.NamedExpr: Walk._named,
    ast.Lambda: Walk._lambda,
    ast.IfExp: Walk._if_exp,
    ast.BoolOp: Walk._bool_op,
    ast.BinOp: Walk._bin_op,
    ast.UnaryOp: Walk._parts,
    ast.Compare: Walk._parts,
    ast.JoinedStr: Walk._text,
    ast.FormattedValue: Walk._text,
    ast.List: Walk._sequence,
    ast.Tuple: Walk._sequence,
    ast.Set: Walk._sequence,
    ast.Dict: Walk._dict,
    ast.ListComp: Walk._comprehension,
    ast.SetComp: Walk._comprehension,
    ast.DictComp: Walk._comprehension,
    ast.GeneratorExp: Walk._comprehension,
    ast.Subscript: Walk._subscript,
    ast.Slice: Walk._slice,
}
