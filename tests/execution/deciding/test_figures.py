"""What figures say of the work, whatever else the machine has to do meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.deciding._figures import (
    Figures,
    Use,
    having_waited,
    lasting,
    overlapping,
    parallel_already,
    waiting,
)

seconds = st.floats(1e-5, 1.0)
busy = st.floats(1.0, 50.0)  # so many times longer does everything take for what others do


@given(cpu=seconds, threads=st.floats(1.5, 64), slower=busy)
def test_a_busy_machine_hides_no_library(cpu, threads, slower):
    """Its threads are pushed aside like the calling one, and use as much as that does."""
    shown = Figures(30, cpu * slower, cpu, threads * cpu, cpus=2)
    assert parallel_already(shown)


@given(cpu=seconds, slower=busy)
def test_python_code_is_no_library(cpu, slower):
    """One thread computes, however long that takes."""
    assert not parallel_already(Figures(30, cpu * slower, cpu, cpu, cpus=2))


@given(cpu=seconds, share=st.floats(0.3, 0.9))
def test_another_thread_that_has_the_gil_is_no_library(cpu, share):
    """The caller waits for it, 5 ms each time, and both together have one processor."""
    wall = cpu / share
    shown = Figures(30, wall, cpu, wall, waits=(wall - cpu) / 0.005, cpus=2)
    assert not parallel_already(shown)


@given(wall=seconds, threads=st.floats(1.3, 8))
def test_threads_of_a_library_are_told_from_lanes(wall, threads):
    """More is used than the lanes have used: sharing gains nothing, however fast it looks."""
    alone = Figures(50, 3 * wall, wall, wall, cpus=2)  # measured where others were at work
    use = Use(10, seconds=10 * wall, cpu=threads * 10 * wall, lanes=10 * wall)
    shown = overlapping(alone, use)
    assert parallel_already(shown)
    assert shown.overlap is None
    own = overlapping(alone, use._replace(lanes=use.cpu))
    assert own.overlap == pytest.approx(threads)
    assert not parallel_already(own)


@given(share=st.floats(0.2, 1), lanes=st.sampled_from([1.0, 1.9]))
def test_another_program_does_not_change_what_threads_show(share, lanes):
    """Who waits for the GIL does not stand in line for a processor; who computes does."""
    alone = Figures(50, 4e-3, 4e-3, 4e-3, cpus=2)
    could = 0.04 * lanes
    used = share * could
    use = Use(20, seconds=0.04, cpu=used, lanes=used, pushed=could - used)
    assert lasting(overlapping(alone, use)).overlap == pytest.approx(lanes)


@given(used=st.floats(1.4, 4), pushed=st.floats(0, 0.9))
def test_what_overlaps_is_proof_wherever_it_ran(used, pushed):
    """Python code cannot look like that."""
    alone = Figures(50, 4e-3, 4e-3, 4e-3, cpus=2)
    use = Use(10, seconds=0.02, cpu=0.02 * used, lanes=0.02 * used, pushed=0.02 * pushed)
    assert lasting(overlapping(alone, use)).overlap == pytest.approx(used + pushed)


def test_a_wait_that_was_none_is_found_out_anew():
    """Somebody else had the processor while it was measured."""
    once = Figures(20, wall=2e-3, cpu=1e-4, process_cpu=1e-4, waits=1.0, looks=2, cpus=2)
    assert waiting(having_waited(once, Use(20, seconds=5e-3, cpu=2e-3), width=8))
    assert not waiting(having_waited(once, Use(20, seconds=0.04, cpu=0.039), width=8))
