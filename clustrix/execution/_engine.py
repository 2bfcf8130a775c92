"""The seam behind which engines are exchanged, and the way from outcomes to results.

    execute(call, plan, engine):   cut ──> engine.run ──> gather ──> list
                                                            └──> Relay ──> what the items showed

An engine gets chunks and gives back outcomes, in whatever order they come, and what items have
shown meanwhile; `gather` restores the order of the loop.  Adding an engine means writing one
class with one method.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from clustrix._model import Call, Chunk, Outcome, Plan
from clustrix._records import News
from clustrix.basis._typing import Protocol
from clustrix.errors import ClustrixError
from clustrix.execution.chunking._chunks import cut
from clustrix.execution.lanes import _brief  # noqa: F401  (an item may leave no descriptor to load it)
from clustrix.execution.lanes._lane import Raised
from clustrix.execution.lanes._partial import keep_partial
from clustrix.execution.showing._relay import Relay

if TYPE_CHECKING:
    from clustrix._progress import Tally

__all__ = ["Engine", "execute", "gather", "join"]


class Engine(Protocol):
    """Something that can run chunks."""

    def run(
        self,
        call: Call,
        plan: Plan,
        chunks: Iterable[Chunk],
        tick: Callable[[int], object] | None = None,
    ) -> Generator[News, None, None]:
        """Run the chunks and yield what became of each, in any order.

        What the items of a chunk have shown may come in parts; each comes before the outcome.

        After an outcome with an error, chunks behind the failed item need not run; those in
        front of it must.  Closing the iterator ends the work.

        Args:
            call: the loop; its own ``items`` are not looked at.
            plan: how many workers, and the timeout for one item.
            chunks: consumed lazily, in loop order. It may have more after it has ended: the
                chunks of a stream depend on how much its consumer has taken. An engine asks
                again after every outcome, as long as something is under way.
            tick: where somebody wants to know how far it is: told now and then how many items
                are done in chunks that are not. An engine that cannot know says nothing.
        """


def execute(call: Call, plan: Plan, engine: Engine, tally: Tally | None = None) -> list[Any]:
    """Run a call as planned.

    Args:
        call: the loop.
        plan: how.
        engine: where.
        tally: counts what is finished, where somebody wants to know.

    Returns:
        The results in loop order: one for each item, or for a batched call the joined results
        of the chunks. Where errors are collected, they stand in the place of results.

    Raises:
        BaseException: the error of the first item in loop order that failed, as raised there.
    """
    expected = None if call.batched else len(call.items)
    chunks: Iterable[Chunk]
    if call.batched and not plan.chunk_size:  # only a cluster knows how many workers it has
        lanes = plan.workers or engine.lanes()  # type: ignore[attr-defined]
        plan = plan._replace(chunk_size=max(1, len(call.items) // lanes))
    if plan.chunk_size:
        chunks = cut(call.items, plan.chunk_size)
    else:
        from clustrix.execution.chunking._portions import Portions  # only clusters need it

        chunks = Portions(call.items)
    # Closing matters when Ctrl-C strikes here: the engine must not wait for the traceback to go.
    relay = Relay()
    if call.batched:
        chunks = relay.of_batches(chunks)
    if tally is None:
        with closing(engine.run(call, plan, chunks)) as news:
            return gather(news, expected, collect=call.collect, relay=relay)
    with closing(engine.run(call, plan, chunks, tally.running)) as news:
        counted = _counted(news, call, plan, tally)
        return gather(counted, expected, collect=call.collect, relay=relay)


def _counted(news: Iterator[News], call: Call, plan: Plan, tally: Tally) -> Iterator[News]:
    for one in news:
        if isinstance(one, Outcome):
            count = len(one.values)
            if call.batched:  # however many values it has
                count = min(plan.chunk_size or 1, len(call.items) - one.start)
            tally.add(count)
        else:
            tally.clear()  # what the items show comes above the line
        yield one


def gather(
    news: Iterator[News],
    expected: int | None,
    *,
    collect: bool = False,
    relay: Relay | None = None,
) -> list[Any]:
    """Join outcomes into results in loop order, or raise the first error in loop order.

    Args:
        news: in any order; exhausted unless the call is interrupted, so that no lane is left
            behind.
        expected: how many results there must be; ``None`` when the function decides.
        collect: whether exceptions may stand among the values.
        relay: where what the items showed goes; one of its own if there is none.
    """
    relay = relay or Relay()
    done: list[Outcome] = []
    one: News | None = None
    outcome: Outcome | None = None
    try:
        for one in news:
            outcome = relay.take(one)
            if outcome is not None:
                done.append(outcome)
    except KeyboardInterrupt as interrupt:
        keep_partial(interrupt, done)
        raise
    del one, outcome  # a traceback through here keeps no results alive
    return join(done, expected, collect=collect)


def join(done: list[Outcome], expected: int | None, *, collect: bool = False) -> list[Any]:
    """The values of all outcomes in loop order, or the error of the first item that failed.

    Args:
        done: all outcomes of a loop; emptied, so that nothing but the results stays alive.
        expected: as for `gather`.
        collect: as for `gather`.
    """
    failures = [(one.failed, one.error) for one in done if one.failed is not None]
    if failures:
        error = min(failures, key=lambda failure: failure[0])[1]
        assert error is not None
        if isinstance(error, KeyboardInterrupt):
            keep_partial(error, done)
        try:
            raise error
        finally:  # an exception that refers to its own frame would keep the results alive
            done.clear()
            del error, failures
    # The others follow the first values, or go before where there are more: a million of them are
    # not copied twice.  A batch may have returned a list that the function still holds; it is.
    done.sort(key=lambda one: one.start)
    results: list[Any] = []
    for one in done:
        values = one.values
        if expected is not None and type(values) is list and len(values) > len(results):
            values[:0] = results
            results = values
        else:
            results.extend(values)
    if collect:
        results = [value.error if type(value) is Raised else value for value in results]
    if expected is not None and len(results) != expected:
        raise ClustrixError(
            f"clustrix lost {expected - len(results)} of {expected} results; please report this"
        )
    return results
