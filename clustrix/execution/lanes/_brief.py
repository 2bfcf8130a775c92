"""A repr of bounded length that survives objects whose own repr fails: for messages."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["brief"]


class _Brief(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 80

    def repr_instance(self, x: Any, level: int) -> str:
        try:
            return super().repr_instance(x, level)
        except Exception:
            return f"<{type(x).__name__} object>"


brief = _Brief().repr
