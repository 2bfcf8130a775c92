"""Work on arrays and bytes, in C: what moves memory, and what computes without the GIL."""

from __future__ import annotations

import hashlib
import random
import zlib
from typing import Any

import numpy as np

__all__ = ["LENGTH", "arrays", "compressed", "dot", "filled", "hashed", "median", "sines", "total"]

LENGTH = 1 << 20  # doubles: an array of 8 MB
_TEXT = bytes(random.Random(7).choices(b"etaoin shrdlu", k=120_000))


def arrays(count: int) -> list[Any]:
    """Random arrays of 8 MB each, the same in every process."""
    generator = np.random.default_rng(7)
    return [generator.random(LENGTH) for _ in range(count)]


def total(array: Any) -> float:
    """Next to nothing to compute: reading the memory is the work."""
    return float(array.sum())


def median(array: Any) -> float:
    """Sort a copy: several times the work of moving it."""
    return float(np.sort(array)[array.size // 2])


def filled(value: float) -> Any:
    """An array of 8 MB as the result."""
    return np.full(LENGTH, float(value))


def sines(seed: int) -> float:
    """Trigonometry on an array made here: NumPy lets go of the GIL."""
    values = np.arange(150_000, dtype=float) + seed
    return float((np.sin(values) * np.cos(values)).sum())


def compressed(seed: int) -> int:
    """Compress 120 kB of letters."""
    return len(zlib.compress(_TEXT[seed:] + _TEXT[:seed]))


def hashed(seed: int) -> str:
    """SHA-256 of 4 MB."""
    return hashlib.sha256(bytes([seed & 0xFF]) * (4 << 20)).hexdigest()


def dot(matrix: Any) -> float:
    """A matrix times itself, by BLAS with as many threads as it takes by default."""
    return float(np.dot(matrix, matrix)[0, 0])
