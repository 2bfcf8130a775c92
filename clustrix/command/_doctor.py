"""Is this machine, and this Python, fit for it?  Each probe has its say; the worst one counts.

_probes ─> Verdict, Verdict, … ─> a line each, with what to do ─> exit status
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from clustrix.command._colours import paint, wants_colour
from clustrix.command._probes import PROBES, Verdict

__all__ = ["doctor"]

_STYLES = {"ok": "green", "note": "yellow", "broken": "red"}


def doctor(form: str = "text") -> int:
    """Look at everything and print it.

    Args:
        form: ``"text"``, a line as soon as it is known, or ``"json"``.

    Returns:
        0; 1 when something is broken.
    """
    colour = wants_colour(sys.stdout)
    verdicts: list[Verdict] = []
    for verdict in _look():
        verdicts.append(verdict)
        if form == "text":
            print(_line(verdict, colour), flush=True)
    broken = [verdict.subject for verdict in verdicts if verdict.level == "broken"]
    if form == "json":
        lines = [verdict._asdict() for verdict in verdicts]
        print(json.dumps({"version": 1, "broken": broken, "verdicts": lines}, indent=2))
    else:
        print(f"broken: {', '.join(broken)}" if broken else "all is well")
    return 1 if broken else 0


def _look() -> Iterator[Verdict]:
    for probe in PROBES:
        try:
            yield from probe()
        except Exception as error:  # one thing that cannot be looked at hides no other
            name, said = probe.__name__, f"{type(error).__name__}: {error}"
            yield Verdict(name, "broken", f"looking at it failed: {said}", "please report this")


def _line(verdict: Verdict, colour: bool) -> str:
    level = paint(f"{verdict.level:6}", _STYLES[verdict.level], colour)
    line = f"{level}  {verdict.subject:13} {verdict.seen}"
    return f"{line}\n{'':22} -> {verdict.fix}" if verdict.fix else line
