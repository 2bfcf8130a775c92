"""The examples of ``examples/``, on a part of their real input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, *arguments: str) -> str:
    """Run an example in an interpreter of its own; it must succeed and complain about nothing."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    return done.stdout


def test_survey_of_the_standard_library():
    """Computing goes to processes, and the figures are those of the plain loop."""
    output = run("survey_stdlib.py", "60")
    assert "survey(): processes" in output
    assert "both gave identical results" in output
    assert "tokens of code" in output


def test_fetching_from_a_local_server():
    """Waiting goes to threads without being told, and the server sees many clients at once."""
    output = run("fetch_local.py", "60")
    assert "fetch(): threads" in output
    assert "urllib.request.urlopen waits on the network" in output
    assert "both gave identical results" in output
    at_once = [int(line.split(",")[1].split()[0]) for line in output.splitlines() if " s, " in line]
    assert at_once[0] == 1
    assert at_once[1] > 1
