"""Figures become an answer: ratios, verdicts, a table and two lines at its end."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks._contest import LOOP, OURS, Figures
from benchmarks._limits import ALL_PEERS, LIMITS, as_ratio, judge
from benchmarks._row import Row

__all__ = [
    "amount",
    "cells",
    "last_line",
    "machine_line",
    "machine_name",
    "result",
    "summary",
    "summary_lines",
    "table",
    "times",
]

_HEAD = ("work", "plain loop", "clustrix", "best peer", "", "to peer", "limit", "")


def result(row: Row, file: str, figures: Figures, seconds: float) -> dict[str, Any]:
    """One row as the JSON has it; times in seconds, memory in megabytes.

    Ratios are medians of the ratios of each round.
    """
    loops = figures.taken.get(LOOP, [])

    def ratio(name: str) -> float:
        beside = figures.beside.get(name) or loops
        pairs = zip(figures.taken[name], beside, strict=False)
        return statistics.median(own / loop for own, loop in pairs)

    contestants: dict[str, dict[str, Any]] = {
        name: {
            "setting": figures.settings.get(name, ""),
            "median": statistics.median(taken),
            "least": min(taken),
            "most": max(taken),
            "rounds": len(taken),
            "ratio": ratio(name),
        }
        for name, taken in figures.taken.items()
        if taken and loops
    }
    tried = {
        name: {"setting": figures.settings[name], "once": value}
        for name, value in figures.tried.items()
        if name not in contestants
    }
    peers = {name: ratio(name) for name in contestants if name not in (LOOP, OURS)}
    best = min(peers, key=lambda name: peers[name], default=None)
    ours, loop = contestants.get(OURS), contestants.get(LOOP, {}).get("median")
    found: dict[str, Any] = {
        "row": row.name,
        "file": file,
        "work": row.work,
        "headline": row.headline,
        "unit": "MB" if row.how == "memory" else "s",
        "items": figures.items,
        "loop": loop,
        "ours": ours["median"] if ours else None,
        "ratio": ours["ratio"] if ours else None,
        "best_peer": best,
        "best_peer_ratio": peers[best] if best else None,
        "to_peer": ours["ratio"] / peers[best] if ours and best else None,
        "schedule": figures.schedule,
        "to_schedule": ours["ratio"] / figures.schedule[0] if ours and figures.schedule else None,
        "contestants": contestants,
        "tried_once": tried,
        "skipped": figures.skipped,
        "limit": str(LIMITS[row.name]),
        "limit_ratio": as_ratio(LIMITS[row.name], loop) if loop else None,
        "peer_limit": LIMITS[row.name].peer if peers else None,
        "seconds": round(seconds, 1),
    }
    return {**found, "over": judge(LIMITS[row.name], found)}


def amount(value: float | None, unit: str) -> str:
    """A figure for people: 2.3 us, 31 ms, 2.0 s, 45 MB."""
    if value is None:
        return "-"
    if unit == "MB":
        return f"{value:.0f} MB"
    for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1 or name == "us":
            shown = value * factor
            return f"{shown:.0f} {name}" if shown >= 10 else f"{shown:.1f} {name}"
    raise AssertionError("not reached")


def times(ratio: float | None) -> str:
    """A ratio for people: as many digits as mean something."""
    if ratio is None:
        return "-"
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    verdict = "ok" if not row["over"] else "over: " + ", ".join(row["over"])
    return (
        row["work"],
        amount(row["loop"], row["unit"]),
        times(row["ratio"]),
        row["best_peer"] or "-",
        times(row["best_peer_ratio"]),
        times(row["to_peer"]),
        row["limit"],
        verdict,
    )


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The whole table as text."""
    lines = [_HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    right = (1, 2, 4, 5)

    def line(parts: Sequence[str]) -> str:
        padded = [
            part.rjust(width) if column in right else part.ljust(width)
            for column, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([line(_HEAD), rule, *map(line, lines[1:])])


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Ours against the best peer, over all rows that are judged so."""
    judged = [row for row in rows if row["peer_limit"] is not None and row["to_peer"]]
    logs = [math.log(row["to_peer"]) for row in judged]
    mean = math.exp(statistics.fmean(logs)) if logs else None
    worst = max(judged, key=lambda row: row["to_peer"] / row["peer_limit"], default=None)
    return {
        "rows": len(rows),
        "over": sum(bool(row["over"]) for row in rows),
        "judged": len(judged),
        "mean_to_peer": mean,
        "mean_limit": ALL_PEERS,
        "worst_row": worst["row"] if worst else None,
        "worst_to_peer": worst["to_peer"] if worst else None,
        "worst_limit": worst["peer_limit"] if worst else None,
    }


def summary_lines(found: dict[str, Any]) -> list[str]:
    """The summary as sentences."""
    if found["mean_to_peer"] is None:
        return []
    verdict = "ok" if found["mean_to_peer"] <= found["mean_limit"] else "over"
    return [
        f"against the best peer of each row, geometric mean of {found['judged']} rows: "
        f"{found['mean_to_peer']:.2f} (limit {found['mean_limit']:.2f}): {verdict}",
        f"furthest behind: {found['worst_row']}, {times(found['worst_to_peer'])} times its best "
        f"peer (limit {found['worst_limit']:.2f})",
    ]


def machine_name(machine: dict[str, Any]) -> str:
    """The machine and the day."""
    return (
        f"{machine['cpu']}, {machine['cpus']} CPUs (worth {machine['capacity']:.2f} at once), "
        f"{machine['system']}, {machine['python']}, {machine['date']}"
    )


def machine_line(machine: dict[str, Any]) -> str:
    """The machine, the day, and the versions."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{machine_name(machine)}; {versions}"


def last_line(found: dict[str, Any]) -> str:
    """The answer."""
    return f"bench: {found['rows']} rows, {found['over']} over their limit"
