"""One side of a row, in a process of its own: does what it is told and says how long it took.

    python -m benchmarks._contestant ROW NAME STEPS

    <── {"do": "run", "setting": ["processes", 2, 10]}
    ──> {"seconds": 0.123, "answer": "40 results, 91f0…"}

Each contestant has an interpreter of its own, so neither one's helper threads nor one's memory
can slow another down.  The exception is the plain loop: it runs in turn with ours, in one
process, because two interpreters differ by some percent at the very same loop.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks._peers import PEERS, Run
from benchmarks._row import Job, Setting
from benchmarks._rows import find
from benchmarks.work import nothing


class Contestant:
    """What the commands act on.

    Args:
        job: the work of the row.
        name: ``"clustrix"`` or that of a peer.
    """

    def __init__(self, job: Job, name: str) -> None:
        self.job = job
        self.name = name
        self._open: tuple[str, int] | None = None
        self._pool: Run | None = None
        self._stack = ExitStack()
        self._ours: Any = None
        if name in PEERS:
            importlib.import_module(PEERS[name].module)

    def loop(self) -> list[Any]:
        """The plain loop."""
        function = self.job.function
        return [function(item) for item in self.job.items]

    def ours(self) -> list[Any]:
        """The same with clustrix, and nothing tuned."""
        return self._ours(self.job.items)  # type: ignore[no-any-return]

    def decorate(self) -> None:
        """Import clustrix and decorate the function, as a user's module would have done."""
        from clustrix import parallel

        self._ours = parallel(self.job.function)

    def peer(self, setting: Setting) -> Callable[[], list[Any]]:
        """A peer's call; its pool is opened and warmed up if it is not the one in use."""
        if self._open != (setting.kind, setting.workers):
            run = self.cold(setting)
            run(nothing, range(4 * setting.workers), 1)
        assert self._pool is not None
        run, job = self._pool, self.job
        return lambda: run(job.function, job.items, setting.chunk)

    def cold(self, setting: Setting) -> Run:
        """A pool that has just been opened."""
        self.close()
        pool = PEERS[self.name].pool(setting.kind, setting.workers)
        self._pool = self._stack.enter_context(pool)
        self._open = (setting.kind, setting.workers)
        return self._pool

    def costs(self) -> list[float]:
        """Seconds of every single item: the better of two tries."""
        tries = []
        for _ in range(2):
            taken = []
            for item in self.job.items:
                start = time.perf_counter()
                self.job.function(item)
                taken.append(time.perf_counter() - start)
            tries.append(taken)
        return [min(pair) for pair in zip(*tries, strict=True)]

    def close(self) -> None:
        """End the pool in use."""
        self._stack.close()
        self._open = self._pool = None

    def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command."""
        match command["do"]:
            case "ready":
                self.job.function(self.job.items[0])
                return {"items": len(self.job.items)}
            case "costs":
                return {"costs": self.costs()}
            case "loop":
                return self._timed(self.loop, self.job.repeat)
            case "ours":
                if self._ours is None:
                    self.decorate()
                return self._timed(self.ours, self.job.repeat)
            case "run":
                return self._timed(self.peer(Setting(*command["setting"])), self.job.repeat)
            case "first":
                setting, job = Setting(*command["setting"]), self.job
                return self._timed(
                    lambda: self.cold(setting)(job.function, job.items, setting.chunk), 1
                )
        raise ValueError(f"unknown command: {command}")

    def _timed(self, run: Callable[[], list[Any]], repeat: int) -> dict[str, Any]:
        taken = []
        for _ in range(repeat):
            start = time.perf_counter()
            results = run()
            taken.append(time.perf_counter() - start)
            ends = zlib.crc32(repr((results[0], results[-1])).encode())
            answer = f"{len(results)} results, {ends:x}"
            del results  # to free them is no part of the time, for nobody
        return {"seconds": statistics.median(taken), "answer": answer}


def main() -> None:
    """Obey until told to quit, or until nobody is there any more."""
    # The conversation keeps to itself: what is printed on the way goes to stderr.
    commands, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    row, name, steps = find(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    assert row.job is not None
    contestant = Contestant(row.job(steps), name)
    for line in commands:
        command = json.loads(line)
        if command["do"] == "quit":
            break
        try:
            reply = contestant.obey(command)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        replies.write(json.dumps(reply) + "\n")
    contestant.close()


if __name__ == "__main__":
    main()
