"""What a pickler visits in an object, or why it cannot: containers, functions, classes.

    [a, b]        [0] a, [1] b                 lambda by value    closure, globals, defaults
    {"k": v}      ['k'] v                      method             .__self__
    anything else: `_reduction` says what its class makes of it

Nothing is copied but the references in short containers, so that another thread may change them.
"""

from __future__ import annotations

import functools
import pickle
import types
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from clustrix.analysis._static import (
    class_dict,
    class_module,
    class_qualname,
    instance_dict,
    is_module,
)
from clustrix.analysis._travel import global_names, importable
from clustrix.basis._typing import NamedTuple

__all__ = [
    "Look",
    "Part",
    "Stuck",
    "elements_of",
    "is_atom",
    "items_of",
    "parts_of",
    "shown_kind",
]

Part = tuple[str, object]  # a step of the path, and where it leads
_Parts = Iterable[Part]

_ATOMS: Final = (
    *(int, float, complex, bool, str, bytes, bytearray, range, slice),
    *(type(None), type(...), type(NotImplemented), pickle.PickleBuffer),
)
# Compared by identity: the metaclass of somebody's class may define what equality means.
_ATOM_IDS: Final = frozenset(map(id, _ATOMS))
_SINGULAR: Final = (type(None), type(...), type(NotImplemented))

# What cloudpickle can do and pickle cannot, beside functions and classes.
_CLOUD_ATOMS: Final = (
    types.ModuleType,
    types.CodeType,
    memoryview,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.MethodWrapperType,
)
_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))
_CLASS_INTERNALS: Final = frozenset(
    {"__weakref__", "__dict__", "_abc_impl", "__slots__", "__module__"}
)
_WHOLE = 100_000  # longer lists are sampled: looking at each type takes 30 ns
_SAMPLE = 4_096
_TYPES_A_STEP = 30  # types of elements looked at in the time that one object takes


class Look:
    """How an object is looked at.

    Attributes:
        by_value: whether functions and classes may travel by value.
        ask: whether pickling methods that users wrote are called.
        left: steps that are left; an object is one.
        whole: whether long containers are looked at to their end.
        recipes: how the instances of a class are looked at, by its id; with the class.
    """

    __slots__ = ("ask", "by_value", "left", "recipes", "whole")

    def __init__(self, by_value: bool, ask: bool, left: int, *, whole: bool) -> None:
        self.by_value = by_value
        self.ask = ask
        self.left = left
        self.whole = whole
        self.recipes: dict[int, tuple[type, Any]] = {}

    def room(self, count: int) -> bool:
        """Whether so many elements may be looked at one by one; it is counted as done."""
        if not self.whole and (count > _WHOLE or count > self.left * _TYPES_A_STEP):
            self.left -= _SAMPLE // _TYPES_A_STEP
            return False
        self.left -= count // _TYPES_A_STEP
        return True


class Stuck(NamedTuple):
    """Why an object cannot travel.

    Attributes:
        code: as in the catalogue.
        kind: what the object is, in words.
        reason: only where the code does not say it.
    """

    code: str
    kind: str
    reason: str = ""


def is_atom(obj: object) -> bool:
    """Whether an object is plain data, which every pickler takes."""
    return id(type(obj)) in _ATOM_IDS


def shown_kind(kind: type) -> str:
    """A class as messages name it."""
    module = class_module(kind)
    return class_qualname(kind) if module == "builtins" else f"{module}.{class_qualname(kind)}"


def parts_of(obj: object, look: Look) -> _Parts | Stuck | None:
    """The objects that pickling ``obj`` pickles in turn, or why it cannot be done.

    Returns:
        ``None`` where the class of the object has to be asked.
    """
    kind = type(obj)
    if kind is list or kind is tuple or kind is set or kind is frozenset:
        return elements_of(obj, look)
    if kind is dict:
        return items_of(obj, look)  # type: ignore[arg-type]
    if kind is types.FunctionType:
        return _function(obj, look.by_value)  # type: ignore[arg-type]
    if issubclass(kind, type):
        return _class(obj, look.by_value)  # type: ignore[arg-type]
    if kind is types.MethodType:
        parts: list[Part] = [(".__self__", obj.__self__)]  # type: ignore[attr-defined]
        return [*parts, (".__func__", obj.__func__)] if look.by_value else parts  # type: ignore[attr-defined]
    if kind is types.BuiltinFunctionType:
        owner = obj.__self__  # type: ignore[attr-defined]
        return [] if owner is None or is_module(owner) else [(".__self__", owner)]
    if kind is functools.partial:
        return _partial(obj)  # type: ignore[arg-type]
    return _carried(obj, kind, look) if look.by_value else None


