"""Tell the user, once for each function, which writes a lane would lose.

    call on processes ──> seen before?     yes: nothing to do
                      ──> may it write?    no: nothing is loaded, nothing is read
                      ──> the analysis finds the lines ──> SharedStateWarning, at the user's line

A function that was seen before costs a look into a table.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from clustrix._model import Call, Finding, describe
from clustrix.errors import SharedStateWarning
from clustrix.functions._sameness import given, receiver, sameness

__all__ = ["forget", "tell", "tell_planned"]

_MOST = 1024  # functions remembered

# On threads these are right: nothing is lost, and no item sees what another one wrote.
_FINE_ON_THREADS = frozenset({"SH101", "SH102", "SH103", "SH205"})

_OUTCOMES = {
    "processes": "on processes this happens to a copy in the worker and is lost to the caller",
    "threads": "on threads such changes may be lost, or be made in another order than the loop's",
}
_CHOICES = {
    "serial": "the loop runs in one lane, so that its answer stays the same",
    "threads": "the loop stays in this process, where nothing is lost; items that finish in"
    " another order write in that order",
}

_told: OrderedDict[tuple[Any, ...], tuple[Any, ...]] = OrderedDict()


def tell(call: Call, engine: str, find: Callable[[], Iterable[Finding]]) -> None:
    """Warn of what would be lost on an engine that the user has named.

    Args:
        call: the loop.
        engine: ``"threads"``, ``"processes"``, or the name of somebody else's executor.
        find: finds the writes; asked only for a function that was not met before and may write.

    Raises:
        SharedStateWarning: the user has turned this warning into an error.
    """
    if engine == "serial":
        return
    threads = "thread" in engine.lower() and "://" not in engine
    same = (*sameness(call.function), *given(call))
    key = (*map(id, same), call.loop_var, threads)
    if key in _told:
        return
    from clustrix.functions._stores import (
        may_write,  # most loops leave the choice of an engine alone
    )

    owner = receiver(call.function)
    if may_write(call.function, (owner, *call.args, *call.kwargs.values(), *call.items[:1])):
        found = [finding for finding in find() if finding.code.startswith("SH")]
        if threads:
            found = [finding for finding in found if finding.code not in _FINE_ON_THREADS]
        _warn(call, found, _OUTCOMES["threads" if threads else "processes"])
    _remember(key, same)


def tell_planned(call: Call, engine: str, findings: Iterable[Finding]) -> None:
    """Warn that a plan had to give way to what a function writes.

    Args:
        call: the loop.
        engine: what the plan chose.
        findings: the evidence of the plan.

    Raises:
        SharedStateWarning: the user has turned this warning into an error.
    """
    found = [finding for finding in findings if finding.code.startswith("SH")]
    if not found or engine not in _CHOICES:
        return
    same = (*sameness(call.function), *given(call))
    key = (*map(id, same), call.loop_var, "auto")
    if key not in _told:
        _warn(call, found, _CHOICES[engine])
        _remember(key, same)


def forget() -> None:
    """Warn again of what has been told already: for tests, which begin anew."""
    _told.clear()


def _remember(key: tuple[Any, ...], same: tuple[Any, ...]) -> None:
    _told[key] = same  # kept alive, so that its ids stay its own
    while len(_told) > _MOST:
        _told.popitem(last=False)


def _warn(call: Call, found: list[Finding], outcome: str) -> None:
    if not found:
        return
    places = "; ".join(f"{one.name} {one.why} (line {one.line}, {one.code})" for one in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    first = found[0]
    warnings.warn_explicit(
        f"{describe(call.function)}(): {places}{more}; {outcome}",
        SharedStateWarning,
        first.file or "<unknown>",
        first.line,
        module=getattr(call.function, "__module__", None),
    )
