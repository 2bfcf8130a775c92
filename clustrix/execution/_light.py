"""Simple tasks as bytes without cloudpickle, which takes as long to load as a worker to start.

    function of a module            ──> its name
    simple one of the program itself ──> its code, and the plain things that it names
    anything else                   ──> not here: cloudpickle

What is simple here is what `clustrix._evident` says of a function without reading its source: it
can reach nothing but numbers, text, pure modules and functions of its own kind, and changes none
of them.  So nobody can tell whether two of these share their globals, and each gets its own.
"""

from __future__ import annotations

import io
import marshal
from types import BuiltinFunctionType, FunctionType, ModuleType

from clustrix._evident import is_simple
from clustrix._native import pickle
from clustrix._plain import PLAIN, all_plain
from clustrix._reads import names_in
from clustrix._records import Call
from clustrix._typing import Any
from clustrix.execution._made import fill, make
from clustrix.execution._shipping import by_value

__all__ = ["dumps"]

# What the globals of a function say of the module that they are.
_OF_MODULES = ("__name__", "__package__", "__file__", "__path__")


def dumps(task: object, call: Call) -> bytes | None:
    """Serialize what stays the same for a loop.

    Args:
        task: it, with the function of the call in it and otherwise nothing but plain data.
        call: the loop.

    Returns:
        What `pickle` restores in a worker; ``None`` if that takes cloudpickle.
    """
    function = call.function
    if type(function) is not FunctionType and type(function) is not BuiltinFunctionType:
        return None
    if not all_plain(call.args) or not all_plain(call.kwargs.values()) or by_value():
        return None
    if function.__module__ == "__main__" and not is_simple(function):
        return None
    with io.BytesIO() as file:
        try:
            _Pickler(file, protocol=5).dump(task)
        except Exception:  # it is not what its name leads to, or is annotated with who knows what
            return None
        return file.getvalue()


class _Pickler(pickle.Pickler):
    """The standard pickler, for functions that the program itself defines, too."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is ModuleType:
            return __import__, (obj.__name__,)  # the pure ones are in no package
        if type(obj) is not FunctionType or obj.__module__ != "__main__":
            return NotImplemented
        if getattr(obj, "__type_params__", ()) or not all(map(_nameable, _annotations(obj))):
            raise pickle.PicklingError(f"{obj.__name__} is annotated with objects")
        space = obj.__globals__
        names = {
            name: space[name]
            for name in (*_OF_MODULES, *names_in(obj.__code__))
            if name in space and name != "__annotations__"
        }
        made = marshal.dumps(obj.__code__), obj.__name__, obj.__qualname__, obj.__defaults__
        state = names, obj.__doc__, dict(obj.__annotations__)
        return make, made, state, None, None, fill


def _annotations(function: FunctionType) -> Any:
    return function.__annotations__.values()


def _nameable(annotation: object) -> bool:
    kind = type(annotation)
    return kind in PLAIN or (kind is type and annotation.__module__ == "builtins")
