"""The plot: work by work, times the plain loop, ours beside the best peer.

Bars begin at 1, which is the plain loop: to the left is faster, to the right is slower.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import amount, machine_name, times

__all__ = ["plot"]

OURS, OVER, PEER = "#0f766e", "#c2410c", "#aab4c0"
INK, FAINT, PALE, BAND = "#1f2937", "#6b7280", "#e2e6eb", "#f6f8fa"
GROWTH = "growth"
LEAST, MOST = 0.026, 6.0  # what lies outside is cut off, and its figure is at the right
WIDTH, LINE, HEAD, FOOT, PANEL = 12.0, 0.4, 1.1, 0.95, 2.7  # inches
# Left edges of the columns, in parts of the width.
WORK, LOOP_END, BARS, BARS_END, OURS_END, PEER_END, PEER_NAME, LIMIT = (
    0.02,
    0.31,
    0.32,
    0.705,
    0.755,
    0.81,
    0.817,
    0.922,
)


def plot(report: dict[str, Any], file: Path) -> Path | None:
    """Draw the report.

    Returns:
        The file; ``None`` where matplotlib is not installed or nothing was measured.
    """
    drawn = [row for row in report["rows"] if row["ratio"] and row["unit"] == "s"]
    rows = [row for row in drawn if row["file"] != GROWTH]
    growth = [row for row in drawn if row["file"] == GROWTH]
    if not drawn or importlib.util.find_spec("matplotlib") is None:
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "text.color": INK})
    bars, panel = LINE * len(rows), (PANEL + 0.75) * bool(growth)
    height = HEAD + bars + FOOT * bool(rows) + panel + 0.35
    figure = plt.figure(figsize=(WIDTH, height))
    _title(figure, report, height)
    if rows:
        place = (BARS, (height - HEAD - bars) / height, BARS_END - BARS, bars / height)
        _bars(figure, figure.add_axes(place), rows)
    if growth:
        place = (0.07, 0.85 / height, 0.91, PANEL / height)
        _growth(figure.add_axes(place), growth)
    figure.savefig(file, dpi=130, facecolor="white")
    plt.close(figure)
    return file


def _title(figure: Any, report: dict[str, Any], height: float) -> None:
    """What the picture is about, and where it was measured."""
    found = report["summary"]
    mean = found["mean_to_peer"]
    against = f"{times(mean)} of the best peer's time (geometric mean)   ·   " if mean else ""
    figure.text(
        WORK, 1 - 0.22 / height, "Times the plain loop", fontsize=18, fontweight="bold", va="top"
    )
    figure.text(
        0.98,
        1 - 0.28 / height,
        f"{against}{found['rows']} rows, {found['over']} over a limit",
        color=FAINT,
        va="top",
        ha="right",
    )
    where = machine_name(report["machine"])
    figure.text(WORK, 0.16 / height, where, color=FAINT, fontsize=8.5)


def _bars(figure: Any, axis: Any, rows: Sequence[dict[str, Any]]) -> None:
    """A pair of bars for each work, a mark where the limit is, and the figures beside them."""
    axis.set(xscale="log", xlim=(LEAST, MOST), ylim=(len(rows) - 0.5, -0.5))
    # Columns of text: x in parts of the figure, y in rows.
    from matplotlib.transforms import blended_transform_factory

    across = blended_transform_factory(figure.transFigure, axis.transData)

    def text(x: float, y: float, what: str, **style: Any) -> None:
        style = {"va": "center", "fontsize": 10, "transform": across, **style}
        axis.text(x, y, what, clip_on=False, **style)

    small: dict[str, Any] = {"color": FAINT, "fontsize": 8.5}
    text(LOOP_END, -0.85, "plain loop", ha="right", **small)
    text(OURS_END, -0.85, "clustrix", ha="right", **small)
    text(PEER_NAME, -0.85, "best peer", **small)
    text(LIMIT, -0.85, "limit", **small)
    axis.text(0.93, -0.85, "◀ faster", ha="right", va="center", **small)
    axis.text(1.08, -0.85, "slower ▶", ha="left", va="center", **small)
    for place, row in enumerate(rows):
        if place % 2 == 0:
            band = ((WORK - 0.008, 0.988), (place - 0.5,) * 2, (place + 0.5,) * 2)
            axis.fill_between(*band, color=BAND, lw=0, transform=across, clip_on=False, zorder=0)
        colour = OVER if row["over"] else OURS
        peer = row["best_peer"]
        _bar(axis, place - 0.14 * bool(peer), row["ratio"], 0.32, colour)
        text(WORK, place, row["work"])
        text(LOOP_END, place, amount(row["loop"], "s"), ha="right", **small)
        text(OURS_END, place, times(row["ratio"]), ha="right", color=colour, fontweight="bold")
        limit = row["limit"].replace(", ", "\n").replace(" + ", "\n+ ")
        text(LIMIT, place, limit, linespacing=0.95, **small)
        if peer:
            _bar(axis, place + 0.2, row["best_peer_ratio"], 0.22, PEER)
            text(PEER_END, place, times(row["best_peer_ratio"]), ha="right", color=FAINT)
            text(PEER_NAME, place, peer, **small)
        if row["limit_ratio"] and row["limit_ratio"] < MOST:
            mark = [row["limit_ratio"]] * 2, [place - 0.36, place + 0.36]
            axis.plot(*mark, color="white", lw=4, zorder=4, solid_capstyle="butt")
            axis.plot(*mark, color=INK, lw=2, zorder=5, solid_capstyle="butt")
    axis.axvline(1, color=INK, lw=0.9, zorder=3)
    ticks = (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5)
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=9)
    axis.set_xticks([], minor=True)
    axis.set_yticks([])
    axis.tick_params(axis="both", length=0, colors=FAINT)
    axis.grid(axis="x", color=PALE, lw=0.8, zorder=1)
    axis.set_axisbelow(True)
    axis.spines[:].set_visible(False)
    axis.patch.set_alpha(0)
    _legend(axis, rows)


def _bar(axis: Any, place: float, ratio: float, height: float, colour: str) -> None:
    """From the plain loop to the ratio; with an arrow where the picture is too small for it."""
    shown = min(max(ratio, LEAST), MOST)
    axis.barh(place, shown - 1, left=1, height=height, color=colour, zorder=2, lw=0)
    if ratio > MOST:
        size = 42 * height
        axis.plot(MOST, place, ">", color=colour, ms=size, mew=0, clip_on=False, zorder=6)


def _legend(axis: Any, rows: Sequence[dict[str, Any]]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [Patch(color=OURS, label="clustrix, nothing tuned")]
    if any(row["over"] for row in rows):
        entries.append(Patch(color=OVER, label="clustrix, over a limit"))
    entries += [
        Patch(color=PEER, label="best peer, tuned by hand"),
        Line2D([], [], color=INK, lw=2, label="limit"),
    ]
    axis.legend(
        handles=entries,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.32 / (LINE * len(rows))),
        bbox_transform=axis.transAxes,
        ncols=len(entries),
        frameon=False,
        fontsize=9.5,
    )


def _growth(axis: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Nanoseconds an item as the loop grows."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    counts = [row["items"] for row in rows]
    for key, colour, name in (("loop", PEER, "plain loop"), ("ours", OURS, "clustrix")):
        each = [row[key] / row["items"] * 1e9 for row in rows]
        axis.plot(counts, each, color=colour, lw=2.4, marker="o", ms=5, label=name, zorder=3)
    axis.set(xscale="log", yscale="log")
    axis.set_xlabel("items in the loop", color=FAINT, fontsize=9)
    axis.set_title(
        "Nanoseconds an item of a trivial function", loc="left", fontsize=12, fontweight="bold"
    )
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_yticks([], minor=True)
    axis.tick_params(length=0, which="both", colors=FAINT, labelsize=9)
    axis.grid(color=PALE, lw=0.8)
    axis.spines[:].set_visible(False)
    axis.legend(frameon=False, loc="upper right", fontsize=9.5)
