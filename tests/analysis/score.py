"""Print how often the analysis is right about labelled functions, and what it costs.

    python tests/analysis/score.py [labels ...]

A row of a ``.tsv`` says ``io``, ``cpu`` or ``either`` (not scored), a kind,
``module:qualified.name``, and why.  In a ``.py`` the first word of a function's name is its label.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clustrix.analysis import find_blocking_calls

HERE = Path(__file__).parent
LABELS = HERE / "io_labels.tsv"
MORE = HERE / "more_labels.tsv"  # the standard library
TASKS = HERE / "labelled" / "tasks.py"  # scripts as people write them
PACKAGES = HERE / "package_labels.tsv"  # whatever of a hundred packages is installed
PLAIN_KINDS = frozenset({"-"})


@dataclass
class Score:
    """How it went."""

    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    tricky: list[bool] = field(default_factory=list)
    verdicts: dict[str, list[bool]] = field(default_factory=lambda: {"io": [], "cpu": []})
    seconds: list[float] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)

    @property
    def scored(self) -> int:
        """Labels that were compared."""
        return len(self.right) + len(self.wrong)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return len(self.right) / max(1, self.scored)

    def recall(self, label: str) -> float:
        """Share of the functions with this label that were recognised."""
        return sum(self.verdicts[label]) / max(1, len(self.verdicts[label]))


def read_labels(path: Path) -> Iterator[tuple[str, str, str]]:
    """The label, kind and name of each labelled function."""
    if path.suffix == ".py":
        for owner, body in _bodies(ast.parse(path.read_text()).body):
            for node in body:
                label = getattr(node, "name", "").partition("_")[0]
                if label in ("io", "cpu"):
                    yield label, "task", f"{path.stem}:{owner}{node.name}"
        return
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            label, kind, name, *_ = line.split("\t")
            yield label, kind, name


def _bodies(body: list[ast.stmt]) -> Iterator[tuple[str, list[Any]]]:
    yield "", body
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{node.name}.", node.body


def find(name: str) -> Any:
    """The function behind ``module:qualified.name``."""
    module, _, path = name.partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = importlib.import_module(module)
        *owners, last = path.split(".")
        for part in owners:
            found = getattr(found, part)
        # A cached property is labelled as the function it holds.
        held = vars(found).get(last) if owners else None
    return held if type(held) is functools.cached_property else getattr(found, last)


def score(path: Path = LABELS) -> Score:
    """Compare the analysis with the labels of a file."""
    result = Score()
    cases = []
    if path.suffix == ".py" and str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    for label, kind, name in read_labels(path):
        try:
            cases.append((label, kind, name, find(name)))
        except Exception:  # a package that does not import here is not what is measured
            result.skipped.append(name)
    for label, kind, name, function in cases:
        before = time.process_time()
        findings = find_blocking_calls(function)
        spent = time.process_time() - before
        result.seconds.append(spent)
        result.slow.append((spent, name))
        if label == "either":
            continue
        right = (label == "io") == bool(findings)
        (result.right if right else result.wrong).append(
            f"{label}\t{name}" + "".join(f"\n      {finding}" for finding in findings[:2])
        )
        result.verdicts[label].append(right)
        if kind not in PLAIN_KINDS:
            result.tricky.append(right)
    return result


def main(paths: list[Path]) -> None:
    """Print the score of each file of labels."""
    for path in paths:
        result = score(path)
        times = sorted(result.seconds)
        print(f"{path.name}: {result.scored} scored, {len(result.skipped)} skipped")
        print(f"  accuracy {result.accuracy:.3f}", end="")
        print(f"  recall io {result.recall('io'):.3f}  cpu {result.recall('cpu'):.3f}", end="")
        print(f"  tricky {sum(result.tricky) / max(1, len(result.tricky)):.3f}")
        picks = [times[len(times) // 2], times[int(len(times) * 0.95)], times[-1]]
        print("  CPU ms: median {:.2f}  p95 {:.2f}  max {:.2f}".format(*(1e3 * t for t in picks)))
        for line in result.wrong:
            print(f"  miss: {line}")
        for spent, name in sorted(result.slow, reverse=True)[:5]:
            print(f"  slow: {spent * 1e3:6.1f} ms  {name}")


if __name__ == "__main__":
    main([Path(arg) for arg in sys.argv[1:]] or [LABELS, MORE, TASKS, PACKAGES])
