"""Check files: each one in a lane of its own, and say what was found, in the order of the files.

    PATH… ─> files ─> @parallel: parse, survey, rules ─> Report, Report, … ─> one text, exit status

The files are the items of an ordinary decorated loop.  A file that ends its worker, or runs into
an error of ours, becomes a finding and takes no other file with it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence

from clustrix._model import Finding
from clustrix.command._colours import wants_colour
from clustrix.command._files import Loaded, files_below, load, parse
from clustrix.command._formats import FORMATS
from clustrix.command._ignored import ignored_codes
from clustrix.command._report import Report, severity
from clustrix.decorators import parallel

__all__ = ["check", "check_file"]

_AT_A_TIME = 1000  # files in memory


def check(paths: Sequence[str], form: str = "text") -> int:
    """Check files and print what was found.

    Args:
        paths: files, and folders whose files are checked.
        form: ``"text"``, ``"json"`` or ``"github"``.

    Returns:
        0; 1 when something would change answers; 2 when a path does not exist.
    """
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        for path in missing:
            print(f"clustrix check: {path}: no such file or folder", file=sys.stderr)
        return 2
    began = time.perf_counter()
    reports = list(_check_all(files_below(paths)))
    if not reports:
        print(f"clustrix check: no Python files in {', '.join(paths)}", file=sys.stderr)
    seconds = time.perf_counter() - began
    print(FORMATS[form](reports, seconds, wants_colour(sys.stdout)))
    wrong = any(severity(finding) == "answers" for report in reports for finding in report.findings)
    return 1 if wrong else 0


def _check_all(files: Sequence[str]) -> Iterator[Report]:
    """The reports in the order of the files.

    Reading is quick and happens here; what remains is computing.  So many at a time that the
    memory does not grow with the tree.
    """
    for start in range(0, len(files), _AT_A_TIME):
        some = [load(file) for file in files[start : start + _AT_A_TIME]]
        for one, report in zip(some, check_loaded(some), strict=True):
            yield report if isinstance(report, Report) else _failed(one.file, report)


def check_file(file: str) -> Report:
    """Check one file."""
    report: Report = check_loaded(load(file))
    return report


@parallel(on_error="collect", chunk_size=8)
def check_loaded(loaded: Loaded) -> Report:
    """Check what one file holds."""
    from clustrix.command._decorated import check_decorated
    from clustrix.command._loops import check_loops
    from clustrix.command._survey import survey

    file, source = loaded.file, parse(loaded)
    if isinstance(source, Finding):
        return Report(file, (source,))
    try:
        found = survey(source.tree)
        findings = [*check_decorated(source, found), *check_loops(source, found)]
    except (RecursionError, MemoryError):
        return Report(file, (Finding("CK903", "is nested too deeply", "", file, 1, 1),))
    ignored = ignored_codes(source.text)
    kept = {one for one in findings if one.code not in ignored.get(one.line, ())}
    ordered = sorted(kept, key=lambda one: (one.line, one.column, one.code, one.name, one.why))
    return Report(file, tuple(ordered), len(set(findings)) - len(kept))


def _failed(file: str, error: Exception) -> Report:
    why = f"ended in {type(error).__name__}: {error}"
    return Report(file, (Finding("CK904", why, "", file, 1, 1),))
