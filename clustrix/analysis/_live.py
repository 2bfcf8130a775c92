"""Look names up where the function really finds them: in closures, globals and classes.

    function ─> source, closure, globals ─> Home
    object   ─> Live(object)        a global, a builtin, what a closure holds
    class    ─> LiveObject(class)   some object of it: `self`, an annotated parameter

Objects are looked at where Python keeps their parts; none of their code runs.
"""

from __future__ import annotations

import ast
import builtins
import functools
import sys
import types
from collections import OrderedDict, defaultdict, deque
from itertools import islice
from typing import Any

from clustrix.analysis._identity import names_of
from clustrix.analysis._names import annotated, imported, owner_of
from clustrix.analysis._refs import (
    FRESH,
    NOTHING,
    SHARED,
    Arguments,
    Body,
    Dotted,
    Home,
    Ref,
    Thing,
    Value,
)
from clustrix.analysis._source import FunctionSource, NoSource, hops, in_library, layers, read_layer
from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    class_qualname,
    instance_dict,
    instance_lookup,
    is_exactly,
    is_module,
    module_lookup,
    mro,
    stores,
)
from clustrix.analysis._values import Instance, Known, Named, class_names
from clustrix.analysis.catalogue import canonical_names
from clustrix.basis._plain import PLAIN
from clustrix.functions._stores import may_write

__all__ = ["Live", "LiveItem", "LiveObject", "home_of", "owner_thing", "takes_self"]

_PARTS = 100  # of a container, so many are looked at
_KINDS = 6  # and so many kinds of things in it are followed

_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


_BOUND = (types.BuiltinFunctionType, types.MethodWrapperType)
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_FIELDS = (*_SLOTS, property, staticmethod, classmethod)


class Live(Thing):
    """A real object."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any) -> None:
        self.obj = obj

    def part(self, name: str) -> Thing | None:
        """What stands behind a dot."""
        obj = self.obj
        if is_module(obj):
            found = module_lookup(obj, name)
            if found is MISSING:  # not loaded yet
                return Dotted(f"{module_lookup(obj, '__name__')}.{name}")
        elif issubclass(type(obj), type):
            found = _class_part(obj, name)
        else:
            found = instance_lookup(obj, name)
            if found is MISSING:
                return LiveObject(type(obj)).part(name)
        return None if found is MISSING else Live(_unbound(found))

    def names(self) -> list[str]:
        """Canonical names, if it is a function or a class."""
        obj = self.obj
        *_, core = hops(obj)  # what is written in C may have a wrapper, too: `numpy.copyto`
        if is_exactly(core, *_FUNCTIONS) or layers(obj) or self.is_space():
            # What is written in C stands in a module of its own: `_heapq.heappush`.
            return [name.removeprefix("_") for name in names_of(obj) or _compiled_names(obj)]
        return _compiled_names(obj)

    def kinds(self) -> list[str]:
        """Canonical names of its class and its bases."""
        return _kinds(type(self.obj))

    def body(self) -> Body | None:
        """What runs when it is called."""
        obj = self.obj
        if issubclass(type(obj), type):
            found = class_lookup(obj, "__init__")
            if type(found) is types.FunctionType and found.__code__.co_filename == "<string>":
                found = class_lookup(obj, "__post_init__")  # of a dataclass, which wrote the other
            return _body(found, bound=True) if type(found) is types.FunctionType else None
        inside = layers(obj)
        return _body(inside[-1], bound=takes_self(obj)) if inside else None

    def around(self) -> list[Body]:
        """What decorators have put around that, unless they are a library's."""
        return [
            _body(one, bound=type(self.obj) is types.MethodType)
            for one in layers(self.obj)[:-1]
            if not in_library(one.__code__.co_filename)
        ]

    def called_on(self, ref: Ref) -> Ref:
        """The object of a bound method; an object that can be called is its own."""
        if type(self.obj) is not types.MethodType:
            return ref
        return Ref(f"{ref.path}.__self__", ref.root, Live(self.obj.__self__), depth=ref.depth + 1)

    def bound(self, ref: Ref) -> Ref | None:
        """A method of a built-in object, with the object."""
        obj = self.obj
        if type(obj) not in _BOUND or is_module(obj.__self__):
            return None
        of = Ref(f"{ref.path}.__self__", ref.root, Live(obj.__self__), depth=ref.depth + 1)
        return Ref(ref.path, ref.root, self, 0, of, obj.__name__, ref.depth + 1)

    def filled_in(self, ref: Ref) -> tuple[Ref, Arguments] | None:
        """What a partial calls, and what it gives to that by itself."""
        obj = self.obj
        if type(obj) is not functools.partial:
            return None

        def part(path: str, value: Any) -> Ref:
            return Ref(f"{ref.path}.{path}", ref.root, Live(value), depth=ref.depth + 1)

        args: list[Value] = [
            (part(f"args[{at}]", one),) if type(one) not in PLAIN else NOTHING
            for at, one in enumerate(obj.args)
        ]
        words: dict[str, Value] = {
            word: (part(f"keywords[{word!r}]", one),) if type(one) not in PLAIN else NOTHING
            for word, one in obj.keywords.items()
        }
        return part("func", obj.func), (args, words)

    def is_shown(self) -> bool:
        """Standard output or error, whatever stands there: a notebook's, a file in memory."""
        return self.obj is sys.stdout or self.obj is sys.stderr

    def inputs(self) -> int | None:
        """Those of a universal function of NumPy."""
        return self.obj.nin if "numpy.ufunc" in class_names(type(self.obj)) else None

    def members(self) -> list[Thing | None]:
        """What a container holds: its functions, and something of each class."""
        return _members_of(self.obj)

    def is_code(self) -> bool:
        """Whether calling it runs Python code; what subclasses must define says nothing."""
        inside = layers(self.obj)
        if not inside:
            return issubclass(type(self.obj), type)
        return not instance_dict(inside[-1]).get("__isabstractmethod__")

    def made(self) -> Thing | None:
        """What calling it makes."""
        return LiveObject(self.obj) if issubclass(type(self.obj), type) else None

    def is_space(self) -> bool:
        """Whether it is a module or a class."""
        return is_module(self.obj) or issubclass(type(self.obj), type)

    def is_iterator(self) -> bool:
        """Whether iterating over it uses it up."""
        return class_lookup(type(self.obj), "__next__") is not MISSING


