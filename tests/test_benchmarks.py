"""The benchmarks are complete and run; what they measure is no concern of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import _docs, _report, _rows, work
from benchmarks._contest import LOOP, OURS, Figures
from benchmarks._limits import LIMITS, Limit, judge
from benchmarks._peers import PEERS
from benchmarks._row import Row
from benchmarks._schedule import best_schedule, in_loop_order

ROOT = Path(__file__).parents[1]
ROWS = [row for _, row in _rows.rows()]


@pytest.mark.parametrize("file", _rows.FILES)
def test_every_file_asks_a_question(file):
    """In the first line of its docstring, and it has rows that answer it."""
    assert _rows.question(file).endswith("?")
    assert any(place == file for place, _ in _rows.rows())


def test_every_file_is_in_the_table():
    """A row file that nobody lists would never run."""
    made_by_hand = {"work", "array_work", "data_work", "round_trip", "big_arrays", "plain_data"}
    made_by_hand |= {"streams", "cluster"}
    files = {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}
    assert files - made_by_hand == set(_rows.FILES)


def test_every_row_has_a_limit_or_says_that_it_has_none():
    """And there is no limit without a row."""
    assert [row.name for row in ROWS] == list(LIMITS)
    for limit in LIMITS.values():
        asks = (limit.loop, limit.over, limit.schedule)
        assert any(asked is not None for asked in asks) != bool(limit.why)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_can_be_made(row):
    """With work that peers can import, or programs that are programs."""
    assert (row.job is None) != (row.programs is None)
    if row.programs is not None:
        programs = row.programs(2.0)
        assert {LOOP, OURS} < set(programs) <= {LOOP, OURS, *PEERS}
        for sources in programs.values():
            for source in sources.values():
                compile(source, row.name, "exec")
    elif "arrays-s" not in row.name:  # which would fill 256 MB
        job = row.job(2.0)
        module = sys.modules[job.function.__module__]
        assert getattr(module, job.function.__name__) is job.function
        assert len(job.items) >= 1


def test_steps_make_the_same_work_for_everybody():
    """The price of the work is measured, and is a price."""
    assert 0.1 < work.steps_per_us() < 10_000
    assert work.burn(10) == work.burn(10)


def test_best_schedules():
    """In loop order a giant at the end is late; who knows the costs begins with it."""
    costs = [1.0] * 8 + [4.0]
    assert in_loop_order(costs, 2) == 8
    assert best_schedule(costs, 2) == 6
    assert in_loop_order(costs, 1) == best_schedule(costs, 1) == 12


def figures(loop: float, ours: float, peer: float) -> Figures:
    """Three rounds that all went alike."""
    taken = {LOOP: [loop] * 3, OURS: [ours] * 3, "joblib": [peer] * 3}
    return Figures(taken=taken, settings={"joblib": "2 processes"}, items=40)


def test_a_row_is_judged_by_each_of_its_limits():
    """By the loop, by the clock, by the schedule and by the best peer."""
    row = Row("heavy", "40 x 8 ms")
    good = _report.result(row, "heavy", figures(0.32, 0.17, 0.2), 1)
    assert (good["over"], good["best_peer"], round(good["to_peer"], 2)) == ([], "joblib", 0.85)
    assert _report.result(row, "heavy", figures(0.32, 0.2, 0.2), 1)["over"] == ["loop"]
    assert _report.result(row, "heavy", figures(0.32, 0.17, 0.1), 1)["over"] == ["peer"]
    failed = _report.result(row, "heavy", Figures(skipped={OURS: "it died"}), 1)
    assert failed["over"] == ["failed: it died"]
    short = {**good, "loop": 1e-6, "ours": 50e-6, "ratio": 50.0, "to_schedule": 1.2}
    assert judge(Limit(over=60e-6), short) == []
    assert judge(Limit(over=40e-6), short) == ["loop"]
    assert judge(Limit(loop=1.05, slack=2e-4), short) == []
    assert judge(Limit(schedule=1.1), short) == ["schedule"]


def test_the_table_goes_between_the_markers(tmp_path):
    """And nothing else of the page changes."""
    rows = [_report.result(Row("heavy", "40 x 8 ms"), "heavy", figures(0.32, 0.17, 0.2), 1)]
    machine = {"cpu": "X", "cpus": 2, "capacity": 2.0, "system": "L", "python": "P", "date": "D"}
    report = {
        "machine": {**machine, "versions": {}},
        "rows": rows,
        "summary": _report.summary(rows),
    }
    for page, _, _ in _docs.PAGES:
        file = tmp_path / page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"before\n{_docs.BEGIN}\nold\n{_docs.END}\nafter\n")
    for _ in range(2):
        _docs.render(report, tmp_path / "no.png", tmp_path)
        text = (tmp_path / "docs/explanation/benchmarks.md").read_text()
        assert text.startswith(f"before\n{_docs.BEGIN}\n")
        assert text.endswith(f"{_docs.END}\nafter\n")
        assert "| 40 x 8 ms | 320 ms | 0.53 | 0.62 (joblib) | 0.56 |" in text
        assert "old" not in text


@pytest.mark.parametrize("page", _docs.PAGES, ids=lambda page: page[0].name)
def test_the_pages_have_a_place_for_the_table(page):
    """The markers that `--render-docs` looks for."""
    text = (ROOT / page[0]).read_text()
    assert text.count(_docs.BEGIN) == text.count(_docs.END) == 1


def test_two_rows_run(tmp_path):
    """From the command line to the JSON, with a peer beside us."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--out", tmp_path]
    done = subprocess.run(
        [*command, "--only", "tiny,growth-3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("bench: 2 rows, ")
    report = json.loads((tmp_path / "bench.json").read_text())
    assert {"cpu", "cpus", "python", "versions", "date"} <= set(report["machine"])
    tiny, growth = report["rows"]
    assert tiny["best_peer"] == "concurrent.futures"
    assert growth["best_peer"] is None
    assert growth["items"] == 1000
    for row in (tiny, growth):
        assert set(row["contestants"]) >= {LOOP, OURS}
        assert row["ratio"] > 0
        assert row["loop"] > 0
