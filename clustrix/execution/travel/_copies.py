"""Which objects of a task a worker gets as copies, and whether an item is one of them.

    def heavier(node, weights): return weights[node]

    task: weights ── copied: {node: 1, …}       item: node ── copied, for itself
                                  └────── another object than ──────┘

Most objects are equal to themselves alone.  Where the constant arguments of a loop, its function or
what that reads hold such an item, the copies of both are two objects, and ``weights[node]``,
``node in graph`` or ``other is node`` would say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from clustrix.basis._native import local
from clustrix.basis._typing import Any

__all__ = ["among", "note", "noting"]


# What a type has that says nothing about equality, or about how it is copied.
_PLAIN = [(name, getattr(object, name)) for name in ("__eq__", "__reduce_ex__", "__reduce__")]


class _Noting(local):
    ids: set[int] | None = None


_here = _Noting()


@contextmanager
def noting() -> Iterator[set[int]]:
    """Collects the ids of objects that are copied meanwhile, and equal to themselves alone."""
    before, _here.ids = _here.ids, set()
    try:
        yield _here.ids
    finally:
        _here.ids = before


def note(obj: object) -> None:
    """An object is about to be copied."""
    if _here.ids is not None and _is_itself(type(obj)):
        _here.ids.add(id(obj))


def _is_itself(kind: type) -> bool:
    """Whether objects of a type are equal to themselves alone, and copies are other objects.

    Types that say how they are reduced may lead to the very object there, as members of enums do.
    """
    return all(getattr(kind, name) is method for name, method in _PLAIN)


def among(ids: frozenset[int], items: Iterable[Any]) -> bool:
    """Whether an item, or a part of one that is a tuple, is among these objects."""
    return bool(ids) and any(
        id(part) in ids for item in items for part in (item if type(item) is tuple else (item,))
    )
