"""What makes a write harmless, or not: locks, thread-local objects, lazy filling, keys.

with LOCK: …                  threads come one by one
local.buffer = []             each thread has its own
if TABLE is None: …           filled once, always with the same
OUT[x % 3] = x                several items, one key
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from clustrix.analysis._refs import Ref, Value, is_outside

__all__ = ["is_lock", "is_private", "is_same_for_all", "tested_for_nothing"]

# Two items that differ may well give the same key through one of these.
_FOLDS = (ast.Mod, ast.FloorDiv, ast.BitAnd, ast.RShift)
_FOLDING = frozenset({"bool", "round", "len", "hash", "int"})


def is_same_for_all(key: ast.expr, names: Mapping[str, Value]) -> bool:
    """Whether several items are bound to write under this key."""
    varies = False
    for part in ast.walk(key):
        if isinstance(part, ast.BinOp) and isinstance(part.op, _FOLDS):
            return True
        if isinstance(part, ast.Compare):
            return True
        if isinstance(part, ast.Call):
            if isinstance(part.func, ast.Name) and part.func.id in _FOLDING:
                return True
            varies = True
        if isinstance(part, ast.Name) and part.id in names:
            found = names[part.id]
            varies = varies or not found or any(ref.root != "shared" for ref in found)
    return not varies


def is_lock(ref: Ref) -> bool:
    """A lock that other lanes hold, too; one made here holds up nobody."""
    if not is_outside(ref):
        return False
    kinds = set(ref.thing.kinds()) if ref.thing else set()
    if kinds & {"threading.lock", "threading.RLock", "_thread.lock", "_thread.RLock"}:
        return True
    return any(word in ref.path.lower() for word in ("lock", "mutex"))


def is_private(ref: Ref) -> bool:
    """What each thread has for itself."""
    kinds = set(ref.thing.kinds()) if ref.thing else set()
    return bool(kinds & {"_thread._local", "threading.local", "threading._local"})


def tested_for_nothing(test: ast.expr) -> ast.expr | None:
    """What an `if` asks to be missing: ``X is None``, ``not X``, ``not hasattr(X, "part")``."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
        other = test.comparators[0]
        return test.left if isinstance(other, ast.Constant) and other.value is None else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        asked = test.operand
        if isinstance(asked, ast.Call) and getattr(asked.func, "id", "") == "hasattr":
            said = asked.args[1] if len(asked.args) == 2 else None
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                return ast.Attribute(asked.args[0], said.value, ast.Load())
            return None
        return asked if isinstance(asked, ast.Name | ast.Attribute) else None
    return None
