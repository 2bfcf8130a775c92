"""What an expression may mean, as far as reading can tell.

Known(obj)             a real object: a global, a builtin, what a closure holds
Named("httpx.get")     a name in a module that is not imported yet
Instance("str", str)   some object of a known type; maybe a file in memory
Method(receiver, "read")      what stands after a dot, bound to what stands before it
Local(node, walk)      a function defined inside the function being read
Items(values)          a dict, list or tuple whose members are known
AnyOf(values)          one of several
Unknown(cause)         an answer, too
"""

from __future__ import annotations

import ast
from typing import Any, Final

from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    class_module,
    class_qualname,
    instance_lookup,
    is_exactly,
    is_module,
    module_lookup,
    mro,
)
from clustrix.analysis.catalogue import MEMORY, RETURNS, STREAMS, canonical_names

__all__ = [
    "FROM_CACHE",
    "AnyOf",
    "Instance",
    "Items",
    "Known",
    "Local",
    "Method",
    "Named",
    "Unknown",
    "Value",
    "attribute",
    "class_names",
    "each",
    "in_memory",
    "instance_of",
    "item_of",
    "join",
    "typed",
]

_MAX_CHOICES = 12  # alternatives worth following


class Value:
    """Base of what an expression may mean: compared as an object, not by what is in it."""

    __slots__ = ()


class Unknown(Value):
    """Nothing is known, and this is why."""

    __slots__ = ("cause",)

    def __init__(self, cause: str = "") -> None:
        self.cause: Final = cause


class Known(Value):
    """A real object, and the dotted name under which it was reached."""

    __slots__ = ("name", "obj")

    def __init__(self, obj: object, name: str = "") -> None:
        self.obj: Final = obj
        self.name: Final = name


class Named(Value):
    """Something in a module that is not imported: only its name is known."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: Final = name


class Instance(Value):
    """Some object of a type; ``memory`` when it reads and writes nothing but memory."""

    __slots__ = ("cls", "item", "memory", "name")

    def __init__(
        self, name: str, cls: type | None = None, memory: bool = False, item: Value | None = None
    ) -> None:
        self.name: Final = name
        self.cls: Final = cls
        self.memory: Final = memory
        self.item: Final = item


class Method(Value):
    """``receiver.name``; no module, no class.  The place is what it is called in the source."""

    __slots__ = ("name", "place", "receiver", "target")

    def __init__(
        self, receiver: Value, name: str, target: object = MISSING, place: str = ""
    ) -> None:
        self.receiver: Final = receiver
        self.name: Final = name
        self.target: Final = target
        self.place: Final = place


class Local(Value):
    """A function or lambda defined inside a function being read, and the walk that defines it."""

    __slots__ = ("home", "node")

    def __init__(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, home: Any
    ) -> None:
        self.node: Final = node
        self.home: Final = home


class Items(Value):
    """A container whose members are known; ``slots`` when their order is, too."""

    __slots__ = ("ordered", "values")

    def __init__(self, values: tuple[Value, ...], ordered: bool = False) -> None:
        self.values: Final = values
        self.ordered: Final = ordered


class AnyOf(Value):
    """One of several values."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values: Final = values


NONE = Known(None, "None")
FROM_CACHE = "looked up in a dict of the module"


def each(value: Value) -> tuple[Value, ...]:
    """The alternatives that a value stands for."""
    return value.values if isinstance(value, AnyOf) else (value,)


def join(values: list[Value]) -> Value:
    """One value for several possible ones; None among others is dropped."""
    if len(values) == 1:
        return values[0]
    found: list[Value] = []
    for value in values:
        for one in each(value):
            if one is not NONE and not any(_same(one, old) for old in found):
                found.append(one)
    if not found:
        return NONE if values else Unknown("no value")
    return found[0] if len(found) == 1 else AnyOf(tuple(found[:_MAX_CHOICES]))


def _same(one: Value, other: Value) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Known):
        return one.obj is other.obj  # type: ignore[attr-defined]
    if isinstance(one, Instance):
        return (one.name, one.memory) == (other.name, other.memory)  # type: ignore[attr-defined]
    return isinstance(one, Unknown)


