"""A quick look at compiled code: which helpers are worth reading?

    root ──> helper ──> helper ──> os.listdir        worth reading, all three
      └────> helper ──> helper                       no telling name anywhere: skipped

Compiled code lists the names it uses.  A helper from which no name of the catalogue can be
reached cannot wait, and looking costs some ten microseconds where reading its source costs a
thousand.  The look may be wrong in one direction only: it lets too much through.
"""

from __future__ import annotations

import functools
import itertools
import re
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from clustrix.analysis._names import owner_of
from clustrix.analysis._source import in_library, layers
from clustrix.analysis._static import (
    class_dict,
    class_lookup,
    class_module,
    class_qualname,
    instance_dict,
    is_exactly,
    mro,
)
from clustrix.analysis.catalogue import (
    CUES,
    HINT_CUES,
    TELLING,
    blocking,
    canonical_names,
    is_pure,
    times_learnt,
)

__all__ = ["Scan"]

_MAX_HELPERS = 24  # nearest first
_MAX_MEMBERS = 24  # functions in one dispatch table

_FUNCTION = types.FunctionType
_WORDS = re.compile(r"\w+")
_TYPING = ("types", "typing")
_GENERIC = (types.GenericAlias, types.UnionType)  # these keep their arguments in C
_SURE = "<sure>"  # the word for: something of the catalogue is here, whatever it is called


