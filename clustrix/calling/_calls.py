"""From the arguments of a public call to a `Call`: checked before anything runs.

    func, loop_var, func_args, …  ──> loop_call ──┐
    iterable                      ──> count_items ┴──> Call
    func, work_chunks             ──> work_call ─────> Call

Each mistake is an error that says what was given, where, and what would do.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from opcode import opmap
from types import BuiltinFunctionType, CodeType, MethodType
from typing import Any

from clustrix._model import Call, Options, describe
from clustrix.calling._together import Together, in_parts, steady
from clustrix.errors import LoopVariableError
from clustrix.functions._settled import instructions

__all__ = [
    "SEQUENCES",
    "check_callable",
    "check_streams",
    "count_items",
    "fixed",
    "loop_call",
    "may_want_batches",
    "one_by_one",
    "reading_uses_up",
    "with_items",
    "work_call",
]

SEQUENCES = (list, tuple, range)  # exactly these: others may have ideas of their own
_CHUNKS = frozenset((bytes, dict, list, str, tuple))

# What code does right behind a variable that must be iterable or indexable.
_ITERATES = {"GET_ITER", "UNPACK_SEQUENCE", "UNPACK_EX", "CALL_FUNCTION_EX", "LIST_EXTEND"}
_ITERATES |= {"SET_UPDATE", "LIST_TO_TUPLE", "GET_YIELD_FROM_ITER", "CONTAINS_OP"}
_SUBSCRIBES = {"BINARY_SUBSCR", "BINARY_SLICE", "BUILD_SLICE", "STORE_SUBSCR"}
_TAKES_ITERABLES = frozenset(
    name
    for name, builtin in vars(builtins).items()
    if name in ("all", "any", "iter", "len", "max", "min", "next", "reversed", "sorted", "sum")
    or (isinstance(builtin, type) and hasattr(builtin, "__iter__") and builtin is not range)
)
_ITERATE, _SUBSCRIBE = instructions(*_ITERATES), instructions(*_SUBSCRIBES)
_LOAD = instructions(*(name for name in opmap if "LOAD_" in name))
_BETWEEN = instructions("CACHE", "EXTENDED_ARG")
_NEAR = 4  # instructions between a variable and what is done with it, where it is done at once

_answers: dict[int, tuple[CodeType, str | int | None, bool]] = {}


def may_want_batches(
    function: object, slot: str | int | tuple[str | int, ...] | None, items: Sequence[Any]
) -> bool:
    """Whether the code does with its loop variable what an item cannot take; a quick look.

    Only then is its source worth reading for the proof; most programs never load what reads it.

    Args:
        function: the function of the loop.
        slot: where the item goes, as in `Call`.
        items: those of the loop, or some of them.
    """
    kind = type(items[0]) if items else None
    if kind in _CHUNKS:
        return False
    return _iterates(function, slot) and not (kind is not None and _like_a_chunk(kind))


def _iterates(function: object, slot: str | int | tuple[str | int, ...] | None) -> bool:
    """Whether the code iterates, subscribes or measures its loop variable."""
    if isinstance(slot, tuple):  # several loop variables: the user says it
        return False
    shift = 1 if isinstance(function, MethodType) else 0
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return not isinstance(function, BuiltinFunctionType)
    known = _answers.get(id(code))
    if known is None or known[0] is not code or known[1] != slot:
        name = slot if isinstance(slot, str) else code.co_varnames[(slot or 0) + shift :][:1]
        known = _answers[id(code)] = (
            code,
            slot,
            _needs_iterable(code, name if isinstance(name, str) else "".join(name)),
        )
    return known[2]


def _like_a_chunk(kind: type) -> bool:
    """Whether an item can do what a chunk can: then nothing is proved."""
    held = [vars(base) for base in kind.__mro__]
    needed = ("__getitem__", "__len__")
    return all(any(one.get(name) is not None for one in held) for name in needed)


def _may_need_iterable(code: CodeType) -> bool:
    """Whether it does such a thing with any variable: a look that takes a tenth of the next one."""
    steps = [step for step in code.co_code[::2] if step not in _BETWEEN]
    return (
        not _SUBSCRIBE.isdisjoint(steps)
        or not _TAKES_ITERABLES.isdisjoint(code.co_names)
        or any(step in _ITERATE and before in _LOAD for before, step in pairwise(steps))
    )


def _needs_iterable(code: CodeType, name: str) -> bool:
    if not _may_need_iterable(code):
        return False
    import dis  # loaded already, by inspect

    steps = list(dis.get_instructions(code))
    handed_on = ("LOAD_CLOSURE", "LOAD_FAST") if name in code.co_cellvars else ()
    for place, step in enumerate(steps):
        value = step.argval
        if value != name and not (isinstance(value, tuple) and name in value):
            continue
        if step.opname in handed_on:  # to a function in it, which may do with it what it likes
            continue
        before = steps[max(0, place - _NEAR) : place]
        behind = [one.opname for one in steps[place + 1 : place + 1 + _NEAR]]
        if (behind[:1] and behind[0] in _ITERATES) or not _SUBSCRIBES.isdisjoint(behind):
            return True
        if any(one.opname == "LOAD_GLOBAL" and one.argval in _TAKES_ITERABLES for one in before):
            return True
    return False


def work_call(func: Callable[..., Any], work_chunks: Sequence[Mapping[str, Any]]) -> Call:
    """A call whose items are themselves the arguments of one task each."""
    check_callable(func)
    tasks = [_check_work(index, work) for index, work in enumerate(work_chunks)]
    return Call(func, tasks, slot=None)


def loop_call(
    func: Callable[..., Any],
    loop_var: str | tuple[str, ...],
    func_args: tuple[Any, ...],
    func_kwargs: Mapping[str, Any] | None,
    position: int | tuple[int | str, ...] | None,
) -> Call:
    """Check the parts of a loop and put them together; the items come later."""
    check_callable(func)
    if isinstance(loop_var, tuple):
        return _loop_of_several(func, loop_var, func_args, func_kwargs, position)
    if not isinstance(loop_var, str):
        raise TypeError(f"loop_var must be the name of a parameter, not {loop_var!r}")
    args, kwargs = tuple(func_args), dict(func_kwargs or {})
    slot = loop_var if position is None else position
    if position is None:
        slot = _find_slot(func, loop_var, len(args))
    else:
        _check_position(position, len(args))
    return Call(func, (), args, kwargs, slot, loop_var=loop_var)


def _loop_of_several(
    func: Callable[..., Any],
    names: tuple[str, ...],
    func_args: tuple[Any, ...],
    func_kwargs: Mapping[str, Any] | None,
    position: int | tuple[int | str, ...] | None,
) -> Call:
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(f"loop_var must be the name of a parameter, or several, not {names!r}")
    args = tuple(func_args)
    given = len(args) + len(names) - 1  # with the others in place
    if position is None:
        slot = tuple(_find_slot(func, name, given) for name in names)
    elif isinstance(position, tuple) and len(position) == len(names):
        slot = position
        for one in position:
            if not isinstance(one, str):
                _check_position(one, given)
    else:
        raise TypeError(f"position must have an index for each of {names!r}, not {position!r}")
    return Call(func, (), args, dict(func_kwargs or {}), slot, loop_var=", ".join(names))


def _check_position(position: object, most: int) -> None:
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position <= most:
        raise ValueError(f"position must be from 0 to {most}, not {position!r}")


def _find_slot(func: Callable[..., Any], loop_var: str, given: int) -> str | int:
    """Where the item goes: by keyword, or at its index for a positional-only parameter."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):  # a builtin that does not tell: the call itself will
        return loop_var
    found = parameters.get(loop_var)
    if found is not None and found.kind is found.POSITIONAL_ONLY:
        index = list(parameters).index(loop_var)
        if index <= given:
            return index
    if found is None or found.kind in (found.VAR_POSITIONAL, found.VAR_KEYWORD):
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            return loop_var
        names = ", ".join(parameters) or "none"
        raise LoopVariableError(
            f"loop_var={loop_var!r}: {describe(func)}() has no such parameter; it has: {names}"
        )
    return loop_var


