"""A quick look that spares most simple functions the long one.

    names and instructions of the code ──> only plain data in reach? ──> nothing to find

A function that can reach nothing but numbers, text, pure built-ins and functions of its own kind
cannot wait, cannot write to anything that outlives the call, and can travel.  To know that takes
some 0.2 ms; loading what reads source takes 20 ms, which a program that calls once would notice.
The look may be wrong in one direction only: it sends too much to the analysis.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Sequence
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from clustrix._records import Call
from clustrix.basis._plain import PLAIN, all_plain
from clustrix.functions._settled import ABSENT, instructions, settle

__all__ = ["is_evident", "is_silent", "is_simple", "plain_items"]

# Modules in which everything computes, and changes nothing that it is given.
_PURE = frozenset(("_operator", "cmath", "itertools", "math", "operator"))

# Built-ins that reach further than their arguments.
_FAR = frozenset(
    ("__import__", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "getattr", "globals")
) | {"help", "input", "locals", "open", "setattr", "vars"}

_WRITES = instructions("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "IMPORT_NAME")

# More items than this are not looked at one by one, which takes 15 ns each: then the analysis is
# cheap beside what they do, if they are worth sharing.
MOST_ITEMS = 100_000


def is_evident(call: Call) -> bool:
    """Whether a call needs no analysis: it cannot wait or write, and all of it can travel.

    Examples:
        >>> def square(x):
        ...     return x * x
        >>> square.__module__ = "a_users"  # what is ours is not looked at
        >>> is_evident(Call(square, range(3)))
        True
        >>> is_evident(Call(print, range(3)))
        False
    """
    if type(call.function) is not FunctionType:
        return False
    if not (all_plain(call.args) and all_plain(call.kwargs.values())):
        return False
    return plain_items(call.items) and is_simple(call.function)


def is_silent(call: Call) -> bool:
    """Whether a call is evident, and nobody can tell how often its items have run."""
    settled = settle(call.function) if is_evident(call) else None
    return settled is not None and all(name != "print" for _, name, _ in settled.lookups)


def plain_items(items: Sequence[Any]) -> bool:
    """Whether all items are numbers, texts and the like; of very many it is not known."""
    if type(items) is range:
        return True
    return len(items) <= MOST_ITEMS and all_plain(items[:1]) and all_plain(items)


def is_simple(function: object) -> bool:
    """Whether a function can reach nothing but plain data, and functions of its own kind."""
    settled = settle(function)
    if settled is None or not settled.functions:
        return False
    own = {id(function) for function, _, _ in settled.functions}
    return all(_pure(code) for _, code, _ in settled.functions) and all(
        id(value) in own or _harmless(name, value) for _, name, value in settled.lookups
    )


def _harmless(name: str, value: Any) -> bool:
    """What a name leads to; where the namespace has no such name, the built-ins may."""
    kind = type(value)
    if kind is ModuleType:
        return value.__name__ in _PURE
    if kind is BuiltinFunctionType and value.__module__ in _PURE:
        return True
    if kind in PLAIN or kind is tuple:
        return True
    if kind is BuiltinFunctionType or kind is type:
        return name not in _FAR and getattr(builtins, name, None) is value
    if value is not ABSENT or name in _FAR:
        return False
    found = getattr(builtins, name, None)  # or it is the name of an attribute
    return found is None or getattr(found, "__module__", None) == "builtins"


@functools.lru_cache(maxsize=4096)
def _pure(code: CodeType) -> bool:
    """Whether code changes nothing but its own variables."""
    if not _WRITES.isdisjoint(code.co_code[::2]):
        return False
    return all(_pure(part) for part in code.co_consts if isinstance(part, CodeType))
