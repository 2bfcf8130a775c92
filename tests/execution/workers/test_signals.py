"""What a signal handler raises while a loop on worker processes listens is nobody else's error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clustrix import parallel
from clustrix._model import Plan
from clustrix._records import Call
from clustrix.execution._engine import execute
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._process_loop import ProcessLoop
from clustrix.execution.workers._processes import ProcessEngine
from tests.jobs import double


class Stop(BaseException):
    """What a handler raises."""


class Late:
    """Unpickled at the second try: a signal came at the first one."""

    tries = 0

    def __reduce__(self) -> Any:
        return _late, ()


def _late() -> Late:
    Late.tries += 1
    if Late.tries == 1:
        raise Stop
    return Late()


def late(x: int) -> Late:
    """A value that takes a while to be read."""
    return Late()


@pytest.mark.parametrize("collect", [False, True])
def test_a_handler_that_raises_while_values_are_read(collect):
    """The value can be read, so the exception is not about it."""
    on_error, Late.tries = "collect" if collect else "raise", 0
    body = parallel(late, executor="processes", max_workers=2, on_error=on_error)
    with pytest.raises(Stop):
        body(range(4))
    assert parallel(double, executor="processes", max_workers=2)(range(4)) == [0, 2, 4, 6]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, Stop])
def test_a_handler_that_raises_between_two_bytes(error, monkeypatch):
    """What it tore is not read to its end: the exception comes, not a complaint about a worker."""
    pool = Pool(2)
    engine = ProcessEngine(pool)
    understand: Callable[..., Any] = ProcessLoop._understand

    def torn(loop: ProcessLoop, worker: Any, frame: Any) -> Any:
        monkeypatch.setattr(ProcessLoop, "_understand", understand)
        raise error  # the frame was read, and is not noted

    monkeypatch.setattr(ProcessLoop, "_understand", torn)
    call = Call(double, range(1000), loop_var="x")
    plan = Plan("processes", 2, (), "double", chunk_size=10)
    try:
        with pytest.raises(error):
            execute(call, plan, engine)
        assert execute(call, plan, engine) == [2 * x for x in range(1000)]
    finally:
        pool.close()
