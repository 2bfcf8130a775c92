"""Items that wait for each other, through files: it works on threads and in other processes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["folder", "leave_mark", "marks", "wait_for"]

_LOOK = 0.002  # seconds between two looks at a folder


@contextmanager
def folder() -> Iterator[str]:
    """A folder for marks, empty."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        yield made


def leave_mark(place: str, name: object) -> None:
    """Say that something has happened."""
    Path(place, str(name)).touch()


def marks(place: str) -> set[str]:
    """What has happened."""
    return {path.name for path in Path(place).iterdir()}


def wait_for(place: str, name: object, patience: float = 10.0) -> bool:
    """Wait until something has happened; ``False`` when it did not."""
    end = time.monotonic() + patience
    while not Path(place, str(name)).exists():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK)
    return True
