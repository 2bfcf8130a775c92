"""Programs of their own: what a person would save and run, without any guard."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).parents[1])
SECONDS = 60  # far more than any of them needs; only a hang gets there


def environment() -> dict[str, str]:
    """Ours, with the package under test in front."""
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def run_script(
    source: str, folder: Path, how: str = "file", *flags: str
) -> subprocess.CompletedProcess[str]:
    """Run a program from a file, with ``-c``, or from standard input."""
    source = textwrap.dedent(source)
    command, given = [sys.executable, *flags], ""
    if how == "file":
        (folder / "program.py").write_text(source)
        command.append("program.py")
    elif how == "-c":
        command += ["-c", source]
    else:
        command.append("-")
        given = source
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=folder,
        env=environment(),
        check=False,
    )


def output_of(source: str, folder: Path, how: str = "file", *flags: str) -> str:
    """What a program prints; it must end well, and say nothing on standard error."""
    done = run_script(source, folder, how, *flags)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def start_script(source: str, folder: Path) -> subprocess.Popen[Any]:
    """Start a program and leave it running."""
    (folder / "program.py").write_text(textwrap.dedent(source))
    return subprocess.Popen(
        [sys.executable, "program.py"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(),
    )


def soon(condition: Callable[[], object]) -> bool:
    """Whether something becomes true before anybody would call it a hang."""
    pause, deadline = threading.Event(), time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
