"""How functions and classes travel, and what to do about what cannot: rules and advice.

by reference   worker imports module `m` and looks up `f`:  needs `sys.modules[m].f is f`
by value       the code itself travels, with the globals it mentions
"""

from __future__ import annotations

import dis
import sys
import types
from typing import Final

from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    is_exactly,
    is_module,
    module_lookup,
    mro,
    wrapped_by,
)

__all__ = ["PICKLE_CODES", "by_reference", "fix_for", "found_under", "global_names"]

PICKLE_CODES: Final = {
    "PK101": "is a {what}, which cannot be pickled",
    "PK102": "is a {what} without an importable name, which the standard pickle refuses;"
    " define it with def at the top level of a module",
    "PK103": "is a class defined inside a function, which the standard pickle refuses;"
    " define it at the top level of a module",
    "PK104": "cannot be pickled: its own __reduce__ or __getstate__ raised",
    "PK105": "is nested too deeply to be pickled; flatten it, or send it as a list of parts",
    "PK108": "is read by the function, and a worker would get a new one from its own import",
    "PK107": "is a {what} that is not found under its name in its module;"
    " is the name bound to something else?",
}

# Usual fixes by class; the first class of the mro that has one decides.
_FIXES: Final = {
    "_thread.lock": "create it inside the function, or leave it out with __getstate__",
    "_thread.RLock": "create it inside the function, or leave it out with __getstate__",
    "_thread._local": "create it inside the function",
    "_io._IOBase": "pass the path and open it inside the function",
    "_socket.socket": "pass the address and connect inside the function",
    "ssl.SSLContext": "create it inside the function",
    "_ssl._SSLContext": "create it inside the function",
    "sqlite3.Connection": "pass the path and connect inside the function",
    "sqlite3.Cursor": "pass the path and connect inside the function",
    "builtins.generator": "pass a list made of it",
    "builtins.coroutine": "call asyncio.run inside the function",
    "builtins.module": "import it inside the function",
    "builtins.frame": "pass the values that are needed",
    "builtins.traceback": "format it with the traceback module and pass the text",
    "builtins.memoryview": "pass bytes made of it",
    "builtins.mappingproxy": "pass a dict made of it",
    "builtins.dict_keys": "pass a list made of it",
    "builtins.dict_values": "pass a list made of it",
    "builtins.dict_items": "pass a list made of it",
    "weakref.ReferenceType": "pass the object that it refers to",
    "subprocess.Popen": "start it inside the function",
    "concurrent.futures._base.Executor": "create it inside the function",
}
_DEFAULT_FIX: Final = "create it inside the function, or leave it out with __getstate__"


def fix_for(kind: type) -> str:
    """What usually helps when an instance of this class cannot be pickled."""
    for base in mro(kind):
        fix = _FIXES.get(f"{base.__module__}.{base.__qualname__}")
        if fix:
            return fix
    return _DEFAULT_FIX


def by_reference(obj: types.FunctionType | type) -> bool:
    """Whether a worker finds this function or class by importing it.

    A decorator leaves its wrapper under the name of the function; the function inside travels
    under that name, too, because the worker can unwrap what it imports.
    """
    return found_under(obj.__module__, obj.__qualname__, obj)


def found_under(module: object, qualname: object, obj: object) -> bool:
    """Whether the name leads to this very object, or to a wrapper around it."""
    if not isinstance(module, str) or not isinstance(qualname, str):
        return False
    found: object = sys.modules.get(module, MISSING)
    for name in qualname.split("."):
        if is_module(found):
            found = module_lookup(found, name)  # type: ignore[arg-type]
        elif issubclass(type(found), type):
            found = class_lookup(found, name)
        else:
            return False
    for _ in range(50):
        if found is obj:
            return True
        is_bound = is_exactly(found, staticmethod, classmethod)
        found = found.__func__ if is_bound else wrapped_by(found)  # type: ignore[attr-defined]
        if found is MISSING:
            return False
    return False


def global_names(function: types.FunctionType) -> list[str]:
    """The globals that a function mentions, nested functions included, in order."""
    space, found = function.__globals__, dict[str, None]()
    stack = [function.__code__]
    while stack:
        code = stack.pop()
        if any(name in space for name in code.co_names):
            for step in dis.get_instructions(code):
                if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in space:
                    found[step.argval] = None
        stack.extend(part for part in code.co_consts if isinstance(part, types.CodeType))
    return list(found)
