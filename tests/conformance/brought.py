"""Executors that somebody might bring: a good one, and two that are broken."""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any


def make_threads() -> Executor:
    """A good one."""
    return ThreadPoolExecutor(2)


make_threads.known_limits = {  # type: ignore[attr-defined]
    "values.odd_values": "a limit that is none",
    "output.of_the_iterable": "a limit with a reason of its own",
}


class Broken(Executor):
    """Answers the first question, which asks where it runs; then something goes wrong."""

    def __init__(self, wrong: Any) -> None:
        self.wrong, self.asked = wrong, 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Answer once."""
        self.asked += 1
        future: Future[Any] = Future()
        if self.asked == 1:
            future.set_result(fn(*args, **kwargs))
        else:
            self.wrong()
        return future


def make_hanging() -> Executor:
    """Its futures never come to an end."""
    return Broken(lambda: None)


def make_deadly() -> Executor:
    """Ends the whole process."""
    return Broken(lambda: os._exit(5))


def make_nothing() -> str:
    """No executor at all."""
    return "an executor"
