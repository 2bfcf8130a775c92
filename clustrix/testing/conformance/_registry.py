"""All behaviours, theme by theme, in the order of the table."""

from __future__ import annotations

import importlib
from functools import lru_cache

from clustrix.testing.conformance._model import Behaviour, Theme

__all__ = ["behaviours", "themes"]

_FILES = (
    "values",
    "functions",
    "arguments",
    "errors",
    "exits",
    "failures",
    "output",
    "logs",
    "warnings",
    "surroundings",
    "randomness",
    "interrupts",
    "timeouts",
    "nesting",
    "workers",
    "streams",
    "scripts",
)


@lru_cache(maxsize=1)
def themes() -> tuple[Theme, ...]:
    """The themes, in the order of the table."""
    package = f"{__package__}.themes"
    return tuple(importlib.import_module(f"{package}._{name}").theme for name in _FILES)


def behaviours() -> tuple[Behaviour, ...]:
    """Every behaviour of the suite.

    Examples:
        >>> from clustrix.testing.conformance import behaviours
        >>> next(one.sentence for one in behaviours() if one.id == "output.prints")
        'What the items print arrives in loop order.'
    """
    return tuple(one for theme in themes() for one in theme.behaviours)
