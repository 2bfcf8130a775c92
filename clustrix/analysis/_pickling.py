"""Say whether an object can travel to another process; if not, which part of it, and why.

    client ── .session ── .lock          check_picklable(client, "args[0]")
                            └ culprit ─> args[0].session.lock is a _thread.lock (PK101)

The walk does what a pickler does, object by object, without writing a byte: it asks for
``__reduce_ex__`` and visits the parts.  Big buffers are never copied, big lists are sampled, and
after a fixed number of steps the answer is "nothing found".
"""

from __future__ import annotations

import copyreg
import functools
import itertools
import pickle
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from clustrix._model import Finding
from clustrix.analysis._static import class_dict, instance_dict, is_module, mro
from clustrix.analysis._travel import PICKLE_CODES, by_reference, fix_for, found_under, global_names

__all__ = ["check_picklable"]

_MAX_STEPS = 10_000  # objects looked at: about 10 ms
_WHOLE = 100_000  # longer lists are sampled: looking at each type takes 20 ns
_SAMPLE = 4_096
_DEEP = 200  # nesting that may be too much for a pickler: ask one

_ATOMS = frozenset(
    {int, float, complex, bool, str, bytes, bytearray, range, slice, type(None), type(...)}
    | {type(NotImplemented), pickle.PickleBuffer}
)
# What cloudpickle can do and pickle cannot, beside functions and classes.
_CLOUD_ATOMS = (
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
_FILES = ("TextIOWrapper", "BufferedReader", "BufferedWriter", "BufferedRandom", "FileIO")
_CLASS_INTERNALS = frozenset({"__weakref__", "__dict__", "_abc_impl", "__slots__", "__module__"})

_Part = tuple[str, object]


def check_picklable(obj: object, name: str, *, by_value: bool = False) -> Finding | None:
    """Find the part of an object that cannot be pickled.

    Args:
        obj: anything; it is left as it is.
        name: what the message calls it, for example ``args[0]``.
        by_value: ``False`` for the rules of the standard `pickle`; ``True`` for those of
            cloudpickle, which ships functions and classes by value.

    Returns:
        ``None`` when nothing was found that cannot travel; else a finding whose ``name`` is the
        path to the culprit and whose ``why`` says what it is and what usually helps.

    Examples:
        >>> import threading
        >>> check_picklable([1, {"a": 2.5}], "args[0]") is None
        True
        >>> print(check_picklable({"guard": threading.Lock()}, "args[0]").name)
        args[0]['guard']
    """
    seen: dict[int, object] = {}  # also keeps temporary parts alive, so that ids stay unique
    stack: list[tuple[str, object, int]] = [(name, obj, 0)]
    deepest = 0
    for _ in range(_MAX_STEPS):
        if not stack:
            break
        path, part, depth = stack.pop()
        kind = type(part)
        if kind in _ATOMS or id(part) in seen:
            continue
        seen[id(part)] = part
        deepest = max(deepest, depth)
        parts = _parts(part, by_value)
        if isinstance(parts, Finding):
            return Finding(parts.code, parts.why, path)
        # Reversed, so that the first culprit in reading order is the one reported.
        stack.extend((path + step, inner, depth + 1) for step, inner in reversed(parts))
    return _too_deep(obj, name, by_value) if deepest > _DEEP else None


def _parts(obj: object, by_value: bool) -> list[_Part] | Finding:
    """The objects that pickling ``obj`` pickles in turn, or why it cannot be done."""
    kind = type(obj)
    if kind in (list, tuple, set, frozenset):
        return list(_elements(obj))  # type: ignore[arg-type]
    if kind is dict:
        return _items(obj)  # type: ignore[arg-type]
    if kind is types.FunctionType:
        return _function(obj, by_value)  # type: ignore[arg-type]
    if issubclass(kind, type):
        return _class(obj, by_value)  # type: ignore[arg-type]
    if kind is types.MethodType:
        parts: list[_Part] = [(".__self__", obj.__self__)]  # type: ignore[attr-defined]
        return [*parts, (".__func__", obj.__func__)] if by_value else parts  # type: ignore[attr-defined]
    if kind is types.BuiltinFunctionType:
        owner = obj.__self__  # type: ignore[attr-defined]
        return [] if owner is None or is_module(owner) else [(".__self__", owner)]
    if kind is functools.partial:
        return _partial(obj)  # type: ignore[arg-type]
    if by_value and issubclass(kind, _CLOUD_ATOMS):
        return []
    if by_value and kind in (property, classmethod, staticmethod):
        return [("", inner) for inner in _descriptor(obj)]
    return _reduced(obj, by_value)


def _elements(items: Iterable[object]) -> Iterator[_Part]:
    """The elements that are not plain data; of very long ones an even sample."""
    count = len(items)  # type: ignore[arg-type]
    step = 1
    if count > _WHOLE:
        step = count // _SAMPLE if isinstance(items, list | tuple) else 1
        items = (
            items[::step] if isinstance(items, list | tuple) else itertools.islice(items, _SAMPLE)
        )
        items = list(items)
    if set(map(type, items)) <= _ATOMS:
        return
    indexed = isinstance(items, list | tuple)
    for index, item in enumerate(items):
        if type(item) not in _ATOMS:
            yield (f"[{index * step}]" if indexed else "{...}"), item


def _items(mapping: dict[object, object]) -> list[_Part]:
    pairs = itertools.islice(mapping.items(), _WHOLE)
    found: list[_Part] = []
    for key, value in pairs:
        if type(key) not in _ATOMS:
            found.append((".<key>", key))
        if type(value) not in _ATOMS:
            found.append((f"[{_short(key)}]", value))
    return found


def _short(key: object) -> str:
    text = repr(key) if type(key) in _ATOMS else type(key).__name__
    return text if len(text) < 40 else text[:36] + "..."


def _partial(obj: functools.partial[Any]) -> list[_Part]:
    state: Any = functools.partial.__reduce__(obj)[2]
    function, args, keywords = state[:3]
    return [
        (".func", function),
        *((f".args[{index}]", value) for index, value in enumerate(args)),
        *((f".keywords[{key!r}]", value) for key, value in (keywords or {}).items()),
        *((f".{key}", value) for key, value in instance_dict(obj).items()),
    ]


def _descriptor(obj: object) -> list[object]:
    if isinstance(obj, property):
        return [obj.fget, obj.fset, obj.fdel]
    return [obj.__func__]  # type: ignore[attr-defined]


def _function(function: types.FunctionType, by_value: bool) -> list[_Part] | Finding:
    """A function goes by reference when it can be imported, by value when that is allowed."""
    if _importable(function, by_value):
        return []
    if not by_value:
        code = "PK102"
        what = "lambda" if function.__name__ == "<lambda>" else "function"
        if "<locals>" not in function.__qualname__ and what != "lambda":
            code = "PK107"
        return Finding(code, PICKLE_CODES[code].format(what=what))
    found: list[_Part] = []
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


def _importable(obj: types.FunctionType | type, by_value: bool) -> bool:
    """Whether a worker finds it by its name; a script's own module is another one there."""
    return by_reference(obj) and not (by_value and obj.__module__ == "__main__")


def _class(cls: type, by_value: bool) -> list[_Part] | Finding:
    if _importable(cls, by_value) or cls in (type(None), type(...), type(NotImplemented)):
        return []
    if not by_value:
        code = "PK103" if "<locals>" in cls.__qualname__ else "PK107"
        return Finding(code, PICKLE_CODES[code].format(what="class"))
    body = class_dict(cls)
    return [
        *(("", base) for base in cls.__bases__),
        *((f".{key}", value) for key, value in body.items() if key not in _CLASS_INTERNALS),
    ]


def _reduced(obj: object, by_value: bool) -> list[_Part] | Finding:
    """Ask the object how it pickles, and hand on what it answers."""
    kind = type(obj)
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return _array(obj)
    if kind.__module__ == "itertools":  # they pickle; asking them warns since 3.12
        return []
    if kind.__module__ == "_io" and kind.__name__ in _FILES:
        return Finding("PK101", _why(obj))
    try:
        reduce = copyreg.dispatch_table.get(kind)
        answer = reduce(obj) if reduce else obj.__reduce_ex__(5)
    except Exception as error:
        code = "PK101" if isinstance(error, TypeError) and not _own_reduce(kind) else "PK104"
        why = _why(obj) if code == "PK101" else f"cannot be pickled: {_message(error)}"
        return Finding(code, why)
    if isinstance(answer, str):  # a name under which it is to be found
        module = getattr(obj, "__module__", None)
        if found_under(module, answer, obj):
            return []
        return Finding("PK107", PICKLE_CODES["PK107"].format(what=kind.__qualname__))
    if not isinstance(answer, tuple) or not 2 <= len(answer) <= 6:
        return Finding("PK104", f"is a {kind.__qualname__} whose __reduce__ gives no tuple")
    make, args, state, elements, pairs, *_ = (*answer, None, None, None, None)
    parts: list[_Part] = [("", make)]
    # `copyreg.__newobj__(cls)` and its kin say of what class the object is, not what is in it.
    names = [""] if getattr(make, "__module__", "") == "copyreg" else []
    names += [f".<args>[{index}]" for index in range(len(names), len(args))]
    parts += zip(names, args, strict=True)
    parts += _state(state)
    if elements is not None:
        parts += _elements(list(itertools.islice(elements, _WHOLE)))
    if pairs is not None:
        parts += _items(dict(itertools.islice(pairs, _WHOLE)))
    return parts


def _state(state: object) -> list[_Part]:
    """The attributes that travel with an object: a dict, or a dict beside slots."""
    if (
        type(state) is tuple
        and len(state) == 2
        and all(type(x) in (dict, type(None)) for x in state)
    ):
        return [part for half in state for part in _state(half)]
    if type(state) is dict:
        return [(f".{key}", value) for key, value in state.items() if type(value) not in _ATOMS]
    return [] if state is None else [(".<state>", state)]


def _array(array: Any) -> list[_Part]:
    """Numbers travel as a buffer; an array of objects is as good as its elements."""
    if not array.dtype.hasobject or array.dtype.names:
        return []
    return list(_elements(list(itertools.islice(array.flat, _SAMPLE))))


def _own_reduce(kind: type) -> bool:
    """Whether somebody wrote how this class pickles."""
    names = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")
    return any(
        type(vars(base).get(name)) is types.FunctionType for base in mro(kind) for name in names
    )


def _why(obj: object) -> str:
    kind = type(obj)
    fix = fix_for(kind)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    article = "an" if kind.__qualname__[:1].lower() in "aeiou" and not module else "a"
    return f"is {article} {module}{kind.__qualname__}, which cannot be pickled; {fix}"


def _message(error: BaseException) -> str:
    text = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Enough(Exception):
    """Raised by the sink to stop a pickler that has written enough: a signal, not an error."""


class _Sink:
    """A file that forgets what is written to it, and stops after a megabyte."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        if self.size > 1_000_000:
            raise _Enough
        return len(data)


def _too_deep(obj: object, name: str, by_value: bool) -> Finding | None:
    """Only a pickler knows how much nesting a pickler can take."""
    make: Any = pickle.Pickler
    if by_value:
        cloud = sys.modules.get("cloudpickle")
        make = cloud.Pickler if cloud is not None else make
    try:
        make(_Sink(), protocol=5, buffer_callback=lambda buffer: None).dump(obj)
    except _Enough:
        return None
    except RecursionError:
        return Finding("PK105", PICKLE_CODES["PK105"], name)
    except Exception as error:
        if isinstance(error.__context__, RecursionError) or "recursion" in str(error):
            return Finding("PK105", PICKLE_CODES["PK105"], name)
    return None
