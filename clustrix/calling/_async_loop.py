"""Loops of async functions: from the arguments of a call to what is awaited.

    func, loop_var, iterable, …  ──> Call ──> execution: one event loop ──> results

The half of `local_executor` that needs neither threads nor processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any

from clustrix._model import Finding, Options, Plan, describe
from clustrix.calling._calls import fixed, loop_call, reading_uses_up, with_items

__all__ = ["check_async_options", "execute_loop_async", "explain_loop_async"]

Items = Iterable[Any] | AsyncIterable[Any]


def check_async_options(function: Callable[..., Any], said: Mapping[str, Any]) -> None:
    """Refuse what has no meaning where the event loop runs the items.

    Raises:
        TypeError: such an option was said.
    """
    for name, harmless in (("executor", "auto"), ("batched", False), ("chunk_size", None)):
        if said.get(name, harmless) != harmless:
            raise TypeError(
                f"{name}={said[name]!r} does not go with {describe(function)}(), which is async: "
                "its items run one by one in the event loop that awaits them"
            )
    check_no_seed(function, said.get("seed"))


def check_no_seed(function: Callable[..., Any], seed: int | None) -> None:
    """Items that take turns in one thread share the generators at every ``await``.

    Raises:
        TypeError: there is a seed.
    """
    if seed is not None:
        raise TypeError(
            f"seed={seed!r} does not go with {describe(function)}(), which is async: its items "
            "draw from the same generators by turns. Make a generator for each item, for example "
            "with numpy.random.SeedSequence(seed).spawn(n)"
        )


def execute_loop_async(
    func: Callable[..., Any],
    loop_var: str | tuple[str, ...],
    iterable: Items,
    func_args: tuple[Any, ...],
    func_kwargs: Mapping[str, Any],
    position: int | tuple[int | str, ...] | None,
    options: Options,
) -> Any:
    """A coroutine that awaits the function for each item and returns the results in loop order.

    Raises:
        TypeError: an option has no meaning here.
    """
    check_no_seed(func, options.seed)
    call = loop_call(func, loop_var, func_args, func_kwargs, position)
    call = call._replace(collect=options.on_error == "collect")

    async def execute() -> list[Any]:
        from clustrix._progress import make_tally
        from clustrix.execution import run_async  # loads asyncio, which runs here already

        width, items, total, broken = options.max_workers or _most_awaited(), iterable, None, None
        if not isinstance(iterable, AsyncIterable):
            counted, broken = with_items(call, fixed(iterable))
            items, total = counted.items, len(counted.items)
        tally = make_tally(options.progress, total, describe(func))
        with contextlib.nullcontext() if tally is None else tally:
            tell = None if tally is None else tally.add
            results = await run_async(call, items, width, options.timeout, tell)
        if broken is not None:  # the iterable itself failed, behind the last item it gave
            raise broken
        return results

    return execute()


def explain_loop_async(func: Callable[..., Any], iterable: Items | None, options: Options) -> Plan:
    """The plan of such a call; nothing runs.

    Raises:
        TypeError: the items are an iterator, which looking at would use up.
    """
    width = options.max_workers or _most_awaited()
    if iterable is not None and not isinstance(iterable, AsyncIterable):
        if reading_uses_up(iterable):
            raise TypeError("explaining would use up this iterator; give its items as a list")
        width = max(1, min(width, sum(1 for _ in iterable)))
    found = Finding("PL103", "is async: its items are awaited in one event loop", describe(func))
    return Plan("asyncio", width, (found,), describe(func), timeout=options.timeout)


def _most_awaited() -> int:
    from clustrix.execution import MOST_AWAITED

    return MOST_AWAITED
