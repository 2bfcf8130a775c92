"""Scripts: programs of their own, as a person would save and start them.

A script gets ``loop``, the engine in question, made anew from its `Subject.spec`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import clustrix
from clustrix.testing.conformance._subjects import Subject

__all__ = ["end", "run_program", "start_program"]

SECONDS = 10.0  # far more than any of them needs; only a hang gets there

_HEAD = """
from clustrix.testing.conformance import make_subject
loop = make_subject({spec!r})
"""
_TAIL = """
loop.close()
"""
_GUARD = 'if __name__ == "__main__":\n'


def start_program(
    subject: Subject, source: str, *, guarded: bool = True, **options: Any
) -> subprocess.Popen[str]:
    """Start a script in a session of its own, and leave it running."""
    text = _HEAD.format(spec=subject.spec) + textwrap.dedent(source) + _TAIL
    if guarded:
        text = _GUARD + textwrap.indent(text, "    ")
    root = str(Path(clustrix.__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.getcwd(), os.environ.get("PYTHONPATH")]))
    with tempfile.NamedTemporaryFile(
        "w", suffix=".py", prefix="program-", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(
        [sys.executable, file.name],
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
        **options,
    )


def run_program(subject: Subject, source: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a script to its end.

    Args:
        subject: the engine that the script gets as ``loop``.
        source: its text; indentation in common is taken away.
        options: ``guarded=False`` for a script without a guard for its main program, and those
            of `subprocess.Popen`, in place of two pipes.

    Returns:
        What it printed, and its exit status.

    Raises:
        subprocess.TimeoutExpired: it hangs; it is killed, with all that it started.
    """
    with start_program(subject, source, **options) as process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            end(process)
    return subprocess.CompletedProcess(process.args, process.returncode, out or "", err or "")


def end(process: subprocess.Popen[str]) -> None:
    """End a script that may still run, and what it started; remove its file."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    Path(str(process.args[1])).unlink(missing_ok=True)  # type: ignore[index]
