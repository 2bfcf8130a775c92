"""Print the plan for a loop over a function that is named on the command line.

    package.module:Class.method ─> import ─> the object, as its class holds it ─> Plan
                                     └ not there: what was meant?

This is the one command that runs the user's code: the module is imported as any program would.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import pkgutil
import sys
import traceback
from typing import Any

from clustrix.decorators import foresee
from clustrix.errors import LoopVariableError

__all__ = ["explain"]

_OURS = os.path.dirname(os.path.dirname(__file__))
_IMPORTLIB = os.path.dirname(importlib.__file__)


class _Mistake(Exception):
    """What was asked for cannot be explained; the message says why."""


def explain(target: str, items: int = 1000) -> int:
    """Print the plan and its evidence.

    Args:
        target: ``package.module:function``; a method is ``module:Class.method``.
        items: how many items the loop is supposed to have; their kind is left open.

    Returns:
        0; 2 when there is no such function.
    """
    folder = os.getcwd()
    if sys.path[:1] not in ([folder], [""]):
        sys.path.insert(0, folder)
    try:
        function, method = _find(target)
        plan = foresee(function, items, method=method)
    except (_Mistake, LoopVariableError) as error:
        print(f"clustrix explain: {error}", file=sys.stderr)
        return 2
    print(plan)
    print(f"This is for {items:,} items of any kind; the items of a real loop may change it.")
    return 0


def _find(target: str) -> tuple[Any, bool]:
    """The function, and whether its first parameter is its object or class."""
    module_name, colon, path = target.partition(":")
    is_file = module_name.endswith(".py") or os.sep in module_name
    named = all(part.isidentifier() for part in module_name.split("."))
    if not colon or not path or is_file or not named:
        hint = " (a module is named as in an import, not as a file)" if is_file else ""
        raise _Mistake(f"{target!r} is not of the form package.module:function{hint}")
    found: Any = _import(module_name)
    owner, seen = found, module_name
    for name in path.split("."):
        owner = found
        try:
            found = inspect.getattr_static(owner, name)
        except AttributeError:
            try:
                found = getattr(owner, name)  # a module may make its names when asked
            except AttributeError:
                raise _Mistake(_no_such(owner, name, seen)) from None
        seen = f"{seen}.{name}"
    if not callable(found) and not isinstance(found, staticmethod | classmethod):
        raise _Mistake(f"{target} is a {type(found).__name__}, which cannot be called")
    inner = getattr(found, "__wrapped__", found)  # below the decorator of clustrix
    return found, isinstance(owner, type) and not isinstance(inner, staticmethod)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise _Mistake(f"there is no module {missing!r}{_close_module(missing)}") from None
        raise _Mistake(_failed(name, error)) from None
    except (Exception, SystemExit) as error:
        raise _Mistake(_failed(name, error)) from None


def _failed(name: str, error: BaseException) -> str:
    """Which line of the user's made an import fail."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if not f.filename.startswith((_OURS, "<frozen ", _IMPORTLIB))]
    place = f" at {theirs[-1].filename}:{theirs[-1].lineno}" if theirs else ""
    said = "".join(traceback.format_exception_only(type(error), error)).strip()
    return f"importing {name!r} failed{place}: {said}"


def _close_module(name: str) -> str:
    package, _, last = name.rpartition(".")
    paths = getattr(sys.modules.get(package), "__path__", None) if package else None
    known = {module.name for module in pkgutil.iter_modules(paths)}
    if not package:
        known |= set(sys.builtin_module_names)
    close = difflib.get_close_matches(last, sorted(known), n=1, cutoff=0.75)
    return f"; did you mean {'.'.join(filter(None, [package, close[0]]))!r}?" if close else ""


def _no_such(owner: Any, name: str, seen: str) -> str:
    names = [known for known in dir(owner) if not known.startswith("__")]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{seen} has no attribute {name!r}{hint}"
