"""Look at objects without running a line of their code.

    class_lookup(cls, "read")      what the class body defines, through the bases
    instance_lookup(obj, "conn")   what sits in the object's own dictionary
    module_lookup(module, "get")   what sits in the module's dictionary
    wrapped_by(obj)                what a wrapper wraps

`getattr` runs properties, ``__getattr__`` and lazy modules; these functions never do.
"""

from __future__ import annotations

import opcode
import sys
import types
from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "MISSING",
    "class_dict",
    "class_lookup",
    "class_module",
    "class_qualname",
    "instance_dict",
    "instance_lookup",
    "is_exactly",
    "is_module",
    "module_lookup",
    "mro",
    "stores",
    "wrapped_by",
]


class _Missing:
    """The answer for nothing there; None may well be there."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_class_dict = type.__dict__["__dict__"].__get__
_class_module = type.__dict__["__module__"].__get__
_class_qualname = type.__dict__["__qualname__"].__get__
_class_mro = type.__dict__["__mro__"].__get__
_STORE_GLOBAL, _STORE_ATTR = (opcode.opmap[name] for name in ("STORE_GLOBAL", "STORE_ATTR"))
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)


def mro(cls: object) -> tuple[type, ...]:
    """The class and its bases, in the order in which Python searches them."""
    return _class_mro(cls) or ()


def is_module(obj: object) -> bool:
    """Whether an object is a module; ``isinstance`` would ask the object itself."""
    return issubclass(type(obj), types.ModuleType)


def is_exactly(obj: object, *kinds: type) -> bool:
    """Whether an object is of one of these types itself.

    Compared by identity: ``in`` would ask the metaclass of the object's type for its opinion.
    """
    found = type(obj)
    for kind in kinds:  # noqa: SIM110  (three times faster than any())
        if found is kind:
            return True
    return False


def class_module(cls: object) -> str:
    """The module that a class says it comes from; its metaclass is not asked."""
    found = _class_module(cls)
    return found if type(found) is str else ""


def class_qualname(cls: object) -> str:
    """The qualified name of a class; its metaclass is not asked."""
    return _class_qualname(cls)  # type: ignore[no-any-return]


def class_dict(cls: object) -> Mapping[str, Any]:
    """What the body of a class defines, bases left out."""
    return _class_dict(cls)  # type: ignore[no-any-return]


def class_lookup(cls: object, name: str) -> object:
    """What a class or its bases define under a name, descriptors unopened; or ``MISSING``."""
    for base in _class_mro(cls) or ():
        space = _class_dict(base)
        if name in space:
            return space[name]
    return MISSING


def instance_dict(obj: object) -> dict[str, Any]:
    """The attributes kept in the object itself."""
    slot = class_lookup(type(obj), "__dict__")
    if type(slot) is not types.GetSetDescriptorType:
        # Functions, modules and exceptions keep theirs under a getset, too; anything else
        # is a class with a `__dict__` of its own making.
        return {}
    try:
        found = slot.__get__(obj)
    except Exception:
        return {}
    return found if type(found) is dict else {}


def instance_lookup(obj: object, name: str) -> object:
    """What the object itself holds under a name, or ``MISSING``; its class is not asked."""
    found = instance_dict(obj).get(name, MISSING)
    if found is MISSING:
        slot = class_lookup(type(obj), name)
        if type(slot) is types.MemberDescriptorType:  # __slots__
            try:
                return slot.__get__(obj)
            except AttributeError:
                return MISSING
    return found


def module_lookup(module: types.ModuleType, name: str) -> object:
    """What a module holds under a name, or ``MISSING``; a submodule if it was imported."""
    found = object.__getattribute__(module, "__dict__")
    value: object = found.get(name, MISSING)
    if value is MISSING:
        return sys.modules.get(f"{found.get('__name__')}.{name}", MISSING)
    return value


def stores(code: types.CodeType, name: str, *, field: bool) -> bool:
    """Whether compiled code assigns to an attribute, or to a global, of this name.

    Only the low byte of a name's number stands beside its operation: of two names, 256 apart in
    one function, the answer may be for the other.
    """
    wanted = _STORE_ATTR if field else _STORE_GLOBAL
    if name not in code.co_names:
        return False
    number, ops = code.co_names.index(name) & 255, code.co_code
    return any(ops[at + 1] == number for at in range(0, len(ops), 2) if ops[at] == wanted)


def wrapped_by(obj: object) -> object:
    """What a wrapper wraps: the ``__wrapped__`` it holds, or ``MISSING``.

    A proxy in C keeps it behind a getset, which is safe to open unless the proxy is lazy:
    then opening it would call the user's factory.
    """
    kind = type(obj)
    slot = class_lookup(kind, "__wrapped__")
    if is_exactly(slot, *_SLOTS):
        if any("Lazy" in base.__name__ for base in mro(kind)):
            return MISSING
        try:
            return slot.__get__(obj)  # type: ignore[attr-defined]
        except Exception:
            return MISSING
    return instance_dict(obj).get("__wrapped__", MISSING)
