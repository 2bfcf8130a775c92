"""A worker that imports something for long, or does not survive it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from clustrix import WorkerDied
from clustrix._model import Chunk, Plan
from clustrix.execution import Engines, execute
from clustrix.execution._schedule import Schedule
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


@pytest.mark.parametrize("module", ["os._exit(3)"], indirect=True)
@pytest.mark.parametrize("what", ["function", "item"])
def test_a_worker_that_dies_of_an_import_names_the_item(module, engines, what):
    """It is not sent from worker to worker."""
    function, item = (module.same, 1) if what == "function" else (id, module.Item())
    with pytest.raises(WorkerDied, match="on the way: it exited with status 3") as caught:
        execute(call_of(function, [item]), plan_of("processes", 1), engines.get("processes"))
    assert caught.value.item == 0
