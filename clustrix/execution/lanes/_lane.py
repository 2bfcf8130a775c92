"""Running the items of one chunk: the one piece of code that every engine shares.

    Chunk ──> run_chunk(call, chunk, watch) ──> Outcome
                          │ before each item
                          └──> watch.enter(index): "item 17 starts now"; False means stop

A lane is whatever runs a chunk: a thread, a worker process, or the calling thread.  The watch
tells the rest of the program where the lane is; that is how a timeout finds its item and a
dead worker its culprit.
"""

from __future__ import annotations

import sys

from clustrix._records import Call, Chunk, Outcome, describe
from clustrix.basis._native import Context, local, partial, suppress
from clustrix.basis._typing import Any, Callable, Iterable, NamedTuple, Protocol, Sequence
from clustrix.execution.machine._platform import spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.errors import LoopVariableError

__all__ = [
    "Raised",
    "Unwatched",
    "Watch",
    "add_note",
    "inside_lane",
    "item_note",
    "join_batch",
    "lane",
    "run_chunk",
    "seed_path",
]


class _State(local):
    """Of one thread: how many items it is running, one in another."""

    depth = 0


_state = _State()


class Raised(NamedTuple):
    """An exception where a value would be; another process gets it as bytes.

    Attributes:
        error: the exception, or on its way between processes what `pack_error` made of it.
    """

    error: Any


class Watch(Protocol):
    """Where a lane is in the loop."""

    def enter(self, index: int, values: list[Any]) -> bool:
        """Say that the item at ``index`` starts now; ``False`` asks the lane to stop first.

        ``values`` are those of the chunk so far; a watch may take them and clear the list.
        """


class Unwatched:
    """Nobody stops this lane.

    Attributes:
        index: the item that runs.
    """

    index = -1

    def enter(self, index: int, values: list[Any]) -> bool:
        """Go on, always."""
        self.index = index
        return True


def inside_lane() -> bool:
    """Whether the calling thread is running an item: then an inner loop stays serial."""
    return _state.depth > 0


class lane:
    """Mark the calling thread as a lane, in a ``with`` block."""

    __slots__ = ()

    def __enter__(self) -> None:
        _state.depth += 1

    def __exit__(self, *_: object) -> None:
        _state.depth -= 1


def seed_path(seed: int | None) -> tuple[int, ...] | None:
    """Where the random numbers of a loop come from.

    One without a seed of its own goes by the item that it is in: a loop in a loop gives the same
    numbers on every engine, too.
    """
    if seed is not None:
        return (seed.__index__(),)
    # Most programs have no seed, and have not loaded that; nor has one that is just loading it.
    inside = getattr(sys.modules.get("clustrix.execution.lanes._random"), "path_inside", None)
    path: tuple[int, ...] | None = None if inside is None else inside()
    return path


def run_chunk(
    call: Call,
    chunk: Chunk,
    watch: Watch,
    fresh: Callable[[], Context] | None = None,
    *,
    items: Iterable[Any] | None = None,
) -> Outcome:
    """Run the items of a chunk, in order, until one fails or the watch says stop.

    Args:
        call: the loop; its own ``items`` are not looked at.
        chunk: the items to run.
        watch: told before each item.
        fresh: makes the context of an item, so that what one item does to context variables is
            not seen by the next; ``None`` to run in the context of the lane itself.
        items: the items once more, as an iterator that somebody else watches.

    Returns:
        The values of the items that finished, and the error of the one that did not.  Where
        errors are collected, they are among the values, as `Raised`.  A chunk that was stopped
        has fewer values than items and no error.
    """
    if call.seed is not None:
        from clustrix.execution.lanes._random import run_seeded  # most loops have no seed

        with lane():  # loops inside wait for their turn with the generators, which is this one's
            return run_seeded(call, chunk, watch, partial(run_chunk, fresh=fresh, items=items))
    if call.batched:
        return _run_batch(call, chunk, watch, fresh)
    function = call.per_item()
    values: list[Any] = []
    for index, item in enumerate(chunk.items if items is None else items, chunk.start):
        if not watch.enter(index, values):
            break
        try:
            values.append(function(item) if fresh is None else fresh().run(function, item))
        except BaseException as error:
            add_note(error, item_note(call, index, item))
            if not call.collect or not isinstance(error, Exception):
                return Outcome(chunk.start, values, error, index)
            values.append(Raised(error))
    return Outcome(chunk.start, values)


def _run_batch(
    call: Call, chunk: Chunk, watch: Watch, fresh: Callable[[], Context] | None
) -> Outcome:
    if not watch.enter(chunk.start, []):
        return Outcome(chunk.start, [])
    function = call.per_item()
    try:
        batch = call.batch(chunk.items)
        value = function(batch) if fresh is None else fresh().run(function, batch)
        if call.inferred and not isinstance(value, list):
            raise _no_list(call, value)
    except BaseException as error:
        span = f"items {chunk.start} to {chunk.stop - 1}"
        add_note(error, f"clustrix: {span} of {describe(call.function)}()")
        if call.collect and isinstance(error, Exception):
            return Outcome(chunk.start, [Raised(error)] * len(chunk.items))
        return Outcome(chunk.start, [], error, chunk.start)
    return Outcome(chunk.start, join_batch(value))


def _no_list(call: Call, value: object) -> LoopVariableError:
    """Why a batch that nobody asked for may not return just anything."""
    from clustrix.errors import LoopVariableError  # hardly any loop gets here

    name = describe(call.function)
    return LoopVariableError(
        f"{name}() cannot take a single item, so it got whole chunks; but for one of them it "
        f"returned {type(value).__name__}, not a list. The results would depend on how the loop "
        f"is cut. Return a list with a value for each item, or, if one result for each chunk is "
        f"meant, say batched=True or chunk_size="
    )


def join_batch(value: Any) -> Sequence[Any]:
    """What a batch contributes to the results: the values of a list, else the value itself."""
    return value if isinstance(value, list) else [value]


def item_note(call: Call, index: int, item: object) -> str:
    """The line that names an item: ``clustrix: item 17 (x=3.5) of load()``."""
    shown = f" ({_shown(call, item)})" if call.loop_var else ""
    return f"clustrix: item {index}{shown} of {describe(call.function)}()"


def _shown(call: Call, item: Any) -> str:
    with spare():
        from clustrix.execution.lanes._brief import brief  # most items do not fail

    if not isinstance(call.slot, tuple):
        return f"{call.loop_var}={brief(item)}"
    parts = zip(call.loop_var.split(", "), item, strict=True)
    return ", ".join(f"{name}={brief(value)}" for name, value in parts)


def add_note(error: BaseException, note: str) -> None:
    """PEP 678, also on Python 3.10, where tracebacks do not print notes yet."""
    # A class may refuse attributes, or leave the program; the error itself matters more.
    with suppress(Exception, SystemExit):
        anyhow: Any = error  # type checkers for Python 3.10 know no notes
        before = getattr(error, "__notes__", ())  # one that is kept and raised again has it already
        if note not in before:
            anyhow.__notes__ = [*before, note]
