"""The published examples, as scripts: no ``if __name__ == "__main__"``, a real interpreter each.

The files in ``seeds/`` are the examples word for word, followed by a ``print`` where the example
itself shows nothing.  One comment there is wrong and stays wrong: the loop over 100 items gives
100 values, not 200.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = Path(__file__).parent / "seeds"
SQUARES = "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"
OUTPUT = {
    "basic.py": f"25\n{SQUARES}\n",
    "auto_detection.py": "True False\n",
    "loop.py": "100\nTrue\n",
    "override.py": "True False\n",
    "execute_loop_parallel.py": f"{SQUARES}\n[1331, 1728, 2197]\n",
    "workflow.py": "['result0', 'result1', 'result2', 'result3', 'result4']\n[0, 1, 2, 3, 4]\n",
    "choose_executor_type.py": "True\nTrue\nFalse\n",
}


def test_every_example_has_an_expected_output():
    """A new file among the examples cannot be forgotten here."""
    assert {path.name for path in SEEDS.glob("*.py")} - {"conftest.py"} == set(OUTPUT)


@pytest.mark.parametrize("name", OUTPUT)
def test_example_runs_as_a_script(name):
    """It prints what it says, once, and complains about nothing."""
    done = subprocess.run(
        [sys.executable, SEEDS / name], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (OUTPUT[name], "", 0)
