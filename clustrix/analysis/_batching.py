"""Prove that a function wants whole chunks: with one item it could only fail.

    def total(chunk):
        return sum(chunk)        <- runs whatever happens, and sum(7) raises TypeError

The proof looks at what the body does to the loop variable before anything else can happen: no
branch, no loop, no early return in between.  Where it does not hold, the function gets one
item, as the rule says.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import types
from collections.abc import Iterator, Sequence

from clustrix._model import Finding
from clustrix.analysis._source import FunctionSource, read_layer
from clustrix.analysis._static import MISSING, class_lookup

__all__ = ["needs_batches"]

_LOOKED_AT = 100_000  # items: beyond this an even sample of the types is taken

# What an operation needs of the loop variable -> the methods that give it.
_NEEDS = {
    "iterated": ("__iter__", "__getitem__"),
    "subscripted": ("__getitem__", "__class_getitem__"),
    "measured with len()": ("__len__",),
}
_ITERATING = frozenset(
    {"all", "any", "dict", "enumerate", "frozenset", "list", "max", "min"}
    | {"set", "sorted", "sum", "tuple", "iter"}
)

_MOST_REMEMBERED = 1024
_takes_items: dict[int, tuple[types.CodeType, str | int]] = {}


def needs_batches(
    function: object, slot: str | int | tuple[str | int, ...] | None, items: Sequence[object]
) -> Finding | None:
    """Find the proof that a call with one item must fail.

    Args:
        function: the function of the loop.
        slot: the keyword that receives the item, or its index among the positional arguments,
            ``self`` not counted. With several there is no proof.
        items: what the loop runs over; only their types matter.

    Returns:
        The operation that would fail, at its line; ``None`` when there is no proof.

    Examples:
        >>> def double_all(chunk):
        ...     return [2 * x for x in chunk]
        >>> needs_batches(double_all, "chunk", range(4)).name
        'chunk'
        >>> needs_batches(double_all, "chunk", ["ab", "cd"]) is None
        True
    """
    if (
        slot is None
        or isinstance(slot, tuple)
        or _takes_items.get(id(code := _code(function))) == (code, slot)
    ):
        return None
    kinds = _kinds(items)
    if not kinds:
        return None
    source = _plain_source(function)
    if source is None:
        return None
    name = _parameter(source, slot, function)
    if name is None:
        return None
    uses = list(_certain_uses(source, name))
    if not uses and code is not None:
        _note_takes_items(code, slot)
    for use, line in uses:
        if all(not _offers(kind, use) for kind in kinds):
            kind = next(iter(sorted(kind.__name__ for kind in kinds)))
            why = f"is {use}, which one {kind} cannot be: the function gets whole chunks"
            return Finding("BA101", why, name, source.file, line)
    return None


def _code(function: object) -> types.CodeType | None:
    """The code of a plain function or method; wrappers are looked at anew each time."""
    if type(function) is types.MethodType:
        function = function.__func__
    return function.__code__ if type(function) is types.FunctionType else None


def _note_takes_items(code: types.CodeType, slot: str | int) -> None:
    """Remember that nothing in this code tells of chunks: most loops ask this every time."""
    if len(_takes_items) >= _MOST_REMEMBERED:
        _takes_items.clear()
    _takes_items[id(code)] = (code, slot)  # holding the code, so that its id stays its own


def _kinds(items: Sequence[object]) -> set[type]:
    if type(items) is range:
        return {int} if len(items) else set()
    if type(items).__module__ == "numpy":
        return set()  # their elements know more tricks than their types say
    step = max(1, len(items) // _LOOKED_AT)
    return set(map(type, itertools.islice(items, 0, None, step)))


def _offers(kind: type, use: str) -> bool:
    if "__getattr__" in dir(type(kind)) or issubclass(kind, type):
        return True  # classes as items: their metaclass may do anything
    found = [class_lookup(kind, name) for name in _NEEDS[use]]
    return any(method is not MISSING and method is not None for method in found)


def _plain_source(function: object) -> FunctionSource | None:
    """The source, if a call goes straight into it: a wrapper may change the arguments."""
    for _ in range(10):
        if type(function) is types.FunctionType:
            break
        if type(function) is types.MethodType:
            function = function.__func__
        elif type(function) is functools.partial:
            function = function.func
        else:
            function = class_lookup(type(function), "__call__")
    if type(function) is not types.FunctionType or function.__code__.co_flags & 0x2A0:
        return None  # generators and coroutines: the call itself does not run the body
    source = read_layer(function)
    return source if isinstance(source, FunctionSource) else None


def _parameter(source: FunctionSource, slot: str | int, function: object) -> str | None:
    """The name of the parameter that receives the item."""
    spec = source.node.args
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    if isinstance(slot, str):
        names = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
        return slot if slot in names else None
    if type(function) is functools.partial:
        slot += len(function.args)
    elif type(function) is types.MethodType or type(function) is not types.FunctionType:
        slot += 1
    return positional[slot] if 0 <= slot < len(positional) else None


def _certain_uses(source: FunctionSource, name: str) -> Iterator[tuple[str, int]]:
    """What surely happens to the parameter, in order, until something else may happen."""
    node = source.node
    if isinstance(node, ast.Lambda):
        yield from _in_expression(node.body, name, source)
        return
    for statement in node.body:
        yield from _in_statement(statement, name, source)
        if _may_leave(statement) or _rebinds(statement, name):
            return


def _in_statement(node: ast.stmt, name: str, source: FunctionSource) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.For):
        if _is(node.iter, name):
            yield "iterated", node.iter.lineno
        else:
            yield from _in_expression(node.iter, name, source)
    elif isinstance(node, ast.If | ast.While):
        yield from _in_expression(node.test, name, source)
    elif isinstance(node, ast.Assign):
        yield from _in_expression(node.value, name, source)
        if _is(node.value, name) and any(isinstance(t, ast.Tuple | ast.List) for t in node.targets):
            yield "iterated", node.lineno
        for target in node.targets:
            if isinstance(target, ast.Subscript) and _is(target.value, name):
                yield "subscripted", target.lineno
    elif isinstance(node, ast.Return | ast.Expr | ast.AugAssign | ast.AnnAssign):
        if node.value is not None:
            yield from _in_expression(node.value, name, source)
    elif isinstance(node, ast.With):
        # Only the first line of the block is certain: a context manager may swallow the rest.
        yield from _in_expression(node.items[0].context_expr, name, source)


def _in_expression(node: ast.expr, name: str, source: FunctionSource) -> Iterator[tuple[str, int]]:
    """Walk what is evaluated for certain, in the order in which Python does it."""
    if isinstance(node, ast.Lambda | ast.NamedExpr):
        return
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        first = node.generators[0].iter  # evaluated at once, even for a generator expression
        if _is(first, name):
            yield "iterated", first.lineno
        else:
            yield from _in_expression(first, name, source)
        return
    if isinstance(node, ast.BoolOp):
        yield from _in_expression(node.values[0], name, source)
        return
    if isinstance(node, ast.IfExp):
        yield from _in_expression(node.test, name, source)
        return
    if isinstance(node, ast.Compare):
        yield from _in_expression(node.left, name, source)
        yield from _in_expression(node.comparators[0], name, source)
        return
    if isinstance(node, ast.Call) and node.args and _is(node.args[0], name):
        use = _builtin_use(node, source)
        if use:
            yield use, node.lineno
    if isinstance(node, ast.Subscript) and _is(node.value, name):
        yield "subscripted", node.lineno
    if isinstance(node, ast.Starred) and _is(node.value, name):
        yield "iterated", node.lineno
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _in_expression(child, name, source)
        elif isinstance(child, ast.keyword):
            yield from _in_expression(child.value, name, source)


def _builtin_use(node: ast.Call, source: FunctionSource) -> str | None:
    """What ``list(x)``, ``len(x)`` and their kind do, if the name means the builtin."""
    if not isinstance(node.func, ast.Name):
        return None
    called = node.func.id
    if called in source.namespace or called in source.function.__code__.co_varnames:
        return None
    if called in source.closure or not hasattr(builtins, called):
        return None
    if called == "len" and len(node.args) == 1:
        return "measured with len()"
    if called in ("max", "min", "iter") and len(node.args) > 1:
        return None
    return "iterated" if called in _ITERATING else None


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _may_leave(node: ast.stmt) -> bool:
    """Whether the statement may end the function, or keep it from going on."""
    if isinstance(node, ast.Return | ast.Raise | ast.Try | ast.With | ast.While | ast.Match):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return bool(node.decorator_list)
    return any(isinstance(part, ast.Return | ast.Raise | ast.Yield) for part in ast.walk(node))


def _rebinds(node: ast.stmt, name: str) -> bool:
    """Whether the name may mean something else, or something was asked about it, afterwards."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Load):
            return True
        if isinstance(part, ast.Nonlocal | ast.Global) and name in part.names:
            return True
    # `if not isinstance(x, list): ...` without a return may still lead to code for one item.
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.test)
    )
