"""Run the benchmarks: ``python -m benchmarks [--quick] [--all] [--only row,row]``.

    rows ──> _contest: measure ──> _report: judge ──> table, bench.json, bench.png

The output goes to ``.bench/``; ``--render-docs`` writes the table into the pages from there.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._contest import Effort, Figures, measure
from benchmarks._docs import render
from benchmarks._handle import ROOT, Failed
from benchmarks._machine import machine
from benchmarks._peers import PEERS
from benchmarks._plot import plot
from benchmarks._report import last_line, machine_line, result, summary, summary_lines, table
from benchmarks._row import Row
from benchmarks._rows import FILES, question, rows

QUICK_PEERS = ("concurrent.futures", "joblib")
# Main rows without which the quick run is quick; others are of the same kind.
NOT_QUICK = ("giant-last", "arrays-sorted", "mixed-each")
BUSY = 0.5  # with more load than this from elsewhere the figures say little


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="clustrix, the plain loop, and the peers."
    )
    parser.add_argument("--quick", action="store_true", help="the main rows, two peers, few rounds")
    parser.add_argument("--all", action="store_true", help="Dask and Ray, too")
    parser.add_argument("--only", default="", metavar="ROW,ROW", help="these rows only")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each row, at most")
    parser.add_argument("--out", type=Path, default=ROOT / ".bench", metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="the rows and their questions")
    parser.add_argument(
        "--render-docs", action="store_true", help="put the last table and plot into the pages"
    )
    return parser.parse_args(given)


def _effort(arguments: argparse.Namespace) -> Effort:
    names = [name for name, peer in PEERS.items() if arguments.all or not peer.cluster]
    if arguments.quick:
        return Effort(arguments.rounds or 3, 0.7, QUICK_PEERS, 1)
    return Effort(arguments.rounds or 9, 8.0, tuple(names), 3)


def _chosen(arguments: argparse.Namespace) -> list[tuple[str, Row]]:
    every = rows()
    only = [name.strip() for name in arguments.only.split(",") if name.strip()]
    known = {row.name for _, row in every} | set(FILES)
    if unknown := [name for name in only if name not in known]:
        raise SystemExit(f"no row {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    if only:
        return [(file, row) for file, row in every if row.name in only or file in only]
    if arguments.quick:
        return [(file, row) for file, row in every if row.headline and row.name not in NOT_QUICK]
    return every


def _one(file: str, row: Row, effort: Effort) -> dict[str, Any]:
    """Measure a row; whatever goes wrong is its result, not the end of the run."""
    start = time.monotonic()
    try:
        figures = measure(row, effort)
    except Failed as reason:
        figures = Figures(skipped={"clustrix": str(reason)})
    return result(row, file, figures, time.monotonic() - start)


def main(given: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    arguments = _arguments(given)
    chosen = _chosen(arguments)
    report = arguments.out / "bench.json"
    if arguments.list:
        for file, row in chosen:
            print(f"{row.name:16} {row.work:34} {question(file)}")
        return
    if arguments.render_docs:
        print("\n".join(render(json.loads(report.read_text()), arguments.out / "bench.png")))
        return
    if os.getloadavg()[0] > BUSY:
        print(f"note: this machine is busy (load {os.getloadavg()[0]:.1f}); the figures suffer")
    start, where, effort = time.monotonic(), machine(), _effort(arguments)
    results = []
    for number, (file, row) in enumerate(chosen, 1):
        results.append(_one(file, row, effort))
        taken = results[-1]["seconds"]
        print(f"  {number:2}/{len(chosen)}  {row.name:16} {taken:5.1f} s", flush=True)
    found = summary(results)
    seconds = round(time.monotonic() - start, 1)
    whole: dict[str, Any] = {"machine": where, "quick": arguments.quick, "seconds": seconds}
    whole |= {"summary": found, "rows": results}
    arguments.out.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(whole, indent=1) + "\n")
    drawn = plot(whole, arguments.out / "bench.png")
    missing = {name: reason for row in results for name, reason in row["skipped"].items()}
    not_there = sorted(f"{n}: {why}" for n, why in missing.items() if "not installed" in why)
    print("", table(results), "", sep="\n")
    print("  times the plain loop, medians; limit `best`: times the best possible schedule")
    print(f"  {machine_line(where)}")
    for line in (*not_there, *summary_lines(found)):
        print(f"  {line}")
    print(f"  wrote {report}{f' and {drawn}' if drawn else '; no plot without matplotlib'}")
    print(f"  in {seconds:.0f} s")
    print(last_line(found))


if __name__ == "__main__":
    main()
