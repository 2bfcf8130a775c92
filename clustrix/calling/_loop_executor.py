"""How `LocalExecutor` runs a loop once its parts are checked and put together.

    Call, Options ┬─ one item, or too little work ────────> the plain loop
                  ├─ an engine that was named ────────────> execution, as it was said
                  └─ else the first items, timed ─────────> AdaptiveLoop

One of which nothing was said, and which is known to be short, runs before there is either of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from clustrix import analysis, execution
from clustrix._model import Call, Options, Outcome, Plan
from clustrix._sizes import as_said
from clustrix.calling import _calls
from clustrix.calling._calls import may_want_batches
from clustrix.calling._stream_executor import StreamExecutor
from clustrix.calling._told import tell, tell_planned
from clustrix.errors import NotPicklableError
from clustrix.execution import (  # now: a first call loads nothing any more
    AdaptiveLoop,
    inside_lane,
    join,
    run_at_once,
    run_here,
    run_short,
    seed_path,
)

if TYPE_CHECKING:
    from clustrix._progress import Tally

__all__ = ["LoopExecutor"]

_DIRECTLY = Plan("serial", workers=1)


class LoopExecutor(StreamExecutor):
    """What `LocalExecutor` does with a loop whose values are a list."""

    def _at_once(
        self, function: Callable[[Any], Any], loop_var: str, items: Sequence[Any]
    ) -> Outcome | None:
        """A loop of which nothing was said, if it is known to be too short to share.

        Returns:
            What has run: fewer values than items where these have become dear, none where it is
            not short.  ``None``: that was not looked at.

        Raises:
            BaseException: what an item raised.
        """
        if self._options.executor != "auto" or inside_lane():
            return None
        if may_want_batches(function, 0, items):
            return None
        self._engines.check_open()
        begun = run_at_once(function, items, loop_var, self._engines.idle_for())
        if begun is None:
            return Outcome(0, [])
        if begun.error is not None:
            join([begun], len(items))
        return begun

    def _run(
        self,
        call: Call,
        options: Options,
        tally: Tally | None = None,
        begun: Outcome | None = None,
    ) -> list[Any]:
        if not call.items:
            return []
        self._engines.check_open()
        seed = seed_path(options.seed)
        if seed is not None or options.on_error == "collect":
            call = call._replace(collect=options.on_error == "collect", seed=seed)
        try:
            results = self._run_loop(call, options, tally, begun)
        except NotPicklableError as error:
            analysis.explain_refusal(error, call)
            raise
        for value in results if call.collect else ():
            if type(value) is NotPicklableError:
                analysis.explain_refusal(value, call)
        return results

    def _run_loop(
        self, call: Call, options: Options, tally: Tally | None, begun: Outcome | None
    ) -> list[Any]:
        alone = len(call.items) == 1 and options.timeout is None
        if alone and not self._batches(call, options):
            if tally is None:
                return join([run_here(call)], 1, collect=call.collect)
            return execution.execute(call, _DIRECTLY, self._engines.get("serial"), tally)
        if begun is not None or self._finds_out(call, options):  # who has begun it has looked
            if begun is None and tally is None:
                begun = run_short(call, self._engines.idle_for())
            if begun is not None and (
                begun.failed is not None or len(begun.values) == len(call.items)
            ):
                return join([begun], len(call.items), collect=call.collect)
            return self._measure(call, options, tally, begun if begun and begun.values else None)
        machine = execution.this_machine()
        if options.executor == "auto":
            plan = analysis.make_plan(call, options, machine)
            call = self._in_batches(call, options, plan.batched)
            tell_planned(call, plan.engine, plan.findings)
        else:  # nothing to find out, so nothing to read
            call = self._in_batches(call, options, self._batches(call, options))
            plan = as_said(call, options, machine)
            if not alone:
                tell(call, plan.engine, lambda: analysis.effects_of(call))
        _calls.check_streams(call, options)
        choice = "serial" if alone or plan.engine == "serial" else options.executor
        engine = self._engines.get(plan.engine if choice == "auto" else choice, plan.workers)
        return execution.execute(call, plan, engine, tally)

    def _measure(
        self,
        call: Call,
        options: Options,
        tally: Tally | None,
        begun: Outcome | None,
    ) -> list[Any]:
        """Let the loop find out by itself; what it writes is told when its source was read."""
        plans: list[Plan] = []
        unseeded = options  # what is remembered of the function is not of its seed
        if options.seed is not None:
            unseeded = options.but(seed=None)

        def plan() -> Plan:
            plans.append(analysis.make_plan(call, unseeded, execution.this_machine()))
            return plans[-1]

        most, size = options.max_workers, options.chunk_size
        loop = AdaptiveLoop(call, most, size, plan, self._engines, begun)
        loop.tally = None if tally is None else tally.add
        results = loop.run()
        for made in plans:
            tell_planned(call, made.engine, made.findings)
        return results
