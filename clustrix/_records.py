"""The records that workers need as well: a call, its chunks, what became of them.

Named tuples rather than dataclasses: `dataclasses` takes 15 ms to load and to build these, and a
worker shall answer within some tens of milliseconds.
"""

from __future__ import annotations

from clustrix.basis._native import partial
from clustrix.basis._typing import Any, Callable, Mapping, NamedTuple, Sequence

__all__ = ["Call", "Chunk", "Event", "Heard", "News", "Outcome", "describe"]


# A mapping that stays empty.
NOTHING: Mapping[str, Any] = type(type.__dict__)({})


class Call(NamedTuple):
    """A loop to run: ``[function(item, *args, **kwargs) for item in items]``.

    Attributes:
        function: the plain function, never the decorated one.
        items: what the loop runs over, already counted.
        args: the other positional arguments, the same for every item.
        kwargs: the other keyword arguments, the same for every item.
        slot: where the item goes. A string: the keyword that receives it. An integer: its
            index among the positional arguments. A tuple of these: each item is a tuple of
            values, one for each place. ``None``: the item is itself a work chunk,
            ``{"args": (...), "kwargs": {...}}``.
        batched: whether the function gets a whole chunk instead of one item.
        loop_var: the name of the loop variable, for messages; ``""`` when it has none, names
            with commas between them when there are several.
        collect: whether an item's exception takes the place of its value and the loop goes on.
        seed: where the items' random numbers come from; the indices of the loops and items that
            this loop is in stand behind the number that was said. ``None``: from nowhere.
        inferred: whether nobody said that the function gets whole chunks, or how long they are.
            Then it returns lists, or the results would depend on how the loop was cut.
    """

    function: Callable[..., Any]
    items: Sequence[Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = NOTHING
    slot: str | int | tuple[str | int, ...] | None = 0
    batched: bool = False
    loop_var: str = ""
    collect: bool = False
    seed: tuple[int, ...] | None = None
    inferred: bool = False

    def task(self) -> tuple[Any, ...]:
        """What stays the same for the whole loop: the call without its items."""
        function, _, args, kwargs, *kept = self
        return function, args, dict(kwargs), *kept

    @classmethod
    def from_task(cls, task: tuple[Any, ...]) -> Call:
        """The call, without items, of which `task` gave the parts."""
        function, *kept = task
        return cls(function, (), *kept)

    def per_item(self) -> Callable[[Any], Any]:
        """The function of one item that the loop repeats."""
        function, args, kwargs, slot = self.function, self.args, self.kwargs, self.slot
        if slot is None:
            return lambda work: function(*work.get("args", ()), **work.get("kwargs", {}))
        if isinstance(slot, str):
            return lambda item: function(*args, **{**kwargs, slot: item})
        if isinstance(slot, tuple):
            return _spread(function, args, kwargs, slot)
        if not args and not kwargs:
            return function
        before, after = args[:slot], args[slot:]
        return lambda item: function(*before, item, *after, **kwargs)

    def batch(self, items: Sequence[Any]) -> Any:
        """What a function of whole chunks gets for these items."""
        if not isinstance(self.slot, tuple):
            return items
        return tuple(map(list, zip(*items, strict=True)))


def _spread(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    slot: tuple[str | int, ...],
) -> Callable[[Any], Any]:
    """The function of one tuple, each part of which has a place of its own."""
    places = sorted((place, part) for part, place in enumerate(slot) if isinstance(place, int))
    names = [(name, part) for part, name in enumerate(slot) if isinstance(name, str)]
    if (
        not args
        and not kwargs
        and not names
        and [part for _, part in places] == [*range(len(slot))]
    ):
        return lambda item: function(*item)

    def one(item: Sequence[Any]) -> Any:
        every = list(args)
        for place, part in places:  # in ascending order, so that each index is the final one
            every.insert(place, item[part])
        return function(*every, **{**kwargs, **{name: item[part] for name, part in names}})

    return one


class Chunk(NamedTuple):
    """Neighbouring items of the loop, on their way to one lane.

    Attributes:
        start: position in the loop of the first item.
        items: the items, in loop order.
    """

    start: int
    items: Sequence[Any]

    @property
    def stop(self) -> int:
        """Position in the loop just behind the last item."""
        return self.start + len(self.items)


class Outcome(NamedTuple):
    """What became of one chunk.

    Attributes:
        start: position in the loop of the chunk's first item.
        values: one value for each item that finished, in loop order; for a batched call
            what the function returned for the chunk, joined if it is a list.
        error: what ended the chunk early.
        failed: position in the loop of the item that raised ``error``; the chunk's first
            item for a batched call.
    """

    start: int
    values: Sequence[Any]
    error: BaseException | None = None
    failed: int | None = None


class Event(NamedTuple):
    """Something that an item showed while it ran.

    Attributes:
        item: its position in the loop.
        kind: what it is; `clustrix.execution` counts the kinds.
        what: a text, a log record, a warning.
    """

    item: int
    kind: int
    what: Any


class Heard(NamedTuple):
    """What the items of one chunk have shown since the last time, in order.

    Attributes:
        start: position in the loop of the chunk's first item.
        events: of these items.
    """

    start: int
    events: Sequence[Event]


# What an engine has to tell.
News = Outcome | Heard


def describe(function: object) -> str:
    """The name by which messages call a function: ``Class.method``, or the repr of the rest."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return name.replace("<locals>.", "") if isinstance(name, str) else type(function).__name__
