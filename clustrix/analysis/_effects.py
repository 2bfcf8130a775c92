"""Find what a function changes that outlives the call, and the random numbers that it draws.

    function ─> source ──> Home of real objects ──┐
    tree     ─> module ──> Home of definitions ───┴─> Writes ─> Touched ─> findings

This is the door; `_writes` reads statements, `_touching` expressions and calls, `_touched` says
what it all means.
"""

from __future__ import annotations

import ast
import functools
import gc
import types
from collections.abc import Collection, Mapping

from clustrix._model import Call, Finding
from clustrix.analysis._live import Live, LiveItem, home_of, owner_thing, takes_self
from clustrix.analysis._passing import Enough, Reader, defaults_of, parameters_of
from clustrix.analysis._refs import FRESH, ITEM, NOTHING, SHARED, Home, Ref, Thing, Value
from clustrix.analysis._source import FunctionSource, NoSource, hops, layers, read_layer
from clustrix.analysis._trees import home_in, owner_in
from clustrix.analysis._unread import unread_writes
from clustrix.analysis._writes import Writes
from clustrix.analysis.catalogue.effects import (
    ADDS,
    EFFECT_CODES,
    IMMUTABLE,
    PROCESS_WIDE,
    RANDOM_DRAWS,
    UPDATES,
    WRITES_ARGUMENT,
)
from clustrix.basis._plain import PLAIN
from clustrix.functions._sameness import receiver
from clustrix.functions._stores import may_write

NOTHING_KNOWN: Mapping[str, object] = types.MappingProxyType({})

__all__ = ["effects_in", "effects_of", "find_effects"]


def find_effects(
    function: object,
    loop_var: str | None = None,
    given: Collection[str] | None = (),
    values: Mapping[str, object] = NOTHING_KNOWN,
) -> tuple[Finding, ...]:
    """Find the writes in a function, and in the helpers it calls, that outlive the call.

    Args:
        function: any object; what has no Python code has no findings.
        loop_var: the parameter that receives the item; ``None`` for the first one; ``""`` if
            none does.
        given: the parameters that are passed, besides the item; ``None`` for all of them. One
            that is not, and has ``None`` for its default, is taken to be ``None``.
        values: what parameters hold, as far as it is known; of the loop variable, one item.

    Returns:
        One finding for each thing and line, in reading order: ``SH1xx`` for writes that need no
        order, ``SH2xx`` for those that do, ``RN1xx`` for random numbers.

    Examples:
        >>> TOTALS = {}
        >>> def count(word):
        ...     TOTALS[word] += 1
        >>> [(finding.code, finding.name) for finding in find_effects(count)]
        [('SH201', 'TOTALS')]
        >>> find_effects(len)
        ()
    """
    collecting = gc.isenabled()
    gc.disable()  # the trees go away by themselves: no need to walk the whole heap for them
    reader = Reader()
    try:
        _read(function, reader, loop_var, given, values)
    except (Enough, RecursionError):
        pass  # what was found so far holds
    except Exception:
        # A user's program must not fail because of what was said about it.
        pass
    finally:
        if collecting:
            gc.enable()
    return reader.touched.findings()


def effects_of(call: Call) -> tuple[Finding, ...]:
    """What the function of a loop writes, given which parameters the loop passes.

    Args:
        call: the loop.
    """
    return (*_read_effects(call), *unread_writes(call))


def _read_effects(call: Call) -> tuple[Finding, ...]:
    if call.slot is None:  # each task has its own arguments; what they share is not known
        return find_effects(call.function, "", None)
    inside = layers(call.function)
    if len(inside) != 1:
        return find_effects(call.function, call.loop_var or None, None)
    code = inside[0].__code__
    names = code.co_varnames[: code.co_argcount]
    shift = int(takes_self(call.function))
    passed = len(call.args) + isinstance(call.slot, int) + shift
    item = call.loop_var
    if not item and isinstance(call.slot, int):
        item = "".join(names[call.slot + shift : call.slot + shift + 1])
    values = dict(zip(names[shift:], _positional(call), strict=False)) | dict(call.kwargs)
    if item and call.items and not isinstance(call.slot, tuple):
        values[item] = call.items[0]
    if shift and names:
        values[names[0]] = receiver(call.function)
    return find_effects(call.function, item or None, {*names[:passed], *call.kwargs}, values)


def _positional(call: Call) -> list[object]:
    """The positional arguments of the first item."""
    found = list(call.args)
    if isinstance(call.slot, int):
        found.insert(call.slot, call.items[0] if call.items else None)
    return found if not isinstance(call.slot, tuple) else []


