"""Ctrl-C in a worker of somebody else's: held back but for the items."""

from __future__ import annotations

import signal
import threading

import pytest

from clustrix.execution.foreign._interrupts import deferred


def ring(steps, *, early):
    """A chunk that is interrupted, before its items or while they run; notes how far it gets."""
    with deferred() as may_come:
        if early:
            signal.raise_signal(signal.SIGINT)
        steps.append("put in place")
        try:
            with may_come():
                signal.raise_signal(signal.SIGINT)
                steps.append("never")
        finally:
            signal.raise_signal(signal.SIGINT)
            steps.append("put back")


@pytest.mark.parametrize("early", [True, False])
def test_items_hear_it_and_what_is_around_them_does_not(early):
    """What has been put in place is put back as a whole."""
    before = signal.getsignal(signal.SIGINT)
    steps = []
    with pytest.raises(KeyboardInterrupt):
        ring(steps, early=early)
    assert steps == ["put in place", "put back"]
    assert signal.getsignal(signal.SIGINT) is before


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
