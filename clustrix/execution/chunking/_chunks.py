"""Cut a loop into chunks.  Pure arithmetic: no pools, no user code.

    8 items, size 3 ──> [0:3] [3:6] [6:8]

Chunks are contiguous and ordered, so joining their results restores the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clustrix._model import Chunk

__all__ = ["cut"]


def cut(items: Sequence[Any], size: int) -> Iterator[Chunk]:
    """Cut items into neighbouring chunks.

    Args:
        items: the items of the loop; a ``range`` is cut into ranges.
        size: items in a chunk, at least 1; the last chunk may be shorter.

    Yields:
        The chunks in loop order.

    Example:
        >>> [list(chunk.items) for chunk in cut(range(5), 2)]
        [[0, 1], [2, 3], [4]]
    """
    for start in range(0, len(items), size):
        yield Chunk(start, items[start : start + size])
