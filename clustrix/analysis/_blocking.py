"""Find the calls that wait: for files, the network, other programs, databases, locks.

    function ─> source ─> walk ─> call ─> in the catalogue?      finding
                  ^                 ├───> a Python helper?       read it, too
                  └─────────────────┘     known to compute?      nothing
                                          anything else?         its method name may tell

Bounded by steps, never by the clock: the same function gets the same answer on any machine.
"""

from __future__ import annotations

import ast
import gc
import types
from dataclasses import dataclass

from clustrix._model import Finding

from ._names import annotated, module_member, parameters
from ._scan import Scan, in_library
from ._source import FunctionSource, NoSource, layers, read_layer
from ._static import MISSING, class_dict, class_lookup, class_qualname, mro
from ._values import (
    NONE,
    AnyOf,
    Instance,
    Items,
    Known,
    Local,
    Method,
    Named,
    Unknown,
    Value,
    class_names,
    each,
    in_memory,
    instance_of,
    item_of,
    join,
    result_of,
    typed,
)
from ._walk import Arguments, Walk
from .catalogue import (
    COMMON_TELLING,
    INCIDENTAL,
    METHODS,
    TELLING,
    BlockingCall,
    blocking,
    canonical_names,
    hinted,
    is_known_type,
    is_pure,
    passes_on,
)

__all__ = ["Look", "find_blocking_calls", "look_for_blocking_calls"]

_MAX_STEPS = 6_000  # expressions, statements and lines of helpers read: 3 to 8 us each
_MAX_HELPING = 400  # of these for helpers, so that the function itself is read to its end
_MAX_DEPTH = 9  # helpers of helpers
_MAX_FINDINGS = 20
_STUB_SIZE = 32  # bytes of compiled code: `...`, `pass`, `raise NotImplementedError("…")`
_MAX_FIELDS = 8  # fields of objects whose type is looked up
_MAX_MAKERS = 3  # methods read to learn what a field holds

_DESCRIPTORS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


@dataclass(frozen=True, slots=True)
class Look:
    """What reading a function gave.

    Attributes:
        findings: the calls that wait.
        read: how many functions were read, helpers included.
        cause: why nothing could be read, when ``read`` is 0.
    """

    findings: tuple[Finding, ...]
    read: int = 0
    cause: str = ""


class _Enough(Exception):  # noqa: N818  (a signal, not an error)
    """There was more to read than the steps allow."""


def find_blocking_calls(function: object) -> tuple[Finding, ...]:
    """Find the calls in a function, and in the helpers it calls, that wait.

    Args:
        function: any object; what is not a function has no blocking calls.

    Returns:
        One finding for each call, in reading order.  ``file`` and ``line`` are those of the
        call, in the function itself or in the helper of the user's that makes it.

    Examples:
        >>> import time
        >>> find_blocking_calls(time.sleep)[0].code
        'IO501'
        >>> find_blocking_calls(len)
        ()
    """
    return look_for_blocking_calls(function).findings


def look_for_blocking_calls(function: object) -> Look:
    """`find_blocking_calls`, and how much was read to find them."""
    # The trees go away by themselves.  A collection that happens to fall into the reading would
    # walk the whole heap of the program for nothing: half a second, measured, beside pandas.
    collecting = gc.isenabled()
    gc.disable()
    reader = _Reader()
    try:
        return reader.look(function)
    except (_Enough, RecursionError):
        cause = "there is more to read than the analysis takes on"
    except Exception as error:
        # A user's program must not fail because of what was said about it.
        cause = f"the analysis failed: {type(error).__name__}: {error}"
    finally:
        if collecting:
            gc.enable()
    return Look(tuple(reader.found.values()), len(reader.seen), cause)


