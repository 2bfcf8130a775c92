"""What is passed from a call to the code that it runs, and how much is read at all.

    helper(rows, 3)  ──>  def helper(target, n=1, *rest)    target: what `rows` refers to

All bounds count steps: the same function gets the same answer on any machine.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from clustrix.analysis._refs import NOTHING, Arguments, Home, Ref, Value, join, shell
from clustrix.analysis._touched import Touched

__all__ = [
    "Enough",
    "Reader",
    "defaults_of",
    "in_place",
    "is_container",
    "parameters_of",
    "pass_on",
    "sign",
]

_MAX_STEPS = 4000  # expressions and statements: 2 to 3 us each
_MAX_HELPING = 500  # of these, and lines parsed, in helpers: the function itself comes first
_MAX_INTERNAL = 150  # while libraries are read: what they change is mostly known by name
_MAX_DEPTH = 6  # helpers of helpers


class Enough(Exception):
    """There was more to read than the steps allow: a signal, not an error."""


class Reader:
    """What is shared by the function being read and its helpers.

    Attributes:
        touched: what was written and read.
        skip: code that is read in its own right, or just now, and so not followed.
    """

    def __init__(self) -> None:
        self.touched = Touched()
        self.skip: set[object] = set()
        self.results: dict[object, Value] = {}
        self.trail: list[tuple[str, int, int]] = []
        self._steps = 0
        self._helping = 0

    def step(self, depth: int) -> None:
        """Count one step of the walk."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise Enough
        if depth:
            self._helping += 1

    def parsed(self, node: Any) -> None:
        """Parsing costs, too."""
        self._helping += (node.end_lineno or node.lineno) - node.lineno

    def may_follow(self, depth: int, *, internal: bool) -> bool:
        """Whether there is room for another helper."""
        most = _MAX_INTERNAL if internal else _MAX_HELPING
        return depth < _MAX_DEPTH and self._helping < most


def sign(value: Value) -> tuple[tuple[str, str, int, int], ...]:
    """What distinguishes one argument from another for the helper that gets it."""
    return tuple((ref.path, ref.root, ref.shell, id(ref.thing)) for ref in value)


def parameters_of(node: Any) -> Iterable[ast.arg]:
    """Every parameter of a function."""
    spec = node.args
    extras = [extra for extra in (spec.vararg, spec.kwarg) if extra]
    return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *extras]


def pass_on(node: Any, home: Home, given: Arguments) -> dict[str, Value]:
    """The parameters of a helper with what a call passes, or with their defaults."""
    args, kwargs = given
    spec = node.args
    names = {arg.arg: NOTHING for arg in parameters_of(node)}
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    names.update(defaults_of(node, home))
    names.update(zip(slots, args, strict=False))
    if spec.vararg and len(args) > len(slots):
        names[spec.vararg.arg] = shell(join(*args[len(slots) :]))
    extra = [value for word, value in kwargs.items() if word not in names]
    names.update({word: value for word, value in kwargs.items() if word in names})
    if spec.kwarg and extra:
        names[spec.kwarg.arg] = shell(join(*extra))
    return names


def defaults_of(node: Any, home: Home) -> dict[str, Value]:
    """The parameters whose default is an object that every call shares."""
    spec = node.args
    slots = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(slots[len(slots) - len(spec.defaults) :], spec.defaults, strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=False),
    ]
    found: dict[str, Value] = {}
    for arg, default in pairs:
        if isinstance(default, ast.Name):
            found[arg.arg] = home.lookup(default.id)
        elif is_container(default):
            found[arg.arg] = (Ref(arg.arg),)
    return found


def in_place(node: ast.Call) -> bool:
    """``frame.sort_values("a", inplace=True)``."""
    return any(
        word.arg == "inplace" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in node.keywords
    )


def is_container(node: ast.expr | None) -> bool:
    """Whether an expression makes something that can be changed."""
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("list", "dict", "set", "deque", "defaultdict", "Counter", "OrderedDict")