def reading_uses_up(iterable: Iterable[Any]) -> bool:
    """Whether it is an iterator, or has one in it."""
    return iterable.once if isinstance(iterable, Together) else iter(iterable) is iterable


def fixed(iterable: Any) -> Any:
    """The same items, whatever the function, or another thread, does to their list meanwhile."""
    return iterable.copy() if type(iterable) is list else iterable


def with_items(call: Call, iterable: Iterable[Any]) -> tuple[Call, BaseException | None]:
    """The call with its items counted, and the error with which the iterable ended."""
    items, broken = count_items(iterable)
    if isinstance(call.slot, tuple) and not isinstance(iterable, Together):
        items = in_parts(items, call.loop_var.split(", "))
    return call._replace(items=items), broken


def one_by_one(call: Call, iterable: Iterable[Any]) -> Iterable[Any]:
    """The items of a call that reads them as it needs them."""
    if isinstance(iterable, Together):
        iterable.compare()
        return iterable
    iterable = steady(iterable)
    if not isinstance(call.slot, tuple):
        return iterable
    names = call.loop_var.split(", ")
    return (in_parts([item], names, index)[0] for index, item in enumerate(iterable))


def count_items(iterable: Iterable[Any]) -> tuple[Sequence[Any], BaseException | None]:
    """The items as a sequence, and the error with which the iterable ended, if it did.

    The plain loop would have run the items in front of such an error, so they are run too.
    """
    if type(iterable) in SEQUENCES:
        return iterable, None  # type: ignore[return-value]
    if isinstance(iterable, Together):
        return iterable.count()
    iterator = iter(steady(iterable))
    items: list[Any] = []
    try:
        for item in iterator:
            items.append(item)  # extend would lose what came before an error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit` in a generator, say
        return items, error
    return items, None


def check_streams(call: Call, options: Options) -> None:
    """A chunk has the stream of its first item: then it must be said which one that is."""
    if call.batched and options.seed is not None and options.chunk_size is None:
        raise ValueError(
            f"{describe(call.function)}() takes whole chunks: with seed={options.seed!r} its "
            "random numbers depend on where they are cut; say chunk_size="
        )


def check_callable(func: object) -> None:
    if not callable(func):
        raise TypeError(f"func must be callable, not {func!r}")


def _check_work(index: int, work: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(work, Mapping):
        raise TypeError(
            f"work_chunks[{index}] must be a mapping with 'args' and 'kwargs', not {work!r}"
        )
    unknown = sorted(str(key) for key in work if key not in ("args", "kwargs"))
    if unknown:
        raise TypeError(
            f"work_chunks[{index}] has unknown keys: {', '.join(unknown)}; "
            "it may have 'args' and 'kwargs'"
        )
    return work
