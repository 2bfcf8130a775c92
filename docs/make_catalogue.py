"""Write reference/catalogue.md from the catalogue: `make catalogue`.

clustrix/analysis/catalogue ──> one table for each group ──> docs/reference/catalogue.md
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from clustrix.analysis import catalogue
from clustrix.analysis.catalogue.evidence import EVIDENCE
from clustrix.analysis.catalogue.innocent import HINTS
from clustrix.analysis.catalogue.travel import DEFAULT_FIX, FIXES, PICKLE_CODES, USUAL

PAGE = Path(__file__).parent / "reference" / "catalogue.md"
GROUPS = {
    "IO1": "Files",
    "IO2": "The network",
    "IO3": "Other programs",
    "IO4": "Databases",
    "IO5": "Time, locks, other threads, a person",
}
HEAD = """\
# The catalogue

What clustrix knows about calls, by the codes that plans show.
[What the analysis sees](../explanation/analysis.md) says how it is used,
[Tell clustrix about your own libraries](../how-to/catalogue.md) how to add to it. A name that ends
in `.*` stands for every method, or everything in a package.

This page is written by `make catalogue`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(itertools.chain([HEAD], _waiting(), _told(), _releasing(), _stuck()))


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {head} |"
    yield "|" + " --- |" * (head.count("|") + 1)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _names(names: Iterable[str]) -> str:
    """`a.b`, `a.c` ... as ``a: b, c``: the families are long."""
    found: list[str] = []
    for owner, group in itertools.groupby(names, key=lambda name: name.rpartition(".")[0]):
        last = ", ".join(name.rpartition(".")[2] for name in group)
        found.append(f"`{owner}`: {last}" if owner else f"`{last}`")
    return "; ".join(found).replace("*", "\\*")


def _why(why: str, evidence: str) -> str:
    return f"{why} ({evidence})" if evidence else why


def _waiting() -> Iterator[str]:
    for prefix, title in GROUPS.items():
        entries = [entry for entry in catalogue.CATALOGUE if entry.code.startswith(prefix)]
        yield f"## {title}: {prefix}xx\n"
        yield from _table(
            "code | why | calls",
            (
                (one.code, _why(one.why, EVIDENCE.get(one.code, "")), _names(one.names))
                for one in entries
            ),
        )


def _told() -> Iterator[str]:
    yield "## Told by the name of a method: IO9xx\n"
    yield "Only where nobody knows what the receiver is.\n"
    told: dict[tuple[str, str], list[str]] = {}
    for table in (catalogue.TELLING, catalogue.FILLED_TELLING, catalogue.COMMON_TELLING):
        for method, reason in table.items():
            told.setdefault(reason, []).append(method)
    for receivers, methods in HINTS:
        for method, reason in methods.items():
            known = told.setdefault(reason, [f"on {', '.join(receivers.split())}:"])
            known.append(method)
    yield from _table(
        "code | why | methods",
        (
            (code, _why(why, EVIDENCE.get(code, "")), ", ".join(methods).replace(":,", ":"))
            for (code, why), methods in sorted(told.items())
        ),
    )


def _releasing() -> Iterator[str]:
    yield "## Computes without the GIL: GL1xx to GL3xx\n"
    yield "A hint in the plan. Whether threads gain from it is measured.\n"
    yield from _table(
        "code | why | calls",
        ((one.code, _why(one.why, one.evidence), _names(one.names)) for one in catalogue.RELEASING),
    )


def _stuck() -> Iterator[str]:
    yield "## Cannot be pickled: PK1xx\n"
    yield from _table(
        "code | what is wrong | what usually helps",
        (
            (code, why, USUAL.get(code, "see below" if code == "PK101" else ""))
            for code, why in sorted(PICKLE_CODES.items())
        ),
    )
    yield "What helps depends on the class of the culprit, or of an object around it:\n"
    helps: dict[str, list[str]] = {}
    for kind, fix in FIXES.items():
        helps.setdefault(fix, []).append(f"`{kind.removeprefix('builtins.')}`")
    helps[DEFAULT_FIX] = ["everything else"]
    yield from _table(
        "what helps | with", ((fix, ", ".join(kinds)) for fix, kinds in helps.items())
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
