"""What the source of a function says to a loop that is running: read late, and once.

    nothing to find in it, by a quick look ──> evident()
    otherwise, when somebody asks          ──> plan(), which reads it

The loop asks from the thread that runs it, its helper from another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from clustrix._model import Call, Plan
from clustrix.execution.deciding._memory import Known, binding
from clustrix.execution.machine import _thread_cache
from clustrix.execution.machine._haste import in_haste
from clustrix.functions._evident import is_evident

__all__ = ["Source", "has_blocking_call", "read", "reader_is_loaded"]

# What reads a source: not there yet, loaded by another thread just now, or ready.
_ABSENT, _COMING, _READY = range(3)
_reader = _ABSENT


def reader_is_loaded() -> bool:
    """Whether what reads a source is there: the first one takes ten times as long."""
    return _reader == _READY


def read(make_plan: Callable[[], Plan]) -> Plan:
    """Read a source."""
    global _reader
    try:
        return make_plan()
    finally:
        _reader = _READY


def has_blocking_call(plan: Plan) -> bool:
    """Whether one was found in the source."""
    return any(finding.code.startswith("IO") for finding in plan.findings)


class Source:
    """The source of the function of one loop.

    Args:
        call: the loop.
        make_plan: reads the source; called at most once.
        known: what earlier loops showed.
    """

    def __init__(self, call: Call, make_plan: Callable[[], Plan], known: Known | None) -> None:
        self._call = call
        self._make_plan = make_plan
        self._known = known
        self._plan: Plan | None = None
        self._evident: bool | None = None
        self._bound = known.bound_for(call) if known else None
        self._lock = threading.Lock()

    @property
    def bound(self) -> str | None:
        """The engine to which it binds the loop; ``""`` for none, ``None`` while it is unread."""
        return self._bound

    def plan(self) -> Plan:
        """The plan that the source suggests."""
        with self._lock:
            if self._plan is None:
                self._plan = read(self._make_plan)
            return self._plan

    def load_reader(self) -> None:
        """Have what reads a source loaded by another thread, behind this loop."""
        global _reader
        if _reader == _ABSENT:
            _reader = _COMING
            make_plan = self._make_plan

            def load() -> None:
                # It reads a hundred files, and while loops follow each other it would wait 5 ms
                # behind each (of loops of 35 ms the 24th was the first on workers, now the 7th).
                with in_haste():
                    read(make_plan)  # what it says is of no interest here

            if not _thread_cache.aside(load):
                _reader = _ABSENT

    def evident(self) -> bool:
        """Whether there is nothing in the source that reading it could find."""
        with self._lock:
            if self._evident is None:
                self._evident = is_evident(self._call)
            return self._evident

    def bind(self, blocks: bool | None) -> bool | None:
        """Find out to which engine it binds the loop, before any other lane gets an item.

        Args:
            blocks: whether it has a blocking call, as far as that was known.

        Returns:
            The same, as far as it is known now.
        """
        if self.evident():
            self._bound = ""
            return False
        self._bound = binding(self._known, self._call, self.plan)
        return blocks if self._plan is None else has_blocking_call(self._plan)
