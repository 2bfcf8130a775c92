"""Findings as text for people, as JSON for programs, as commands for GitHub's checks.

Every format gets the same reports, and has the same summary: files, findings by code, seconds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from clustrix._model import Finding
from clustrix.command._colours import paint
from clustrix.command._report import Report, entry, severity

__all__ = ["FORMATS"]

_STYLES = {"answers": "red", "slow": "yellow", "advice": "cyan", "unread": "dim"}
_LEVELS = {"answers": "error", "slow": "warning", "advice": "notice", "unread": "warning"}


def as_text(reports: Sequence[Report], seconds: float, colour: bool) -> str:
    """One finding a line, what to do below the line, and the summary."""
    lines: list[str] = []
    for finding in _findings(reports):
        place = paint(f"{finding.file}:{finding.line}:{finding.column}:", "bold", colour)
        code = paint(finding.code, _STYLES[severity(finding)], colour)
        lines.append(f"{place} {code} {_said(finding)}")
        if severity(finding) != "unread":
            lines.append(paint(f"    {entry(finding).fix}", "dim", colour))
    return "\n".join([*lines, _summary(reports, seconds)])


def as_json(reports: Sequence[Report], seconds: float, colour: bool) -> str:
    """One object; its keys are part of the reference."""
    found = [_record(finding) for finding in _findings(reports)]
    content: dict[str, Any] = {
        "version": 1,
        "files": len(reports),
        "seconds": round(seconds, 3),
        "counts": _counts(reports),
        "ignored": sum(report.ignored for report in reports),
        "findings": found,
    }
    return json.dumps(content, indent=2)


def as_github(reports: Sequence[Report], seconds: float, colour: bool) -> str:
    """Workflow commands, which show the findings beside the lines of a pull request."""
    lines = [
        f"::{_LEVELS[severity(finding)]} file={_property(finding.file)},line={finding.line},"
        f"col={finding.column},title={finding.code}::{_data(_said(finding))}"
        for finding in _findings(reports)
    ]
    return "\n".join([*lines, _summary(reports, seconds)])


FORMATS: Final[dict[str, Callable[[Sequence[Report], float, bool], str]]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
}


def _findings(reports: Sequence[Report]) -> list[Finding]:
    return [finding for report in reports for finding in report.findings]


def _said(finding: Finding) -> str:
    return f"{finding.name} {finding.why}".strip()


def _record(finding: Finding) -> dict[str, object]:
    known = entry(finding)
    return {
        "code": finding.code,
        "severity": known.severity,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "name": finding.name,
        "why": finding.why,
        "fix": known.fix,
    }


def _counts(reports: Sequence[Report]) -> dict[str, int]:
    return dict(sorted(Counter(finding.code for finding in _findings(reports)).items()))


def _summary(reports: Sequence[Report], seconds: float) -> str:
    counts = _counts(reports)
    total = sum(counts.values())
    codes = ", ".join(f"{code} {count}" for code, count in counts.items())
    ignored = sum(report.ignored for report in reports)
    parts = [
        f"{len(reports)} file{'' if len(reports) == 1 else 's'}",
        f"{total or 'no'} finding{'' if total == 1 else 's'}{f' ({codes})' if codes else ''}",
        *([f"{ignored} ignored"] if ignored else []),
        f"{seconds:.2f} seconds",
    ]
    return ", ".join(parts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
