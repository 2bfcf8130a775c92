"""The seam behind which engines are exchanged, and the way from outcomes to results.

    execute(call, plan, engine):   cut ──> engine.run ──> gather ──> list

An engine gets chunks and gives back outcomes, in whatever order they come; `gather` restores
the order of the loop.  Adding an engine means writing one class with one method.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, Protocol

from clustrix._model import Call, Chunk, Outcome, Plan
from clustrix.errors import ClustrixError
from clustrix.execution._chunks import cut
from clustrix.execution._lane import Raised

__all__ = ["Engine", "execute", "gather"]


class Engine(Protocol):
    """Something that can run chunks."""

    def run(
        self, call: Call, plan: Plan, chunks: Iterable[Chunk]
    ) -> Generator[Outcome, None, None]:
        """Run the chunks and yield what became of each, in any order.

        After an outcome with an error, chunks behind the failed item need not run; those in
        front of it must.  Closing the iterator ends the work.

        Args:
            call: the loop; its own ``items`` are not looked at.
            plan: how many workers, and the timeout for one item.
            chunks: consumed lazily, in loop order.
        """


def execute(call: Call, plan: Plan, engine: Engine) -> list[Any]:
    """Run a call as planned.

    Returns:
        The results in loop order: one for each item, or for a batched call the joined results
        of the chunks. Where errors are collected, they stand in the place of results.

    Raises:
        BaseException: the error of the first item in loop order that failed, as raised there.
    """
    expected = None if call.batched else len(call.items)
    chunks: Iterable[Chunk]
    if plan.chunk_size:
        chunks = cut(call.items, plan.chunk_size)
    else:
        from clustrix.execution._portions import Portions  # only clusters need it

        chunks = Portions(call.items, batched=call.batched)
    # Closing matters when Ctrl-C strikes here: the engine must not wait for the traceback to go.
    with closing(engine.run(call, plan, chunks)) as outcomes:
        return gather(outcomes, expected, collect=call.collect)


def gather(
    outcomes: Iterator[Outcome], expected: int | None, *, collect: bool = False
) -> list[Any]:
    """Join outcomes into results in loop order, or raise the first error in loop order.

    Args:
        outcomes: in any order; exhausted in every case, so that no lane is left behind.
        expected: how many results there must be; ``None`` when the function decides.
        collect: whether exceptions may stand among the values.
    """
    done: dict[int, Outcome] = {}
    first: Outcome | None = None
    for outcome in outcomes:
        done[outcome.start] = outcome
        if outcome.failed is not None and (
            first is None or first.failed is None or outcome.failed < first.failed
        ):
            first = outcome
    if first is not None and first.error is not None:
        try:
            raise first.error
        finally:  # an exception that refers to its own frame would keep the results alive
            del first, outcome, done
    # The first values become the results and the others follow: a million of them are not copied
    # twice.  A batch may have returned a list that the function still holds; that one is.
    starts = sorted(done)
    results: list[Any] = []
    if starts and expected is not None and type(done[starts[0]].values) is list:
        results = done[starts.pop(0)].values  # type: ignore[assignment]
    for start in starts:
        results.extend(done[start].values)
    if collect:
        results = [value.error if type(value) is Raised else value for value in results]
    if expected is not None and len(results) != expected:
        raise ClustrixError(
            f"clustrix lost {expected - len(results)} of {expected} results; please report this"
        )
    return results
