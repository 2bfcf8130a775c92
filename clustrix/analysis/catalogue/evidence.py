"""How it is known what the less obvious entries say: code -> a note.

Most entries need none: that `open` opens a file is what its documents say.
"""

from __future__ import annotations

from typing import Final

__all__ = ["EVIDENCE"]

_NAMES: Final = (
    "a guess from the name alone, for receivers of which nothing is known; "
    "held to the labelled functions of the tests"
)

EVIDENCE: Final = {
    "IO108": "mapping is instant; reading the pages waits for the disk",
    "IO111": "each call asks the file system: on network drives some milliseconds",
    "IO221": "`bind` and `listen` are quick; who calls them is about to wait",
    "IO241": "clients queue messages, and wait for the broker when the queue is full",
    "IO504": "on a worker process standard input is empty, so it would fail there",
    "IO901": f"{_NAMES}; an object in memory with these methods is taken for a file",
    **dict.fromkeys(
        [*(f"IO{code}" for code in range(902, 918))],
        _NAMES,
    ),
}
