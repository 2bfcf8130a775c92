"""What was found, each call once, at the line that says most to the user.

    fetch.py:12  load()        <- the user's own line that leads there
       lib.py:80   read_all()
         lib.py:95   open()       found here

What stands in an error path is not written down.
"""

from __future__ import annotations

import ast

from clustrix._model import Finding
from clustrix.analysis._source import in_library
from clustrix.analysis._walk import Walk
from clustrix.analysis.catalogue import AWAITED, INCIDENTAL

__all__ = ["Ledger"]

_MAX_HINTS = 3
_MAX_FINDINGS = 20  # more would not change the plan, only fill the screen


class Ledger:
    """The findings so far, and the call sites that led from the outermost function to here."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, int], Finding] = {}
        self.hints: dict[str, Finding] = {}
        self.trail: list[tuple[str, int]] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, in reading order."""
        return tuple(self.found.values())

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What lets go of the GIL, in reading order: no reason to wait, but worth knowing."""
        return tuple(self.hints.values())

    def hint(self, code: str, why: str, name: str, walk: Walk, node: ast.expr) -> None:
        """Write down that the call at ``node`` lets go of the GIL, once for each name."""
        if not walk.quiet and len(self.hints) < _MAX_HINTS:
            file, line = walk.source.file, node.lineno
            if not in_library(file):
                self.hints.setdefault(name, Finding(code, why, name, file, line))

    def note(self, code: str, why: str, name: str, walk: Walk, node: ast.expr) -> None:
        """Write down that the call at ``node`` waits, unless it stands in an error path."""
        if walk.quiet or len(self.found) >= _MAX_FINDINGS:
            return
        file, line = walk.source.file, node.lineno
        if walk.depth and name in INCIDENTAL and in_library(file):
            return
        if self.trail and in_library(file):
            mine = [site for site in self.trail if not in_library(site[0])]
            file, line = mine[-1] if mine else (file, line)
        if code == AWAITED[0] and any(at[1:] == (file, line) for at in self.found):
            return  # the call that is awaited says it better
        # One call may be known by its type and told by its name: the first answer stands.
        key = (name.rpartition(".")[2], file, line)
        self.found.setdefault(key, Finding(code, why, name, file, line))