class LiveObject(Thing):
    """Some object of a real class."""

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def part(self, name: str) -> Thing | None:
        """A method or class attribute; what the object itself holds is not known."""
        if name == "__class__":
            return Live(self.cls)
        found = _class_part(self.cls, name)
        if found is MISSING or is_exactly(found, property, types.MemberDescriptorType):
            return None
        if is_exactly(found, staticmethod) or issubclass(type(found), type) or not layers(found):
            return Live(_unbound(found))
        return LiveMethod(found)

    def is_common(self, name: str) -> bool:
        """Its class, and data there for which no method puts something of its own."""
        if name == "__class__":
            return True
        found = _class_part(self.cls, name)
        if found is MISSING or type(found) in PLAIN or layers(found) or is_exactly(found, *_FIELDS):
            return False
        methods = [one for base in mro(self.cls) for one in vars(base).values()]
        codes = [one.__code__ for one in methods if type(one) is types.FunctionType]
        return not any(stores(code, name, field=True) for code in codes)

    def is_iterator(self) -> bool:
        """Whether iterating over it uses it up."""
        return class_lookup(self.cls, "__next__") is not MISSING

    def kinds(self) -> list[str]:
        """Canonical names of the class and its bases."""
        return _kinds(self.cls)

    def body(self) -> Body | None:
        """What runs when it is called."""
        found = class_lookup(self.cls, "__call__")
        return _body(found, bound=True) if type(found) is types.FunctionType else None


