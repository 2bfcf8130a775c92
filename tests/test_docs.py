"""Every program in the pages runs and prints what the page says.

    ```python          a whole script: run by an interpreter of its own; the name of its file is
    # name.py          what its first line says
    ```
    ```text            what it prints, if this follows at once; `...` stands for anything
    ```

Blocks marked ``pycon`` are conversations with the interpreter; pytest runs those by itself.
"""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SCRIPT = re.compile(r"^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Script(NamedTuple):
    """One program of a page."""

    page: str
    line: int
    code: str
    output: str | None

    @property
    def file(self) -> str:
        """The file it is shown as."""
        named = re.match(r"# (\w+\.py)$", self.code, re.MULTILINE)
        return named[1] if named else "example.py"


def scripts(page: Path) -> list[Script]:
    """The programs of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Script(str(page.relative_to(ROOT)), text.count("\n", 0, m.start()) + 1, m[1], m[2])
        for m in SCRIPT.finditer(text)
    ]


ALL = [script for page in PAGES if "_build" not in page.parts for script in scripts(page)]


@pytest.mark.parametrize("script", ALL, ids=lambda script: f"{script.page}:{script.line}")
def test_script_prints_what_the_page_says(script, tmp_path):
    """Copied from the page into a file, it does what the page shows."""
    file = tmp_path / script.file
    file.write_text(script.code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    if script.output is not None:
        same = doctest.OutputChecker().check_output(script.output, done.stdout, LIKE)
        assert same, f"expected\n{script.output}\ngot\n{done.stdout}"


def test_the_pages_have_scripts():
    """The pattern above still finds what it is meant to find."""
    assert any(script.page == "README.md" and script.output for script in ALL)
