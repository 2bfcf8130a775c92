"""Is a function still what it was?  Then its pickle need not be made again for the next loop.

    settle(f) ──> every name that f and its helpers look up, with what was found there
    .holds()      the same objects are still there: some tenths of a microsecond a name

Only what cannot change inside is settled by looking at where it sits: numbers, text, modules,
functions that are themselves settled.  A function that reads a list, writes a global or has
attributes of its own is pickled for each loop and compared as bytes.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from opcode import opmap
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

from clustrix.basis._plain import PLAIN, all_plain
from clustrix.basis._typing import Any, NamedTuple
from clustrix.functions._reads import is_installed, is_standard, names_in

__all__ = ["ABSENT", "Settled", "instructions", "settle"]

# A function that looks up more names than this costs more to watch than to pickle.
MOST_LOOKUPS = 200

ABSENT = object()  # found where a namespace has no such name
_CONTAINERS = (list, tuple, dict, set, frozenset)
_LRU = type(functools.lru_cache(len))


def instructions(*names: str) -> frozenset[int]:
    """The numbers of instructions, of those that this Python has.

    Code is pairs of bytes, the instruction first.  `dis` would say more, and take a hundred times
    as long.
    """
    return frozenset(opmap[name] for name in names if name in opmap)


# Ways to change a function or a global that leave no trace in what is looked up.
_WRITES = instructions("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR")
_BACK_DOORS = frozenset(
    ("globals", "vars", "locals", "exec", "eval", "setattr", "delattr", "__dict__", "__globals__")
)


class Settled(NamedTuple):
    """What a function depends on.

    Attributes:
        lookups: namespaces, names in them, and the objects found there.
        functions: functions, their code and their default arguments.
        caches: what remembers the values of some of them, and how often each has been asked.
        homes: where these say that they come from, which is all that their pickles may hold: as
            lookups.
    """

    lookups: tuple[tuple[Mapping[str, Any], str, Any], ...]
    functions: tuple[tuple[FunctionType, CodeType, tuple[Any, ...] | None], ...]
    homes: tuple[tuple[Mapping[str, Any], str, Any], ...]
    caches: tuple[tuple[Any, list[int]], ...] = ()

    def holds(self) -> bool:
        """Whether all that is as it was."""
        for space, name, value in (*self.lookups, *self.homes):
            if space.get(name, ABSENT) is not value:
                return False
        for function, code, defaults in self.functions:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return False
            if function.__dict__ or function.__kwdefaults__:
                return False
        return all(_goes_on(cache, asked) for cache, asked in self.caches)


def settle(function: object) -> Settled | None:
    """What a function depends on; ``None`` if any of it could change in place."""
    look = _Look()
    if not look.value(function, ()):
        return None
    if look.waiting and is_installed(function.__module__ or ""):
        return None  # what it reads in its own package is carried, too
    while look.waiting:
        if not look.function(look.waiting.pop()) or len(look.lookups) > MOST_LOOKUPS:
            return None
    caches = tuple((cache, [_asked(cache)]) for cache in look.caches)
    return Settled(tuple(look.lookups), tuple(look.functions), tuple(look.homes), caches)


def _asked(cache: Any) -> int:
    """How often a cache has been asked since it was empty."""
    info = cache.cache_info()
    return int(info.hits + info.misses)


def _goes_on(cache: Any, asked: list[int]) -> bool:
    """Whether a cache has not been emptied since; what is asked here is not asked in workers."""
    before, asked[0] = asked[0], _asked(cache)
    return before <= asked[0]


class _Look:
    """The functions met, and what they look up; each method says whether it is settled."""

    def __init__(self) -> None:
        self.lookups: list[tuple[Mapping[str, Any], str, Any]] = []
        self.functions: list[tuple[FunctionType, CodeType, tuple[Any, ...] | None]] = []
        self.homes: list[tuple[Mapping[str, Any], str, Any]] = []
        self.waiting: list[FunctionType] = []
        self.caches: list[Any] = []
        self.seen: set[int] = set()

    def value(self, value: object, names: tuple[str, ...]) -> bool:
        """Something that a function reads; the names may be attributes of it."""
        kind = type(value)
        if value is ABSENT or kind in PLAIN:
            return True
        if kind is tuple:
            return all_plain(value)  # type: ignore[arg-type]
        if kind is FunctionType:
            if id(value) not in self.seen:
                self.seen.add(id(value))
                self.waiting.append(value)  # type: ignore[arg-type]
            return True
        if kind is _LRU:
            if id(value) not in self.seen:
                self.seen.add(id(value))
                self.caches.append(value)
            return self.value(value.__wrapped__, names)  # type: ignore[attr-defined]
        if kind is ModuleType:
            return self.module(value, names)  # type: ignore[arg-type]
        if kind is BuiltinFunctionType:
            owner = value.__self__  # type: ignore[attr-defined]
            return owner is None or type(owner) is ModuleType
        return kind is type and is_standard(value.__module__)

    def module(self, module: ModuleType, names: tuple[str, ...]) -> bool:
        """A module: what of it is read depends on whose it is."""
        if is_standard(module.__name__):
            return True
        space = vars(module)
        if is_installed(module.__name__):  # keeps options in plain data, if anywhere
            return not any(isinstance(space.get(name), _CONTAINERS) for name in names)
        if id(module) in self.seen:  # under other names; rare enough to be looked at anew
            return False
        self.seen.add(id(module))
        return self.space(space, names)

    def space(self, space: Mapping[str, Any], names: tuple[str, ...]) -> bool:
        """Names that are looked up in a namespace."""
        for name in names:
            value = space.get(name, ABSENT)
            self.lookups.append((space, name, value))
            if not self.value(value, names):
                return False
        return True

    def function(self, function: FunctionType) -> bool:
        """The code of a function, its defaults, and where it says that it comes from."""
        if function.__closure__:  # what it holds may change, whoever made it
            return False
        home = sys.modules.get(function.__module__ or "")
        if home is not None and (is_standard(home.__name__) or is_installed(home.__name__)):
            return True
        code, defaults = function.__code__, function.__defaults__
        if function.__dict__ or function.__kwdefaults__:
            return False
        if not all_plain(defaults or ()) or _writes(code):
            return False
        self.functions.append((function, code, defaults))
        if home is not None:
            name = function.__qualname__.partition(".")[0]
            self.homes.append((vars(home), name, vars(home).get(name, ABSENT)))
        return self.space(function.__globals__, names_in(code))


@functools.lru_cache(maxsize=4096)
def _writes(code: CodeType) -> bool:
    """Whether code may change what other calls see, other than inside an object it reads."""
    if not _BACK_DOORS.isdisjoint(code.co_names):
        return True
    if not _WRITES.isdisjoint(code.co_code[::2]):
        return True
    return any(_writes(part) for part in code.co_consts if isinstance(part, CodeType))
