"""A quick look at compiled code: may a function write anything that outlives the call?

    f ──> stores into a global, an attribute, an item?     maybe
     └──> calls `append`, `update`, `heappush`, …?         maybe
     └──> reaches an iterator, or a file in memory?        maybe
     └──> helper ──> the same questions                    …
                     no, everywhere                        surely not

It costs microseconds where reading the source costs a thousand, and loads nothing.  The look may
be wrong in one direction only: it lets too much through.
"""

from __future__ import annotations

import builtins
import dis
import functools
from collections import deque
from collections.abc import Iterable
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any, Final

from clustrix.basis._plain import PLAIN
from clustrix.functions._reads import layer

__all__ = ["may_write"]

# Functions looked at behind one; whoever calls more is read in earnest.
_MOST = 60

_STORES: Final = frozenset(
    code
    for name, code in dis.opmap.items()
    if name.startswith(("STORE_", "DELETE_")) and not name.startswith(("STORE_FAST", "DELETE_FAST"))
    if name not in ("STORE_NAME", "DELETE_NAME", "STORE_DEREF", "DELETE_DEREF")
)
_CELLS: Final = frozenset(dis.opmap[name] for name in ("STORE_DEREF", "DELETE_DEREF"))
_BUILDS: Final = frozenset(
    code
    for name, code in dis.opmap.items()
    if name.startswith(("BUILD_LIST", "BUILD_SET", "BUILD_MAP", "LIST_EXTEND"))
)
_IN_PLACE: Final = frozenset(
    code for name, code in dis.opmap.items() if name.startswith(("INPLACE_", "BINARY_OP"))
)

# Methods of a class that run when an object is made: they fill what nobody else sees.
_BIRTH: Final = ("__new__", "__init__", "__post_init__", "__set_name__", "__init_subclass__")

_PARTS = 100  # of a container, so many are looked at

# Methods of objects that are written in C.
_BUILT_IN: Final = (BuiltinFunctionType, MethodDescriptorType, MethodWrapperType)

# Methods and functions that change what they are given, by the last part of their names.
_WORDS: Final = """
    append appendleft add extend extendleft update clear difference_update discard insert
    intersection_update move_to_end pop popitem popleft remove reverse rotate setdefault sort
    subtract symmetric_difference_update fill write_through setattr delattr next shuffle
    heappush heappop heapify heapreplace heappushpop insort insort_left insort_right setitem
    delitem iadd iand iconcat imul ior isub ixor pack_into copyto place put putmask
    fill_diagonal put_along_axis SubElement indent chdir fchdir putenv unsetenv umask
    setrecursionlimit set_int_max_str_digits setlocale simplefilter filterwarnings resetwarnings
    basicConfig disable signal setitimer alarm setdefaulttimeout seterr set_printoptions
    setfirstweekday inplace out globals vars
    __setattr__ __delattr__ __setitem__ __delitem__ __dict__ __next__
    random rand randn randint randrange choice choices sample uniform gauss normal seed
    permutation default_rng Random RandomState
    write writelines readinto readline readlines seek truncate at
"""
_TELLING: Final = frozenset(_WORDS.split())


def may_write(function: object, given: Iterable[object] = ()) -> bool:
    """Whether a function, or one that it calls, may write to something that outlives the call.

    Args:
        function: a function or anything that wraps one.
        given: what it is called with, as far as that is known: any of its methods may be called.

    Returns:
        ``False`` only where no instruction and no name anywhere behind it could.
    """
    look = _Look()
    look.follow(function)
    look.meet(given)
    while look.waiting and not look.telling:
        if len(look.seen) > _MOST or look.read(look.waiting.pop()):
            return True
    return look.telling


