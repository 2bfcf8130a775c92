"""Writes of decorated functions that outlive the call, as `check` says them.

    effects of a function (SH…, RN…) ─> which engine was said? ─> CK10x, or nothing

What only touches the item itself, or is done under a lock, harms nobody on threads; on processes
it happens to a copy.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from clustrix._model import Finding
from clustrix.analysis import effects_in
from clustrix.command._files import Source
from clustrix.command._survey import Decorated

__all__ = ["is_harmful", "loop_variable", "shared_state"]

_ANYWHERE = {"SH101": "CK102", "RN101": "CK103", "RN102": "CK104"}
_ON_COPIES = frozenset({"SH102", "SH103", "SH205"})
_LOST = "; worker processes write to copies of their own"


def shared_state(source: Source, one: Decorated, executor: object) -> Iterator[Finding]:
    """The writes of a decorated function that change an answer on the engine that was said."""
    for effect in effects_in(one.function, source.tree, source.file, loop_variable(one)):
        copies = executor == "processes"
        code = _code(effect.code, copies)
        if code:
            lost = _LOST if copies and effect.code.startswith("SH") else ""
            yield Finding(
                code, effect.why + lost, effect.name, effect.file, effect.line, effect.column
            )


def _code(effect: str, copies: bool) -> str:
    if effect in _ON_COPIES:
        return "CK102" if copies else ""
    return _ANYWHERE.get(effect, "CK101")


def is_harmful(effect: Finding) -> bool:
    """Whether an effect is a reason not to suggest running a function in parallel."""
    return effect.code != "RN102"


def loop_variable(one: Decorated) -> str | None:
    """The loop variable as far as the source tells."""
    for word in one.said.keywords if one.said else []:
        if word.arg == "loop_var":
            said = word.value.value if isinstance(word.value, ast.Constant) else None
            if said is not None:
                return said if isinstance(said, str) else None
    spec = one.function.args
    usable = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    decorators = getattr(one.function, "decorator_list", [])
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in decorators)
    if isinstance(one.scope.node, ast.ClassDef) and not static:
        usable = usable[1:]
    return usable[0] if usable else None
