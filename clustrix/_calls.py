"""From the arguments of a public call to a `Call`: checked before anything runs.

    func, loop_var, func_args, …  ──> loop_call ──┐
    iterable                      ──> count_items ┴──> Call
    func, work_chunks             ──> work_call ─────> Call

Each mistake is an error that says what was given, where, and what would do.
"""

from __future__ import annotations

import builtins
import inspect
import opcode
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import BuiltinFunctionType, CodeType
from typing import Any

from clustrix._model import Call, describe
from clustrix.errors import LoopVariableError

__all__ = ["check_callable", "count_items", "loop_call", "may_want_batches", "work_call"]

# What a function must do with its loop variable before it can be asked whether it wants chunks.
_ITERATES = frozenset(
    opcode.opmap[name]
    for name in ("GET_ITER", "BINARY_SUBSCR", "UNPACK_SEQUENCE", "BINARY_OP", "CALL_FUNCTION_EX")
    if name in opcode.opmap and not (name == "BINARY_OP" and "BINARY_SUBSCR" in opcode.opmap)
)
_TAKES_ITERABLES = frozenset(
    name
    for name, builtin in vars(builtins).items()
    if name in ("all", "any", "iter", "len", "max", "min", "next", "reversed", "sorted", "sum")
    or (isinstance(builtin, type) and hasattr(builtin, "__iter__"))
)


def may_want_batches(function: object) -> bool:
    """Whether the code does anything that an iterable is needed for; a quick look.

    Only then is its source worth reading for the proof that it cannot take a single item.
    """
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return not isinstance(function, BuiltinFunctionType)
    return not (
        _ITERATES.isdisjoint(code.co_code[::2]) and _TAKES_ITERABLES.isdisjoint(code.co_names)
    )


def work_call(func: Callable[..., Any], work_chunks: Sequence[Mapping[str, Any]]) -> Call:
    """A call whose items are themselves the arguments of one task each."""
    check_callable(func)
    tasks = [_check_work(index, work) for index, work in enumerate(work_chunks)]
    return Call(func, tasks, slot=None)


def loop_call(
    func: Callable[..., Any],
    loop_var: str,
    func_args: tuple[Any, ...],
    func_kwargs: Mapping[str, Any] | None,
    position: int | None,
) -> Call:
    """Check the parts of a loop and put them together; the items come later."""
    check_callable(func)
    if not isinstance(loop_var, str):
        raise TypeError(f"loop_var must be the name of a parameter, not {loop_var!r}")
    args, kwargs = tuple(func_args), dict(func_kwargs or {})
    slot = loop_var if position is None else position
    if position is None:
        slot = _find_slot(func, loop_var, len(args))
    elif isinstance(position, bool) or not 0 <= position <= len(args):
        raise ValueError(f"position must be from 0 to {len(args)}, not {position!r}")
    return Call(func, (), args, kwargs, slot, loop_var=loop_var)


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


def count_items(iterable: Iterable[Any]) -> tuple[Sequence[Any], Exception | None]:
    """The items as a sequence, and the error with which the iterable ended, if it did.

    The plain loop would have run the items in front of such an error, so they are run too.
    """
    if type(iterable) in (list, tuple, range):
        return iterable, None  # type: ignore[return-value]
    iterator = iter(iterable)
    items: list[Any] = []
    try:
        for item in iterator:
            items.append(item)  # extend would lose what came before an error
    except Exception as error:
        return items, error
    return items, None


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
