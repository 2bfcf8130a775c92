"""What was written and what was read: from single touches to findings.

    TOTALS.append(x)                      added, never read     SH101
    TOTALS[k] = v;  … TOTALS[j] …         set, and read         SH201
    row.size = 3                          the item's own        SH102
    with LOCK: COUNT += 1                 under a lock          SH103

A touch knows nothing of the others; whether order matters shows when all have been seen.
"""

from __future__ import annotations

from typing import Final

from clustrix._model import Finding
from clustrix.analysis._refs import ITEM, Ref
from clustrix.analysis.catalogue.effects import EFFECT_CODES
from clustrix.basis._typing import NamedTuple

__all__ = [
    "ADD",
    "DRAW",
    "ENTROPIC",
    "REBIND",
    "REWRITE",
    "SEED",
    "SETTING",
    "TAKE",
    "Touch",
    "Touched",
]

ADD, REBIND, REWRITE, TAKE = "add", "rebind", "rewrite", "take"
SETTING, DRAW, ENTROPIC, SEED = "SH204", "RN101", "RN102", "RN103"

_MAX_FINDINGS: Final = 20  # more would not change the plan, only fill the screen


class Touch(NamedTuple):
    """One write, or one draw of a random number.

    Attributes:
        kind: what was done; for settings and random numbers the code itself.
        name: what it was done to, as the user writes it.
        path: the container or attribute that reading would show it in.
        file: path of the file to point at.
        line: line in it.
        column: column in it, counted from 1.
        own: whether it is the item's own, rather than everybody's.
        guarded: whether it stands under a lock and no order of such writes matters.
    """

    kind: str
    name: str
    path: str
    file: str
    line: int
    column: int
    own: bool = False
    guarded: bool = False


class Touched:
    """Everything that reading one function has shown so far."""

    def __init__(self) -> None:
        self.touches: dict[tuple[str, str, int, str], Touch] = {}
        self.known: dict[str, Finding] = {}  # what is known of the function by its name
        self._reads: set[str] = set()

    def note(self, touch: Touch) -> None:
        """Write a touch down, once for each name and line."""
        self.touches.setdefault((touch.name, touch.file, touch.line, touch.kind), touch)

    def read(self, ref: Ref) -> None:
        """Something that outlives the call was looked at."""
        self._reads.add(ref.path)

    def findings(self) -> tuple[Finding, ...]:
        """What it all means, in reading order."""
        found: dict[tuple[str, str, int], Finding] = {}
        for touch in self.touches.values():
            code = self._code(touch)
            why = EFFECT_CODES[code]
            finding = Finding(code, why, touch.name, touch.file, touch.line, touch.column)
            found.setdefault((touch.name, touch.file, touch.line), finding)
        told = {finding.code for finding in found.values()}
        known = [finding for code, finding in self.known.items() if code not in told]
        return (*found.values(), *known)[:_MAX_FINDINGS]

    def _code(self, touch: Touch) -> str:
        if touch.kind in EFFECT_CODES:
            return touch.kind
        ordered = touch.kind in (REWRITE, TAKE) or self._is_read(touch.path)
        if touch.own:
            return "SH205" if ordered else "SH102"
        if touch.guarded and not self._is_read(touch.path):
            return "SH103"
        if touch.kind == TAKE:
            return "SH203"
        if touch.kind == REBIND and not self._is_read(touch.path):
            return "SH202"
        return "SH201" if ordered else "SH101"

    def _is_read(self, path: str) -> bool:
        if path in self._reads:
            return True
        inside = (path + "[", path + ".")
        return any(read.startswith(inside) for read in self._reads)


def is_own(ref: Ref) -> bool:
    """Whether a write to this part of the item concerns no other item."""
    return ref.root == ITEM and ref.depth == ref.path.count("[...]")
