"""Look names up in the tree of one module: its definitions, its classes, what it imports.

    HEAP = []                    a name at the top: something that outlives every call
    class Store: …               a class: its methods are read, `Store()` is made here
    from heapq import heappush   a name of the catalogue, perhaps

For tools that read source without importing it.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator
from typing import Any

from clustrix.analysis._refs import FRESH, NOTHING, SHARED, Body, Dotted, Home, Ref, Thing, Value

__all__ = ["home_in", "owner_in"]

_BUILTINS = frozenset(dir(builtins))
_MAKERS = frozenset({"__init__", "__post_init__", "__setstate__"})


class _Module:
    """One module: what stands at its top, by name."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        self.file, self.tree = file, tree
        self.paths: dict[ast.AST, list[ast.AST]] = {}
        self.tops: dict[str, Thing | None] = {}
        for node in _top_statements(tree.body):
            self._note(node)

    def path_to(self, wanted: ast.AST) -> list[ast.AST]:
        """The functions and classes around a definition, outermost first."""
        if not self.paths:
            self.paths.update(_paths(self.tree))
        return self.paths.get(wanted, [])

    def _note(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.tops[node.name] = TreeFunction(node, self)
        elif isinstance(node, ast.ClassDef):
            self.tops[node.name] = TreeClass(node, self)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.tops.update(dotted_imports(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    self.tops[target.id] = self.thing_of(node.value)
                    continue
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        self.tops[part.id] = None
        else:
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    self.tops.setdefault(part.id, None)

    def thing_of(self, node: ast.expr | None) -> Thing | None:
        """What is known of the value of an expression at the top."""
        if isinstance(node, ast.Lambda):
            return TreeFunction(node, self)
        if isinstance(node, ast.Constant | ast.Tuple | ast.JoinedStr):
            return TreeObject("tuple" if isinstance(node, ast.Tuple) else "str")
        kind = _DISPLAYS.get(type(node))
        if kind:
            return TreeObject(kind)
        if isinstance(node, ast.Name | ast.Attribute):
            return self.dotted(node)
        if isinstance(node, ast.Call):
            made = self.dotted(node.func)
            return (made.made() or TreeObject(*made.names())) if made is not None else None
        return None

    def dotted(self, node: ast.expr) -> Thing | None:
        """What ``a.b.c`` means at the top."""
        if isinstance(node, ast.Name):
            if node.id in self.tops:
                return self.tops[node.id]
            return Dotted(node.id) if node.id in _BUILTINS else None
        if isinstance(node, ast.Attribute):
            found = self.dotted(node.value)
            return found.part(node.attr) if found is not None else None
        return None

    def lookup(self, name: str) -> Value:
        """What a name means in a function of this module."""
        if name in self.tops:
            return (Ref(name, SHARED, self.tops[name]),)
        return (Ref(name, FRESH, Dotted(name)),) if name in _BUILTINS else NOTHING


class TreeFunction(Thing):
    """A function of this module."""

    def __init__(self, node: Any, module: _Module, owner: TreeClass | None = None) -> None:
        self.node, self.module, self.owner = node, module, owner

    def body(self) -> Body | None:
        """Its code."""
        bound = self.owner is not None and not _is_static(self.node)
        return Body(id(self.node), lambda: (self.node, _home(self.module, self.owner)), bound)

    def is_code(self) -> bool:
        """It is."""
        return True


class TreeClass(Thing):
    """A class of this module."""

    def __init__(self, node: ast.ClassDef, module: _Module) -> None:
        self.node, self.module = node, module
        self.parts: dict[str, Thing] = {
            part.name: TreeFunction(part, module, self)
            for part in node.body
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_property(part)
        }

    def bases(self) -> Iterator[Thing]:
        """The classes it is derived from."""
        for node in self.node.bases:
            found = self.module.dotted(node)
            if found is not None and found is not self:
                yield found

    def part(self, name: str) -> Thing | None:
        """A method, its own or inherited."""
        if name in self.parts:
            return self.parts[name]
        found = (base.part(name) for base in self.bases() if isinstance(base, TreeClass))
        return next((one for one in found if one is not None), None)

    def body(self) -> Body | None:
        """What runs when an object is made."""
        found = self.part("__init__")
        return found.body() if found is not None else None

    def made(self) -> Thing | None:
        """An object of it."""
        return TreeInstance(self)

    def is_space(self) -> bool:
        """What stands behind the dot is a function."""
        return True


class TreeInstance(Thing):
    """An object of a class of this module."""

    def __init__(self, cls: TreeClass) -> None:
        self.cls = cls

    def part(self, name: str) -> Thing | None:
        """A method."""
        return self.cls.part(name)

    def kinds(self) -> list[str]:
        """The names of the classes that its class is derived from."""
        return [name for base in self.cls.bases() for name in base.names()]


class TreeObject(Thing):
    """An object of which the class is known by name."""

    def __init__(self, *names: str) -> None:
        self.kind = list(names)

    def kinds(self) -> list[str]:
        """Canonical names of its class."""
        return self.kind

    def is_iterator(self) -> bool:
        """Whether iterating over it uses it up."""
        return bool({"iter", "itertools.count", "itertools.cycle"} & set(self.kind))


_DISPLAYS = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.GeneratorExp: "iter",
}


def dotted_imports(node: ast.Import | ast.ImportFrom) -> dict[str, Thing | None]:
    """The names that an import binds, as dotted names."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: Dotted(
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in node.names
        }
    base = "." * node.level + (node.module or "")
    return {alias.asname or alias.name: Dotted(f"{base}.{alias.name}") for alias in node.names}


def _top_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, under an `if` or a `try`, too."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _top_statements([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handlers = [part for handler in node.handlers for part in handler.body]
            yield from _top_statements([*handlers, *node.body, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.With):
            yield from _top_statements(node.body)
        else:
            yield node


def _decorators(node: Any) -> set[str]:
    return {ast.unparse(part).rpartition(".")[2] for part in getattr(node, "decorator_list", ())}


def _is_static(node: Any) -> bool:
    return "staticmethod" in _decorators(node)


def _is_property(node: Any) -> bool:
    return bool({"property", "cached_property", "setter"} & _decorators(node))


def _home(module: _Module, owner: TreeClass | None, around: frozenset[str] = frozenset()) -> Home:
    def lookup(name: str) -> Value:
        if name == "super()":
            above = owner.bases() if owner else ()
            return tuple(Ref("super()", FRESH, base.made()) for base in above if base.made())
        if name == "globals()":
            return (Ref("globals()"),)
        if name in around:
            return (Ref(name),)
        return module.lookup(name)

    def typed(node: ast.expr | None) -> Thing | None:
        if isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
        found = module.dotted(node) if node is not None else None
        return (found.made() or TreeObject(*found.names())) if found is not None else None

    def imported(node: Any) -> dict[str, Value]:
        return {name: (Ref(name, SHARED, thing),) for name, thing in dotted_imports(node).items()}

    return Home(module.file, False, False, lookup, typed, imported)


@functools.lru_cache(maxsize=4)
def _module_of(tree: ast.Module, file: str) -> _Module:
    """A tool asks for every function of a tree in turn: its top is looked at once."""
    return _Module(tree, file)


def home_in(tree: ast.Module, file: str, function: Any) -> Home:
    """Where the names of a function are looked up, in the tree of its module."""
    module = _module_of(tree, file)
    path = module.path_to(function)
    classes = [part for part in path if isinstance(part, ast.ClassDef)]
    owner = TreeClass(classes[-1], module) if classes and path[-1] is classes[-1] else None
    around: set[str] = set()
    for part in path:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            around |= _locals_of(part)
    return _home(module, owner, frozenset(around))


def owner_in(tree: ast.Module, file: str, function: Any) -> tuple[Thing | None, str]:
    """What the first parameter of a method is, and how it is bound."""
    module = _module_of(tree, file)
    path = module.path_to(function)
    if not path or not isinstance(path[-1], ast.ClassDef) or _is_static(function):
        return None, ""
    cls = TreeClass(path[-1], module)
    if "classmethod" in _decorators(function) or function.name == "__new__":
        return cls, "class"
    return TreeInstance(cls), "made" if function.name in _MAKERS else "self"


def _paths(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.AST]]]:
    """For each function, the functions and classes around it, outermost first."""
    stack: list[tuple[ast.AST, list[ast.AST]]] = [(tree, [])]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    while stack:
        node, path = stack.pop()
        inner = path
        if isinstance(node, kinds):
            yield node, path
            inner = [*path, node]
        stack.extend((child, inner) for child in ast.iter_child_nodes(node))


def _locals_of(node: Any) -> set[str]:
    """The names that a function binds: parameters, targets, definitions."""
    spec = node.args
    extras = [extra for extra in (spec.vararg, spec.kwarg) if extra]
    names = {arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *extras)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
    return names