class _Look:
    """The functions met so far, and those still to be looked at."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.waiting: list[FunctionType] = []
        self.kinds: set[type] = set()  # of what the function is given
        self.telling = False  # whether there is a method among it that changes its object

    def follow(self, value: Any) -> None:
        """Look at the code behind a callable later, whatever wraps it."""
        for _ in range(20):
            if type(value) is MethodType:
                value = value.__func__
            if type(value) is FunctionType and id(value.__code__) not in self.seen:
                self.seen.add(id(value.__code__))
                self.waiting.append(value)
            value = layer(value)
            if value is None:
                return

    def meet(self, given: Iterable[object]) -> None:
        """Any method of these may be called, by its name or by an operator."""
        for value in given:
            self.kinds.add(type(value))
            self.follow(value)
            self.telling = self.telling or any(
                map(_changes, (value, *_parts(value), *_held(value)))
            )
            self.kinds.update(map(type, _parts(value)))  # `pair[0].tick()`

    def read(self, function: FunctionType) -> bool:
        """Whether this function may write by itself; what it calls is noted for later."""
        telling, names = _signs(function.__code__)
        if telling:
            return True
        spaces = function.__globals__
        for name in names:
            if name in spaces:
                self._take(spaces[name], names)
        for cell in function.__closure__ or ():
            try:
                self._take(cell.cell_contents, names)
            except ValueError:  # not filled yet
                return True
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._take(default, names)
        for kind in self.kinds:
            self._methods(kind, names)
        return self._has_methods(function, names)

    def _take(self, value: Any, names: tuple[str, ...]) -> None:
        if isinstance(value, ModuleType):
            for name in names:
                found = vars(value).get(name)
                if isinstance(found, ModuleType) or found is None:
                    continue
                self._take_one(found, names)
        else:
            self._take_one(value, names)

    def _take_one(self, value: Any, names: tuple[str, ...]) -> None:
        if isinstance(value, type):
            self._methods(value, (*_BIRTH, *names))
        elif _changes(value):
            self.telling = True
        elif not isinstance(value, BuiltinFunctionType):
            self.telling = self.telling or any(map(_changes, (*_parts(value), *_held(value))))
            self.follow(value)
            self._methods(type(value), names)
            for part in {type(part): part for part in _parts(value)}.values():
                self._methods(type(part), names)
            for part in filter(callable, _parts(value)):
                self.follow(part)

    def _methods(self, kind: type, names: tuple[str, ...]) -> None:
        """Methods of these names, and those that operators call."""
        for base in type.mro(kind) if kind is not type else ():
            space = base.__dict__
            if base is object or base.__module__ == "builtins":
                continue
            for name in (*names, *filter(_is_operator, space)):
                if name in space:
                    found = space[name]
                    self.follow(found.fget if type(found) is property else found)

    def _has_methods(self, function: FunctionType, names: tuple[str, ...]) -> bool:
        """The methods beside a method: any of them may be what `self.name()` calls."""
        owner: Any = function.__globals__.get(function.__qualname__.partition(".")[0])
        if isinstance(owner, type) and "." in function.__qualname__:
            self._methods(owner, names)
        elif "." in function.__qualname__ and "<locals>" not in function.__qualname__:
            return True
        return False


def _parts(value: Any) -> list[Any]:
    """What a container holds, as far as it can matter."""
    if issubclass(type(value), dict):
        value = dict.values(value)
    elif type(value) not in (list, tuple, set, frozenset, deque):
        return []
    return [part for part in islice(value, _PARTS) if type(part) not in PLAIN]


def _held(value: Any) -> Iterable[Any]:
    """What stands behind the dots of an object."""
    if isinstance(value, (type, ModuleType, FunctionType)):
        return ()
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return ()
    return [*held.values()] if type(held) is dict else ()


def _changes(value: Any) -> bool:
    """Whether to call it, or to go through it, changes something: ``rows.append``, ``iter(rows)``.

    A file, on a disk or in memory, is an iterator, too.
    """
    while type(value) is functools.partial:
        value = value.func
    if isinstance(value, _BUILT_IN):
        module = isinstance(getattr(value, "__self__", value), (ModuleType, type(None)))
        return value.__name__ in _TELLING and not module
    if type(value).__name__ == "ufunc":  # of NumPy: one of its arguments may be an output
        return True
    return any("__next__" in base.__dict__ for base in type.mro(type(value)))


def _is_operator(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _BIRTH


@functools.lru_cache(maxsize=4096)
def _signs(code: CodeType) -> tuple[bool, tuple[str, ...]]:
    """Whether the code may write by itself, and the names that it uses."""
    names = dict.fromkeys((*code.co_names, *code.co_freevars))
    raw = code.co_code
    ops = set(raw[::2])
    telling = not _STORES.isdisjoint(ops) or not _TELLING.isdisjoint(names)
    if not telling and not _CELLS.isdisjoint(ops):
        own = len(code.co_cellvars)
        telling = own == 0 or bool(code.co_freevars)
    if not telling:  # `rows += [1]` changes what `rows` is
        telling = not _BUILDS.isdisjoint(ops) and not _IN_PLACE.isdisjoint(ops)
    for part in code.co_consts:
        if isinstance(part, CodeType):
            inner, more = _signs(part)
            telling = telling or inner
            names.update(dict.fromkeys(more))
        elif isinstance(part, str):  # `getattr(rows, "append")`
            telling = telling or part in _TELLING
        elif isinstance(part, tuple):  # names of keyword arguments
            telling = telling or not _TELLING.isdisjoint(
                word for word in part if isinstance(word, str)
            )
    return telling, tuple(name for name in names if name not in vars(builtins))
