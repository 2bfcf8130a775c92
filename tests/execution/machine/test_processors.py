"""Where threads and processes run, as far as the kernel tells."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from clustrix.execution.machine import _processors


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be named here")
def test_a_new_process_goes_elsewhere_once(monkeypatch):
    """Off the processor of the calling thread; from then on it may run anywhere again."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        allowed = os.sched_getaffinity(process.pid)
        put, where = os.sched_setaffinity, []
        monkeypatch.setattr(os, "sched_setaffinity", lambda *to: (where.append(to), put(*to)))
        _processors.put_elsewhere(process.pid)
        process.communicate(b"\n")
    if len(allowed) > 1:
        (pid, elsewhere), back = where
        assert pid == process.pid
        assert len(allowed - elsewhere) == 1
        assert back == (process.pid, allowed)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be named here")
def test_a_real_process_is_kept_off_and_let_back():
    """And where it cannot be known or done, nothing is said."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        allowed = os.sched_getaffinity(process.pid)
        here = _processors.processor(process.pid)
        assert here in allowed
        before = _processors.keep_off(process.pid, here)
        assert before == (allowed if len(allowed) > 1 else None)
        if before:
            assert os.sched_getaffinity(process.pid) == allowed - {here}
            _processors.let_run(process.pid, before)
        assert os.sched_getaffinity(process.pid) == allowed
        process.communicate(b"\n")
    assert _processors.processor(process.pid) is None
    _processors.put_elsewhere(process.pid)
    assert _processors.keep_off(process.pid, 0) is None
    _processors.let_run(process.pid, allowed)


def test_standing_in_line_is_counted_where_the_system_does():
    """It never becomes less; without such a file it stays nothing."""
    seen = [_processors.stood_in_line() for _ in range(100)]
    assert seen == sorted(seen)
    assert seen[0] >= 0.0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be named here")
def test_the_c_library_knows_where_a_thread_is_as_well(monkeypatch):
    """What the kernel writes into a file says the same; where there is no such call, it is read."""
    allowed = os.sched_getaffinity(0)
    monkeypatch.setattr(_processors, "_ask", None)
    _processors.ask_quickly()
    try:
        for number in allowed:
            os.sched_setaffinity(0, {number})
            assert _processors.processor() == _processors.processor(os.getpid()) == number
    finally:
        os.sched_setaffinity(0, allowed)


def test_without_such_a_call_nothing_changes(monkeypatch):
    """Some systems have none, and some interpreters no way to it."""
    monkeypatch.setattr(_processors, "_ask", None)
    monkeypatch.setitem(sys.modules, "ctypes", None)
    _processors.ask_quickly()
    assert _processors._ask is None
