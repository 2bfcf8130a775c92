"""Follow helpers: read what a function calls, with what it passes, within a budget.

    call of a helper ─> worth reading? ─> its source ─> walk with these arguments ─> its result
                          no: skipped        └ read once for each kind of arguments

The budget counts steps, not time: the same function gets the same answer on any machine.
"""

from __future__ import annotations

import ast
import types
from abc import ABC, abstractmethod

from clustrix.analysis._identity import memory_among
from clustrix.analysis._ledger import Ledger
from clustrix.analysis._names import annotated, parameters
from clustrix.analysis._scan import Scan
from clustrix.analysis._source import FunctionSource, NoSource, in_library, read_layer
from clustrix.analysis._values import (
    NONE,
    Instance,
    Items,
    Known,
    Local,
    Unknown,
    Value,
    instance_of,
    join,
)
from clustrix.analysis._walk import Arguments, Walk

__all__ = ["Enough", "Reading"]

_MAX_STEPS = 6_000  # expressions, statements and lines of helpers read: 3 to 8 us each
_MAX_HELPING = 300  # of these for helpers, so that the function itself is read to its end
_SHARE = 60  # for each helper that the function itself calls, however much the others took
_MAX_DEPTH = 9  # helpers of helpers


_FAR = "more helpers than the analysis takes on"  # what was not read may still tell by its name


class Enough(Exception):
    """There was more to read than the steps allow: a signal, not an error."""


