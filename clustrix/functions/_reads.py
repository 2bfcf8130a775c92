"""Which module globals a function reads: what a fresh interpreter might hold differently.

    load() ── reads ──> settings.K, REGISTRY        data: compared with the worker's, and carried
       └─── calls ───> parse() ── reads ──> TABLE    helpers are followed
       └─── calls ───> re.sub()                      the standard library is not

A worker imports modules anew.  ``settings.K = 5``, set while the program runs, is not in the
file, so the worker would compute with the old value and nobody would know.  This module finds
what is read from the bytecode's names; nothing is called, no attribute hook runs.
"""

from __future__ import annotations

import builtins
import functools
import os
import sys
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

from clustrix.basis._typing import Any, NamedTuple

__all__ = [
    "INSTALLED",
    "Read",
    "is_installed",
    "is_standard",
    "layer",
    "looks_itself_up",
    "names_in",
    "reads",
]

# Enough for a project's own helpers; a walk that comes so far has long left the user's code.
MOST_FUNCTIONS = 300

# Of a list or a dictionary, so many members are looked at.
MOST_PARTS = 100

# Folders of installed packages; `sysconfig` knows them, too, but takes 5 ms to find out.
INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))

# What finds classes and values by their names in the module of a program; unpickling does so, too.
_BY_NAME = frozenset(("__main__", "get_type_hints", "globals"))
_UNPICKLES = frozenset(("Unpickler", "load", "loads"))

# What finds attributes by a text that may stand in the same code.
_BY_TEXT = frozenset(("attrgetter", "getattr", "vars"))

# Where the built-ins are defined that every interpreter has.
_BUILT_IN = frozenset(("builtins", "_frozen_importlib", "_io", "_sitebuiltins", "io", None))

_ABSENT = object()
_PLAIN = (int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None))


class Read(NamedTuple):
    """A global that is read.

    Attributes:
        module: name of the module that holds it.
        name: its name there; with a dot for an attribute of a class.
        value: what it is now.
    """

    module: str
    name: str
    value: Any


def looks_itself_up(function: object) -> str:
    """What in a function of the program itself finds things by name in the program's module.

    A worker has of that module what the function mentions, and nothing else.

    Args:
        function: the function, however decorated or bound.

    Returns:
        For example ``"globals"``; ``""`` if there is no such thing.
    """
    return _walked(function).by_name


def reads(function: object) -> list[Read]:
    """The data that a function and its helpers read from the globals of importable modules.

    Args:
        function: the function, however decorated or bound.

    Returns:
        Each global once, in the order in which the walk meets them.  What a fresh import would
        find under the same name by definition (functions, classes, modules) is left out, and so
        are ``__main__``, which travels by value, and the standard library.
    """
    return list(_walked(function).found.values())


def _walked(function: object) -> _Walk:
    walk = _Walk(_home(function))
    walk.follow(function)
    while walk.waiting and len(walk.seen) < MOST_FUNCTIONS:
        walk.read(walk.waiting.pop())
    return walk


