"""What it costs to move an item and its result between processes; a guess from a few of each.

numbers, short text ──> next to nothing      arrays ──> by their bytes      else ──> try it
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from clustrix.basis._native import pickle
from clustrix.basis._plain import PLAIN, all_plain

__all__ = ["bulk", "weigh"]

# benchmarks/big_arrays.py: 256 MB into two workers in 60 ms, and back in 100.
SECONDS_PER_BYTE = 0.4e-9

# What NumPy and both sides do about an array of any size.
ARRAY = 2e-5

# A number or a short text among others in a chunk: its part of the pickle, on both sides.
LIGHT = 1e-7

# A byte of text, which is copied into a pickle and out of it (benchmarks/plain_data.py: 20 kB take
# 14 us there; in a loop over texts of 2 kB the calling thread alone lost 1.2 ns for each byte).
TEXT = 1e-9

# And of each in a list or tuple (benchmarks/plain_data.py: 300 floats take 12 us on their way there
# or back, 300 words 18).
INNER = 5e-8

# Seconds: where one takes no more, another is tried, and where it takes less, several together.
# The first record of a class takes 0.1 ms, and the next ones 3 us.
SMALL, LARGE = 2e-4, 2e-3

_SHORT = 1000
_FEW = 16

_Dumps = Callable[[Any, Callable[..., object]], bytes]


def weigh(items: Sequence[Any], values: Sequence[Any]) -> float | None:
    """Seconds to send an item and get its result back.

    Args:
        items: one, or a few: what their chunk shares, the name of a class say, travels once.
        values: their results.

    Returns:
        An estimate; ``None`` when one of them cannot travel.
    """
    total = 0.0
    for parts in (items, values):
        seconds = _light(parts[0])
        if seconds is None:
            seconds = _try(parts)
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
        return LIGHT + TEXT * (len(part) if kind in (str, bytes) else 0)
    if kind in (list, tuple) and len(part) < _SHORT and all_plain(part):
        return LIGHT + INNER * len(part)
    if kind.__module__ == "numpy" and hasattr(kind, "dtype") and not part.dtype.hasobject:
        return ARRAY + SECONDS_PER_BYTE * int(part.nbytes)
    return None


def _try(parts: Sequence[Any]) -> float | None:
    """By moving them, with the standard pickle if that takes them: cloudpickle loads for 7 ms."""
    with contextlib.suppress(Exception):  # code of their classes runs here
        return _tried(parts, lambda obj, keep: pickle.dumps(obj, protocol=5, buffer_callback=keep))
    from clustrix.execution.travel._transport import dumps

    try:
        return _tried(parts, dumps)
    except Exception:
        return None


def _tried(parts: Sequence[Any], dumps: _Dumps) -> float:
    """One of them; then, as the first is the dearest, those behind it: each is serialized once."""
    one, rest = _moved(parts[:1], dumps), parts[1:]
    if one > LARGE or not rest:
        return one
    return min(one, _moved(rest if one < SMALL else rest[:1], dumps))


def _moved(parts: Sequence[Any], dumps: _Dumps) -> float:
    """Seconds to serialize and restore one of them, and for its arrays."""
    buffers: list[pickle.PickleBuffer] = []
    start = time.perf_counter()
    pickle.loads(dumps(list(parts), buffers.append), buffers=buffers)
    seconds = time.perf_counter() - start
    size = sum(memoryview(buffer).nbytes for buffer in buffers)
    return (seconds + SECONDS_PER_BYTE * size) / len(parts)
