"""Say what a call means: known to wait, known to compute, a helper to read, or telling by name.

    call ─> real object ─────> catalogue ─> class: made     function: followed
         ─> name only ───────> catalogue
         ─> method ─> type? ─> catalogue ─> followed
                   ─> nobody knows ───────> does its name tell?

Functions that are passed on count as called: somebody will.
"""

from __future__ import annotations

import ast
import types

from clustrix.analysis._fields import Fields
from clustrix.analysis._identity import (
    any_pure,
    entry_of,
    is_stub,
    memory_among,
    names_of,
    shown,
    target_of,
)
from clustrix.analysis._methods import defined, method_names, told_by_name
from clustrix.analysis._reading import Reading
from clustrix.analysis._source import layers
from clustrix.analysis._static import (
    MISSING,
    class_lookup,
    is_exactly,
)
from clustrix.analysis._values import (
    FROM_CACHE,
    AnyOf,
    Instance,
    Items,
    Known,
    Local,
    Method,
    Named,
    Unknown,
    Value,
    each,
    in_memory,
    instance_of,
    item_of,
    join,
    result_of,
    typed,
)
from clustrix.analysis._walk import Arguments, Walk
from clustrix.analysis.catalogue import (
    AWAITED,
    GIVEN_BY_NAME,
    METHODS,
    ON_FILES,
    TELLING,
    BlockingCall,
    blocking,
    is_known_type,
    is_type,
    passes_on,
    releasing,
)

__all__ = ["Calls"]

_CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_ONE_OF = frozenset({"get", "pop", "setdefault"})  # methods of containers that give a member
_ALL_OF = frozenset({"values", "items", "copy"})


