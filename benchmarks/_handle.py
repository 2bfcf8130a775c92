"""A contestant's process, seen from outside: start it, ask it, watch its memory, end it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Failed", "Handle", "memory_of_tree", "silent"]

ROOT = Path(__file__).parents[1]


class Failed(Exception):
    """A contestant gave no answer; the message says why."""


class Handle:
    """A fresh interpreter with one contestant in it.

    Args:
        row: name of the row.
        name: of the contestant.
        steps: that fit into a microsecond.

    Attributes:
        items: how many the loop has.
    """

    def __init__(self, row: str, name: str, steps: float) -> None:
        self.name = name
        self._buffer = b""
        self._lost = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._contestant", row, name, str(steps)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            start_new_session=True,  # so that it can be ended together with its workers
        )
        try:
            self.items = int(self.ask("ready", timeout=60)["items"])
        except BaseException:
            self.close()
            raise

    def ask(
        self,
        what: str,
        *,
        timeout: float = 30,
        watch: Callable[[int], None] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Give a command and wait for what comes of it.

        Args:
            what: the command.
            timeout: seconds; what takes longer has failed.
            watch: called with the process id, over and over, while waiting.
            **more: what belongs to the command.

        Raises:
            Failed: it was too slow, died, or said so itself.
        """
        assert self._process.stdin is not None
        if self._lost:  # a late answer would be taken for that to the next question
            raise Failed(self._lost)
        command = json.dumps({"do": what, **more}) + "\n"
        try:
            self._process.stdin.write(command.encode())
            self._process.stdin.flush()
        except OSError:
            raise Failed("it died") from None
        reply = json.loads(self._line(time.monotonic() + timeout, timeout, watch))
        if "error" in reply:
            raise Failed(reply["error"])
        return dict(reply)

    def _line(self, deadline: float, timeout: float, watch: Callable[[int], None] | None) -> bytes:
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                self._lost = f"no answer within {timeout:.0f} s"
                raise Failed(self._lost)
            if watch is not None:
                watch(self._process.pid)
            # Its forked workers hold the pipe open too: the end of the file alone tells nothing.
            ready, _, _ = select.select([out], [], [], min(left, 0.005 if watch else 0.5))
            if ready:
                data = os.read(out, 1 << 16)
                self._buffer += data
                if data:
                    continue
            if self._process.poll() is not None:
                raise Failed(f"it died (exit code {self._process.returncode})")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def close(self) -> None:
        """End it: politely, so that it cleans up after itself, but in any case."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.write(b'{"do": "quit"}\n')
            process.stdin.flush()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
        process.wait()
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()


def memory_of_tree(root: int) -> float:
    """Megabytes of a process and its descendants, with what they share counted once."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError, IndexError, ValueError):
                # The name in brackets may hold anything, so read from behind it.
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry))
    total, todo = 0, [root]
    while todo:
        process = todo.pop()
        todo += children.get(process, [])
        with suppress(OSError, IndexError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split(None, 1)[0])
    return total / 1024


def silent(program: Path, timeout: float) -> tuple[float, str]:
    """Run a whole program: seconds from start to end, and what it printed.

    Raises:
        Failed: it was too slow, or left with an error.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer within {timeout:.0f} s") from None
    finally:
        seconds = time.perf_counter() - start
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise Failed(f"exit code {process.returncode}")
    return seconds, printed.decode()
