"""Code that travels by value although the other side could import it."""

from __future__ import annotations

import importlib
import sys
import threading

import cloudpickle
import pytest

from clustrix import configure, parallel
from clustrix.execution.travel import _shipping
from clustrix.execution.travel._transport import dumps, loads

TEXT = """
import {name}
FACTOR = {factor}

class Thing:
    def __init__(self, x):
        self.x = x

def make(x):
    return {name}.Thing(x * FACTOR)
"""


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """A module that was imported, and edited since: what is in memory is not in the file."""
    name = f"edited_{tmp_path.name}"
    file = tmp_path / f"{name}.py"
    file.write_text(TEXT.format(name=name, factor=2))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module(name)
    file.write_text(TEXT.format(name=name, factor=3).replace("x * FACTOR", "x * 1000"))
    yield module
    sys.modules.pop(name, None)


def test_processes_run_what_is_in_memory(edited):
    """As the plain loop does; without being shipped, workers import the file."""
    loop = parallel(edited.make, executor="processes")
    with configure(ship=[edited.__name__]):
        made = loop(range(6))
    assert [one.x for one in made] == [2 * x for x in range(6)]
    assert {type(one) for one in made} == {edited.Thing}
    assert [one.x for one in loop(range(6))] == [1000 * x for x in range(6)]


def test_a_module_that_mentions_itself(edited):
    """It comes as one object, with all that it holds."""
    with configure(ship=[edited.__name__]):
        packed = dumps(edited.make)
    sys.modules.pop(edited.__name__)
    made = loads(packed)
    inner = made.__globals__[edited.__name__]
    assert vars(inner)[edited.__name__] is inner
    assert made(4).x == 8


def test_cloudpickle_is_told_for_the_time_of_a_pickle_only(edited):
    """Also where several threads pickle, and where the user has told it, too."""
    name = edited.__name__
    with configure(ship=[name]):
        assert _shipping.goes_by_value(f"{name}.sub")
        dumps(edited.make)
        assert name not in cloudpickle.list_registry_pickle_by_value()
        with _shipping.registered([name]):
            other = threading.Thread(target=lambda: dumps(edited.make))
            other.start()
            other.join()
            assert name in cloudpickle.list_registry_pickle_by_value()
    assert not _shipping.goes_by_value(name)
    cloudpickle.register_pickle_by_value(edited)
    with configure(ship=[name]):
        dumps(edited.make)
    assert name in cloudpickle.list_registry_pickle_by_value()
    cloudpickle.unregister_pickle_by_value(edited)
