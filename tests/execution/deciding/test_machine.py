"""What the calling thread may use of this machine."""

from __future__ import annotations

import threading

from clustrix._model import Machine
from clustrix.execution.deciding._machine import this_machine
from clustrix.execution.lanes._lane import lane
from clustrix.execution.machine._cpus import available_cpus


def test_the_record_for_the_planner():
    """Also says whether the caller is inside a lane."""
    machine = this_machine()
    assert isinstance(machine, Machine)
    assert machine.cpus == available_cpus()
    assert not machine.inside_worker
    with lane():
        assert this_machine().inside_worker


def test_being_in_a_lane_is_a_matter_of_the_thread():
    """A neighbour's loop is none of ours."""
    seen = []
    with lane():
        thread = threading.Thread(target=lambda: seen.append(this_machine().inside_worker))
        thread.start()
        thread.join()
    assert seen == [False]
