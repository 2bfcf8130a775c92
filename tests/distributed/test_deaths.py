"""Workers that are lost: killed from outside, or ended by an item."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from clustrix import WorkerDied, parallel
from tests import jobs


def note_pid(x, folder):
    """Says which process runs the item, and gives somebody time to kill it."""
    path = Path(folder) / f"{x}-{os.getpid()}"
    path.touch()
    time.sleep(0.05)
    return x * x


def kill_one(folder, stop):
    """Kills the first worker that says that it has begun something."""
    while not stop.wait(0.01):
        for path in Path(folder).iterdir():
            os.kill(int(path.name.partition("-")[2]), signal.SIGKILL)
            return


@pytest.mark.parametrize("again", range(3))
def test_a_worker_is_killed_while_chunks_run(cluster, tmp_path, again):
    """The answers are right, or a `WorkerDied` names an item."""
    body = parallel(note_pid, executor=cluster)
    stop = threading.Event()
    killer = threading.Thread(target=kill_one, args=(tmp_path, stop))
    killer.start()
    died = None
    try:
        results = body(range(40), str(tmp_path))
    except WorkerDied as error:
        died = error
    finally:
        stop.set()
        killer.join()
    if died is None:
        assert results == [x * x for x in range(40)]
    else:
        assert died.item in range(40)
        assert "note_pid()" in str(died)
    assert any(tmp_path.iterdir())
    assert body(range(4), str(tmp_path)) == [0, 1, 4, 9], "and the cluster works on"


def test_an_item_that_ends_its_worker_is_found(cluster):
    """However many items travelled with it."""
    body = parallel(jobs.leave, executor=cluster, chunk_size=8)
    with pytest.raises(WorkerDied) as caught:
        body(range(16), 5, 1)
    assert caught.value.item == 5
    assert "item 5 (x=5) of leave()" in str(caught.value)


def test_only_that_item_is_lost(cluster):
    """With collected errors its neighbours have their values."""
    body = parallel(jobs.leave, executor=cluster, chunk_size=4, on_error="collect")
    results = body(range(12), 5, 1)
    assert type(results.pop(5)) is WorkerDied
    assert results == [x for x in range(12) if x != 5]
