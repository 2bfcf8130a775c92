"""A hang is a result, not a hang: behaviours run in a process that can be ended.

run_suite ──> child (one engine) ──> a line for each behaviour
    └ no line in time, or the child is gone? the one that was due has failed;
      a new child goes on behind it
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from clustrix.testing.conformance._model import Result
from clustrix.testing.conformance._registry import behaviours
from clustrix.testing.conformance._running import PATIENCE

__all__ = ["LIMIT", "run_suite"]

LIMIT = 400.0  # seconds for one engine; a healthy one takes less than a minute
_STARTING = 10.0  # seconds that a child may need besides, and to notice its own alarm


def run_suite(
    spec: str, ids: Sequence[str], patience: float = PATIENCE, limit: float = LIMIT
) -> Iterator[Result]:
    """Run behaviours on one engine, in processes of their own.

    Args:
        spec: what `make_subject` makes the engine from.
        ids: which behaviours.
        patience: seconds for one of them.
        limit: seconds for all of them; what has not run by then has failed.

    Yields:
        A result for each, in the order of the table.

    Raises:
        ValueError: there is no such engine, or no such behaviour.
    """
    known = [one.id for one in behaviours()]
    if unknown := sorted({*ids} - {*known}):
        raise ValueError(f"no such behaviour: {', '.join(unknown)}")
    left = [one for one in known if one in {*ids}]
    end = time.monotonic() + limit
    while left:
        if time.monotonic() > end:
            yield from (Result(one, "FAIL", f"not run: {limit:g} s were over") for one in left)
            return
        child = _Child(spec, left, patience)
        try:
            for result in child.results(min(patience + _STARTING, limit)):
                left.remove(result.id)
                yield result
        finally:
            reason = child.end()
        if left:
            yield Result(left.pop(0), "FAIL", reason)


class _Child:
    """One process at work, in a session of its own."""

    def __init__(self, spec: str, ids: Sequence[str], patience: float) -> None:
        self._expected = len(ids)
        self._read, write = os.pipe()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (`end` closes it)
        module = f"{__package__}._child"
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, spec, str(write), str(patience), *ids],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=[write],
            start_new_session=True,
        )
        os.close(write)

    def results(self, patience: float) -> Iterator[Result]:
        """The results, until all are there, the child is gone or it says nothing any more."""
        for line in self._lines(patience):
            said: dict[str, Any] = json.loads(line)
            if "mistake" in said:
                raise ValueError(said["mistake"])
            yield Result(**said)

    def _lines(self, patience: float) -> Iterator[bytes]:
        buffer = b""
        lines = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._read, selectors.EVENT_READ)
            while lines < self._expected and selector.select(patience):
                data = os.read(self._read, 1 << 16)
                if not data:
                    return
                *whole, buffer = (buffer + data).split(b"\n")
                lines += len(whole)
                yield from whole

    def end(self) -> str:
        """End it, and all that it started; what it looks like why it said nothing."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        status = self._process.poll()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        with self._errors:
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip()[-300:]
        if status is None:
            return "it did not end, and could not be interrupted"
        return f"it ended the process with status {status}: {last}"
