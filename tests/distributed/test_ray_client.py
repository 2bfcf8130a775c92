"""An address of Ray's client port: a server on this machine, and a caller that is no part of it."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap

import pytest

from tests.scripts import environment, output_of

SERVER = """
    import logging, sys
    import ray
    from ray.util.client.server.server import serve

    ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    server = serve("127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)
    ray.shutdown()
"""
CALLER = """
    import os, warnings
    from clustrix import ClustrixError, parallel

    OFFSET = 3

    def body(x):
        if x == 7:
            raise ValueError("bad item", x)
        print("item", x)
        return x + OFFSET, os.getpid()

    loop = parallel(body, executor="ray://127.0.0.1:{port}", on_error="collect")
    results = loop(range(10))
    error = results.pop(7)
    print(sum(value for value, _ in results), os.getpid() in {{pid for _, pid in results}})
    print(error.args, error.__notes__)
    stream = parallel(abs, executor="ray://127.0.0.1:{port}").stream(range(-5, 0))
    print(list(stream))
    try:
        parallel(abs, executor="ray://127.0.0.1:1")([1, 2])
    except ClustrixError as error:
        print(error)
"""


@pytest.fixture
def port(tmp_path, monkeypatch, request):
    """Where the server listens."""
    request.getfixturevalue("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # or a token would be asked for
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "server.py").write_text(textwrap.dedent(SERVER))
    process = subprocess.Popen(
        [sys.executable, "server.py", str(port)],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        while (line := process.stdout.readline()) != "ready\n":
            assert line, "the server ended"
        yield port
    finally:
        process.communicate("")


def test_an_address(port, tmp_path):
    """Code, output and errors travel; another address is refused while this one is connected."""
    said = output_of(CALLER.format(port=port), tmp_path)
    shown = "".join(f"item {x}\n" for x in range(10) if x != 7)
    assert said == (
        shown + "65 False\n"
        "('bad item', 7) ['clustrix: item 7 (x=7) of body()']\n"
        "[5, 4, 3, 2, 1]\n"
        "executor='ray://127.0.0.1:1': this process is connected to another Ray already; "
        'executor="ray" uses that one, and ray.shutdown() leaves it\n'
    )