class _Walk:
    """The functions met so far, those still to be read, and what the others read.

    Args:
        home: top-level package of the function; its helpers are followed also where the package
            is installed among others.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.seen: set[int] = set()
        self.waiting: list[FunctionType] = []
        self.found: dict[tuple[str, str], Read] = {}
        self.by_name = ""

    def follow(self, value: object) -> None:
        """Come back later for the code behind a callable, whatever wraps it."""
        while value is not None:
            if type(value) is MethodType:
                self.follow_class(type(value.__self__))
                value = value.__func__
                continue
            if type(value) is FunctionType:
                if id(value.__code__) in self.seen:
                    return
                self.seen.add(id(value.__code__))
                if self.is_users(value.__module__):
                    self.waiting.append(value)
            elif not isinstance(value, (type, ModuleType, BuiltinFunctionType)):
                self.follow_class(type(value))
            value = layer(value)

    def follow_class(self, kind: type) -> None:
        """The methods of a user's class: any of them may be called."""
        for base in kind.__mro__:
            if id(base) in self.seen or not self.is_users(base.__module__):
                continue
            self.seen.add(id(base))
            for member in list(vars(base).values()):
                inner = member.fget if type(member) is property else member
                if type(inner) is FunctionType or layer(inner) is not None:
                    self.follow(inner)

    def read(self, function: FunctionType) -> None:
        """Look at every global and closure cell that the code of a function names."""
        names = names_in(function.__code__)
        holder = function.__globals__.get("__name__")
        if holder == "__main__" and not self.by_name:
            self.by_name = next((one for one in names if _finds(one, names)), "")
        for name in names:
            if name in function.__globals__:
                self.take(holder, name, function.__globals__[name], names)
                if type(function.__globals__[name]) is object and _escapes(function, name):
                    self.by_name = self.by_name or name
            elif _is_put_there(name):
                self.by_name = self.by_name or f"builtins.{name}"
        for cell in function.__closure__ or ():
            try:
                self.take(None, "", cell.cell_contents, names)
            except ValueError:  # not filled yet
                continue
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.take(None, "", default, names)

    def take(self, holder: str | None, name: str, value: Any, names: tuple[str, ...]) -> None:
        """One value that is read; what else the code names may be an attribute of it."""
        if isinstance(value, ModuleType):
            self.look_inside(value.__name__, vars(value), names)
        elif isinstance(value, type):
            self.follow_class(value)
            self.look_inside_class(value, names)
        elif isinstance(value, BuiltinFunctionType):
            return
        elif type(value) is FunctionType or layer(value) is not None:
            self.follow(value)
            own = (getattr(value, "__module__", None), getattr(value, "__qualname__", None))
            if own != (holder, name):
                self.note(holder, name, value)
        else:
            self.follow_class(type(value))
            self.note(holder, name, value)
            if type(value) in (list, tuple, dict):  # of modules, of helpers
                parts = value.values() if type(value) is dict else value
                for part in islice(parts, MOST_PARTS):
                    if isinstance(part, (ModuleType, FunctionType, type)):
                        self.take(None, "", part, names)

    def look_inside(self, module: str, contents: dict[str, Any], names: tuple[str, ...]) -> None:
        if not is_standard(module):
            for name in names:
                value = contents.get(name, _ABSENT)
                if isinstance(value, ModuleType):
                    if value.__name__.startswith(f"{module}."):
                        self.look_inside(value.__name__, vars(value), names)
                elif value is not _ABSENT:
                    self.take(module, name, value, names)

    def look_inside_class(self, kind: type, names: tuple[str, ...]) -> None:
        if self.is_users(kind.__module__):
            for name in names:
                value = vars(kind).get(name, _ABSENT)
                if value is not _ABSENT and not hasattr(type(value), "__get__"):
                    self.note(kind.__module__, f"{kind.__qualname__}.{name}", value)

    def note(self, holder: str | None, name: str, value: Any) -> None:
        if holder is None or holder == "__main__" or "<" in name or holder not in sys.modules:
            return
        if is_standard(holder):
            return
        # Installed packages keep options in plain containers; their other objects are theirs.
        if self.is_users(holder) or isinstance(value, _PLAIN):
            self.found.setdefault((holder, name), Read(holder, name, value))

    def is_users(self, module: object) -> bool:
        """Whether helpers in this module are followed."""
        if not isinstance(module, str) or is_standard(module):
            return False
        return module.partition(".")[0] == self.home or not is_installed(module)


def _escapes(function: FunctionType, name: str) -> bool:
    """Whether a function does more with a mark than to compare it: ``return MISSING``, say.

    A mark is known by its identity alone, and a worker has another one.
    """
    import dis  # hardly any function has a mark

    steps = [*dis.get_instructions(function.__code__)]
    uses = [at for at, step in enumerate(steps[:-1]) if step.argval == name]
    return any(steps[at + 1].opname != "IS_OP" for at in uses)


def _is_put_there(name: str) -> bool:
    """Whether a name was added to the built-ins: IPython's `display`, the `_` of `gettext`."""
    found = vars(builtins).get(name)
    return callable(found) and getattr(found, "__module__", None) not in _BUILT_IN


def _finds(name: str, names: tuple[str, ...]) -> bool:
    return name in _BY_NAME or (name in _UNPICKLES and "pickle" in names)


@functools.lru_cache(maxsize=4096)
def names_in(code: CodeType) -> tuple[str, ...]:
    """Global and attribute names in a function's code and in what is defined inside it."""
    names = dict.fromkeys(code.co_names)
    said = not _BY_TEXT.isdisjoint(names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(dict.fromkeys(names_in(constant)))
        elif said and isinstance(constant, str) and constant.isidentifier():
            names[constant] = None
    return tuple(names)


def layer(value: Any) -> Any:
    """What a wrapper wraps: a partial, a decorator's result; ``None`` for anything else."""
    if type(value) is functools.partial:
        return value.func
    if type(value) in (staticmethod, classmethod):
        return value.__func__
    try:
        return object.__getattribute__(value, "__wrapped__")
    except AttributeError:
        return None


def _home(function: object) -> str:
    """Top-level package of the innermost function."""
    while (inner := layer(function)) is not None:
        function = inner
    module = getattr(function, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""


@functools.lru_cache(maxsize=4096)
def is_standard(module: str) -> bool:
    """Whether a module is the standard library's, or this library's own."""
    top, _, rest = module.partition(".")
    if top == "clustrix":  # what engines are tested with stands for the user's own code
        return rest.partition(".")[0] != "testing"
    return top in sys.stdlib_module_names


@functools.lru_cache(maxsize=4096)
def is_installed(module: str) -> bool:
    """Whether a module sits among the installed packages, which rarely are the user's own."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return any(folder in file for folder in INSTALLED)
