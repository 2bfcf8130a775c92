"""The table in the pages: generated from the JSON, between two markers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._handle import ROOT
from benchmarks._report import cells, machine_line, summary_lines, times

__all__ = ["BEGIN", "END", "PAGES", "render"]

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
PICTURE = Path("docs/explanation/benchmarks.png")
# Page, whether it has the short table, and the picture as seen from there.
PAGES = (
    (Path("README.md"), True, PICTURE.as_posix()),
    (Path("docs/explanation/benchmarks.md"), False, PICTURE.name),
)


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "| work | plain loop | clustrix | best peer | limit |",
        "| --- | ---: | ---: | --- | --- |",
    ]
    for row in rows:
        work, loop, ours, peer, ratio, _, limit, _ = cells(row)
        ours += " (!)" * bool(row["over"])
        beside = f"{ratio} ({peer})" if row["best_peer"] else "-"
        lines.append(f"| {work} | {loop} | {ours} | {beside} | {limit} |")
    return lines


def block(report: dict[str, Any], short: bool, picture: str | None) -> str:
    """What stands between the markers."""
    rows = [row for row in report["rows"] if row["headline"] or not short]
    found = report["summary"]
    lines = [BEGIN, "", *_table(rows), ""]
    if picture:
        lines += [f"![Times the plain loop, ours beside the best peer]({picture})", ""]
    lines += [f"Measured on {machine_line(report['machine'])}.", ""]
    if found["mean_to_peer"] is not None:
        lines += [
            f"Over {found['judged']} rows clustrix takes {times(found['mean_to_peer'])} of the "
            "time of the best peer (geometric mean).",
            "",
        ]
    return "\n".join([*lines, END])


def render(report: dict[str, Any], drawing: Path, root: Path = ROOT) -> list[str]:
    """Put the table and the plot into the pages that have the markers.

    Returns:
        What was done, a line for each page.
    """
    said = []
    drawn = drawing.exists()
    if drawn:
        (root / PICTURE).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(drawing, root / PICTURE)
    for page, short, picture in PAGES:
        file = root / page
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if BEGIN not in text or END not in text:
            said.append(f"{page}: no markers, left alone")
            continue
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        new = before + block(report, short, picture if drawn else None) + after
        file.write_text(new, encoding="utf-8")
        said.append(f"{page}: written")
    return [*said, *summary_lines(report["summary"])]
