"""What the class of an object makes of it when it is pickled.

    no pickling method      attributes and slots: looked up where they are kept
    written in C, or in     asked, as a pickler asks; what copies data is known by name
    the standard library
    written by anybody else believed: it runs when the object is sent, and then only; asked
                            where the caller wants the answer of a pickler

So of an object's own code nothing runs but what the caller has asked for.
"""

from __future__ import annotations

import copyreg
import functools
import itertools
import sys
import types
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final

from clustrix.analysis._parts import Look, Part, Stuck, elements_of, is_atom, items_of, shown_kind
from clustrix.analysis._static import (
    MISSING,
    class_dict,
    class_lookup,
    class_module,
    class_qualname,
    instance_dict,
    mro,
    wrapped_by,
)
from clustrix.analysis._travel import found_under, importable

__all__ = ["reduced", "runs_user_code"]

_HOOKS: Final = (
    "__reduce_ex__",
    "__reduce__",
    "__getstate__",
    "__getnewargs_ex__",
    "__getnewargs__",
)
_NATIVE: Final = (list, dict, tuple, set, frozenset, str, bytes, bytearray, int, float, complex)
_ELEMENTS: Final = (list, tuple, set, frozenset)
_UNDERSTOOD: Final = (object, *_NATIVE)
# They answer with a copy of their data, or of their elements.
_COPIES: Final = frozenset(
    {"array.array", "_io.BytesIO", "_io.StringIO", "collections.deque", "collections.Counter"}
    | {"builtins.dict_keyiterator", "builtins.dict_valueiterator", "builtins.dict_itemiterator"}
    | {"builtins.set_iterator", "collections.OrderedDict", "collections.defaultdict"}
    | {"_weakrefset.WeakSet"}
)
# Sent by name, or as their text, by those who send functions by value.
_CARRIED: Final = frozenset({"logging.Logger", "logging.RootLogger", "typing.TypeVar"})
_FILES: Final = frozenset(
    f"_io.{name}"
    for name in ("TextIOWrapper", "BufferedReader", "BufferedWriter", "BufferedRandom", "FileIO")
)
# Libraries whose pickling methods only name attributes: those of the standard one, and of attrs.
_ASKED: Final = sys.stdlib_module_names | {"attr", "attrs", "clustrix"}
_MANY = 100_000

_size = type.__dict__["__basicsize__"].__get__
_item_size = type.__dict__["__itemsize__"].__get__
_flags = type.__dict__["__flags__"].__get__
_dict_offset = type.__dict__["__dictoffset__"].__get__
_weak_offset = type.__dict__["__weakrefoffset__"].__get__
_POINTER = _size(object) // 2
_MANAGED_DICT = 1 << 4 if sys.version_info >= (3, 12) else 0

_Answer = Iterable[Part] | Stuck
_Recipe = Callable[[Any, Look], _Answer]


def reduced(obj: object, look: Look) -> _Answer:
    """What pickling an object pickles in turn, when it is neither container nor function."""
    kind = type(obj)
    known = look.recipes.get(id(kind))
    if known is None:
        known = look.recipes[id(kind)] = (kind, _recipe(kind, look))
    return known[1](obj, look)


def _recipe(kind: type, look: Look) -> _Recipe:
    """How instances of a class are looked at; found once for each class."""
    name = f"{class_module(kind)}.{class_qualname(kind)}"
    if name in _FILES:
        return _refused
    if name == "numpy.ndarray":
        return _array
    if class_module(kind) == "itertools" or (look.by_value and name in _CARRIED):
        return _nothing  # the former pickle; asking them warns since 3.12
    if look.by_value and class_lookup(kind, "__reduce_by_value__") is not MISSING:
        return _decorated
    registered = copyreg.dispatch_table.get(kind)
    if name in _COPIES or (registered is None and not _hooks(kind)):
        if name in _COPIES or issubclass(kind, _NATIVE) or _is_plain(kind):
            return functools.partial(_contents, _known_class(kind, look), _slots(kind), kind)
        return _refused
    if not look.ask and runs_user_code(kind):
        return lambda obj, look: _known_class(kind, look) if registered is None else []
    return functools.partial(_asked, registered, kind)


def runs_user_code(kind: type) -> bool:
    """Whether pickling an instance runs Python code that is not of the standard library."""
    registered = copyreg.dispatch_table.get(kind)
    hooks = _hooks(kind) if registered is None else [registered]
    for name in ("__getattribute__", "__getattr__"):
        own = class_lookup(kind, name)
        hooks += [own] if type(own) is types.FunctionType else []
    return not all(
        _is_known(hook) if type(hook) is types.FunctionType else _is_native(hook) for hook in hooks
    )


def _hooks(kind: type) -> list[Any]:
    """The pickling methods in the bodies of a class and its bases; `list` and kin aside."""
    return [
        class_dict(base)[name]
        for base in mro(kind)
        if not any(base is one for one in _UNDERSTOOD)
        for name in _HOOKS
        if name in class_dict(base) and not _is_named_tuple(base, name)
    ]


def _is_named_tuple(base: type, name: str) -> bool:
    """Whether the method only says that a named tuple is made of its elements."""
    return name == "__getnewargs__" and issubclass(base, tuple) and "_fields" in class_dict(base)


