"""Simple tasks as bytes without cloudpickle, which takes as long to load as a worker to start.

    simple function ──> its code, and the plain things that it names; its module is not imported
    another one     ──> its name, where that leads to it
    anything else   ──> not here: cloudpickle

What is simple here is what `clustrix.functions._evident` says of a function without reading its
source: it can reach nothing but numbers, text, pure modules and functions of its own kind, and
changes none of them.  So nobody can tell whether two of these share their globals, and each gets
its own.  A module that takes a second to import, for others of its functions, costs such a one
nothing.
"""

from __future__ import annotations

import io
import marshal
from types import BuiltinFunctionType, FunctionType, ModuleType

from clustrix._records import Call
from clustrix.basis._native import pickle
from clustrix.basis._plain import PLAIN, all_plain
from clustrix.basis._typing import Any
from clustrix.execution.travel._made import fill, make
from clustrix.execution.travel._references import place
from clustrix.execution.travel._shipping import by_value
from clustrix.functions._evident import is_simple, plain_items
from clustrix.functions._reads import names_in

__all__ = ["by_code", "by_name", "knows_no_function"]

# What the globals of a function say of the module that they are.
_OF_MODULES = ("__name__", "__package__", "__file__", "__path__")

# What is longer is worth an import: the worker would keep it for each loop.
MOST_CODE = 1 << 14


def knows_no_function(call: Call) -> bool:
    """Whether a function cannot meet another one, or itself, among its items.

    It would find that the one that travelled as code is not the same as the one in its module.
    """
    return len(call.items) > 0 and plain_items(call.items)  # a stream does not say what it has


def by_code(call: Call, *, alone: bool) -> bytes | None:
    """Serialize what stays the same for a loop, its function as code.

    Args:
        call: the loop.
        alone: what `knows_no_function` says of it.

    Returns:
        What `pickle` restores in a worker; ``None`` if that takes cloudpickle, or a name is better.
    """
    function = call.function
    if type(function) is not FunctionType or not _plain_arguments(call):
        return None
    of_program = function.__module__ == "__main__"
    if not (of_program or alone) or not is_simple(function):
        return None
    body = _dumped(_ByCode, (call.task(), {}))
    return body if body is not None and (of_program or len(body) <= MOST_CODE) else None


def by_name(task: object, call: Call) -> bytes | None:
    """Serialize what stays the same for a loop, its function as a name.

    Args:
        task: it, with the function of the call in it and otherwise nothing but plain data.
        call: the loop.

    Returns:
        What `pickle` restores in a worker; ``None`` if the name does not lead to the function.
    """
    function = call.function
    if type(function) is not FunctionType and type(function) is not BuiltinFunctionType:
        return None
    if function.__module__ == "__main__" or not _plain_arguments(call):
        return None
    return _dumped(pickle.Pickler, task)


def _plain_arguments(call: Call) -> bool:
    return all_plain(call.args) and all_plain(call.kwargs.values()) and not by_value()


def _dumped(pickler: Any, obj: object) -> bytes | None:
    with io.BytesIO() as file:
        try:
            pickler(file, protocol=5).dump(obj)
        except Exception:  # it is not what its name leads to, or is annotated with who knows what
            return None
        return file.getvalue()


class _ByCode(pickle.Pickler):
    """The standard pickler, for functions that nobody imports."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is ModuleType:
            return __import__, (obj.__name__,)  # the pure ones are in no package
        if type(obj) is not FunctionType or obj is make or obj is fill:
            return NotImplemented
        if getattr(obj, "__type_params__", ()) or not all(map(_nameable, _annotations(obj))):
            raise pickle.PicklingError(f"{obj.__name__} is annotated with objects")
        space = obj.__globals__
        names = {
            name: space[name]
            for name in (*_OF_MODULES, *names_in(obj.__code__))
            if name in space and name != "__annotations__"
        }
        code, at = marshal.dumps(obj.__code__), place(obj)
        made = code, obj.__module__, obj.__name__, obj.__qualname__, obj.__defaults__, at
        state = names, obj.__doc__, dict(obj.__annotations__)
        return make, made, state, None, None, fill


def _annotations(function: FunctionType) -> Any:
    return function.__annotations__.values()


def _nameable(annotation: object) -> bool:
    kind = type(annotation)
    return kind in PLAIN or (kind is type and annotation.__module__ == "builtins")
