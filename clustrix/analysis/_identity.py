"""Under which names the catalogue may know a thing, and what else can be told of it at a glance.

    os.listdir          built into `posix`     os.listdir
    requests.get        defined in a package   requests.api.get, requests.get
    connection.execute  method of an object    sqlite3.Connection.execute, and its bases

No code of the objects runs: names are read where Python itself keeps them.
"""

from __future__ import annotations

import builtins
import types
from typing import Any

from clustrix.analysis._source import hops, layers
from clustrix.analysis._static import (
    MISSING,
    class_dict,
    class_lookup,
    is_exactly,
    is_module,
    mro,
)
from clustrix.analysis._values import AnyOf, Instance, Value, class_names, in_memory
from clustrix.analysis.catalogue import BlockingCall, blocking, canonical_names, is_pure

__all__ = ["any_pure", "entry_of", "is_stub", "memory_among", "names_of", "shown", "target_of"]

_STUB_SIZE = 32  # bytes of compiled code: `...`, `pass`, `raise NotImplementedError("...")`

_ERRORS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if type(kind) is type and issubclass(kind, BaseException)
)
_DESCRIPTORS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


def names_of(obj: Any) -> list[str]:
    """The canonical names of a function, class, method or built-in; none for other objects."""
    kind = type(obj)
    if issubclass(kind, type):
        return list(class_names(obj))
    if kind is types.MethodType and type(obj.__func__) is types.FunctionType:
        return _in_bases(obj.__self__, obj.__func__.__name__)
    if kind is types.BuiltinFunctionType:
        owner = obj.__self__
        if owner is None or is_module(owner):
            module = obj.__module__ if owner is None else owner.__name__
            return list(canonical_names(module or "", obj.__name__))
        return _in_bases(owner, obj.__name__)
    if is_exactly(obj, *_DESCRIPTORS):
        return [f"{name}.{obj.__name__}" for name in class_names(obj.__objclass__)]
    kept = class_dict(kind).get("__qualname__")
    if kind is not types.FunctionType and type(kept) is types.GetSetDescriptorType:
        return _of_compiled(obj)
    found: list[str] = []
    for plain in layers(obj)[::-1]:
        found += canonical_names(str(plain.__module__), plain.__qualname__)
    if not found:  # perhaps a partial of something built in
        *_, core = hops(obj)
        found = [] if core is obj else names_of(core)
    return found


def _of_compiled(obj: object) -> list[str]:
    """The names of a function that Cython or another compiler made: kept as C keeps them."""
    space, found = class_dict(type(obj)), list[str]()
    for key in ("__module__", "__qualname__"):
        slot = space.get(key)
        if not is_exactly(slot, types.GetSetDescriptorType, types.MemberDescriptorType):
            return []
        try:
            said = slot.__get__(obj)  # type: ignore[union-attr]
        except Exception:
            return []
        found.append(said if type(said) is str else "")
    return list(canonical_names(*found))


def _in_bases(owner: object, method: str) -> list[str]:
    """The names of a method in each class down to the one that defines it."""
    found: list[str] = []
    for base in mro(owner if issubclass(type(owner), type) else type(owner)):
        found += [f"{name}.{method}" for name in class_names(base)]
        if method in class_dict(base):
            break
    return found


def entry_of(names: list[str], obj: object) -> BlockingCall | None:
    """The catalogue's entry under one of these names.

    An entry for every method of a type stands back where the method itself can be read.
    """
    for name in names:
        entry = blocking(name)
        if entry and (name in entry.names or not layers(obj)):
            return entry
    return None


def shown(entry: BlockingCall, names: list[str]) -> str:
    """The name to tell the user: the one under which the entry was found."""
    return next((name for name in names if blocking(name) is entry), entry.name)


def any_pure(names: list[str]) -> bool:
    """Whether one of the names is known to only compute."""
    return any(is_pure(name) for name in names)


def target_of(receiver: Value, name: str) -> object:
    """What the class of a receiver defines under a name, or ``MISSING``."""
    if isinstance(receiver, Instance) and receiver.cls is not None:
        return class_lookup(receiver.cls, name)
    return MISSING


def memory_among(args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The argument that is a file in memory, if there is one."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Instance | AnyOf) and in_memory(value):
            return value
    return None


def is_stub(function: types.FunctionType) -> bool:
    """Whether a method says nothing of what its subclasses do: ``...``, or only an error."""
    code = function.__code__
    if len(code.co_code) > _STUB_SIZE or not set(code.co_names) <= _ERRORS:
        return False
    return bool(code.co_names) or len({*code.co_consts, None}) <= 2
