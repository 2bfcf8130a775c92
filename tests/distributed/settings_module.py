"""A module with a global that programs change."""

from __future__ import annotations

FACTOR = 2


def scaled(x: int) -> int:
    """The item, scaled by the global."""
    return x * FACTOR
