"""Print how often the analysis of effects is right about functions of the standard library.

    python -m tests.analysis.effects_score

Reads `pure_functions.txt`, where every finding is a false alarm, and `mutating_functions.txt`,
where no finding is a miss.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clustrix.analysis import find_effects

HERE = Path(__file__).parent


@dataclass
class Score:
    """How it went."""

    pure: int = 0
    mutating: int = 0
    alarms: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def listed(name: str) -> Iterator[tuple[str, str]]:
    """What stands in front of each name, group and module, and the name."""
    for line in (HERE / name).read_text().splitlines():
        if line and not line.startswith("#"):
            head, _, names = line.partition(":")
            for one in names.split():
                yield head, one


def find(module: str, path: str) -> Any:
    """The function of this name, or ``None`` where this Python has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found: Any = importlib.import_module(module)
            for part in path.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            return None
    return found


def score() -> Score:
    """Compare the analysis with both lists."""
    result = Score()
    for module, name in listed("pure_functions.txt"):
        function = find(module, name)
        if function is None:
            continue
        before = time.process_time()
        findings = find_effects(function)
        result.seconds.append(time.process_time() - before)
        result.pure += 1
        if findings:
            result.alarms.append(f"{module}.{name}: {findings[0]}")
    for head, name in listed("mutating_functions.txt"):
        group, module = head.split()
        function = find(module, name)
        if function is not None:
            result.mutating += 1
            if not any(one.code.startswith(group) for one in find_effects(function)):
                result.missed.append(f"{module}.{name}")
    return result


def main() -> None:
    """Print the score."""
    result = score()
    times = sorted(result.seconds)
    print(f"pure functions: {result.pure}, false alarms: {len(result.alarms)}")
    for line in result.alarms:
        print(f"  alarm: {line}")
    print(f"mutating functions: {result.mutating}, missed: {len(result.missed)}")
    for line in result.missed:
        print(f"  miss: {line}")
    picks = [times[len(times) // 2], times[int(len(times) * 0.95)], times[-1]]
    print("CPU ms: median {:.2f}  p95 {:.2f}  max {:.2f}".format(*(1e3 * t for t in picks)))


if __name__ == "__main__":
    main()
