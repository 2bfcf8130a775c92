"""What a function may write whose source is not there: told from its compiled code.

    `python -i`, `exec` ──> code without lines ──> stores into globals and closures    it does
                                               ──> `append`, `x[k] = …`, `x.n = …`     to any data
                                                                                       in its reach

Data is what can change: names of modules, functions and classes are none, nor are numbers and text.
Where a function changes something and reads some data, it may be that data: a write that is
lost in silence would be worse than a loop that runs in one lane.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Iterable, Iterator
from typing import Final

from clustrix._model import Call, Finding
from clustrix.analysis._source import NoSource, layers, read_layer
from clustrix.analysis.catalogue.effects import (
    ADDS,
    EFFECT_CODES,
    NOT_DATA,
    UPDATES,
    WRITES_ARGUMENT,
)
from clustrix.basis._plain import PLAIN
from clustrix.functions._reads import is_standard, names_in
from clustrix.functions._sameness import receiver
from clustrix.functions._stores import may_write

__all__ = ["unread_writes"]

_REBINDS: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_CELLS: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_STORES: Final = frozenset(
    {"STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"}
)
_METHODS: Final = ADDS | UPDATES | {name.rpartition(".")[2] for name in WRITES_ARGUMENT} | {"next"}
_CODE: Final = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_MOST = 60  # functions looked at behind one


def unread_writes(call: Call) -> tuple[Finding, ...]:
    """What a loop's function and its helpers may write, those of them that have no source.

    Args:
        call: the loop.

    Returns:
        One finding for each thing: rebound (``SH201``, ``SH202``), or perhaps changed (``SH206``).
    """
    found: dict[tuple[str, str], Finding] = {}
    inside = [one for one in layers(call.function) if _unread(one)]
    for place, function in enumerate(_with_helpers(inside)):
        given = _given(call, function) if place < len(inside) else ()
        for finding in _writes_of(function, given):
            found.setdefault((finding.code, finding.name), finding)
    return tuple(found.values())


def _unread(function: types.FunctionType) -> bool:
    return may_write(function) and isinstance(read_layer(function), NoSource)


def _with_helpers(functions: list[types.FunctionType]) -> Iterator[types.FunctionType]:
    """These, and what they call by a name and has no source either."""
    seen, waiting = set(map(id, functions)), list(functions)
    while waiting and len(seen) <= _MOST:
        function = waiting.pop(0)
        yield function
        for _, value in _reach(function):
            if type(value) is types.FunctionType and id(value) not in seen and _unread(value):
                seen.add(id(value))
                waiting.append(value)


def _writes_of(function: types.FunctionType, given: Iterable[tuple[str, object]]) -> list[Finding]:
    code = function.__code__
    where = (code.co_filename, code.co_firstlineno)
    rebound = {name: "SH201" if _loads(code, name) else "SH202" for name in _rebound(code)}
    changes = _changes(code)
    data = (name for name, value in (*_reach(function), *given) if changes and _is_data(value))
    return [
        *(Finding(kind, EFFECT_CODES[kind], name, *where) for name, kind in rebound.items()),
        *(Finding("SH206", EFFECT_CODES["SH206"], name, *where) for name in dict.fromkeys(data)),
    ]


def _rebound(code: types.CodeType) -> Iterator[str]:
    """Globals, and names of the functions around, that the code binds anew."""
    free = {*code.co_freevars}
    for step in dis.get_instructions(code):
        if step.opname in _REBINDS or (step.opname in _CELLS and step.argval in free):
            yield str(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from (name for name in _rebound(inner) if name not in code.co_cellvars)


def _loads(code: types.CodeType, name: str) -> bool:
    loads = (step for step in dis.get_instructions(code) if step.opname.startswith("LOAD_"))
    return any(step.argval == name for step in loads) or any(
        _loads(inner, name) for inner in code.co_consts if isinstance(inner, types.CodeType)
    )


def _changes(code: types.CodeType) -> bool:
    """Whether it changes anything but names: an item, an attribute, or by a method that does."""
    steps = {step.opname for step in dis.get_instructions(code)}
    return (
        not _STORES.isdisjoint(steps)
        or not _METHODS.isdisjoint(code.co_names)
        or any(_changes(inner) for inner in code.co_consts if isinstance(inner, types.CodeType))
    )


def _reach(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """What the globals and the closure of a function hold of what it names."""
    names = names_in(function.__code__)
    for name in names:
        value = function.__globals__.get(name)
        yield name, value
        if isinstance(value, types.ModuleType) and not is_standard(value.__name__):
            inside = vars(value)
            yield from ((f"{name}.{part}", inside[part]) for part in names if part in inside)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _given(call: Call, function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """The arguments of a loop, its items, and the object whose method it is."""
    owner = receiver(call.function)
    if owner is not None:
        yield function.__code__.co_varnames[0] if function.__code__.co_varnames else "self", owner
    yield from ((f"args[{place}]", value) for place, value in enumerate(call.args))
    yield from call.kwargs.items()
    if call.items:
        yield call.loop_var or "the item", call.items[0]


def _is_data(value: object) -> bool:
    """Whether a value can change, and is no code and no tool."""
    kind = type(value)
    if f"{kind.__module__}.{kind.__qualname__}" in NOT_DATA:
        return False
    if kind in (tuple, frozenset):
        return any(map(_is_data, value))  # type: ignore[call-overload]
    return not (kind in PLAIN or isinstance(value, _CODE) or layers(value))