class Scan:
    """The call graph around one function, as far as names show it."""

    def __init__(self) -> None:
        self.left = _MAX_HELPERS
        self.suspects: dict[int, bool] = {}
        self.callers: dict[int, list[int]] = {}
        self.kept: list[object] = []  # keeps temporary functions alive, so that ids stay unique

    def start(self, function: types.FunctionType) -> None:
        """Look around the function to be read, so that its nearest helpers come first."""
        self._spread(function)

    def is_suspect(self, function: types.FunctionType) -> bool:
        """Whether something that waits may be reached from a function.

        What users wrote themselves is always read: there it is worth the time.
        """
        if not in_library(function.__code__.co_filename):
            return True
        if id(function.__code__) not in self.suspects:
            self._spread(function)
        return self.suspects.get(id(function.__code__), False)

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked at that the helpers may lead to."""
        return self.left > 0

    def _spread(self, function: types.FunctionType) -> None:
        """Look at the helpers around a function, nearest first."""
        queue, hot = deque([function]), list[int]()
        while queue and self.left > 0:
            current = queue.popleft()
            key = id(current.__code__)
            if key in self.suspects:
                continue
            self.left -= 1
            self.kept.append(current)
            names = _names_in(current.__code__)
            self.suspects[key] = False
            words, helpers = _surroundings(current, names)
            if _tells(current, names, words):
                hot.append(key)
            for helper in helpers:
                self.callers.setdefault(id(helper.__code__), []).append(key)
                if self.suspects.get(id(helper.__code__)):
                    hot.append(key)
                queue.append(helper)
        while hot:
            key = hot.pop()
            if not self.suspects.get(key):
                self.suspects[key] = True
                hot.extend(self.callers.get(key, ()))


def _names_in(code: types.CodeType) -> dict[str, None]:
    """The global and attribute names in compiled code, nested functions included."""
    names = dict.fromkeys((*code.co_names, *code.co_freevars))
    for part in code.co_consts:
        if type(part) is types.CodeType:
            names.update(_names_in(part))
    return names


def _surroundings(
    function: types.FunctionType, names: dict[str, None]
) -> tuple[set[str], list[_FUNCTION]]:
    """Words that say what the names may belong to, and the Python functions they may call."""
    space = function.__globals__
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    words, helpers = set[str](names), list[_FUNCTION]()
    for name in names:
        if name in cells:
            try:
                _look_at(cells[name].cell_contents, names, words, helpers)
            except ValueError:
                continue
        elif name in space:
            _look_at(space[name], names, words, helpers)
        elif "." in name:  # `import a.b` inside the function
            words.update(name.split("."))
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if default is not None:
            _look_at(default, names, words, helpers)
    for said in function.__annotations__.values():
        _note_annotation(said, words)
    owner, _ = owner_of(function)
    if owner is not None:
        _note_class(owner, words)
        init = class_lookup(owner, "__init__")
        if type(init) is types.FunctionType:  # what the fields may be
            words.update(init.__code__.co_names)
            for said in init.__annotations__.values():
                _note_annotation(said, words)
        helpers.extend(_methods(owner, names))
    return words, helpers


def _note_annotation(said: object, words: set[str], depth: int = 3) -> None:
    if type(said) is str:
        words.update(_WORDS.findall(said))
    elif issubclass(type(said), type):
        _note_class(said, words)
    elif depth and class_module(type(said)) in _TYPING:  # list[Path], Path | None, "Path"
        inside = said.__args__ if is_exactly(said, *_GENERIC) else ()  # type: ignore[attr-defined]
        kept = instance_dict(said)
        for part in (*inside, *kept.get("__args__", ()), kept.get("__forward_arg__")):
            _note_annotation(part, words, depth - 1)


def _note_class(cls: object, words: set[str]) -> None:
    for base in mro(cls):
        words.update(_parts(class_module(base), class_qualname(base)))


@functools.lru_cache(maxsize=8192)
def _parts(module: str, qualname: str) -> tuple[str, ...]:
    return tuple(canonical_names(module, qualname)[-1].split("."))


def _verdict(module: str, qualname: str) -> tuple[bool, bool]:
    """Whether the catalogue has something of this name, and whether it calls it pure."""
    return _verdict_of(module, qualname, times_learnt())


@functools.lru_cache(maxsize=8192)
def _verdict_of(module: str, qualname: str, learnt: int) -> tuple[bool, bool]:
    names = canonical_names(module, qualname)
    sure = any(name in CUES.sources or blocking(name) is not None for name in names)
    return sure, any(is_pure(name) for name in names)


def _look_at(
    obj: object, names: dict[str, None], words: set[str], helpers: list[_FUNCTION], depth: int = 3
) -> None:
    """Add the words and the functions that one global, cell or default brings in."""
    kind = type(obj)
    if kind is types.FunctionType:
        _add(obj, words, helpers)  # type: ignore[arg-type]
    elif kind is types.ModuleType:
        _add_module(obj, names, words, helpers, depth)  # type: ignore[arg-type]
    elif issubclass(kind, type):
        _add_class(obj, names, words, helpers)
    elif is_exactly(obj, dict, list, tuple):
        members: Any = obj.values() if kind is dict else obj  # type: ignore[attr-defined]
        for member in itertools.islice(members, _MAX_MEMBERS):
            if type(member) is types.FunctionType:
                _add(member, words, helpers)
    elif kind is types.BuiltinFunctionType:
        if _verdict(str(obj.__module__), obj.__name__)[0]:  # type: ignore[attr-defined]
            words.add(_SURE)
    else:
        inside = layers(obj)
        for plain in inside:
            _add(plain, words, helpers)
        if not inside and obj is not None:
            _note_class(kind, words)
            helpers.extend(_methods(kind, names))


def _add_module(
    module: types.ModuleType,
    names: dict[str, None],
    words: set[str],
    helpers: list[_FUNCTION],
    depth: int,
) -> None:
    space = object.__getattribute__(module, "__dict__")
    top = str(space.get("__name__", ""))
    words.update(top.split("."))
    if top in CUES.pure_modules or not depth:
        return
    for name in names:
        if name in space and not isinstance(space[name], dict | list | tuple):
            _look_at(space[name], names, words, helpers, depth - 1)


def _add(function: types.FunctionType, words: set[str], helpers: list[_FUNCTION]) -> None:
    module = function.__module__
    sure, pure = _verdict(module if type(module) is str else "", function.__qualname__)
    if sure:
        words.add(_SURE)
    if not pure:
        helpers.append(function)


def _add_class(
    cls: object, names: dict[str, None], words: set[str], helpers: list[_FUNCTION]
) -> None:
    sure, pure = _verdict(class_module(cls), class_qualname(cls))
    _note_class(cls, words)
    if sure:
        words.add(_SURE)
    if pure:
        return
    for method in ("__init__", "__new__", "__enter__"):
        found = class_lookup(cls, method)
        if type(found) is types.FunctionType:
            helpers.append(found)
    helpers.extend(_methods(cls, names))


def _methods(cls: object, names: dict[str, None]) -> Iterator[_FUNCTION]:
    """The methods of a class, inherited ones too, that the names may call."""
    done: set[str] = set()
    for base in mro(cls):
        space = class_dict(base)
        if base is object or space.keys().isdisjoint(names):
            continue
        for name in names:
            if name not in space or name in done:
                continue
            done.add(name)
            found = space[name]
            if type(found) is property:
                found = found.fget
            elif is_exactly(found, staticmethod, classmethod):
                found = found.__func__
            if type(found) is not types.FunctionType:
                inside = layers(found)
                found = inside[-1] if inside else None
            if found is not None:
                yield found


def _tells(function: types.FunctionType, names: dict[str, None], words: set[str]) -> bool:
    """Whether the names in a function include one that may wait."""
    if _SURE in words:
        return True
    for name in names:
        if name in TELLING:
            return True
        before = CUES.words.get(name)
        if before and ("" in before or not before.isdisjoint(words)):
            return True
        called = HINT_CUES.get(name)
        if called and any(
            word.lstrip("_").lower() in called for word in (*names, *function.__code__.co_varnames)
        ):
            return True
    return False