def _read(
    function: object,
    reader: Reader,
    loop_var: str | None,
    given: Collection[str] | None,
    values: Mapping[str, object],
) -> None:
    inside = layers(function)
    reader.touched.known.update(_by_name(function))
    reader.skip.update(id(plain.__code__) for plain in inside)
    for plain in reversed(inside):
        if not may_write(plain, (receiver(function), *values.values())):
            continue
        source = read_layer(plain)
        if isinstance(source, NoSource):
            continue
        home = home_of(source)
        thing, role = owner_thing(source)
        names = _parameters(source.node, home, thing, role, loop_var, given)
        if plain is inside[-1]:
            names.update(_known(names, values))
            names.update(_bound(function, source, names))
        Writes(home, names, reader).run(source.node)


def _by_name(function: object) -> dict[str, Finding]:
    """What the catalogue knows of the function itself, which may have no source."""
    thing = Live(function)
    found: dict[str, Finding] = {}
    for name in thing.names():
        method = name.rpartition(".")[2]
        writes = type(function) is types.MethodDescriptorType and method in ADDS | UPDATES
        if name in WRITES_ARGUMENT or writes:
            found["SH203"] = Finding("SH203", EFFECT_CODES["SH203"], f"an argument of {name}")
        if name in PROCESS_WIDE:
            found["SH204"] = Finding("SH204", EFFECT_CODES["SH204"], name)
        if name in RANDOM_DRAWS:
            found["RN101"] = Finding("RN101", EFFECT_CODES["RN101"], name)
    return found


def effects_in(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    module: ast.Module,
    file: str,
    loop_var: str | None = None,
) -> tuple[Finding, ...]:
    r"""What `find_effects` finds, from the tree alone.

    Args:
        function: a definition somewhere in the module.
        module: the whole tree, in which names are looked up; imports are not followed.
        file: path to name in the findings.
        loop_var: the parameter that receives the item; ``None`` for the first one.

    Returns:
        The findings, in reading order.

    Examples:
        >>> tree = ast.parse("DONE = []\ndef work(x):\n    DONE.append(x)")
        >>> print(effects_in(tree.body[1], tree, "work.py")[0])
        work.py:3: DONE outlives the call and is added to (SH101)
    """
    reader = Reader()
    try:
        home = home_in(module, file, function)
        thing, role = owner_in(module, file, function)
        names = _parameters(function, home, thing, role, loop_var, ())
        Writes(home, names, reader).run(function)
    except (Enough, RecursionError):
        pass
    return reader.touched.findings()


def _parameters(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    home: Home,
    thing: Thing | None,
    role: str,
    loop_var: str | None,
    given: Collection[str] | None,
) -> dict[str, Value]:
    """What the parameters of the outermost function refer to."""
    spec = node.args
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    if loop_var is None:
        loop_var = next(iter(slots[1:] if role else slots), "")
    optional = _optional(spec)
    shared = defaults_of(node, home)
    names: dict[str, Value] = {}
    for arg in parameters_of(node):
        name = arg.arg
        root = ITEM if name == loop_var else SHARED
        said = home.typed(arg.annotation)
        kinds = list(said.kinds()) if said else []
        passed = given is None or name in given
        if name in optional and name != loop_var and not passed:
            names[name] = NOTHING
        elif kinds and kinds[0] in IMMUTABLE:
            names[name] = NOTHING if root == SHARED else (Ref(name, root, said),)
        elif name in shared and not passed and root == SHARED:
            names[name] = shared[name]
        else:
            names[name] = (Ref(name, root, said),)
    for extra in (spec.vararg, spec.kwarg):
        if extra:
            names[extra.arg] = (Ref(extra.arg, SHARED, None, shell=1),)
    if role and slots:
        path, root = slots[0], FRESH if role == "made" else SHARED
        names[path] = (Ref(path, root, thing),)
    return names


def _optional(spec: ast.arguments) -> set[str]:
    """The parameters whose default is None."""
    slots = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(slots[len(slots) - len(spec.defaults) :], spec.defaults, strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=False),
    ]
    return {
        arg.arg
        for arg, default in pairs
        if isinstance(default, ast.Constant) and default.value is None
    }


def _known(names: Mapping[str, Value], values: Mapping[str, object]) -> dict[str, Value]:
    """The parameters of which it is known what they hold; other items hold something alike."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        if not names.get(name) or any(ref.shell for ref in names[name]):
            continue
        of_item = names[name][0].root == ITEM
        if type(value) in PLAIN and not of_item:
            found[name] = NOTHING
        else:
            thing = LiveItem(value) if of_item else Live(value)
            found[name] = (Ref(name, names[name][0].root, thing),)
    return found


def _bound(function: object, source: FunctionSource, names: dict[str, Value]) -> dict[str, Value]:
    """What methods and partials have bound: real objects."""
    bound: list[object] = []
    found: dict[str, Value] = {}
    for step in reversed(list(hops(function))):
        if type(step) is types.MethodType:
            bound.insert(0, step.__self__)
        elif type(step) is functools.partial:
            bound += step.args
            for word, value in step.keywords.items():
                if word in names:
                    found[word] = (Ref(word, SHARED, Live(value)),)
    spec = source.node.args
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    for slot, value in zip(slots, bound, strict=False):
        found[slot] = (Ref(slot, SHARED, Live(value)),)
    return found
