"""A worker that imports something for long, or does not survive it."""

from __future__ import annotations

import os
import pathlib
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from clustrix import WorkerDied
from clustrix._model import Chunk, Plan
from clustrix.execution import Engines, execute
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.workers._process_loop import UNSEEN
from tests.jobs import call_of, plan_of

MODULE = """
import os
if os.getpid() != {caller}:
    {there}
class Item:
    pass
def same(x):
    return x if os else None  # reads more than plain data, so the module is imported for it
"""


class Marked:
    """Leaves a file where it is made anew."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return pathlib.Path.touch, (pathlib.Path(self.path),)


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Workers that have imported nothing yet."""
    engines = Engines(1)
    yield engines
    engines.close()


@pytest.fixture
def module(request, tmp_path, monkeypatch) -> ModuleType:
    """One that does something when a worker imports it."""
    name = f"imported_{request.node.name.partition('[')[0]}"
    there = request.param.format(gate=str(tmp_path / "gate"))
    (tmp_path / f"{name}.py").write_text(MODULE.format(caller=os.getpid(), there=there))
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__(name)
    yield module
    del sys.modules[name]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
@pytest.mark.parametrize(
    "module", ["open({gate!r}).read()  # until somebody has written"], indirect=True
)
@pytest.mark.parametrize("what", ["function", "item"])
def test_nobody_waits_for_what_a_worker_still_imports(module, engines, what, tmp_path):
    """The chunk has not begun, and is taken back: to import a library may take a second."""
    os.mkfifo(tmp_path / "gate")
    if what == "function":
        call = call_of(module.same, [1, 2])
    else:
        call = call_of(len, [module.Item(), module.Item()])
    schedule = Schedule(call, [Chunk(0, call.items)])
    loop = engines.processes(1).loop(call, Plan("processes", 1), schedule, 1)
    list(loop.hand_out())
    (worker,) = loop.working.values()
    end = time.monotonic() + 60
    while worker.page.opened() == 0 and time.monotonic() < end:
        time.sleep(0.001)
    assert loop.take_back()
    assert not loop.busy()
    with open(tmp_path / "gate", "w"):  # now it goes on
        loop.end()
    assert execute(call_of(abs, [-1, 2]), plan_of("processes", 1), engines.get("processes")) == [
        1,
        2,
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
@pytest.mark.parametrize(
    "module", ["open({gate!r}).read()  # until somebody has written"], indirect=True
)
def test_a_worker_that_still_imports_is_there_for_the_next_loop(module, engines, tmp_path):
    """Else each loop that is shorter than the import would start another one, for nothing."""
    os.mkfifo(tmp_path / "gate")
    engine, texts = engines.processes(1), [f"{n}" * 31_000 for n in range(20)]

    def begin() -> Any:
        call = call_of(module.same, texts)
        chunks = [Chunk(n, [text]) for n, text in enumerate(call.items)]
        loop = engine.loop(call, Plan("processes", 1), Schedule(call, chunks), 1)
        loop.depth, loop.taper = len(chunks), Taper(call.items, 0, 1.0, 1)
        list(loop.hand_out())
        return loop

    before = engine.pool.processes()
    for _ in range(3):
        loop = begin()
        (worker,) = loop.working.values()
        assert len(worker.chunks) == UNSEEN  # as long as it has begun none of them
        assert worker.channel.wants_to_write  # the socket is full
        while worker.page.opened() == 0:  # from then on it is at the gate
            time.sleep(0.001)
        while loop.take_back():
            pass
        loop.end()
        assert engine.pool.processes() == before
        assert engine.pool.idle() == 0  # it cannot begin with anything
    engine.pool.size = 2
    assert execute(call_of(abs, [-1, 2]), plan_of("processes", 1), engine) == [1, 2]  # by another
    with open(tmp_path / "gate", "w"):  # now it goes on
        pass
    end = time.monotonic() + 60
    while engine.pool.idle() < 2 and time.monotonic() < end:
        time.sleep(0.001)
    assert engine.pool.idle() == 2  # and nobody had to ask it for more
    assert execute(call_of(module.same, texts), plan_of("processes", 1), engine) == texts
    assert engine.pool.processes()[:1] == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
@pytest.mark.parametrize(
    "module", ["open({gate!r}).read()  # until somebody has written"], indirect=True
)
def test_what_was_taken_back_in_time_is_not_even_unpickled(module, engines, tmp_path):
    """To make the items of a chunk runs code of their classes, and costs what they weigh."""
    os.mkfifo(tmp_path / "gate")
    made = tmp_path / "made"
    call = call_of(module.same, [1, Marked(str(made))])
    schedule = Schedule(call, [Chunk(0, [1]), Chunk(1, call.items[1:])])
    loop = engines.processes(1).loop(call, Plan("processes", 1), schedule, 1)
    loop.depth = 2
    list(loop.hand_out())
    (worker,) = loop.working.values()
    while worker.page.opened() == 0:
        time.sleep(0.001)
    assert loop.take_back()  # the second one
    with open(tmp_path / "gate", "w"):
        pass
    while worker.chunks:
        list(loop.collect())
    loop.end()
    assert execute(call_of(abs, [-1, 2]), plan_of("processes", 1), engines.get("processes")) == [
        1,
        2,
    ]
    assert not made.exists()


def test_a_worker_that_has_read_nothing_for_thousands_of_chunks_is_replaced(engines):
    """There is no mark left by which one more of them could be taken back."""
    engine, call = engines.processes(1), call_of(abs, [-1, 2])
    assert execute(call, plan_of("processes", 1), engine) == [1, 2]
    (worker,) = engine.pool.held_by(None)
    worker.serial += 3_000
    assert execute(call, plan_of("processes", 1), engine) == [1, 2]
    assert worker not in engine.pool.held_by(None)
    assert worker.process.poll() is not None


@pytest.mark.parametrize("module", ["os._exit(3)"], indirect=True)
@pytest.mark.parametrize("what", ["function", "item"])
def test_a_worker_that_dies_of_an_import_names_the_item(module, engines, what):
    """It is not sent from worker to worker."""
    function, item = (module.same, 1) if what == "function" else (id, module.Item())
    with pytest.raises(WorkerDied, match="on the way: it exited with status 3") as caught:
        execute(call_of(function, [item]), plan_of("processes", 1), engines.get("processes"))
    assert caught.value.item == 0
