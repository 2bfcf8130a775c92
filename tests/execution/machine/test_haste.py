"""Turns for threads in haste: for as long as one of them is, and no longer."""

from __future__ import annotations

import sys
import threading

import pytest

from clustrix.execution.machine._haste import TURN, in_haste


@pytest.fixture(autouse=True)
def usual():
    """What the user has said."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.003)
    yield sys.getswitchinterval()
    sys.setswitchinterval(before)


def test_turns_are_short_until_the_last_thread_is_through(usual):
    """Whichever of them that is."""
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with in_haste():
            inside.set()
            assert leave.wait(60)

    with in_haste():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(60)
    assert sys.getswitchinterval() == pytest.approx(TURN)
    leave.set()
    thread.join()
    assert sys.getswitchinterval() == usual


def test_who_is_in_haste_may_be_so_again(usual):
    """Who hands out work may have to start the workers first."""
    with in_haste(), in_haste():
        assert sys.getswitchinterval() == pytest.approx(TURN)
    assert sys.getswitchinterval() == usual


def test_an_error_ends_it_as_well(usual):
    """Ctrl-C, for one."""
    with pytest.raises(KeyboardInterrupt), in_haste():
        raise KeyboardInterrupt
    assert sys.getswitchinterval() == usual


def test_what_somebody_says_meanwhile_stays():
    """An item may have its own mind about turns."""
    with in_haste():
        sys.setswitchinterval(0.007)
    assert sys.getswitchinterval() == pytest.approx(0.007)
