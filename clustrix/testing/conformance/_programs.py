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

import clustrix
from clustrix.testing.conformance._model import expect
from clustrix.testing.conformance._subjects import Subject

__all__ = ["Script", "hear_interrupts", "output_of"]

# Far more than any of them needs, also where it starts a cluster; only a hang gets there.
SECONDS = 25.0

_HEAD = """
from clustrix.testing.conformance import make_subject
loop = make_subject({spec!r})
"""
_TAIL = """
loop.close()
"""
_GUARD = 'if __name__ == "__main__":\n'


def hear_interrupts() -> None:
    """What a shell starts in the background is deaf to Ctrl-C, and so is all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Script:
    """A script that runs in a session of its own, with both streams in one file.

    Not in a pipe: what the script leaves behind would keep that open.

    Args:
        subject: the engine that the script gets as ``loop``.
        source: its text; indentation in common is taken away.
        guarded: whether its main program stands behind the guard that `multiprocessing` asks for.
    """

    def __init__(self, subject: Subject, source: str, *, guarded: bool = True) -> None:
        text = _HEAD.format(spec=subject.spec) + textwrap.dedent(source) + _TAIL
        if guarded:
            text = _GUARD + textwrap.indent(text, "    ")
        root = str(Path(clustrix.__file__).parents[1])
        path = os.pathsep.join(filter(None, [root, os.getcwd(), os.environ.get("PYTHONPATH")]))
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        file, self._output = (Path(self._folder.name, name) for name in ("program.py", "output"))
        file.write_text(text, encoding="utf-8")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
                start_new_session=True,
            )

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        """End the script if it still runs, and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._folder.cleanup()

    def interrupt(self, everybody: bool = True) -> None:
        """Press Ctrl-C: a terminal sends the signal to all processes of the session."""
        if everybody:
            os.killpg(self.process.pid, signal.SIGINT)
        else:
            os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> str:
        """Wait for the end; what the script wrote.

        Raises:
            Difference: it hangs.
        """
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            expect(False, f"the script did not end within {SECONDS:g} s")
        return self._output.read_text(encoding="utf-8", errors="replace")


def output_of(subject: Subject, source: str, *, guarded: bool = True) -> str:
    """What a script writes to both streams, in the order in which it gets there."""
    with Script(subject, source, guarded=guarded) as script:
        return script.end()