def _is_native(hook: object) -> bool:
    return type(hook).__module__ == "builtins"


def _is_known(function: types.FunctionType) -> bool:
    return str(function.__module__).partition(".")[0] in _ASKED


def _is_plain(kind: type) -> bool:
    """Whether all there is to instances is their dictionary and slots, as `object` sees it."""
    size = _size(object)
    if _dict_offset(kind) and not _flags(kind) & _MANAGED_DICT:
        size += _POINTER
    if _weak_offset(kind) > 0:
        size += _POINTER
    return not _item_size(kind) and _size(kind) <= size + _POINTER * len(_slots(kind))


def _slots(kind: type) -> dict[str, Any]:
    """The slots that classes in Python have declared, by the names under which they are kept."""
    return {
        name: member
        for base in reversed(mro(kind))
        if "__slots__" in class_dict(base)
        for name, member in class_dict(base).items()
        if type(member) is types.MemberDescriptorType
    }


def _known_class(kind: type, look: Look) -> list[Part]:
    """The class as a part of its instances; a class that can be imported is none."""
    return [] if importable(kind, look.by_value) else [(".__class__", kind)]


def _contents(
    first: list[Part], slots: dict[str, Any], kind: type, obj: Any, look: Look
) -> Iterable[Part]:
    """Attributes, slots, and elements if it is a container: no code of its own runs."""
    found = first + [
        (f".{name}", value) for name, value in instance_dict(obj).items() if not is_atom(value)
    ]
    for name, slot in slots.items():
        try:
            found.append((f".{name}", slot.__get__(obj)))
        except AttributeError:
            continue
    if issubclass(kind, dict):
        factory = class_lookup(kind, "default_factory")
        if type(factory) is types.MemberDescriptorType:
            found.append((".default_factory", factory.__get__(obj)))
        return itertools.chain(found, items_of(obj, look))
    if issubclass(kind, _ELEMENTS) or class_qualname(kind) == "deque":
        return itertools.chain(found, elements_of(obj, look))
    return found


def _decorated(obj: Any, look: Look) -> Iterable[Part]:
    """A function decorated by us: by its name, or with the function inside."""
    inner: Any = wrapped_by(obj)
    module = getattr(inner, "__module__", None)
    if module != "__main__" and found_under(module, getattr(inner, "__qualname__", None), obj):
        return []
    return [(".__wrapped__", inner)]


def _nothing(obj: object, look: Look) -> Iterable[Part]:
    return []


def _array(array: Any, look: Look) -> Iterable[Part]:
    """Numbers travel as a buffer; an array of objects is as good as its elements."""
    if not array.dtype.hasobject:
        return
    if array.dtype.names:
        for name in array.dtype.names:
            yield f"[{name!r}]", array[name]
        return
    step = 1 if look.room(array.size) else max(1, array.size // 4096)
    mark = "[{}]" if array.ndim == 1 else ".flat[{}]"
    for index, value in enumerate(array.flat[::step].tolist()):
        yield mark.format(index * step), value


def _refused(obj: object, look: Look) -> Stuck:
    return Stuck("PK101", shown_kind(type(obj)))


def _asked(registered: Any, kind: type, obj: Any, look: Look) -> _Answer:
    """Ask the object how it pickles, and hand on what it answers."""
    try:
        answer = registered(obj) if registered else obj.__reduce_ex__(5)
    except Exception as error:
        own = any(type(hook) is types.FunctionType for hook in _hooks(kind))
        if isinstance(error, TypeError) and not own:
            return _refused(obj, look)
        text = str(error).split("\n", 1)[0]
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        return Stuck("PK104", shown_kind(kind), f"whose own pickling method refuses ({said})")
    if isinstance(answer, str):  # a name under which it is to be found
        module = getattr(obj, "__module__", None)
        return [] if found_under(module, answer, obj) else Stuck("PK107", shown_kind(kind))
    if not isinstance(answer, tuple) or not 2 <= len(answer) <= 6:
        return Stuck("PK104", shown_kind(kind), "whose __reduce__ gives neither text nor a tuple")
    return _told(answer, look)


def _told(answer: tuple[Any, ...], look: Look) -> Iterable[Part]:
    """The parts in what ``__reduce__`` answers: maker, arguments, state, elements, pairs."""
    make, args, state, elements, pairs, *_ = (*answer, None, None, None, None)
    yield ".<maker>", make
    # `copyreg.__newobj__(cls)` and its kin say of what class the object is, not what is in it.
    is_new = getattr(make, "__module__", "") == "copyreg"
    for index, value in enumerate(args or ()):
        yield (".__class__" if is_new and not index else f".<args>[{index}]"), value
    yield from _state(state)
    if elements is not None:
        yield from elements_of(list(islice(elements, _MANY)), look)
    if pairs is not None:
        yield from items_of(dict(islice(pairs, _MANY)), look)


def _state(state: object) -> Iterable[Part]:
    """The attributes that travel with an object: a dict, or a dict beside slots."""
    halves: Any = state if type(state) is tuple and len(state) == 2 else (state,)
    if not all(type(half) in (dict, type(None)) for half in halves):
        yield ".<state>", state
        return
    for half in halves:
        for key, value in (half or {}).items():
            yield f".{key}", value