def _carried(obj: Any, kind: type, look: Look) -> _Parts | None:
    """What cloudpickle takes although the standard pickle does not."""
    if issubclass(kind, _CLOUD_ATOMS):
        return []
    if kind is property:
        return [(".fget", obj.fget), (".fset", obj.fset), (".fdel", obj.fdel)]
    if kind is classmethod or kind is staticmethod:
        return [(".__func__", obj.__func__)]
    if kind is functools.cached_property:  # gets another lock there, where it has one
        return [(".func", obj.func)]
    if kind is types.MappingProxyType or kind in _VIEWS:
        values = list(islice(obj.values() if kind is types.MappingProxyType else obj, _WHOLE))
        return ((f".<values>{step}", value) for step, value in elements_of(values, look))
    if kind is types.CellType:
        try:
            return [(".cell_contents", obj.cell_contents)]
        except ValueError:
            return []
    return None


def elements_of(items: Any, look: Look) -> Iterator[Part]:
    """The elements that are not plain data; of very long containers a sample.

    Lists and tuples are sampled evenly, other containers at their beginning.
    """
    kind = type(items)
    indexed = issubclass(kind, list | tuple)
    native: Any = next(
        one for one in (list, tuple, set, frozenset, object) if issubclass(kind, one)
    )
    count = native.__len__(items) if native is not object else len(items)
    step = 1
    if look.room(count):
        chosen = list(islice(native.__iter__(items) if native is not object else items, count))
    elif indexed:
        step = max(1, count // _SAMPLE)
        chosen = native.__getitem__(items, slice(None, None, step))
    else:
        chosen = list(islice(native.__iter__(items) if native is not object else items, _SAMPLE))
    if set(map(id, map(type, chosen))) <= _ATOM_IDS:
        return
    mark = "[{}]" if indexed or native is object else ".<elements>[{}]"
    for index, item in enumerate(chosen):
        if not is_atom(item):
            yield mark.format(index * step), item


def items_of(mapping: dict[Any, Any], look: Look) -> Iterator[Part]:
    """The keys and values that are not plain data; of a very big dict those at both ends."""
    pairs: list[tuple[Any, Any]]
    if look.room(2 * dict.__len__(mapping)):
        pairs = list(dict.items(mapping))
    else:
        view = dict.items(mapping)
        pairs = [*islice(view, _SAMPLE // 2), *islice(reversed(view), _SAMPLE // 2)]
    for index, (key, value) in enumerate(pairs):
        plain = is_atom(key)
        if not plain:
            yield f".<keys>[{index}]", key
        if not is_atom(value):
            yield (f"[{_short(key)}]" if plain else f".<values>[{index}]"), value


def _short(key: object) -> str:
    text = repr(key)
    return text if len(text) < 40 else text[:36] + "..."


def _partial(obj: functools.partial[Any]) -> list[Part]:
    state: Any = functools.partial.__reduce__(obj)[2]
    function, args, keywords = state[:3]
    return [
        (".func", function),
        *((f".args[{index}]", value) for index, value in enumerate(args)),
        *((f".keywords[{key!r}]", value) for key, value in (keywords or {}).items()),
        *((f".{key}", value) for key, value in instance_dict(obj).items()),
    ]


def _function(function: types.FunctionType, by_value: bool) -> list[Part] | Stuck:
    """A function goes by reference when it can be imported, by value when that is allowed."""
    if importable(function, by_value):
        return []
    if not by_value:
        if function.__name__ == "<lambda>":
            return Stuck("PK102", "lambda")
        return Stuck("PK102" if "<locals>" in function.__qualname__ else "PK107", "function")
    found: list[Part] = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found.append((f".<closure>.{name}", cell.cell_contents))
        except ValueError:
            continue
    space = function.__globals__
    found.extend((f".<globals>.{name}", space[name]) for name in global_names(function))
    found.extend(
        (f".<defaults>[{i}]", value) for i, value in enumerate(function.__defaults__ or ())
    )
    keyword_only = function.__kwdefaults__ or {}
    found.extend((f".<defaults>[{key!r}]", value) for key, value in keyword_only.items())
    found.extend((f".{key}", value) for key, value in instance_dict(function).items())
    return found


def _class(cls: type, by_value: bool) -> list[Part] | Stuck:
    if importable(cls, by_value) or any(cls is one for one in _SINGULAR):
        return []
    if not by_value:
        if "<locals>" in class_qualname(cls):
            return Stuck("PK103", "class defined inside a function")
        return Stuck("PK107", "class")
    return [
        *((f".__bases__[{index}]", base) for index, base in enumerate(cls.__bases__)),
        *(
            (f".{key}", value)
            for key, value in class_dict(cls).items()
            if key not in _CLASS_INTERNALS
        ),
    ]
