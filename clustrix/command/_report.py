"""What is known of one file when it has been read: travels from the worker to the formats."""

from __future__ import annotations

from typing import NamedTuple

from clustrix._model import Finding
from clustrix.command._codes import CODES, Code

__all__ = ["Report", "entry", "severity"]


class Report(NamedTuple):
    """One file.

    Attributes:
        file: its path, as it is shown.
        findings: by line, column and code.
        ignored: how many findings a comment silenced.
    """

    file: str
    findings: tuple[Finding, ...] = ()
    ignored: int = 0


def entry(finding: Finding) -> Code:
    """The entry of the catalogue for a finding."""
    return CODES[finding.code]


def severity(finding: Finding) -> str:
    """How much a finding matters: ``"answers"``, ``"slow"``, ``"advice"`` or ``"unread"``."""
    return CODES[finding.code].severity
