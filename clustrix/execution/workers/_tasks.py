"""What stays the same for a whole loop, made ready to travel, and recognised the next time.

    function, constant arguments, globals ──> pickle ──> the same bytes: the same number
                  └── settled, and as they were ──────> the same task, nothing pickled

A worker keeps tasks by their numbers, so what it has already does not travel again.
"""

from __future__ import annotations

import itertools
from types import BuiltinFunctionType, FunctionType
from typing import TypeVar

from clustrix._model import Call, describe
from clustrix.basis._native import pickle
from clustrix.basis._plain import all_plain
from clustrix.basis._typing import NamedTuple
from clustrix.errors import NotPicklableError
from clustrix.execution.travel import _light
from clustrix.execution.travel._copies import noting
from clustrix.execution.travel._globals import carry
from clustrix.execution.travel._shipping import by_value
from clustrix.execution.workers._channel import Packed, pack
from clustrix.functions._settled import Settled, settle

__all__ = ["Task", "Tasks"]

# Tasks that differ in nothing are the same task, unless they are too big to compare.
SMALL_TASK = 1 << 16

# Small tasks that are remembered; a worker keeps fewer of them.
TASKS_KNOWN = 64

_task_ids = itertools.count(1)


class Task(NamedTuple):
    """What stays the same for a whole loop, ready to travel.

    Attributes:
        id: the number by which workers keep it; equal tasks have equal numbers.
        packed: the function, its constant arguments, and the globals that it reads.
        kept: whether workers keep it for loops to come.
        settled: whether a worker may use what it made of it for the next loop, too: nothing in
            it can have changed since.
        simple: whether a worker can run it before it has loaded what relays and restores.
        copied: ids of objects in it that are equal to themselves alone.
    """

    id: int
    packed: Packed
    kept: bool
    settled: bool = False
    simple: bool = False
    copied: frozenset[int] = frozenset()


class Tasks:
    """The tasks of one engine."""

    def __init__(self) -> None:
        self._ids: dict[tuple[bytes, bool], int] = {}
        self._settled: dict[object, tuple[Settled | None, Task]] = {}

    def make(self, call: Call) -> Task:
        """The task of a loop.

        Raises:
            NotPicklableError: the function or its constant arguments cannot travel.
        """
        alone = _light.knows_no_function(call)
        key = _key(call, alone)
        known = None if key is None else self._settled.get(key)
        if known is None:
            task = self._pack(call, alone)
            if key is not None and task.kept:
                _remember(self._settled, key, (settle(call.function), task))
            return task
        settled, task = known
        if settled is None:
            return self._pack(call, alone)
        if not settled.holds():
            del self._settled[key]
            return self._pack(call, alone)
        if not task.settled:
            task = task._replace(settled=True)
            self._settled[key] = settled, task
        return task

    def _pack(self, call: Call, alone: bool) -> Task:
        try:
            packed, simple, copied = _packed(call, alone)
        except Exception as error:
            raise NotPicklableError(
                f"{describe(call.function)}() cannot be sent to a worker process: {error}"
            ) from error
        if len(packed.body) >= SMALL_TASK or packed.buffers:
            return Task(next(_task_ids), packed, kept=False, copied=copied)
        number = _remember(self._ids, (packed.body, simple), next(_task_ids))
        return Task(number, packed, kept=True, simple=simple, copied=copied)


def _packed(call: Call, alone: bool) -> tuple[Packed, bool, frozenset[int]]:
    """What stays the same, as bytes; whether that and all items are simple; what is copied."""
    if (light := _light.by_code(call, alone=alone)) is not None:
        return Packed(light), alone and not (call.batched or call.collect or call.seed), frozenset()
    with noting() as copied:
        task = call.task(), carry(call.function)
        if (light := _light.by_name(task, call)) is not None:
            return Packed(light), False, frozenset(copied)
        from clustrix.execution.travel._transport import dumps  # brings cloudpickle

        return pack(task, dumps), False, frozenset(copied)


_K = TypeVar("_K")
_V = TypeVar("_V")


def _remember(known: dict[_K, _V], key: _K, value: _V) -> _V:
    """What is known under a key, or from now on is; the oldest entry makes room."""
    while len(known) >= TASKS_KNOWN and key not in known:
        known.pop(next(iter(known)), None)
    return known.setdefault(key, value)


def _key(call: Call, alone: bool) -> object:
    """What the tasks of two calls must have in common to be the same; ``None``: not to be told.

    Numbers of equal value may differ in type or sign, so arguments are compared as pickles.
    """
    kind = type(call.function)
    if kind is not FunctionType and kind is not BuiltinFunctionType:
        return None
    arguments = b""
    if call.args or call.kwargs:
        if not (all_plain(call.args) and all_plain(call.kwargs.values())):
            return None
        arguments = pickle.dumps((call.args, dict(call.kwargs)), protocol=5)
    how = (call.slot, call.batched, call.loop_var, call.collect, call.seed, call.inferred)
    return call.function, how, arguments, by_value(), alone
