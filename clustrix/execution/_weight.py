"""What it costs to move an item and its result between processes; a guess from one of each.

numbers, short text ──> next to nothing      arrays ──> by their bytes      else ──> try it
"""

from __future__ import annotations

import time
from typing import Any

from clustrix._plain import PLAIN, all_plain

__all__ = ["bulk", "weigh"]

# benchmarks/big_arrays.py: 256 MB into two workers in 60 ms, and back in 100.
SECONDS_PER_BYTE = 0.4e-9

# What NumPy and both sides do about an array of any size.
ARRAY = 2e-5

# A number or a short text among others in a chunk: its part of the pickle, on both sides.
LIGHT = 1e-7

_SHORT = 1000
_FEW = 16


def weigh(item: Any, value: Any) -> float | None:
    """Seconds to send an item and get its result back.

    Returns:
        An estimate; ``None`` when one of them cannot travel.
    """
    total = 0.0
    for part in (item, value):
        seconds = _light(part)
        if seconds is None:
            seconds = _try(part)
        if seconds is None:
            return None
        total += seconds
    return total


def bulk(item: Any) -> int:
    """Bytes of the arrays in an item, as far as a glance shows; nothing is serialized."""
    size = _array_bytes(item)
    if size:
        return size
    kind = type(item)
    held: Any = item if kind in (list, tuple) else item.values() if kind is dict else ()
    if not held and kind.__module__ != "builtins":
        try:
            held = object.__getattribute__(item, "__dict__").values()
        except AttributeError:
            return 0
    return sum(map(_array_bytes, held)) if len(held) <= _FEW else 0


def _array_bytes(part: Any) -> int:
    kind = type(part)
    is_array = kind.__name__ == "ndarray" and kind.__module__ == "numpy"
    return part.nbytes if is_array else 0


def _light(part: Any) -> float | None:
    """Without a pickler, which takes long to load; ``None`` for what must be tried."""
    kind = type(part)
    if kind in PLAIN:
        return LIGHT + SECONDS_PER_BYTE * (len(part) if kind in (str, bytes) else 0)
    if kind in (list, tuple) and len(part) < _SHORT and all_plain(part):
        return LIGHT * (1 + 0.05 * len(part))
    if kind.__module__ == "numpy" and hasattr(kind, "dtype") and not part.dtype.hasobject:
        return ARRAY + SECONDS_PER_BYTE * int(part.nbytes)
    return None


def _try(part: Any) -> float | None:
    from clustrix.execution._transport import dumps, loads

    size = 0

    def outside(buffer: Any) -> bool:
        nonlocal size
        with buffer.raw() as raw:
            size += raw.nbytes
        buffers.append(buffer)
        return False

    buffers: list[Any] = []
    start = time.perf_counter()
    try:
        loads(dumps(part, buffer_callback=outside), buffers)
    except Exception:  # code of the part's class runs here
        return None
    return time.perf_counter() - start + SECONDS_PER_BYTE * size
