"""Results as a table: behaviour by engine, then what is known, then what differed.

{engine: [Result, …]} ──> text for a terminal | JSON | the generated part of the page
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import clustrix
from clustrix.testing.conformance._model import Behaviour, Result
from clustrix.testing.conformance._registry import themes

__all__ = [
    "BEGIN",
    "CLUSTER_PAGE",
    "END",
    "PAGE",
    "Results",
    "as_json",
    "as_markdown",
    "as_text",
    "last_line",
]
__all__ += ["naive_line", "write_page"]

Results = Mapping[str, Sequence[Result]]

PAGE = Path(clustrix.__file__).parents[1] / "docs" / "reference" / "conformance.md"
CLUSTER_PAGE = PAGE.with_name("conformance-clusters.md")
BEGIN, END = "<!-- conformance: begin -->", "<!-- conformance: end -->"
_SIGNS = {"pass": "pass", "limit": "limit", "FAIL": "FAIL", "gone": "gone", "n/a": "-"}


def _cells(results: Results) -> dict[str, list[str]]:
    """For each behaviour that ran, its sign on each engine."""
    ran = [result.id for result in next(iter(results.values()), ())]
    signs = [{one.id: _SIGNS[one.status] for one in column} for column in results.values()]
    return {name: [column.get(name, "-") for column in signs] for name in ran}


def _shown(cells: Mapping[str, object]) -> list[tuple[str, list[Behaviour]]]:
    """The themes, with those of their behaviours that ran."""
    found = (
        (f"{theme.name}: {theme.about}", [one for one in theme.behaviours if one.id in cells])
        for theme in themes()
    )
    return [(title, ones) for title, ones in found if ones]


def _reasons(results: Results, status: str) -> list[str]:
    """A line for each behaviour and reason with a status, and the engines that have it."""
    found: dict[tuple[str, str], list[str]] = {}
    for engine, column in results.items():
        for one in column:
            if one.status == status:
                found.setdefault((one.id, one.detail), []).append(engine)
    return [f"{name} ({', '.join(who)}): {why}" for (name, why), who in found.items()]


def as_text(results: Results) -> str:
    """The table for a terminal."""
    cells = _cells(results)
    widths = [max(5, len(engine)) for engine in results]
    names = max((len(name) for name in cells), default=10)
    header = " ".join(f"{engine:>{width}}" for engine, width in zip(results, widths, strict=True))
    lines = [f"{'':{names}}  {header}"]
    for title, ones in _shown(cells):
        lines += ["", title]
        for one in ones:
            signs = zip(cells[one.id], widths, strict=True)
            row = " ".join(f"{sign:>{width}}" for sign, width in signs)
            lines.append(f"{one.id:{names}}  {row}")
    titles = {
        "limit": "known limits",
        "gone": "known limits that are none any more",
        "FAIL": "what differed",
    }
    for status, title in titles.items():
        if reasons := _reasons(results, status):
            lines += ["", f"{title}:"]
            lines += [textwrap.indent(textwrap.fill(one, 98), "  ") for one in reasons]
    return "\n".join(lines)


def as_json(results: Results) -> str:
    """Everything, for programs."""
    sentences = {one.id: one.sentence for theme in themes() for one in theme.behaviours}
    columns = {
        engine: [{**asdict(one), "sentence": sentences[one.id]} for one in column]
        for engine, column in results.items()
    }
    return json.dumps(columns, indent=1, ensure_ascii=False)


def as_markdown(results: Results) -> str:
    """The table for a page."""
    cells = _cells(results)
    lines = []
    for title, ones in _shown(cells):
        name, _, about = title.partition(": ")
        lines += [f"## {name.capitalize()}", "", f"{about[:1].upper()}{about[1:]}.", ""]
        lines.append(f"| behaviour | {' | '.join(results)} |")
        lines.append(f"| --- |{' --- |' * len(results)}")
        for one in ones:
            row = " | ".join(cells[one.id])
            lines.append(f"| {_escaped(one.sentence)} `{one.id}` | {row} |")
        lines.append("")
    if limits := _reasons({k: v for k, v in results.items() if k != "naive"}, "limit"):
        lines += ["## Known limits", "", *(f"* {_escaped(one)}" for one in limits), ""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def last_line(results: Results, seconds: float) -> str:
    """All of it in one line."""
    found = Counter(one.status for column in results.values() for one in column)
    asked, bad = len(_cells(results)), found["FAIL"] + found["gone"]
    return (
        f"conformance: {asked} behaviours, {len(results)} engines, {seconds:.0f} s: "
        f"{found['pass']} pass, {found['limit']} known limits, {found['n/a']} not asked, "
        f"{bad} failures: {'not the plain loop yet' if bad else 'as the plain loop'}"
    )


def naive_line(results: Sequence[Result]) -> str:
    """What an engine that takes no care fails."""
    failed = [one.id for one in results if one.status == "FAIL"]
    asked = sum(one.status != "n/a" for one in results)
    head = f"naive: a plain ProcessPoolExecutor.map fails {len(failed)} of {asked} behaviours"
    return f"{head}:\n{textwrap.indent(textwrap.fill(', '.join(failed), 98), '  ')}"


def write_page(results: Results, page: Path = PAGE) -> None:
    """Put the table between the markers of the page.

    Raises:
        FileNotFoundError: this is an installed package, without its pages.
        ValueError: the page has no markers.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{as_markdown(results)}\n{END}{after}", encoding="utf-8")
