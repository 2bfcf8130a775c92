"""Several iterables as one loop: ``for x, y in zip(xs, ys)``, with nothing dropped at the end.

    xs ──┐
         ├─> Together ──> (x, y), (x, y), …        one ends before the other? an error
    ys ──┘

Lengths that are known are compared before anything is read; iterators of unknown length are read
side by side, so that the one without an end does no harm.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["Together", "in_parts", "steady"]

_END: Any = object()
_SEQUENCES = (list, tuple, range)


class Together:
    """The iterables of several loop variables.

    Args:
        function: name of the function, for messages.
        names: the loop variables.
        iterables: as many iterables.
    """

    def __init__(
        self, function: str, names: Sequence[str], iterables: Sequence[Iterable[Any]]
    ) -> None:
        self._function = function
        self._names = names
        self._iterables = [steady(one) for one in iterables]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The items, one after the other, as far as they are asked for."""
        self.compare()
        iterators = [iter(one) for one in self._iterables]
        for done in itertools.count():
            item = tuple(next(one, _END) for one in iterators)
            if self._over(item, done):
                return
            yield item

    @property
    def once(self) -> bool:
        """Whether reading uses it up."""
        return any(iter(one) is one for one in self._iterables)

    def count(self) -> tuple[list[tuple[Any, ...]], BaseException | None]:
        """All items, and the error with which an iterable ended, if one did.

        Raises:
            ValueError: one has more items than another.
        """
        self.compare()
        if all(type(one) in _SEQUENCES for one in self._iterables):
            return list(zip(*self._iterables, strict=True)), None
        items: list[tuple[Any, ...]] = []
        iterators = [iter(one) for one in self._iterables]
        while True:
            try:
                item = tuple(next(one, _END) for one in iterators)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # the loop would have run the items in front of it
                return items, error
            if self._over(item, len(items)):
                return items, None
            items.append(item)

    def compare(self) -> None:
        """Fail at once where lengths are known to differ."""
        lengths = {
            name: len(one)  # type: ignore[arg-type]
            for name, one in zip(self._names, self._iterables, strict=True)
            if hasattr(type(one), "__len__")
        }
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} has {_items(count)}" for name, count in lengths.items())
            raise self._uneven(found)

    def _over(self, item: tuple[Any, ...], done: int) -> bool:
        ended = [value is _END for value in item]
        if not any(ended):
            return False
        if not all(ended):
            name, longer = self._names[ended.index(True)], self._names[ended.index(False)]
            raise self._uneven(f"{name} has {_items(done)}, {longer} has more")
        return True

    def _uneven(self, found: str) -> ValueError:
        names = ", ".join(self._names)
        return ValueError(
            f"{self._function}(): the loop over {names} needs as many items of each: {found}"
        )


def steady(iterable: Iterable[Any]) -> Iterable[Any]:
    """The iterable, with items that outlast the step to the next one.

    A group of `itertools.groupby` is empty as soon as the next one begins, and here items are read
    ahead: each group gets a list of its own to iterate over.
    """
    if type(iterable) is not itertools.groupby:
        return iterable
    return ((key, iter(list(group))) for key, group in iterable)


def in_parts(items: Sequence[Any], names: Sequence[str], start: int = 0) -> list[tuple[Any, ...]]:
    """Items that are themselves one value for each of several loop variables, as tuples.

    Args:
        items: some of them.
        names: the loop variables.
        start: position of the first one.

    Raises:
        TypeError: an item has no parts.
        ValueError: an item has more or fewer parts than there are loop variables.
    """
    found = []
    for index, item in enumerate(items, start):
        try:
            parts = tuple(item)
        except TypeError:
            raise TypeError(_wanted(index, names, f"not {item!r}")) from None
        if len(parts) != len(names):
            raise ValueError(_wanted(index, names, f"it has {len(parts)}"))
        found.append(parts)
    return found


def _wanted(index: int, names: Sequence[str], found: str) -> str:
    return f"item {index} must have a value for each of {', '.join(names)}; {found}"


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"