def class_names(cls: type) -> tuple[str, ...]:
    """The canonical names of a class; its metaclass is not asked."""
    return canonical_names(class_module(cls), class_qualname(cls))


def instance_of(cls: type, *, memory: bool = False) -> Instance:
    """Some object of a real class."""
    names = class_names(cls)
    memory = memory or any(name in MEMORY for base in mro(cls) for name in class_names(base))
    return Instance(names[-1], cls, memory)


def typed(name: str) -> Value:
    """Some object of a type known by name; ``[name]`` for something to iterate over."""
    if name.startswith("["):
        return Instance("list", list, item=typed(name[1:-1]))
    return Instance(name, None, name in MEMORY)


def in_memory(value: Value) -> bool:
    """Whether every alternative reads and writes nothing but memory."""
    return all(isinstance(one, Instance) and one.memory for one in each(value))


def item_of(value: Value) -> Value:
    """What iterating over a value, or looking something up in it, gives."""
    if isinstance(value, AnyOf):
        return join([item_of(one) for one in value.values])
    if isinstance(value, Items):
        return join(list(value.values))
    if isinstance(value, Instance):
        if value.item is not None:
            return value.item
        if value.memory or value.name in ("str", "bytes", "range"):
            return Instance("str", str)
        if value.cls is None and "." in value.name:
            return value  # client["db"]["collection"]: more of the same
    if isinstance(value, Known):
        return _item_of_object(value)
    return Unknown("an element of something unknown")


def _item_of_object(value: Known) -> Value:
    """Members of a real container: only those of exactly built-in types are looked into."""
    obj = value.obj
    if type(obj) is dict:
        if any(issubclass(type(key), type) for key in list(obj)[:_MAX_CHOICES]):
            return Unknown("chosen by type")  # a registry: too much stands in it
        members = list(obj.values())[:_MAX_CHOICES]
    elif is_exactly(obj, list, tuple, set, frozenset):
        members = list(obj)[:_MAX_CHOICES]  # type: ignore[call-overload]
    else:
        return Unknown("an element of something unknown")
    return join([Known(member) for member in members]) if members else Unknown("empty container")


def attribute(value: Value, name: str, place: str = "") -> Value:
    """What ``value.name`` means; no property is run."""
    if isinstance(value, AnyOf):
        return join([attribute(one, name, place) for one in value.values])
    if isinstance(value, Known):
        return _attribute_of_object(value, name, place)
    if isinstance(value, Named):
        dotted = f"{value.name}.{name}"
        return typed(STREAMS[dotted]) if dotted in STREAMS else Named(dotted)
    if isinstance(value, Instance) and value.cls is not None:
        return Method(value, name, class_lookup(value.cls, name), place)
    return Method(value, name, MISSING, place)


def _attribute_of_object(value: Known, name: str, place: str) -> Value:
    obj = value.obj
    kind = type(obj)
    if is_module(obj):
        module = object.__getattribute__(obj, "__dict__").get("__name__")
        dotted = f"{module}.{name}"
        if dotted in STREAMS:
            return typed(STREAMS[dotted])
        found = module_lookup(obj, name)  # type: ignore[arg-type]
        return Named(dotted) if found is MISSING else Known(found, dotted)
    if issubclass(kind, type):
        found = class_lookup(obj, name)
        if is_exactly(found, staticmethod, classmethod):
            found = found.__func__  # type: ignore[attr-defined]
        dotted = f"{class_names(obj)[-1]}.{name}"  # type: ignore[arg-type]
        return Named(dotted) if found is MISSING else Known(found, dotted)
    found = instance_lookup(obj, name)
    if found is not MISSING:
        return Known(found, "")
    receiver = value if is_exactly(obj, dict, list, tuple) else instance_of(kind)
    return Method(receiver, name, class_lookup(kind, name), place)


def result_of(names: list[str]) -> Value | None:
    """The type that the catalogue gives for the result of a call, if it does."""
    for name in names:
        if name in RETURNS:
            return typed(RETURNS[name])
    return None