class _Reader:
    """Reads one function and what it calls."""

    def __init__(self) -> None:
        self.steps = 0
        self.helping = 0
        self.entered = 0  # step at which the function itself called the helper being read
        self.scan = Scan()
        self.found: dict[tuple[str, str, int], Finding] = {}
        self.seen: dict[types.CodeType, None] = {}
        self.memory: dict[object, Value] = {}
        self.fields: dict[tuple[int, str], Value] = {}
        self.trail: list[tuple[str, int]] = []  # call sites from the outermost function inwards

    def step(self) -> None:
        """Count one step of the walk."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise _Enough

    def look(self, function: object) -> Look:
        """Read the function from outside, as nobody has called it yet."""
        names = _names_of(function)
        entry = _entry(names, function)
        if entry:
            return Look((self._at_definition(entry, names, function),), 1)
        if any(is_pure(name) for name in names):
            return Look((), 1)
        inside = layers(function)
        cause = f"{type(function).__name__} object without Python code"
        for plain in reversed(inside):
            source = read_layer(plain)
            if isinstance(source, NoSource):
                cause = source.cause
                continue
            self.seen[plain.__code__] = None
            self.scan.start(plain)
            start = parameters(source, outermost=True)
            self._bind_self(function, source, start)
            Walk(source, start, self, 0).run()
        return Look(tuple(self.found.values()), len(self.seen), "" if self.seen else cause)

    def _bind_self(self, function: object, source: FunctionSource, names: dict[str, Value]) -> None:
        """A bound method knows its object, and a callable object is one."""
        spec = source.node.args
        first = (*spec.posonlyargs, *spec.args)[:1]
        if type(function) is types.MethodType and first:
            names[first[0].arg] = Known(function.__self__)

    def _at_definition(self, entry: BlockingCall, names: list[str], function: object) -> Finding:
        inside = layers(function)
        source = read_layer(inside[-1]) if inside else NoSource("")
        if isinstance(source, NoSource):
            return Finding(entry.code, entry.why, _shown(entry, names))
        return Finding(entry.code, entry.why, _shown(entry, names), source.file, source.node.lineno)

    # What a call means.

    def call(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        """Say what a call gives; note it if it waits."""
        results = [self._call_one(one, given, walk, node) for one in each(value)]
        enters = isinstance(value, Method) and value.name == "__enter__"
        if not walk.quiet and not enters:
            for arg in (*given[0], *given[1].values()):
                self._called_back(arg, walk, node)
        return join(results)

    def read(self, value: Value, walk: Walk, node: ast.expr) -> Value:
        """An attribute: a property is read like a method without arguments."""
        if isinstance(value, Method):
            if type(value.target) in (property, types.GetSetDescriptorType):
                known = result_of(self._method_names(value))
                if known is not None:
                    return known
            if type(value.target) is property:
                getter = value.target.fget
                if type(getter) is types.FunctionType:
                    return self._follow(getter, ([value.receiver], {}), walk, node)
        return value

    def _call_one(self, value: Value, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        if isinstance(value, Known):
            return self._call_object(value, given, walk, node)
        if isinstance(value, Named):
            return self._call_name(value.name, given, walk, node)
        if isinstance(value, Method):
            return self._call_method(value, given, walk, node)
        if isinstance(value, Local):
            return self._call_local(value, given, walk)
        return _memory_of(given) or Unknown("called on something unknown")

    def _call_object(self, value: Known, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        obj = value.obj
        names = ([value.name] if value.name else []) + _names_of(obj)
        entry = _entry(names, obj)
        memory = _memory_of(given)
        if entry and not memory:
            self._note(entry.code, entry.why, _shown(entry, names), walk, node)
        known = result_of(names)
        if passes_on(names) and given[0]:
            return given[0][0]
        if known is not None and not memory:
            return known
        if type in mro(type(obj)):
            return self._construct(obj, given, walk, node, quiet=bool(entry) or _pure(names))  # type: ignore[arg-type]
        if entry or _pure(names):
            return memory or Unknown("what a library function gives")
        if type(obj) is types.MethodType:
            given = ([Known(obj.__self__), *given[0]], given[1])
        inside = layers(obj)
        if inside:
            return self._follow(inside[-1], given, walk, node)
        return memory or Unknown("what a built-in function gives")

    def _construct(
        self, cls: type, given: Arguments, walk: Walk, node: ast.expr, *, quiet: bool
    ) -> Value:
        made = instance_of(cls, memory=_memory_of(given) is not None)
        if not quiet:
            for name in ("__init__", "__new__"):
                method = class_lookup(cls, name)
                if type(method) is types.FunctionType:
                    self._follow(method, ([made, *given[0]], given[1]), walk, node)
        return made

    def _call_name(self, name: str, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        entry = blocking(name)
        memory = _memory_of(given)
        if entry and not memory:
            self._note(entry.code, entry.why, name, walk, node)
        if passes_on([name]) and given[0]:
            return given[0][0]
        known = result_of([name])
        if known is not None and not memory:
            return known
        last = name.rpartition(".")[2]
        if last[:1].isupper() or is_known_type(name):
            return Instance(name, None, memory is not None or in_memory(typed(name)))
        return memory or Unknown(f"{name} is not imported yet")

    def _method_names(self, value: Method) -> list[str]:
        """Canonical names of a method, up to the class that defines it."""
        receiver = value.receiver
        if not isinstance(receiver, Instance):
            return []
        if receiver.cls is None:
            return [f"{receiver.name}.{value.name}"]
        found = []
        for base in mro(receiver.cls):
            found += [f"{name}.{value.name}" for name in class_names(base)]
            if value.name in class_dict(base):
                break
        return found

    def _call_method(self, value: Method, given: Arguments, walk: Walk, node: ast.expr) -> Value:
        receiver = value.receiver
        if isinstance(receiver, Method | Unknown):
            receiver = self._field(receiver, walk)
        if isinstance(receiver, AnyOf):
            parts = [
                Method(one, value.name, _target(one, value.name), value.place)
                for one in each(receiver)
            ]
            return join([self._call_method(part, given, walk, node) for part in parts])
        if isinstance(receiver, Known):
            receiver = instance_of(type(receiver.obj))
        if isinstance(receiver, Items) and value.name in ("get", "pop", "values", "setdefault"):
            return receiver if value.name == "values" else item_of(receiver)
        if isinstance(receiver, Instance):
            value = Method(receiver, value.name, _target(receiver, value.name), value.place)
            return self._call_typed(value, receiver, given, walk, node)
        self._telling(value, given, walk, node)
        return _memory_of(given) or Unknown("a method of something unknown")

    def _call_typed(
        self, value: Method, receiver: Instance, given: Arguments, walk: Walk, node: ast.expr
    ) -> Value:
        names = self._method_names(value)
        if receiver.memory and type(value.target) is not types.FunctionType:
            return Instance("str", str) if value.name.startswith("read") else receiver
        found = self._defined(value, names)
        if found and not receiver.memory and not _memory_of(given):
            self._note(found[0].code, found[0].why, found[1], walk, node)
        known = result_of(names)
        if known is not None:
            return known
        if value.name in ("get", "pop", "setdefault") and receiver.item is not None:
            return receiver.item
        if value.name in ("values", "items", "copy") and receiver.item is not None:
            return receiver
        if found or any(is_pure(name) for name in names):
            return Unknown("what a library method gives")
        target = value.target
        if type(target) in (staticmethod, classmethod):
            bound = [] if type(target) is staticmethod else [Known(receiver.cls)]
            plain = target.__func__  # type: ignore[attr-defined]
            if type(plain) is types.FunctionType:
                return self._follow(plain, ([*bound, *given[0]], given[1]), walk, node)
        elif target is not MISSING:
            inside = layers(target)
            if inside and _is_stub(inside[-1]):
                self._telling(value, given, walk, node)
            elif inside:
                return self._follow(inside[-1], ([receiver, *given[0]], given[1]), walk, node)
        elif not _is_known(receiver):
            self._telling(value, given, walk, node)
        return receiver if value.name == "__enter__" else Unknown("a method without source")

    def _defined(self, value: Method, names: list[str]) -> tuple[BlockingCall, str] | None:
        """The catalogue's entry for a method, unless a class nearer by overrides it.

        An entry for every method of a type stands back where the method can be read itself.
        """
        if value.name.startswith("__"):
            return None
        readable = type(value.target) is types.FunctionType
        for name in names:
            entry = blocking(name)
            if entry and not (readable and name not in entry.names):
                return entry, name
        return None

    def _field(self, value: Value, walk: Walk) -> Value:
        """What ``self.name`` holds, from the ``__init__`` of its class."""
        if not isinstance(value, Method) or not isinstance(value.receiver, Instance):
            return value
        owner = value.receiver
        if owner.memory:
            return Instance("?", None, memory=True)
        if owner.cls is None:
            return Instance(owner.name, None) if blocking(f"{owner.name}.*") else value
        key = (id(owner.cls), value.name)
        if key not in self.fields:
            self.fields[key] = value
            if len(self.fields) <= _MAX_FIELDS:
                before = self.steps
                self.fields[key] = self._assigned(owner.cls, value.name) or value
                self.steps = before  # looked up, not read: it takes nothing from the helpers
        return self.fields[key]

    def _assigned(self, cls: type, name: str) -> Value | None:
        """What the methods of a class put into a field, ``__init__`` first."""
        for base in mro(cls):
            body = class_dict(base)
            plain = name.removeprefix(f"_{class_qualname(base).lstrip('_')}")
            makers = [
                method
                for method in (body.get("__init__"), *body.values())
                if type(method) is types.FunctionType and name in method.__code__.co_names
            ]
            for method in makers[:_MAX_MAKERS]:
                found = self._assigned_by(method, plain)
                if found is not None:
                    return found
        return None

    def _assigned_by(self, method: types.FunctionType, name: str) -> Value | None:
        source = read_layer(method)
        spec = source.node.args if isinstance(source, FunctionSource) else None
        first = (*spec.posonlyargs, *spec.args)[:1] if spec else ()
        if isinstance(source, NoSource) or not first or not _stores(source.node, name):
            return None
        given = parameters(source, outermost=False)
        walk = Walk(source, given, self, _MAX_DEPTH)
        walk.quiet = 1
        walk.run()
        found = walk.names.get(f"{first[0].arg}.{name}")
        return None if found is NONE or isinstance(found, Unknown) else found

    def _telling(self, value: Method, given: Arguments, walk: Walk, node: ast.expr) -> None:
        """Nobody knows the receiver: the name of the method may still tell."""
        method, place = value.name, value.place
        told = TELLING.get(method)
        if told is None and not given[0]:
            told = COMMON_TELLING.get(method)
        if told is None and place:
            told = hinted(place, method)
        if told and not _memory_of(given):
            self._note(told[0], told[1], f"{place}.{method}" if place else method, walk, node)

    def _called_back(self, arg: Value, walk: Walk, node: ast.expr) -> None:
        """A function passed on will be called by somebody."""
        for one in each(arg):
            if isinstance(one, Local):
                self._call_local(one, ([], {}), walk)
            elif isinstance(one, Known) and type(one.obj) in (
                types.FunctionType,
                types.BuiltinFunctionType,
                types.MethodType,
            ):
                self._call_object(one, ([], {}), walk, node)
            elif isinstance(one, Named):
                entry = blocking(one.name)
                if entry:
                    self._note(entry.code, entry.why, one.name, walk, node)
            elif isinstance(one, Method) and one.name in METHODS | TELLING.keys():
                if not isinstance(one.receiver, Instance) or one.target is not MISSING:
                    self._call_method(one, ([Unknown()], {}), walk, node)

    def _call_local(self, value: Local, given: Arguments, walk: Walk) -> Value:
        """A nested function: read where it is called, with the names as they are there."""
        key = (value.node, walk.quiet > 0)
        if key in self.memory or walk.depth >= _MAX_DEPTH:
            return self.memory.get(key, Unknown("too deep"))
        self.memory[key] = Unknown("recursive")
        inner = Walk(walk.source, dict(walk.names), self, walk.depth + 1)
        inner.quiet = walk.quiet
        spec = value.node.args
        for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            said = annotated(arg.annotation, walk.source) if arg.annotation else None
            inner.names[arg.arg] = said or Unknown("a parameter")
        for arg, passed in zip((*spec.posonlyargs, *spec.args), given[0], strict=False):
            inner.names[arg.arg] = passed
        if isinstance(value.node, ast.Lambda):
            inner.returned.append(inner.value(value.node.body))
        else:
            inner.block(value.node.body)
        self.memory[key] = join(inner.returned) if inner.returned else NONE
        return self.memory[key]

    # Helpers.

    def _follow(
        self, function: types.FunctionType, given: Arguments, walk: Walk, node: ast.expr
    ) -> Value:
        """Read a helper as it is called here."""
        code = function.__code__
        if walk.quiet or walk.depth >= _MAX_DEPTH:
            return _memory_of(given) or Unknown("too deep")
        if self.found and in_library(code.co_filename):
            return Unknown("one finding is enough")
        if self.helping + (self.steps - self.entered if walk.depth else 0) > _MAX_HELPING:
            return Unknown("more helpers than the analysis takes on")
        if not self.scan.is_suspect(function):
            self.seen[code] = None
            return _memory_of(given) or _declared(function) or Unknown("nothing telling in it")
        key = (id(code), *map(_sign, given[0]), *((k, _sign(v)) for k, v in given[1].items()))
        if key in self.memory:
            return self.memory[key]
        self.memory[key] = Unknown("recursive")
        source = read_layer(function)
        if isinstance(source, NoSource):
            return _memory_of(given) or Unknown(source.cause)
        self.seen[code] = None
        self.steps += (source.node.end_lineno or source.node.lineno) - source.node.lineno
        self.trail.append((walk.source.file, node.lineno))
        self.entered = self.entered if walk.depth else self.steps
        inner = Walk(source, _passed(source, given), self, walk.depth + 1)
        try:
            inner.run()
        finally:
            self.trail.pop()
        self.helping += 0 if walk.depth else self.steps - self.entered
        self.memory[key] = self._result(source, inner)
        return self.memory[key]

    def _result(self, source: FunctionSource, walk: Walk) -> Value:
        if walk.yielded:
            return Instance("generator", None, item=join(walk.yielded))
        found = join(walk.returned) if walk.returned else NONE
        unclear = isinstance(found, Unknown) and not isinstance(source.node, ast.Lambda)
        said = annotated(source.node.returns, source) if unclear else None  # type: ignore[union-attr]
        return said or found

    def _note(self, code: str, why: str, name: str, walk: Walk, node: ast.expr) -> None:
        if walk.quiet or len(self.found) >= _MAX_FINDINGS:
            return
        file, line = walk.source.file, node.lineno
        if walk.depth and name in INCIDENTAL and in_library(file):
            return
        # Deep in a library: the user's own line that leads there says more.
        if self.trail and in_library(file):
            mine = [site for site in self.trail if not in_library(site[0])]
            file, line = mine[-1] if mine else (file, line)
        # One call may be known by its type and told by its name: the first answer stands.
        key = (name.rpartition(".")[2], file, line)
        self.found.setdefault(key, Finding(code, why, name, file, line))


def _is_stub(function: types.FunctionType) -> bool:
    """Whether a method says nothing of what its subclasses do: ``...`` or NotImplementedError."""
    code = function.__code__
    if len(code.co_code) > _STUB_SIZE or not set(code.co_names) <= {"NotImplementedError"}:
        return False
    return "NotImplementedError" in code.co_names or set(code.co_consts) <= {
        None,
        code.co_consts[0],
    }


def _stores(tree: ast.AST, field: str) -> bool:
    """Whether the code assigns to an attribute of this name."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == field and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


