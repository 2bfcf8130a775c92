"""Everything that is promised of clusters, and one line at the end that says whether it holds.

    tests/distributed ──> conformance on Dask and Ray ──> figures ──> last line, exit status

``make test-distributed`` runs it where the extras are installed.
"""

from __future__ import annotations

import subprocess
import sys
import time

LIMIT = 600  # seconds for everything

# What the clusters leave to the garbage collector is theirs.
THEIRS = ["ResourceWarning", "pytest.PytestUnraisableExceptionWarning"]

PARTS = {
    "tests": ["-m", "pytest", *(f"-Wignore::{one}" for one in THEIRS), "tests/distributed"],
    "behaviours": ["-m", "clustrix.testing.conformance", "dask", "ray", "--patience", "60"],
    "figures": ["-m", "benchmarks.cluster"],
}


def main() -> int:
    """Run all parts, also behind one that fails.

    Returns:
        The exit status.
    """
    begin = time.monotonic()
    said = []
    for name, arguments in PARTS.items():
        print(f"---- {name} ----", flush=True)
        since, left = time.monotonic(), LIMIT - (time.monotonic() - begin)
        try:
            done = subprocess.run([sys.executable, *arguments], timeout=max(1.0, left), check=False)
            what = "passed" if done.returncode == 0 else "FAILED"
        except subprocess.TimeoutExpired:
            what = "FAILED, out of time"
        said.append(f"{name} {what} ({time.monotonic() - since:.0f} s)")
    good = all("FAILED" not in one for one in said)
    verdict = "all as promised" if good else "NOT as promised"
    seconds = time.monotonic() - begin
    print(f"test-distributed: {', '.join(said)}; {seconds:.0f} of {LIMIT} s: {verdict}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
