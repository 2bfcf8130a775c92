"""The plan for a loop that nobody has written yet: a function, and so many items of any kind.

f, or @parallel f, or a method ──> its loop variable ──> explain_loop_parallel ──> Plan
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from clustrix._model import Options, Plan
from clustrix._settings import in_force
from clustrix.decorators._binding import loop_parameter
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
    options, said = Options(**in_force()), None
    if isinstance(function, ParallelFunction):
        decoration = function._self_decoration
        options, said = Options(**{**in_force(), **decoration.said}), decoration.loop_var
        function = function.__wrapped__
    loop_var = said[0] if isinstance(said, tuple) else said  # the plan is the same for several
    function = getattr(function, "__func__", function)  # inside classmethod and staticmethod
    if method and loop_var is None:
        loop_var = _behind_self(function)
    parameter = loop_parameter(function, loop_var)
    executor = LocalExecutor.shared(options.executor, options.max_workers)
    return executor.explain_loop_parallel(
        function,
        parameter.name,
        range(items),
        func_args=(None,) * (parameter.index or 0),
        chunk_size=options.chunk_size,
        position=parameter.index,
        timeout=options.timeout,
        batched=bool(options.batched),
        on_error=options.on_error,
    )


def _behind_self(function: Callable[..., Any]) -> str | None:
    """The name of the second parameter, if there is one."""
    names = list(inspect.signature(function).parameters)
    return names[1] if len(names) > 1 else None
