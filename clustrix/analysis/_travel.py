"""How functions and classes travel: rules.

by reference   worker imports module `m` and looks up `f`:  needs `sys.modules[m].f is f`
by value       the code itself travels, with the globals it mentions
"""

from __future__ import annotations

import dis
import sys
import types

from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    class_module,
    class_qualname,
    is_exactly,
    is_module,
    module_lookup,
    wrapped_by,
)

__all__ = ["found_under", "global_names", "importable"]


def importable(obj: types.FunctionType | type, by_value: bool) -> bool:
    """Whether a worker finds this function or class by importing it.

    A decorator leaves its wrapper under the name of the function; the function inside travels
    under that name, too, because the worker can unwrap what it imports.  A script's own module
    is another one in a worker, so what it defines goes by value where that is allowed.
    """
    if issubclass(type(obj), type):
        module, qualname = class_module(obj), class_qualname(obj)
    else:
        module, qualname = obj.__module__, obj.__qualname__
    return found_under(module, qualname, obj) and not (by_value and module == "__main__")


def found_under(module: object, qualname: object, obj: object) -> bool:
    """Whether the name leads to this very object, or to a wrapper around it."""
    if type(module) is not str or type(qualname) is not str:
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
