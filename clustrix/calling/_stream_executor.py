"""Loops whose values are taken one by one: the way of `LocalExecutor` to its streams.

stream_loop_parallel ─ check ─> Call, Items ┬─ an engine that was named ───> EngineStream
                                            └─ else the first items, timed ─> AdaptiveStream
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from operator import is_
from typing import Any

from clustrix import analysis, execution
from clustrix._model import Call, Machine, Options, Plan, cluster_kind, describe
from clustrix._sizes import as_said, sizes
from clustrix.calling._calls import check_streams, loop_call, may_want_batches, one_by_one
from clustrix.calling._task_executor import TaskExecutor
from clustrix.calling._told import tell, tell_planned
from clustrix.errors import NotPicklableError

__all__ = ["StreamExecutor"]

# For the arithmetic of a plan: as many items as nobody will live to see.
_ENDLESS = range(sys.maxsize)


class StreamExecutor(TaskExecutor):
    """What `LocalExecutor` offers beyond lists: streams."""

    def stream_loop_parallel(
        self,
        func: Callable[..., Any],
        loop_var: str | tuple[str, ...],
        iterable: Iterable[Any],
        func_args: tuple[Any, ...] = (),
        func_kwargs: Mapping[str, Any] | None = None,
        chunk_size: int | None = None,
        *,
        position: int | tuple[int | str, ...] | None = None,
        timeout: float | None = None,
        batched: bool | None = None,
        on_error: str = "raise",
        seed: int | None = None,
        progress: bool | Callable[[Any], object] | None = None,
        ordered: bool = True,
        ahead: int | None = None,
    ) -> Generator[Any, None, None]:
        """The results of `execute_loop_parallel` one by one, while later items run.

        Nothing runs before the first result is asked for. Items are pulled from the iterable
        in the consuming thread, when they are needed: it may be endless. Cheap items run in
        the consuming thread, where none is pulled ahead. Closing the generator, or forgetting
        it, ends the work.

        Args:
            func: as for `execute_loop_parallel`, like everything up to ``progress``.
            loop_var: name of the parameter that receives each item.
            iterable: the items.
            func_args: further positional arguments.
            func_kwargs: further keyword arguments.
            chunk_size: items that travel together. ``None``: one to begin with, and more the
                cheaper they are, up to 1000; to a cluster, up to 20,000.
            position: index among the positional arguments at which the item goes.
            timeout: seconds for each item, from the moment that this item starts.
            batched: whether the function gets whole chunks.
            on_error: ``"raise"``: an error is raised where its value would be, behind all
                earlier values. ``"collect"``: the exception is the value.
            seed: gives each item random numbers of its own, the same on every engine.
            progress: ``True`` for a display, or a callable that gets a `Progress`.
            ordered: ``False``: pairs of index and value, as they come. Of a batch each value
                has the index of the first item.
            ahead: items that may have been pulled and not given their value yet. ``None``: four
                chunks for every worker.

        Returns:
            A generator of the values.

        Raises:
            TypeError: an argument is of the wrong type, or nothing to iterate over.
            ValueError: an argument is out of range, or ``ahead`` is less than ``chunk_size``.
            LoopVariableError: ``func`` has no parameter named ``loop_var``.

        Examples:
            >>> import itertools
            >>> from clustrix import LocalExecutor
            >>> with LocalExecutor(max_workers=2, use_threads=True) as executor:
            ...     squares = executor.stream_loop_parallel(pow, "base", itertools.count(), (2,),
            ...                                             position=0)
            ...     [next(squares) for _ in range(5)]
            [0, 1, 4, 9, 16]
        """
        call = loop_call(func, loop_var, func_args, func_kwargs, position)
        options = self._said(chunk_size, timeout, batched, on_error, seed, progress)
        _check_stream(ordered, ahead, chunk_size)
        items = execution.Items(one_by_one(call, iterable))
        self._engines.check_open()
        settings = execution.Settings(options.max_workers, chunk_size, ahead, ordered)
        call = call._replace(collect=on_error == "collect", seed=execution.seed_path(seed))
        looks = batched is None and may_want_batches(call.function, call.slot, ())
        start = self._later if looks or timeout is not None else self._stream
        values = start(call, items, options, settings)
        from clustrix._progress import make_tally, told

        tally = make_tally(progress, None if batched else items.total, describe(func))
        return values if tally is None else told(values, tally)

    def _later(
        self, call: Call, items: execution.Items, options: Options, settings: execution.Settings
    ) -> Generator[Any, None, None]:
        """The same, where a look at the first item comes before everything else."""
        call = call._replace(items=items.sample())
        yield from self._stream(call, items, options, settings)

    def _stream(
        self, call: Call, items: execution.Items, options: Options, settings: execution.Settings
    ) -> Generator[Any, None, None]:
        if _takes_turns(call, options):
            options = options.but(executor="serial")
        machine, batched = execution.this_machine(), self._batches(call, options)
        alone = machine.inside_worker or options.executor == "serial"
        alone = alone or (items.total == 1 and options.timeout is None)
        if alone and not batched:
            return execution.AdaptiveStream(
                call, items, settings, machine, None, self._engines
            ).run()
        if self._finds_out(call, options):
            unseeded = options.but(seed=None)

            def make_plan(sample: Sequence[Any]) -> Plan:
                seen = call._replace(items=sample)
                plan = analysis.make_plan(seen, unseeded, machine)
                tell_planned(seen, plan.engine, plan.findings)
                return plan

            return execution.AdaptiveStream(
                call, items, settings, machine, make_plan, self._engines
            ).run()
        call = self._in_batches(call, options, batched)
        check_streams(call, options)
        plan = self._plan_stream(call, items, options, machine)
        choice = options.executor if options.executor != "auto" else plan.engine
        engine: Any = self._engines.get(
            "serial" if plan.engine == "serial" else choice, plan.workers
        )
        if plan.workers == 0:  # a cluster knows how many it has
            plan = plan._replace(workers=engine.lanes())
        there = cluster_kind(choice) is not None and plan.engine != "serial"
        pace = settings.pace_there(plan.workers) if there else settings.pace(plan.workers)
        stream = execution.EngineStream(
            call,
            plan,
            engine,
            items,
            pace,
            settings.ahead,
            ordered=settings.ordered,
            owner=self._engines,
        )
        return _explained(stream.run(), call)

    def _plan_stream(
        self, call: Call, items: execution.Items, options: Options, machine: Machine
    ) -> Plan:
        """A plan for a loop of unknown length; its chunks come from elsewhere."""
        if options.executor != "auto":
            plan = as_said(call._replace(items=_ENDLESS), options, machine)
            tell(call, plan.engine, lambda: analysis.effects_of(call))
            return plan
        seen = call._replace(items=[*call.items] * 2)
        plan = analysis.make_plan(seen, options, machine)
        tell_planned(seen, plan.engine, plan.findings)
        workers, _ = sizes(plan.engine, len(_ENDLESS), options, machine)
        return plan._replace(workers=workers)

    def _said(self, *others: Any) -> Options:
        """The options of one loop; what was said the last time need not be checked again."""
        last = self._last_said
        if last and len(last[0]) == len(others) and all(map(is_, last[0], others)):
            return last[1]
        options = Options(self._options.executor, self._options.max_workers, *others)
        self._last_said = (others, options) if not callable(options.progress) else None
        return options

    def _finds_out(self, call: Call, options: Options) -> bool:
        """Whether this loop finds out by itself how it is best run.

        Not where the user has said what to do: then it is done as it was said.
        """
        if options.executor != "auto" or options.timeout is not None or execution.inside_lane():
            return False
        return not self._batches(call, options)

    @staticmethod
    def _in_batches(call: Call, options: Options, batched: bool) -> Call:
        said = options.batched is not None or options.chunk_size is not None
        return call._replace(batched=batched, inferred=batched and not said)

    def _batches(self, call: Call, options: Options) -> bool:
        """Whether the function gets whole chunks: said by the user, or proved by its code."""
        if options.batched is not None:
            return options.batched
        return may_want_batches(call.function, call.slot, call.items) and (
            analysis.needs_batches(call.function, call.slot, call.items) is not None
        )


def _takes_turns(call: Call, options: Options) -> bool:
    """Whether items and consumer take turns: on threads they would draw each other's numbers.

    A time limit needs a lane that can be given up; then they do.
    """
    if call.seed is None or options.timeout is not None:
        return False
    from concurrent.futures import ThreadPoolExecutor  # brings queues

    return options.executor == "threads" or isinstance(options.executor, ThreadPoolExecutor)


def _explained(values: Generator[Any, None, None], call: Call) -> Generator[Any, None, None]:
    """The values; a refusal to send the function says which part of it is to blame."""
    try:
        yield from values
    except NotPicklableError as error:
        analysis.explain_refusal(error, call._replace(items=()))  # items are not kept
        raise


def _check_stream(ordered: object, ahead: object, chunk_size: int | None) -> None:
    if not isinstance(ordered, bool):
        raise TypeError(f"ordered must be True or False, not {ordered!r}")
    if ahead is None:
        return
    if isinstance(ahead, bool) or not isinstance(ahead, int):
        raise TypeError(f"ahead must be a number of items or None, not {ahead!r}")
    if ahead < (chunk_size or 1):
        least = "0" if chunk_size is None else f"chunk_size={chunk_size}, less one"
        raise ValueError(f"ahead must be greater than {least}, not {ahead!r}")