class Calls(Reading):
    """Reads a function and knows what the calls in it mean."""

    def __init__(self) -> None:
        super().__init__()
        self._fields = Fields(self)

    def call(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """Say what a call gives; note it if it waits."""
        results = [self._call_one(one, given, walk, node) for one in each(value)]
        if not walk.quiet:
            for arg in (*given[0], *given[1].values()):
                self._called_back(arg, walk, node)
        return join(results)

    def read(self, value: Value, walk: Walk, node: ast.expr) -> Value:
        """An attribute: a property is read like a method without arguments."""
        if not isinstance(value, Method):
            return value
        if is_exactly(value.target, property, types.GetSetDescriptorType):
            known = result_of(method_names(value))
            if known is not None:
                return known
        if type(value.target) is property:
            getter = value.target.fget
            if type(getter) is types.FunctionType:
                return self.follow(getter, ([value.receiver], {}), walk, node)
        return value

    def held(self, value: Value) -> Value:
        """What a field holds."""
        return self._fields.of(value)

    def awaited(self, value: Value, walk: Walk, node: ast.expr) -> None:
        """What is awaited and nobody knows: a task, a lock, a stream, a client."""
        if any(self._is_open(one) or self._is_far(one, walk) for one in each(value)):
            self.ledger.note(*AWAITED, "await", walk, node)

    def _is_far(self, value: Value, walk: Walk) -> bool:
        """Whether a coroutine is out of reach: those of libraries are there to wait."""
        inside = layers(value.target) if isinstance(value, Method) else []
        return bool(inside) and self.is_out_of_reach(inside[-1], walk)

    def iterated(self, value: Value, walk: Walk, node: ast.expr) -> None:
        """A loop over a file reads it; said only where nobody is seen to open the file."""
        for one in each(value):
            if isinstance(one, Instance) and not one.memory and not self.ledger.found:
                line = Method(one, "readline", target_of(one, "readline"))
                found = defined(line, method_names(line))
                if found:
                    self._waits(*found, ([], {}), walk, node)

    def _is_open(self, value: Value) -> bool:
        """Whether nobody knows what a value is, or what it belongs to."""
        value = self._fields.of(value)
        if not isinstance(value, Method):
            return isinstance(value, Unknown)
        if isinstance(value.receiver, Instance):
            return value.receiver.cls is not None and value.target is MISSING
        return self._is_open(value.receiver)

    def _call_one(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        if isinstance(value, Known):
            return self._call_object(value, given, walk, node)
        if isinstance(value, Named):
            return self._call_name(value.name, given, walk, node)
        if isinstance(value, Method):
            return self._call_method(value, given, walk, node)
        if isinstance(value, Local):
            return self.follow_local(value, given, walk)
        if isinstance(value, Instance) and not value.memory:
            called = Method(value, "__call__", target_of(value, "__call__"))
            return self._call_typed(called, value, given, walk, node)
        return memory_among(*given) or Unknown("called on something unknown")

    def _call_object(self, value: Known, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """A real function, class or other object."""
        obj = value.obj
        names = ([value.name] if value.name else []) + names_of(obj)
        entry = entry_of(names, obj)
        if entry:
            self._waits(entry, shown(entry, names), given, walk, node)
        self._lets_go(names, walk, node)
        memory = memory_among(*given)
        known = result_of(names)
        if passes_on(names) and given[0]:
            return given[0][0]
        if known is not None and not memory:
            return known
        settled = entry is not None or any_pure(names)
        if issubclass(type(obj), type):
            return self._construct(obj, given, walk, node, settled=settled)  # type: ignore[arg-type]
        if settled:
            return memory or Unknown("what a library function gives")
        if type(obj) is types.MethodType:
            given = ([Known(obj.__self__), *given[0]], given[1])
        inside = layers(obj)
        if inside:
            return self.follow(inside[-1], given, walk, node)
        return memory or Unknown("what a built-in function gives")

    def _construct(
        self, cls: type, given: Arguments, walk: Walk, node: ast.expr, *, settled: bool
    ) -> Value:
        """A class: its ``__init__`` is read; around a file in memory it is memory itself."""
        made = instance_of(cls, memory=memory_among(*given) is not None)
        if not settled:
            for name in ("__init__", "__new__"):
                method = class_lookup(cls, name)
                if type(method) is types.FunctionType:
                    self.follow(method, ([made, *given[0]], given[1]), walk, node)
        return made

    def _call_name(self, name: str, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """Something in a module that is not imported: the catalogue may know its name."""
        entry = blocking(name)
        if entry:
            self._waits(entry, name, given, walk, node)
        self._lets_go([name], walk, node)
        memory = memory_among(*given)
        if passes_on([name]) and given[0]:
            return given[0][0]
        known = result_of([name])
        if known is not None and not memory:
            return known
        if name.rpartition(".")[2][:1].isupper() or is_type(name):
            return Instance(name, None, memory is not None or in_memory(typed(name)))
        return memory or Unknown(f"{name} is not imported yet")

    def _call_method(self, value: Method, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """A method: find out what its receiver is."""
        receiver = self._fields.of(value.receiver)
        if isinstance(receiver, AnyOf):
            parts = [
                Method(one, value.name, target_of(one, value.name), value.place)
                for one in each(receiver)
            ]
            return join([self._call_method(part, given, walk, node) for part in parts])
        if isinstance(receiver, Items | Known):
            if value.name == "get" and walk.depth and isinstance(receiver, Known):
                found = item_of(receiver)
                can_call = any(callable(one.obj) for one in each(found) if isinstance(one, Known))
                return found if can_call else Unknown(FROM_CACHE)
            if value.name in _ONE_OF | _ALL_OF:
                return item_of(receiver) if value.name in _ONE_OF else receiver
            if isinstance(receiver, Known):
                receiver = instance_of(type(receiver.obj))
        if isinstance(receiver, Instance):
            target = target_of(receiver, value.name)
            value = Method(receiver, value.name, target, value.place)
            return self._call_typed(value, receiver, given, walk, node)
        self._telling(value, given, walk, node)
        if value.name in GIVEN_BY_NAME:
            return typed(GIVEN_BY_NAME[value.name])
        return memory_among(*given) or Unknown("a method of something unknown")

    def _call_typed(
        self, value: Method, receiver: Instance, given: Arguments, walk: Walk, node: ast.expr
    ) -> Value:
        """A method of an object whose type is known."""
        if receiver.memory and type(value.target) is not types.FunctionType:
            return Instance("str", str) if value.name.startswith("read") else receiver
        names = method_names(value)
        found = defined(value, names)
        if found and not receiver.memory:
            self._waits(*found, given, walk, node)
        self._lets_go(names, walk, node)
        known = result_of(names)
        if known is not None:
            return known
        if receiver.item is not None and value.name in _ONE_OF | _ALL_OF:
            return receiver.item if value.name in _ONE_OF else receiver
        if found or any_pure(names):
            return Unknown("what a library method gives")
        return self._into_method(value, receiver, given, walk, node)

    def _into_method(
        self, value: Method, receiver: Instance, given: Arguments, walk: Walk, node: ast.expr
    ) -> Value:
        """A method that the catalogue does not know: read it, or judge it by its name."""
        target = value.target
        inside = layers(target) if target is not MISSING else []
        if issubclass(type(target), type):  # a class kept in a class: made, not called
            return self._construct(target, given, walk, node, settled=False)  # type: ignore[arg-type]
        if inside and not is_stub(inside[-1]):
            first: list[Value] = [receiver]
            if type(target) is classmethod:
                first = [Known(receiver.cls)]
            elif type(target) is staticmethod:
                first = []
            if self.is_out_of_reach(inside[-1], walk):
                self._telling(value, given, walk, node, far=True)
            return self.follow(inside[-1], ([*first, *given[0]], given[1]), walk, node)
        unknown = receiver.cls is not None or not is_known_type(receiver.name)
        if inside or (target is MISSING and unknown):
            self._telling(value, given, walk, node)
        return receiver if value.name == "__enter__" else Unknown("a method without source")

    def _called_back(self, arg: Value, walk: Walk, node: ast.expr) -> None:
        """A function passed on will be called by somebody."""
        for one in each(arg):
            if isinstance(one, Local):
                self.follow_local(one, ([], {}), walk)
            elif isinstance(one, Known) and is_exactly(one.obj, *_CALLABLES):
                self._call_object(one, ([], {}), walk, node)
            elif isinstance(one, Named):
                entry = blocking(one.name)
                if entry:
                    self._waits(entry, one.name, ([], {}), walk, node)
            elif isinstance(one, Method) and (one.name in METHODS or one.name in TELLING):
                self._bound_passed_on(one, walk, node)

    def _bound_passed_on(self, value: Method, walk: Walk, node: ast.expr) -> None:
        """``iter(stream.readline, "")``, ``pool.map(session.get, urls)``."""
        if not isinstance(value.receiver, Instance) or value.target is not MISSING:
            self._call_method(value, ([Unknown()], {}), walk, node)

    def _telling(
        self, value: Method, given: Arguments, walk: Walk, node: ast.expr, *, far: bool = False
    ) -> None:
        """Nobody knows the receiver, or reads that far: the name of the method may still tell."""
        told = told_by_name(value, given, far=far)
        if told is not None:
            self._waits(told, told.name, given, walk, node)

    def _lets_go(self, names: list[str], walk: Walk, node: ast.expr) -> None:
        """Note a call that computes without the GIL."""
        for name in names:
            entry = releasing(name)
            if entry:
                self.ledger.hint(entry.code, entry.why, name, walk, node)
                return

    def _waits(
        self, entry: BlockingCall, name: str, given: Arguments, walk: Walk, node: ast.expr
    ) -> None:
        """Note a call that waits; a file function that gets a file in memory does not."""
        if not (entry.code.startswith(ON_FILES) and memory_among(*given)):
            self.ledger.note(entry.code, entry.why, name, walk, node)
