"""How many processors this process may really use."""

from __future__ import annotations

import os

import pytest

from clustrix.execution.machine import _cpus

HOST = 64


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A host of 64 processors; the test writes its control groups."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    _cpus._cgroup_quota.cache_clear()
    root.mkdir()
    monkeypatch.setattr(_cpus, "_CGROUPS", str(root))
    monkeypatch.setattr(_cpus, "_OWN_CGROUP", str(own))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(HOST)), raising=False)

    def write(groups, files):
        own.write_text(groups)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)

    yield write
    _cpus._cgroup_quota.cache_clear()


def test_without_control_groups_affinity_counts(machine):
    """There is no file at all outside Linux."""
    assert _cpus.available_cpus() == HOST


def test_affinity_is_respected(machine, monkeypatch):
    """``taskset -c 3,5`` leaves two."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5}, raising=False)
    assert _cpus.available_cpus() == 2


def test_without_affinity_the_processors_are_counted(machine, monkeypatch):
    """Neither macOS nor Windows has no affinity calls."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert _cpus.available_cpus() == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert _cpus.available_cpus() == 1


@pytest.mark.parametrize(
    ("limit", "cpus"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("max 100000", HOST),
        ("9900000 100000", HOST),
        ("", HOST),
        ("nonsense", HOST),
    ],
)
def test_quota_of_version_2(machine, limit, cpus):
    """A fraction is rounded up, and what cannot be read limits nothing."""
    machine("0::/\n", {"cpu.max": limit})
    assert _cpus.available_cpus() == cpus


def test_every_level_of_version_2_may_limit(machine):
    """The tightest group on the way to the root wins."""
    machine(
        "0::/user/job/step\n",
        {
            "user/cpu.max": "800000 100000",
            "user/job/cpu.max": "300000 100000",
            "user/job/step/cpu.max": "max 100000",
        },
    )
    assert _cpus.available_cpus() == 3


@pytest.mark.parametrize(
    ("limit", "cpus"), [("400000", 4), ("-1", HOST), ("0", HOST), ("50000", 1), ("x", HOST)]
)
@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct"])
def test_quota_of_version_1(machine, limit, cpus, folder):
    """One tree for each controller, under either of its usual names."""
    machine(
        "3:memory:/box\n2:cpu,cpuacct:/box\n",
        {f"{folder}/box/cpu.cfs_quota_us": limit, f"{folder}/box/cpu.cfs_period_us": "100000"},
    )
    assert _cpus.available_cpus() == cpus


def test_version_1_inside_a_container(machine):
    """There the group's path leads nowhere, and the limit is at the mount's root."""
    machine(
        "2:cpu,cpuacct:/docker/abc\n",
        {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"},
    )
    assert _cpus.available_cpus() == 2


def test_a_quick_count_reads_no_control_groups(machine):
    """So it may be too high, but is never too low."""
    machine("0::/job\n", {"job/cpu.max": "200000 100000"})
    assert _cpus.cpus_at_most() == HOST
    assert _cpus._cgroup_quota.cache_info().currsize == 0
    assert _cpus.available_cpus() == 2