class LiveItem(LiveObject):
    """An item: others are of the same class, and hold something alike."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any) -> None:
        super().__init__(type(obj))
        self.obj = obj

    def members(self) -> list[Thing | None]:
        """What a list or another container holds."""
        return _members_of(self.obj)


class LiveMethod(Live):
    """A method, which gets what stands before the dot."""

    def body(self) -> Body | None:
        """What runs when it is called."""
        inside = layers(self.obj)
        return _body(inside[-1], bound=True) if inside else None


def _class_part(cls: Any, name: str) -> Any:
    """What a class has under a name, as its own methods write it."""
    found = class_lookup(cls, name)
    if found is MISSING and name.startswith("__") and not name.endswith("__"):
        for base in mro(cls):
            found = class_lookup(base, f"_{class_qualname(base).lstrip('_')}{name}")
            if found is not MISSING:
                break
    return found


def _compiled_names(obj: Any) -> list[str]:
    """The names of what Cython has compiled: functions of a type of its own."""
    method = type(obj) is types.MethodType
    core = obj.__func__ if method else obj
    if class_qualname(type(core)) != "cython_function_or_method":  # its __module__ is a slot
        return []
    module, name = (class_lookup(type(core), word) for word in ("__module__", "__name__"))
    if not is_exactly(name, types.GetSetDescriptorType):
        return []
    said = name.__get__(core)  # type: ignore[attr-defined]
    if method:
        bases = mro(type(obj.__self__))
        return [f"{one}.{said}" for base in bases for one in class_names(base)]
    home = module.__get__(core) if is_exactly(module, *_SLOTS) else ""  # type: ignore[attr-defined]
    return list(canonical_names(str(home), str(said)))


def _unbound(found: Any) -> Any:
    return found.__func__ if is_exactly(found, staticmethod) else found


def _kinds(cls: type) -> list[str]:
    return [class_names(base)[0] for base in mro(cls) if base is not object]


def _members_of(obj: Any) -> list[Thing | None]:
    if "numpy.ndarray" in class_names(type(obj)):  # its rows; a number in it is a copy
        return [Live(obj[0])] if obj.ndim > 1 and len(obj) else [None]
    if type(obj) in (dict, defaultdict, OrderedDict):
        obj = obj.values()
    elif type(obj) not in (list, tuple, set, frozenset, deque):
        return [None]
    parts = [part for part in islice(obj, _PARTS) if type(part) not in PLAIN]
    functions = {id(part): part for part in parts if callable(part)}
    kinds = dict.fromkeys(type(part) for part in parts if id(part) not in functions)
    found = [*map(Live, functions.values()), *map(LiveObject, kinds)]
    return [*found[:_KINDS]] or [None]


def takes_self(obj: object) -> bool:
    """Whether the code behind it gets an object first: a bound method, an object to be called."""
    called = class_lookup(type(obj), "__call__")
    return is_exactly(obj, types.MethodType) or is_exactly(called, types.FunctionType)


def _body(function: types.FunctionType, *, bound: bool) -> Body:
    """The code of a helper."""

    def read() -> tuple[Any, Home] | None:
        source = read_layer(function)
        found = None if isinstance(source, NoSource) else home_of(source, helper=True)
        return None if found is None else (source.node, found)  # type: ignore[union-attr]

    code = function.__code__
    internal = in_library(code.co_filename)
    return Body(id(code), read, bound, internal, quiet=not may_write(function))


def home_of(source: FunctionSource, *, helper: bool = False) -> Home:
    """Where a real function finds its names."""
    library = in_library(source.file)
    internal = helper and library

    def lookup(name: str) -> Value:
        if name == "super()":
            owner, _ = owner_of(source.function)
            above = mro(owner)[1:2] if owner else ()
            return tuple(Ref("super()", FRESH, LiveObject(base)) for base in above)
        if name == "globals()":
            return (Ref("globals()", FRESH if internal else SHARED),)
        for space in (source.closure, source.namespace):
            if name in space:
                return (Ref(name, FRESH if internal else SHARED, Live(space[name])),)
        found = vars(builtins).get(name, MISSING)
        return NOTHING if found is MISSING else (Ref(name, FRESH, Live(found)),)

    def typed(node: ast.expr | None) -> Thing | None:
        found = annotated(node, source) if node is not None else None
        if not isinstance(found, Instance):
            return None
        return LiveObject(found.cls) if found.cls is not None else None

    def names(node: Any) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in imported(node, source.namespace).items():
            if isinstance(value, Known):
                found[name] = (Ref(name, FRESH if internal else SHARED, Live(value.obj)),)
            elif isinstance(value, Named):
                found[name] = (Ref(name, SHARED, Dotted(value.name)),)
            else:
                found[name] = NOTHING
        return found

    return Home(source.file, internal, library, lookup, typed, names)


def owner_thing(source: FunctionSource) -> tuple[Thing | None, str]:
    """What the first parameter of a method is, and how it is bound."""
    owner, entry = owner_of(source.function)
    if owner is None or type(entry) is staticmethod:
        return None, ""
    name = source.function.__name__
    if type(entry) is classmethod:
        return Live(owner), "class"
    if name == "__new__":
        return Live(owner), "class"
    return LiveObject(owner), "made" if name in _MAKERS else "self"


_MAKERS = frozenset(
    {"__init__", "__post_init__", "__setstate__", "__init_subclass__", "__set_name__"}
)
