"""What the names in a function mean: globals and closures as real objects, imports, annotations.

    name ─> local? ─> closure ─> globals ─> builtins ─> Unknown(cause)

Nothing is imported.  A module that is not loaded stays a name (`Named("httpx.get")`), and the
catalogue is asked by name.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Mapping

from clustrix.analysis._source import FunctionSource
from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    is_exactly,
    is_module,
)
from clustrix.analysis._values import (
    NONE,
    Instance,
    Known,
    Named,
    Unknown,
    Value,
    attribute,
    class_names,
    instance_of,
    join,
    typed,
)

__all__ = ["annotated", "global_value", "imported", "owner_of", "parameters"]

_CONTAINERS = frozenset(
    {"list", "List", "Iterable", "Iterator", "Sequence", "tuple", "Tuple", "set", "Set"}
    | {"frozenset", "FrozenSet", "Collection", "Generator", "AsyncIterator", "AsyncIterable"}
    | {"AsyncGenerator", "deque", "Deque"}
)
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_WRAPPERS = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Awaitable", "Required"})
_FILE_PROTOCOLS = {
    "typing.IO": "io.TextIOWrapper",
    "typing.TextIO": "io.TextIOWrapper",
    "typing.BinaryIO": "io.BufferedReader",
}


def global_value(source: FunctionSource, name: str) -> Value:
    """What a name that is no local variable means in a function."""
    for space in (source.closure, source.namespace, vars(builtins)):
        if name in space:
            obj = space[name]
            return NONE if obj is None else Known(obj, _place(source, space, name, obj))
    return Unknown(f"no such name: {name}")


def _place(source: FunctionSource, space: Mapping[str, object], name: str, obj: object) -> str:
    """The dotted name of a global: modules are named by themselves, builtins by their name."""
    if is_module(obj):
        return ""
    if space is source.namespace:
        module = source.namespace.get("__name__")
        return f"{module}.{name}" if isinstance(module, str) else ""
    return "" if space is source.closure else name


def imported(node: ast.Import | ast.ImportFrom, space: Mapping[str, object]) -> dict[str, Value]:
    """The names that an import statement inside a function binds."""
    found: dict[str, Value] = {}
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name if alias.asname else alias.name.partition(".")[0]
            found[alias.asname or top] = _module(top)
        return found
    base = _absolute(node, space)
    for alias in node.names:
        found[alias.asname or alias.name] = attribute(_module(base), alias.name)
    return found


def _module(name: str) -> Value:
    module = sys.modules.get(name)
    return Known(module) if is_module(module) else Named(name)


def _absolute(node: ast.ImportFrom, space: Mapping[str, object]) -> str:
    if not node.level:
        return node.module or ""
    package = space.get("__package__") or space.get("__name__") or ""
    parts = str(package).split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)


def annotated(node: ast.expr | None, source: FunctionSource) -> Value | None:
    """An object of the type that an annotation names; None when it says nothing useful."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    if isinstance(node, ast.BinOp):  # X | None
        sides = [annotated(node.left, source), annotated(node.right, source)]
        known = [side for side in sides if side is not None]
        return join(known) if known and len(known) == len([s for s in sides if s]) else None
    if isinstance(node, ast.Subscript):
        return _subscripted(node, source)
    if isinstance(node, ast.Name | ast.Attribute):
        return _of_type(dotted_value(node, source))
    return None


def _subscripted(node: ast.Subscript, source: FunctionSource) -> Value | None:
    head = node.value.attr if isinstance(node.value, ast.Attribute) else ""
    head = node.value.id if isinstance(node.value, ast.Name) else head
    inner = node.slice
    members = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if head in _WRAPPERS and members:
        return annotated(members[0], source)
    if head == "Union":
        found = [value for value in (annotated(m, source) for m in members) if value]
        return join(found) if found else None
    if head in _CONTAINERS or head in _MAPPINGS:
        which = members[-1 if head in _MAPPINGS else 0] if members else None  # tuple[()]
        item = annotated(which, source)
        return Instance("dict" if head in _MAPPINGS else "list", None, item=item)
    return _of_type(dotted_value(node.value, source))


def dotted_value(node: ast.expr, source: FunctionSource) -> Value:
    """What ``a.b.c`` means outside the body of the function."""
    if isinstance(node, ast.Name):
        return global_value(source, node.id)
    if isinstance(node, ast.Attribute):
        return attribute(dotted_value(node.value, source), node.attr)
    return Unknown("not a dotted name")


def _of_type(value: Value) -> Value | None:
    """Some object of the class that a value is."""
    name = value.name if isinstance(value, Known | Named) else ""
    cls = value.obj if isinstance(value, Known) else None
    if cls is not None and issubclass(type(cls), type):
        names = class_names(cls)  # type: ignore[arg-type]
        name = names[-1]
        if (
            cls is not object
            and cls is not type
            and not name.startswith(("typing.", "collections.abc."))
        ):
            return instance_of(cls)  # type: ignore[arg-type]
    if name in _FILE_PROTOCOLS:
        return typed(_FILE_PROTOCOLS[name])
    return typed(name) if isinstance(value, Named) else None


def owner_of(function: types.FunctionType) -> tuple[type | None, object]:
    """The class whose body defines a function, and what stands there under its name."""
    path = function.__qualname__.split(".")
    owner: object = MISSING
    if "<locals>" in path:
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=False
        ):
            if name == "__class__":
                try:
                    owner = cell.cell_contents
                except ValueError:
                    break
    elif len(path) > 1:
        owner = function.__globals__.get(path[0], MISSING)
        for name in path[1:-1]:
            owner = class_lookup(owner, name) if issubclass(type(owner), type) else MISSING
    if not issubclass(type(owner), type):
        return None, MISSING
    return owner, class_lookup(owner, path[-1])  # type: ignore[return-value]


def parameters(source: FunctionSource, *, outermost: bool) -> dict[str, Value]:
    """What the parameters of a function may be, before anything is passed.

    The caller of the outermost function may pass anything; a function or class among the
    defaults still says what is meant.  A helper called without an argument gets the default.
    """
    spec, found = source.node.args, dict[str, Value]()
    every = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
    for arg in every:
        value = annotated(arg.annotation, source) if arg.annotation else None
        default = source.defaults.get(arg.arg, value)
        if default is None and not outermost and arg.arg in source.defaults:
            value = NONE
        elif value is None and arg.arg in source.defaults:
            value = _from_default(default, outermost)
        found[arg.arg] = value or Unknown("a parameter")
    for extra in (spec.vararg, spec.kwarg):
        if extra:
            item = annotated(extra.annotation, source) if extra.annotation else None
            found[extra.arg] = Instance("list" if extra is spec.vararg else "dict", None, item=item)
    owner, entry = owner_of(source.function)
    first = (*spec.posonlyargs, *spec.args)[:1]
    if owner and first and type(entry) is not staticmethod:
        is_class = type(entry) is classmethod or source.function.__name__ == "__new__"
        found[first[0].arg] = Known(owner) if is_class else instance_of(owner)
    return found


def _from_default(default: object, outermost: bool) -> Value | None:
    if not outermost:
        return NONE if default is None else Known(default)
    if default is None:
        return None
    if is_exactly(default, str, bytes, int, float, bool):
        return instance_of(type(default))
    return Known(default) if callable(default) else None
