"""Decide the conditions that are decided before the function runs.

    if sys.platform == "win32":     this machine says
    if stream is None:              the caller passed a StringIO
    if TYPE_CHECKING:               never

What is not certain is None, and both branches are read.
"""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING

from clustrix.analysis._static import (
    is_exactly,
    mro,
)
from clustrix.analysis._values import NONE, Instance, Known, Value, each, in_memory

if TYPE_CHECKING:
    from clustrix.analysis._expressions import Expressions

__all__ = ["asks_for_a_file", "decide"]

# Facts of this machine that code branches on.
_FACTS = {"sys.platform": sys.platform, "os.name": os.name}
_FILE_METHODS = frozenset({"read", "write", "seek", "close", "readline", "flush", "tell"})


def decide(test: ast.expr, walk: Expressions) -> bool | None:
    """Whether a condition is known to hold, known not to, or open (None)."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decide(test.operand, walk)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        return _combined(test, walk)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test, walk)
    if isinstance(test, ast.Call):
        return _asked(test, walk)
    if isinstance(test, ast.Name):
        if test.id == "TYPE_CHECKING":
            return False
        return _truth(_peek(test, walk), walk)
    return None


def _combined(test: ast.BoolOp, walk: Expressions) -> bool | None:
    verdicts = [decide(part, walk) for part in test.values]
    stopper = isinstance(test.op, ast.Or)  # True ends an `or`, False ends an `and`
    if stopper in verdicts:
        return stopper
    return None if None in verdicts else not stopper


def _peek(node: ast.expr, walk: Expressions) -> Value | None:
    """The value of a plain local name; nothing is told to the reader."""
    return walk.names.get(node.id) if isinstance(node, ast.Name) else None


def _truth(value: Value | None, walk: Expressions) -> bool | None:
    if value is NONE:
        return False
    if isinstance(value, Known) and walk.depth and is_exactly(value.obj, bool, int, str, bytes):
        return bool(value.obj)
    return True if value is not None and in_memory(value) else None


def _compared(test: ast.Compare, walk: Expressions) -> bool | None:
    operator, right = test.ops[0], test.comparators[0]
    if isinstance(operator, ast.Is | ast.IsNot):
        if not (isinstance(right, ast.Constant) and right.value is None):
            return None
        is_none = _is_none(_peek(test.left, walk))
        return is_none if is_none is None or isinstance(operator, ast.Is) else not is_none
    fact = _fact(test.left, walk)
    if fact and isinstance(right, ast.Constant) and isinstance(operator, ast.Eq | ast.NotEq):
        return (fact == right.value) is isinstance(operator, ast.Eq)
    return None


def _is_none(value: Value | None) -> bool | None:
    if value is None:
        return None
    if value is NONE:
        return True
    # An annotation does not keep anyone from passing None: only what was seen being made counts.
    made = all(isinstance(one, Known) for one in each(value)) or in_memory(value)
    return False if made and all(one is not NONE for one in each(value)) else None


def _fact(node: ast.expr, walk: Expressions) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = walk.names.get(node.value.id)
        real = module.obj if isinstance(module, Known) else walk.source.namespace.get(node.value.id)
        if real is sys or real is os:
            return _FACTS.get(f"{'sys' if real is sys else 'os'}.{node.attr}")
    return None


def _asked(test: ast.Call, walk: Expressions) -> bool | None:
    """``isinstance(x, …)``, ``hasattr(x, "read")`` of something in memory; ``startswith``."""
    if isinstance(test.func, ast.Attribute):
        fact = _fact(test.func.value, walk)
        if fact and test.func.attr == "startswith" and len(test.args) == 1:
            prefix = test.args[0]
            if isinstance(prefix, ast.Constant) and isinstance(prefix.value, str):
                return fact.startswith(prefix.value)
        return None
    if not isinstance(test.func, ast.Name) or len(test.args) != 2:
        return None
    value = _peek(test.args[0], walk)
    if value is None:
        return None
    if test.func.id == "hasattr" and isinstance(test.args[1], ast.Constant):
        known = in_memory(value) and test.args[1].value in _FILE_METHODS
        return True if known else None
    if test.func.id == "isinstance" and isinstance(value, Instance) and value.cls is not None:
        return _is_instance(value.cls, test.args[1], walk)
    return None


def asks_for_a_file(test: ast.expr) -> bool:
    """``hasattr(source, "read")``: the caller may pass a file where a text would do."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(asks_for_a_file(part) for part in test.values)
    if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Name)):
        return False
    args = test.args
    asked = args[1].value if len(args) > 1 and isinstance(args[1], ast.Constant) else None
    return test.func.id == "hasattr" and asked in _FILE_METHODS


def _is_instance(cls: type, node: ast.expr, walk: Expressions) -> bool | None:
    """Only for the built-in types: abstract classes may say yes to anything."""
    names = node.elts if isinstance(node, ast.Tuple) else [node]
    kinds = [getattr(name, "id", None) for name in names]
    plain = {"str": str, "bytes": bytes, "int": int, "list": list, "dict": dict, "tuple": tuple}
    if any(kind not in plain or kind in walk.source.namespace for kind in kinds):
        return None
    return any(base is plain[str(kind)] for kind in kinds for base in mro(cls))
