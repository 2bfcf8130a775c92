"""Several hosts: a scheduler and two workers with addresses of their own, one of them cut off.

    [caller, scheduler 10.77.0.1] ── bridge ──┬── [worker 10.77.0.2]
                                              └── [worker 10.77.0.3]   its cable is pulled

Each host is a network namespace, made here and removed here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid

import pytest

from tests.scripts import environment

CALLER = """
    import json, os, socket, sys, time
    from pathlib import Path
    from clustrix import WorkerDied, parallel

    def body(x, folder):
        from distributed import get_worker
        host = get_worker().address.split("//")[1].rpartition(":")[0]
        (Path(folder) / f"{host}-{x}").touch()
        time.sleep(0.1)
        return x * x, host

    loop = parallel(body, executor="dask://10.77.0.1:8786", chunk_size=2)
    try:
        results = loop(range(80), sys.argv[1])
    except WorkerDied as error:
        print(json.dumps({"item": error.item}))
    else:
        print(json.dumps({"values": [v for v, _ in results], "hosts": [h for _, h in results]}))
"""
SECONDS = 60


def ip(*arguments):
    """A command of iproute2; its last words where it fails."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    return done.stderr.strip() or "it failed" if done.returncode else ""


@pytest.fixture
def hosts():
    """The names of three hosts on one wire."""
    if shutil.which("ip") is None:
        pytest.skip("needs the command ip (iproute2)")
    tag = uuid.uuid4().hex[:6]
    names = [f"clx{tag}{n}" for n in range(3)]
    try:
        for name in names:
            if trouble := ip("netns", "add", name):
                pytest.skip(f"network namespaces cannot be made here: {trouble}")
        hub = names[0]
        steps = [
            ["-n", hub, "link", "add", "wire", "type", "bridge"],
            ["-n", hub, "addr", "add", "10.77.0.1/24", "dev", "wire"],
            ["-n", hub, "link", "set", "wire", "up"],
            ["-n", hub, "link", "set", "lo", "up"],
        ]
        for n, name in enumerate(names[1:], 2):
            steps += [
                ["-n", hub, "link", "add", f"to{n}", "type", "veth", "peer", "name", "eth0",
                 "netns", name],
                ["-n", hub, "link", "set", f"to{n}", "master", "wire", "up"],
                ["-n", name, "addr", "add", f"10.77.0.{n}/24", "dev", "eth0"],
                ["-n", name, "link", "set", "eth0", "up"],
                ["-n", name, "link", "set", "lo", "up"],
            ]  # fmt: skip
        for step in steps:
            if trouble := ip(*step):
                pytest.skip(f"ip {' '.join(step)}: {trouble}")
        yield names
    finally:
        for name in names:
            ip("netns", "del", name)


@pytest.fixture
def started(hosts, tmp_path):
    """Starts a command on a host; at the end all of them are ended."""
    quick = {
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "4s",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s",
        "TMPDIR": str(tmp_path),
    }
    running = []

    def start(host, *command):
        process = subprocess.Popen(
            ["ip", "netns", "exec", hosts[host], sys.executable, *command],
            env={**environment(), **quick},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(tmp_path / f"errors-{len(running)}").open("w"),
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


def wait_until(told, process):
    """Look until something is so, while the program runs that brings it about."""
    end = time.monotonic() + SECONDS
    while not told():
        assert process.poll() is None, "the program ended too early"
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.usefixtures("dask")
@pytest.mark.parametrize("cut", [False, True])
def test_hosts_of_their_own(hosts, started, tmp_path, cut):
    """Both work; with one cut off in the middle the answer is right, or an item is named."""
    trace = tmp_path / "trace"
    trace.mkdir()
    (tmp_path / "caller.py").write_text("\n".join(line[4:] for line in CALLER.splitlines()))
    started(0, "-m", "distributed.cli.dask_scheduler", "--host", "10.77.0.1", "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0")  # fmt: skip
    for n in (1, 2):
        started(n, "-m", "distributed.cli.dask_worker", "tcp://10.77.0.1:8786", "--nworkers", "1",
                "--nthreads", "1", "--host", f"10.77.0.{n + 1}", "--no-dashboard",
                "--memory-limit", "0", "--local-directory", str(tmp_path / f"at{n}"))  # fmt: skip
    caller = started(0, "caller.py", str(trace))
    wait_until(lambda: any(trace.glob("10.77.0.3-*")), caller)
    if cut:
        assert ip("-n", hosts[0], "link", "set", "to3", "down") == ""
    said = json.loads(caller.communicate(timeout=SECONDS)[0])
    if "item" in said:
        assert cut
        assert said["item"] in range(80)
    else:
        assert said["values"] == [x * x for x in range(80)]
        assert set(said["hosts"]) <= {"10.77.0.2", "10.77.0.3"}
        assert cut or len(set(said["hosts"])) == 2
