"""The pool in any order of events: nothing is lost, nothing leaks.

Hypothesis plays loops that take workers, give them back, kill them, time out and close, and
compares the pool with a model that only counts.
"""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from clustrix._model import Call, Plan
from clustrix.errors import TaskTimeout, WorkerDied
from clustrix.execution._engine import execute
from clustrix.execution._futures import Tasks
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._processes import ProcessEngine

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors")


def descriptors() -> int:
    """Open descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


def square(x: int) -> int:
    """The work."""
    return x * x


def fragile(x: int, bad: int) -> int:
    """The work of which one item kills its worker."""
    if x == bad:
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def sticky(x: int, bad: int) -> int:
    """The work of which one item never ends."""
    while x == bad:
        time.sleep(60)
    return x * x


class PoolStates(RuleBasedStateMachine):
    """One pool, its engine and its queue of tasks, through everything that may happen."""

    @initialize(size=st.integers(1, 3))
    def start(self, size: int) -> None:
        """A pool without workers."""
        self.before = descriptors()
        self.size = size
        self.pool = Pool(size)
        self.engine = ProcessEngine(self.pool)
        self.tasks = Tasks(size, lambda error, call: None)
        self.submitted: list[tuple[object, int | type[BaseException]]] = []
        self.closed = False

    def run_loop(self, function: object, count: int, workers: int, **more: object) -> list[object]:
        """A loop on the engine."""
        collect = bool(more.pop("collect", False))
        timeout = more.pop("timeout", None)
        call = Call(function, range(count), (), more, collect=collect)  # type: ignore[arg-type]
        plan = Plan("processes", workers, chunk_size=2, timeout=timeout)  # type: ignore[arg-type]
        return execute(call, plan, self.engine)

    @precondition(lambda self: not self.closed)
    @rule(count=st.integers(0, 8), workers=st.integers(1, 4))
    def loop(self, count: int, workers: int) -> None:
        """A loop without trouble, with more or fewer workers than the pool keeps."""
        assert self.run_loop(square, count, workers) == [x * x for x in range(count)]

    @precondition(lambda self: not self.closed)
    @rule(bad=st.integers(0, 5), collect=st.booleans())
    def death(self, bad: int, collect: bool) -> None:
        """A worker dies under an item."""
        if collect:
            results = self.run_loop(fragile, 6, 2, bad=bad, collect=True)
            assert isinstance(results.pop(bad), WorkerDied)
            assert results == [x * x for x in range(6) if x != bad]
            return
        with pytest.raises(WorkerDied) as caught:
            self.run_loop(fragile, 6, 2, bad=bad)
        assert caught.value.item == bad

    @precondition(lambda self: not self.closed)
    @rule(bad=st.integers(0, 3))
    def time_out(self, bad: int) -> None:
        """An item runs out of time; the others have all that they need."""
        results = self.run_loop(sticky, 4, 2, bad=bad, collect=True, timeout=2.0)
        assert isinstance(results.pop(bad), TaskTimeout)
        assert results == [x * x for x in range(4) if x != bad]

    @precondition(lambda self: not self.closed)
    @rule(choice=st.integers(0, 10))
    def kill_idle(self, choice: int) -> None:
        """Somebody kills a worker that waits; the next loop must not notice."""
        self.look()  # a task that still ran would be right to complain
        if processes := self.pool.processes():
            processes[choice % len(processes)].kill()

    @precondition(lambda self: not self.closed)
    @rule(taken=st.integers(1, 3))
    def leave_early(self, taken: int) -> None:
        """A caller stops reading in the middle of a loop."""
        from clustrix.execution.chunking._chunks import cut

        call = Call(square, range(20))
        outcomes = self.engine.run(call, Plan("processes", 2), cut(call.items, 2))
        for _ in range(taken):
            next(outcomes)
        outcomes.close()

    @precondition(lambda self: not self.closed)
    @rule(x=st.integers(0, 9), dies=st.booleans())
    def submit(self, x: int, dies: bool) -> None:
        """A task whose future is looked at later."""
        future = self.tasks.submit(self.engine, fragile, (x, x if dies else -1), {})
        self.submitted.append((future, WorkerDied if dies else x * x))

    @rule(choice=st.integers(0, 10))
    def cancel(self, choice: int) -> None:
        """A future is cancelled, if it has not started."""
        if self.submitted:
            index = choice % len(self.submitted)
            if self.submitted[index][0].cancel():  # type: ignore[attr-defined]
                del self.submitted[index]

    @rule()
    def look(self) -> None:
        """Every future ends as its task did."""
        for future, expected in self.submitted:
            if isinstance(expected, int):
                assert future.result(60) == expected  # type: ignore[attr-defined]
            else:
                assert isinstance(future.exception(60), expected)  # type: ignore[attr-defined]
        self.submitted.clear()

    @precondition(lambda self: not self.closed)
    @rule()
    def shut_down(self) -> None:
        """No more loops."""
        self.tasks.close(wait=True, cancel=False, then=self.pool.close)
        self.closed = True

    @precondition(lambda self: self.closed)
    @rule()
    def run_after_the_end(self) -> None:
        """Clear words instead of a hang."""
        with pytest.raises(RuntimeError, match="shut down"):
            self.run_loop(square, 4, 1)

    @invariant()
    def no_more_workers_than_asked_for(self) -> None:
        """Between loops the pool keeps its size, unless tasks are still running."""
        if hasattr(self, "pool") and all(f.done() for f, _ in self.submitted):  # type: ignore[attr-defined]
            assert len(self.pool.processes()) <= self.size

    def teardown(self) -> None:
        """No process and no descriptor is left."""
        if not hasattr(self, "pool"):
            return
        self.look()
        if not self.closed:
            self.shut_down()
        assert self.pool.processes() == []
        assert descriptors() <= self.before


PoolStates.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, print_blob=True
)
TestPoolStates = PoolStates.TestCase
