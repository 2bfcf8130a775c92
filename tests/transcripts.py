"""What the caller of a loop can see of it."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clustrix import SharedStateWarning
from clustrix.execution.machine import _thread_cache

_lost: set[Any] = set()  # threads that a test has left hanging; nobody waits for them twice


def at_rest(executor: Any = None) -> None:
    """Wait for lanes that a loop has left behind because it failed; but not for ever.

    Where such an item ends a block of `warnings.catch_warnings`, all modules of the process forget
    what they have warned of, in the middle of the next loop.

    Args:
        executor: somebody else's threads, if they are to be waited for.
    """
    if isinstance(executor, ThreadPoolExecutor):
        everybody = threading.Barrier(executor._max_workers + 1)
        for _ in range(executor._max_workers):
            executor.submit(everybody.wait, 60)
        everybody.wait(60)
    pause, end = threading.Event(), time.monotonic() + 5
    while (left := {*_thread_cache._running} - _lost) and time.monotonic() < end:
        pause.wait(0.001)
    _lost.update(left)


def transcript(run: Callable[[], Any], action: str = "default") -> dict[str, Any]:
    """All that a caller can see of a loop, in the order in which it is seen."""
    at_rest()
    seen: list[Any] = []

    class Text(io.StringIO):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.called = name

        def write(self, text: str) -> int:
            if seen and seen[-1][0] == self.called:
                seen[-1] = (self.called, seen[-1][1] + text)
            else:
                seen.append((self.called, text))
            return len(text)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.name, record.levelno, record.getMessage(), record.lineno))
            seen.append((record.threadName, record.process, bool(record.exc_info)))

    def show(message: Any, kind: Any, filename: Any, lineno: Any, *_: Any) -> None:
        seen.append((str(message), kind, filename, lineno))

    handler, logger = Handler(), logging.getLogger("tests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    result: Any = None
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(Text("out")),
            contextlib.redirect_stderr(Text("err")),
        ):
            warnings.simplefilter(action)  # type: ignore[arg-type]
            warnings.simplefilter("ignore", SharedStateWarning)  # said of the loop, not by it
            warnings.showwarning = show
            try:
                result = run()
            except Exception as error:
                result = (type(error), error.args)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    return {"result": result, "seen": seen}
