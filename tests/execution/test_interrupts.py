"""Ctrl-C in a worker of somebody else's: held back but for the items."""

from __future__ import annotations

import signal
import threading

import pytest

from clustrix.execution._interrupts import deferred


def test_it_waits_until_items_run():
    """Then it strikes; what has been put in place is put back as a whole."""
    before = signal.getsignal(signal.SIGINT)
    steps = []
    with pytest.raises(KeyboardInterrupt), deferred() as may_come:
        signal.raise_signal(signal.SIGINT)
        steps.append("put in place")
        with may_come():
            steps.append("never")
    assert steps == ["put in place"]
    assert signal.getsignal(signal.SIGINT) is before


def test_items_hear_it():
    """As they would in the plain loop."""
    steps = []
    with deferred() as may_come:
        with pytest.raises(KeyboardInterrupt), may_come():
            signal.raise_signal(signal.SIGINT)
            steps.append("never")
        signal.raise_signal(signal.SIGINT)
        steps.append("put back")
    assert steps == ["put back"]


def test_another_thread_has_nothing_to_do_with_it():
    """Signals come in the main thread."""
    found = []

    def body():
        with deferred() as may_come, may_come():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
