"""A quick look at compiled code: which helpers are worth reading?

    root ──> helper ──> helper ──> os.listdir        worth reading, all three
      └────> helper ──> helper                       no telling name anywhere: skipped

Compiled code lists the names it uses.  A helper from which no name of the catalogue can be
reached cannot wait, and looking costs some ten microseconds where reading its source costs a
thousand.  The look may be wrong in one direction only: it lets too much through.
"""

from __future__ import annotations

import os
import re
import sysconfig
import types
from collections import deque
from collections.abc import Iterator

from ._names import owner_of
from ._source import layers
from ._static import class_dict, class_lookup, class_module, module_lookup, mro
from .catalogue import COMMON_TELLING, CUES, HINT_CUES, TELLING, canonical_names, is_pure

__all__ = ["Scan", "in_library"]

_MAX_HELPERS = 64  # nearest first
_MAX_MEMBERS = 24  # functions in one dispatch table

_LIBRARIES = tuple({sysconfig.get_path(key) + os.sep for key in ("stdlib", "platstdlib", "purelib")})
_FUNCTION = types.FunctionType
_WORDS = re.compile(r"\w+")


def in_library(file: str) -> bool:
    """Whether a file belongs to the standard library or to an installed package."""
    return file.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in file


class Scan:
    """The call graph around one function, as far as names show it."""

    def __init__(self) -> None:
        self.left = _MAX_HELPERS
        self.suspects: dict[int, bool] = {}
        self.callers: dict[int, list[int]] = {}
        self.kept: list[object] = []  # keeps temporary functions alive, so that ids stay unique

    def is_suspect(self, function: types.FunctionType) -> bool:
        """Whether something that waits may be reached from a function."""
        if id(function.__code__) not in self.suspects:
            self._spread(function)
        return self.suspects.get(id(function.__code__), False)

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
            roots, helpers = _surroundings(current, names)
            if _tells(current, names, roots):
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
    """The packages that a function mentions, and the Python functions it may call."""
    space = function.__globals__
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    roots, helpers = set[str](), list[_FUNCTION]()
    for name in names:
        if name in cells:
            try:
                obj = cells[name].cell_contents
            except ValueError:
                continue
        elif name in space:
            obj = space[name]
        else:
            if name in CUES.roots or "." in name:
                roots.add(name.partition(".")[0])
            continue
        _look_at(obj, names, roots, helpers)
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if default is not None:
            _look_at(default, names, roots, helpers)
    for said in function.__annotations__.values():
        roots.update(_root_of_annotation(said))
    owner, _ = owner_of(function)
    if owner is not None:
        roots.update(class_module(base).partition(".")[0] for base in mro(owner))
        helpers.extend(_methods(owner, names))
    return roots, helpers


def _root_of_annotation(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield from CUES.roots.intersection(_WORDS.findall(said))
        yield "pathlib" if "Path" in said else "io"
    else:
        kind = said if type in mro(type(said)) else type(said)
        yield class_module(kind).partition(".")[0]
        yield "io"


def _look_at(
    obj: object,
    names: dict[str, None],
    roots: set[str],
    helpers: list[_FUNCTION],
    packages: int = 3,
) -> None:
    kind = type(obj)
    if kind is types.FunctionType:
        _add(obj, roots, helpers)  # type: ignore[arg-type]
    elif kind is types.ModuleType:
        space = object.__getattribute__(obj, "__dict__")
        top = str(space.get("__name__", ""))
        roots.add(top.partition(".")[0])
        if top in CUES.pure_modules:
            return
        for name in names:
            found = module_lookup(obj, name) if name in space else None  # type: ignore[arg-type]
            if type(found) is types.FunctionType:
                _add(found, roots, helpers)
            elif found is not None and type in mro(type(found)):
                _add_class(found, names, roots, helpers)
            elif type(found) is types.ModuleType and packages:
                _look_at(found, names, roots, helpers, packages - 1)
    elif type in kind.__mro__:
        _add_class(obj, names, roots, helpers)
    elif kind in (dict, list, tuple):
        members = obj.values() if kind is dict else obj  # type: ignore[attr-defined]
        for member, _ in zip(members, range(_MAX_MEMBERS), strict=False):  # type: ignore[call-overload]
            if type(member) is types.FunctionType:
                _add(member, roots, helpers)
    elif kind is types.BuiltinFunctionType:
        roots.add(str(obj.__module__).partition(".")[0].lstrip("_"))
        roots.add("os" if str(obj.__module__) in ("posix", "nt") else obj.__name__)  # type: ignore[attr-defined]
        roots.add("alias")
    else:
        inside = layers(obj)
        if inside:
            for plain in inside:
                _add(plain, roots, helpers)
        else:
            roots.add(class_module(kind).partition(".")[0].lstrip("_"))
            helpers.extend(_methods(kind, names))


def _add(function: types.FunctionType, roots: set[str], helpers: list[_FUNCTION]) -> None:
    module = function.__module__
    if isinstance(module, str):
        roots.add(module.partition(".")[0])
        if function.__name__ in CUES.words and CUES.words[function.__name__] & roots:
            roots.add("alias")
        if any(is_pure(name) for name in canonical_names(module, function.__qualname__)):
            return
    helpers.append(function)


def _add_class(
    cls: object, names: dict[str, None], roots: set[str], helpers: list[_FUNCTION]
) -> None:
    module = class_module(cls)
    qualname = type.__dict__["__qualname__"].__get__(cls)
    top = module.partition(".")[0].lstrip("_")
    roots.add(top)
    if top in CUES.words.get(qualname, ()):
        roots.add("alias")
    if any(is_pure(name) for name in canonical_names(module, qualname)):
        return
    for name in ("__init__", "__new__", "__enter__"):
        found = class_lookup(cls, name)
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
            elif type(found) in (staticmethod, classmethod):
                found = found.__func__
            if type(found) is not types.FunctionType:
                inside = layers(found)
                found = inside[-1] if inside else None
            if found is not None:
                yield found


def _tells(function: types.FunctionType, names: dict[str, None], roots: set[str]) -> bool:
    """Whether the names in a function include one that may wait."""
    if "alias" in roots:
        return True
    library = in_library(function.__code__.co_filename)
    for name in names:
        if name in TELLING or name in COMMON_TELLING and not library:
            return True
        packages = CUES.words.get(name)
        if packages and not packages.isdisjoint(roots):
            return True
        words = HINT_CUES.get(name)
        if words and (
            any(word.lstrip("_").lower() in words for word in names)
            or any(word.lower() in words for word in function.__code__.co_varnames)
        ):
            return True
    return False
