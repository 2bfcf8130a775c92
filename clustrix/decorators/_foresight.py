"""The plan for a loop that nobody has written yet: a function, and so many items of any kind.

f, or @parallel f, or a method ──> its loop variable ──> explain_loop_parallel ──> Plan
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from clustrix._model import Options, Plan
from clustrix._settings import in_force
from clustrix.calling._async_loop import explain_loop_async
from clustrix.calling._together import Together
from clustrix.decorators._binding import is_async
from clustrix.decorators._several import LoopParameters, LoopVar, find_loop
from clustrix.decorators._wrapper import ParallelFunction
from clustrix.local_executor import LocalExecutor

__all__ = ["foresee"]


def foresee(function: Callable[..., Any], items: int, *, method: bool = False) -> Plan:
    """The plan for a loop over many items of which nothing else is known.

    Args:
        function: decorated, then its options count; or not, then those of a bare ``@parallel``.
        items: how many.
        method: whether its first parameter is the object or class that it belongs to.

    Returns:
        The plan.  Functions for whole chunks count as such only if the decorator says so: the
        proof that one needs them depends on the items.

    Raises:
        LoopVariableError: there is nothing to loop over.

    Examples:
        >>> def double(x):
        ...     return 2 * x
        >>> foresee(double, 1).engine
        'serial'
    """
    options = Options(**in_force())
    loop_var: LoopVar = None
    if isinstance(function, ParallelFunction):
        decoration = function._self_decoration
        options, loop_var = decoration.options, decoration.loop_var
        function = function.__wrapped__
    function = getattr(function, "__func__", function)  # inside classmethod and staticmethod
    if method and loop_var is None:
        loop_var = _behind_self(function)
    parameter = find_loop(function, loop_var)
    if is_async(function):
        return explain_loop_async(function, range(items), options)
    loop: Iterable[Any] = range(items)
    place: Any
    if isinstance(parameter, LoopParameters):
        loop = Together(parameter.function, parameter.name, [loop] * len(parameter.name))
        place = tuple(one.name if one.index is None else one.index for one in parameter.parameters)
        taken = [one for one in place if isinstance(one, int)]
        before = max(taken, default=-1) + 1 - len(taken)  # what stands between them
    else:
        place, before = parameter.index, parameter.index or 0
    executor = LocalExecutor.shared(options.executor, options.max_workers)
    return executor.explain_loop_parallel(
        function,
        parameter.name,
        loop,
        func_args=(None,) * before,
        chunk_size=options.chunk_size,
        position=place,
        timeout=options.timeout,
        batched=bool(options.batched),
        on_error=options.on_error,
    )


def _behind_self(function: Callable[..., Any]) -> str | None:
    """The name of the second parameter, if there is one."""
    names = list(inspect.signature(function).parameters)
    return names[1] if len(names) > 1 else None