def _declared(function: types.FunctionType) -> Value | None:
    """The type that the return annotation of a helper names, if it is a class."""
    said = function.__annotations__.get("return")
    return instance_of(said) if said is not None and type in mro(type(said)) else None


def _sign(value: Value) -> object:
    """What distinguishes one argument from another for the helper that gets it."""
    if isinstance(value, Known):
        return id(value.obj)
    if isinstance(value, Instance):
        return value.name, value.memory
    return type(value)


def _passed(source: FunctionSource, given: Arguments) -> dict[str, Value]:
    """The parameters of a helper with what this call passes."""
    names = parameters(source, outermost=False)
    spec = source.node.args
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    for name, value in zip(slots, given[0], strict=False):
        if not isinstance(value, Unknown) or name not in names or _plain(names[name]):
            names[name] = value
    if len(given[0]) > len(slots) and spec.vararg:
        names[spec.vararg.arg] = Items(tuple(given[0][len(slots) :]))
    for word, value in given[1].items():
        if word == "**":
            continue
        if word in names:
            names[word] = value
    return names


def _plain(value: Value) -> bool:
    return not isinstance(value, Instance)


def _target(receiver: Value, name: str) -> object:
    if isinstance(receiver, Instance) and receiver.cls is not None:
        return class_lookup(receiver.cls, name)
    return MISSING