class Reading(ABC):
    """What is known while one function and its helpers are read.

    Attributes:
        steps: how much was read.
        ledger: what was found.
        seen: the functions looked at.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.ledger = Ledger()
        self.seen: dict[types.CodeType, None] = {}
        self._scan = Scan()
        self._results: dict[object, Value] = {}
        self._helping = 0
        self._entered = 0  # the step at which the function itself called the helper being read

    def step(self) -> None:
        """Count one step of the walk."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise Enough

    @abstractmethod
    def call(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """Say what a call gives; for the class that knows what calls mean."""

    @abstractmethod
    def read(self, value: Value, walk: Walk, node: ast.expr) -> Value:
        """Say what an attribute gives; for the class that knows what calls mean."""

    @abstractmethod
    def held(self, value: Value) -> Value:
        """Say what a field holds; for the class that knows what calls mean."""

    @abstractmethod
    def awaited(self, value: Value, walk: Walk, node: ast.expr) -> None:
        """Note what is awaited without a known call; for the class that knows what calls mean."""

    @abstractmethod
    def iterated(self, value: Value, walk: Walk, node: ast.expr) -> None:
        """Note a loop over a file; for the class that knows what calls mean."""

    def enter(self, function: types.FunctionType) -> None:
        """Begin with the outermost function: its nearest helpers are looked at first."""
        self.seen[function.__code__] = None
        self._scan.start(function)

    def follow(
        self, function: types.FunctionType, given: Arguments, walk: Walk, node: ast.expr
    ) -> Value:
        """Read a helper as it is called here, and say what it gives."""
        refused = self._refusal(function, walk)
        if refused is not None:
            return memory_among(*given) or _declared(function) or Unknown(refused)
        key = (id(function.__code__), *map(_sign, given[0]), *_sign_all(given[1]))
        if key in self._results:
            return self._results[key]
        self._results[key] = Unknown("recursive")
        source = read_layer(function)
        if isinstance(source, NoSource):
            return memory_among(*given) or Unknown(source.cause)
        self.seen[function.__code__] = None
        inner = Walk(source, _passed(source, given), self, walk.depth + 1)
        self._run(inner, walk, node)
        self._results[key] = _result(source, inner)
        return self._results[key]

    def is_out_of_reach(self, function: types.FunctionType, walk: Walk) -> bool:
        """Whether a helper is not read for the mere amount of it: its name may still tell."""
        return self._refusal(function, walk) == _FAR

    def _refusal(self, function: types.FunctionType, walk: Walk) -> str | None:
        """Why a helper is not read, if it is not."""
        if walk.quiet or walk.depth >= _MAX_DEPTH:
            return "in an error path" if walk.quiet else _FAR
        if self.ledger.found and in_library(function.__code__.co_filename):
            return "one finding is enough to follow libraries no further"
        spent = self._helping + (self.steps - self._entered if walk.depth else 0)
        mine = self.steps - self._entered if walk.depth else 0
        if spent > _MAX_HELPING and (mine > _SHARE or spent > 2 * _MAX_HELPING):
            return _FAR
        if not self._scan.is_suspect(function):
            self.seen[function.__code__] = None
            return "nothing in it or behind it can wait" if self._scan.is_complete else _FAR
        return None

    def _run(self, inner: Walk, walk: Walk, node: ast.expr) -> None:
        tree = inner.source.node
        self.steps += (tree.end_lineno or tree.lineno) - tree.lineno  # parsing costs, too
        self._entered = self._entered if walk.depth else self.steps
        self.ledger.trail.append((walk.source.file, node.lineno))
        try:
            inner.run()
        finally:
            self.ledger.trail.pop()
        self._helping += 0 if walk.depth else self.steps - self._entered

    def follow_local(self, value: Local, given: Arguments, walk: Walk) -> Value:
        """A nested function: read where it is called, with the names of where it is defined."""
        home: Walk = value.home
        key = (value.node, home, walk.quiet > 0)
        if key in self._results or walk.depth >= _MAX_DEPTH:
            return self._results.get(key, Unknown("too deep"))
        self._results[key] = Unknown("recursive")
        inner = Walk(home.source, dict(home.names), self, walk.depth + 1)
        inner.quiet = walk.quiet
        spec = value.node.args
        for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            said = annotated(arg.annotation, home.source) if arg.annotation else None
            inner.names[arg.arg] = said or Unknown("a parameter")
        for arg, passed in zip((*spec.posonlyargs, *spec.args), given[0], strict=False):
            inner.names[arg.arg] = passed
        taken = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
        inner.names.update({word: passed for word, passed in given[1].items() if word in taken})
        inner.body(value.node)
        self._results[key] = join(inner.returned) if inner.returned else NONE
        return self._results[key]


def _result(source: FunctionSource, walk: Walk) -> Value:
    if walk.yielded:
        return Instance("generator", None, item=join(walk.yielded))
    found = join(walk.returned) if walk.returned else NONE
    if isinstance(found, Unknown) and not isinstance(source.node, ast.Lambda):
        return annotated(source.node.returns, source) or found
    return found


def _declared(function: types.FunctionType) -> Value | None:
    """The type that the return annotation of a helper names, if it is a class."""
    said = function.__annotations__.get("return")
    return instance_of(said) if said is not None and issubclass(type(said), type) else None


def _sign(value: Value) -> object:
    """What distinguishes one argument from another for the helper that gets it."""
    if isinstance(value, Known):
        return id(value.obj)
    if isinstance(value, Instance):
        return value.name, value.memory
    return type(value)


def _sign_all(kwargs: dict[str, Value]) -> list[object]:
    return [(word, _sign(value)) for word, value in kwargs.items()]


def _passed(source: FunctionSource, given: Arguments) -> dict[str, Value]:
    """The parameters of a helper with what this call passes.

    An annotation knows more than an argument of which nothing is known.
    """
    args, kwargs = given
    names = parameters(source, outermost=False)
    spec = source.node.args
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    for name, value in zip(slots, args, strict=False):
        if not isinstance(value, Unknown) or not isinstance(names.get(name), Instance):
            names[name] = value
    if len(args) > len(slots) and spec.vararg:
        names[spec.vararg.arg] = Items(tuple(args[len(slots) :]))
    names.update({word: value for word, value in kwargs.items() if word in names})
    return names
