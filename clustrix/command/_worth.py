"""Is a call of this function work, and nothing but work?  Judged from the source alone.

    function ─> a loop in a loop, a file read and worked on, waiting for the network …   worth it
             └> a call that nobody knows, a write that outlives the call …               silence

A suggestion that is wrong costs more than one that is missing, so whatever is not known to be
harmless is taken for harm.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from clustrix.analysis import blocking_calls_in, dotted, effects_in, is_known_call
from clustrix.command._files import Source
from clustrix.command._harmless import (
    HARMLESS_BUILTINS,
    HARMLESS_METHODS,
    HEAVY,
    TELLTALE,
    WAITS_LONG,
    WRITES,
)
from clustrix.command._shared import is_harmful
from clustrix.command._survey import Survey

__all__ = ["Judge", "sounds_like_change"]

_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NEVER = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.AsyncFor)
_DEEP_ENOUGH = 2  # loops inside each other
_MAX_DEPTH = 6  # helpers of helpers
_BUILTINS: Final = frozenset(dir(builtins))


class Weight(NamedTuple):
    """What was seen of a function.

    Attributes:
        harm: why it must not be suggested; ``""`` when nothing speaks against it.
        loops: whether there is any loop.
        nested: how deep the loops are in which the innermost may go round often, helpers included.
        heavy: the first call that is known to take long; ``""`` for none.
        reads: whether it reads a file.
    """

    harm: str = ""
    loops: bool = False
    nested: int = 0
    heavy: str = ""
    reads: bool = False


class Judge:
    """The functions of one module, each judged once."""

    def __init__(self, source: Source, survey: Survey) -> None:
        self._source = source
        self._survey = survey
        self._names = survey.names
        self._weights: dict[str, Weight] = {}
        self._reasons: dict[str, str] = {}

    def why(self, name: str) -> str:
        """Why a loop over this function of the module is worth sharing; ``""`` if it is not."""
        if name not in self._reasons:
            self._reasons[name] = self._judge(name)
        return self._reasons[name]

    def _judge(self, name: str) -> str:
        function = self._names.functions.get(name)
        if not isinstance(function, ast.FunctionDef) or function.decorator_list:
            return ""
        weight = self._weigh(name, 0)
        reason = _reason(weight)
        if not reason or weight.harm:
            return ""
        effects = effects_in(function, self._source.tree, self._source.file)
        return "" if any(is_harmful(effect) for effect in effects) else reason

    def _weigh(self, name: str, depth: int) -> Weight:
        """A function of the module, and the helpers behind it."""
        if name in self._weights:
            return self._weights[name]
        function = self._names.functions[name]
        if depth > _MAX_DEPTH:
            return Weight(harm="too many helpers to read")
        if function.decorator_list or not isinstance(function, ast.FunctionDef):
            return Weight(harm="a helper is decorated")
        self._weights[name] = Weight()  # recursive: what it adds is counted already
        self._weights[name] = _Body(function, self, self._survey, depth).weight()
        return self._weights[name]

    def helper(self, name: str, depth: int) -> Weight | None:
        """What a function of the module adds where it is called; ``None`` for another name."""
        return self._weigh(name, depth + 1) if name in self._names.functions else None


def _reason(weight: Weight) -> str:
    if weight.heavy:
        return weight.heavy
    if weight.reads and weight.loops:
        return "reads a file and works through it"
    return "has loops inside loops" if weight.nested >= _DEEP_ENOUGH else ""


class _Body:
    """One function being weighed."""

    def __init__(self, function: ast.FunctionDef, judge: Judge, survey: Survey, depth: int) -> None:
        self._function = function
        self._judge = judge
        self._names = survey.names
        self._records = survey.records
        self._depth = depth
        self._local = dict.fromkeys(_stored(function), "")
        self._foreign = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        self._inner = {
            node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)
        } - {function.name}
        self._harm = self._heavy = ""
        self._nested = 0
        self._loops = self._reads = False
        self._over: set[str] = set()  # the names of what is looped over

    def weight(self) -> Weight:
        self._spread()
        for wait in blocking_calls_in(self._function, self._names):
            self._foreign_call(wait.name)
            if {wait.code, wait.code[:3]} & WAITS_LONG:
                self._heavy = self._heavy or f"{wait.why} ({wait.name}, line {wait.line})"
            self._reads = self._reads or wait.code.startswith("IO10")
        for part in (*self._function.body, *self._function.args.defaults):
            self._visit(part, 0)
        return Weight(self._harm, self._loops, self._nested, self._heavy, self._reads)

    def _spread(self) -> None:
        """Names that may stand for an argument or a part of one."""
        for _ in range(2):
            for node in ast.walk(self._function):
                if isinstance(node, ast.Assign):
                    targets, value = node.targets, node.value
                elif isinstance(node, ast.For | ast.comprehension):
                    targets, value = [node.target], node.iter
                else:
                    continue
                if self._is_foreign(value, through_calls=not isinstance(node, ast.Assign)):
                    self._foreign.update(_names_in(targets))

    def _is_foreign(self, node: ast.expr, through_calls: bool = False) -> bool:
        root = _root(node, through_calls)
        if not isinstance(root, ast.Name):
            return False
        return root.id in self._foreign or root.id not in self._local

    def _visit(self, node: ast.AST, loops: int) -> None:
        if isinstance(node, ast.Raise):
            return
        if isinstance(node, _NEVER):
            self._harm = self._harm or type(node).__name__
        elif isinstance(node, _LOOPS):
            loops += not _is_short(node)
            self._loops = True
            if self._goes_round_often(node):
                self._nested = max(self._nested, loops)
        elif isinstance(node, ast.Call):
            self._call(node, loops)
        for child in ast.iter_child_nodes(node):
            self._visit(child, loops)

    def _goes_round_often(self, node: ast.AST) -> bool:
        """A `while`, a range, or a second look at what is looped over already.

        Loops over whatever an expression gives are too often loops over a handful.
        """
        if isinstance(node, ast.While):
            return True
        parts: list[Any] = (
            [node] if isinstance(node, ast.For) else [*getattr(node, "generators", ())]
        )
        often = False
        for part in parts:
            over = part.iter
            if isinstance(over, ast.Call) and isinstance(over.func, ast.Name):
                often = often or (over.func.id == "range" and not _is_short(part))
            elif isinstance(over, ast.Name):
                often = often or over.id in self._over
                self._over.add(over.id)
        return often

    def _call(self, node: ast.Call, loops: int) -> None:
        func = node.func
        if isinstance(func, ast.Name) and func.id not in self._local:
            if func.id in self._names.functions:
                self._helper(func.id, loops)
                return
            if func.id in self._records or func.id in self._inner:
                return  # what is defined inside is read as part of the body
            if func.id in _BUILTINS and func.id not in self._names.imports:
                self._builtin(node, func.id)
                return
        name = dotted(func, self._names, self._local_types())
        if name and self._known(name):
            return
        if isinstance(func, ast.Attribute):
            root = _root(func.value, through_calls=False)
            imported = isinstance(root, ast.Name) and root.id in self._names.imports
            fresh = func.attr in HARMLESS_METHODS or not self._is_foreign(func.value)
            if imported or not fresh:
                self._foreign_call(func.attr)
        elif isinstance(func, ast.Name) and func.id in self._names.imports:
            self._foreign_call(self._names.imports[func.id])
        else:
            self._harm = self._harm or "calls something that is not known"

    def _foreign_call(self, name: str) -> None:
        """A function or method from outside: nothing is known of it but its name."""
        if sounds_like_change(name):
            self._harm = self._harm or f"calls {name}"

    def _local_types(self) -> dict[str, str]:
        return {**self._local, **dict.fromkeys(self._foreign, "")}

    def _known(self, name: str) -> bool:
        if name in WRITES:
            self._harm = self._harm or f"{name} changes the disk"
        elif name in HEAVY or name.rpartition(".")[0] in HEAVY:
            self._heavy = self._heavy or f"calls {name}"
        elif name.startswith(("random.", "numpy.random.", "secrets.")):
            self._harm = self._harm or "random numbers"
        else:
            return is_known_call(name)
        return True

    def _builtin(self, node: ast.Call, name: str) -> None:
        if name == "open":
            mode = _mode(node)
            if mode is None or set(mode) & set("wax+"):
                self._harm = self._harm or "writes a file"
        elif name not in HARMLESS_BUILTINS and not name.endswith(("Error", "Exception")):
            self._harm = self._harm or f"{name}()"

    def _helper(self, name: str, loops: int) -> None:
        if name == self._function.name:
            return
        weight = self._judge.helper(name, self._depth)
        assert weight is not None  # only names of functions come here
        self._harm = self._harm or weight.harm
        self._heavy = self._heavy or weight.heavy
        self._reads = self._reads or weight.reads
        self._loops = self._loops or weight.loops
        if weight.nested:
            self._nested = max(self._nested, loops + weight.nested)


def sounds_like_change(name: str) -> bool:
    """Whether the name of a function says that it changes something."""
    return not TELLTALE.isdisjoint(name.rpartition(".")[2].lower().split("_"))


def _root(node: ast.expr, through_calls: bool) -> ast.expr:
    """``a`` of ``a.b[0].c``."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        elif through_calls and isinstance(node, ast.Call):
            node = node.func if isinstance(node.func, ast.Attribute) else (node.args or [node])[0]
            if isinstance(node, ast.Call):
                return node
        else:
            return node


def _stored(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _names_in(targets: list[ast.expr]) -> Iterator[str]:
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _is_short(node: ast.AST) -> bool:
    """A loop over a handful that is written down."""
    if isinstance(node, ast.While):
        return False
    over: Any = getattr(node, "iter", None) or node.generators[0].iter  # type: ignore[attr-defined]
    if isinstance(over, ast.Tuple | ast.List | ast.Set | ast.Dict):
        return True
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range":
        return all(isinstance(arg, ast.Constant) for arg in over.args)
    return False


def _mode(node: ast.Call) -> str | None:
    """How `open` opens; ``None`` when the source does not say."""
    given = node.args[1] if len(node.args) > 1 else None
    for word in node.keywords:
        if word.arg == "mode":
            given = word.value
    if given is None:
        return "r"
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