def _memory_of(given: Arguments) -> Value | None:
    """The argument that is a file in memory, if there is one."""
    for value in (*given[0], *given[1].values()):
        if isinstance(value, Instance | AnyOf) and in_memory(value):
            return value
    return None


def _is_known(receiver: Instance) -> bool:
    return receiver.cls is None and is_known_type(receiver.name)


def _pure(names: list[str]) -> bool:
    return any(is_pure(name) for name in names)


def _entry(names: list[str], obj: object) -> BlockingCall | None:
    """The catalogue's entry under one of these names.

    An entry for every method of a type stands back where the method itself can be read.
    """
    for name in names:
        entry = blocking(name)
        if entry and (name in entry.names or not layers(obj)):
            return entry
    return None


def _shown(entry: BlockingCall, names: list[str]) -> str:
    return next((name for name in names if blocking(name) is entry), entry.name)


def _names_of(obj: object) -> list[str]:
    """The canonical names of a function, class, method or built-in; none for other objects."""
    kind = type(obj)
    if type in mro(kind):
        return list(class_names(obj))  # type: ignore[arg-type]
    if isinstance(obj, types.MethodType) and type(obj.__func__) is types.FunctionType:
        return _in_bases(obj.__self__, obj.__func__.__name__)
    if isinstance(obj, types.BuiltinFunctionType):
        owner = obj.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            module = obj.__module__ if owner is None else owner.__name__
            return list(canonical_names(module or "", obj.__name__))
        return _in_bases(owner, obj.__name__)
    if isinstance(obj, _DESCRIPTORS):
        return [f"{name}.{obj.__name__}" for name in class_names(obj.__objclass__)]
    inside = layers(obj)
    return (
        [
            name
            for plain in (inside[-1], inside[0])
            for name in canonical_names(str(plain.__module__), plain.__qualname__)
        ]
        if inside
        else []
    )


def _in_bases(owner: object, method: str) -> list[str]:
    cls = owner if type in mro(type(owner)) else type(owner)
    return [f"{name}.{method}" for base in mro(cls) for name in class_names(base)]
