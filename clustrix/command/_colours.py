"""Colour where a person looks: on a terminal, unless the environment says otherwise."""

from __future__ import annotations

import os
from typing import TextIO

__all__ = ["paint", "wants_colour"]

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream.

    ``NO_COLOR`` and ``FORCE_COLOR`` decide if they are set to anything, the first before the
    second; then it must be a terminal that knows colours.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style; as it is where no colour is wanted."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text
