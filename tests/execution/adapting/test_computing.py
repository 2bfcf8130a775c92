"""Threads that compute: what came of them decides about the loops to come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from clustrix._model import Call, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _adaptive, _computing
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._short import run_short
from clustrix.execution.deciding._cost import decide
from clustrix.execution.deciding._figures import Figures
from clustrix.execution.deciding._memory import Known, remembered
from clustrix.execution.deciding._payoff import ENOUGH, FIRST, UNTRIED, Shared

# C code that lets go of the GIL, and is worth sharing, as far as anybody knows.
ONE = 0.1
FIGURES = Figures(0, wall=ONE, cpu=ONE, process_cpu=ONE, overlap=1.9, moved=1.0)
COUNT = 40
DATA = bytes(300_000)


def digest(x: int) -> int:
    """Some tenths of a millisecond, most of it without the GIL."""
    hashlib.sha256(DATA).digest()
    return x


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Which never start a worker here."""
    made = Engines(2)
    yield made
    made.close()


def once(engines: Engines, figures: Figures = FIGURES) -> Known:
    """One more loop over such items, as far as anybody knows what they are."""
    known = remembered.get(digest)
    payoff = known.payoff._replace(wall=ONE, alone=ONE) if known else UNTRIED
    remembered.put(digest, Known(figures, "", "x", "", shared=True, payoff=payoff))
    call = Call(digest, range(COUNT), loop_var="x")
    machine = Machine(cpus=2, gil=True)
    loop = AdaptiveLoop(call, None, None, lambda: Plan("processes", 2), engines, machine=machine)
    assert loop.run() == [*range(COUNT)]
    known = remembered.get(digest)
    assert known is not None
    return known


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """And two threads are seen to run at once, also where another program has a processor."""
    monkeypatch.setattr(_computing, "PYTHON", 0.0)
    remembered.put(digest, Known(FIGURES, "", "x", ""))


@pytest.mark.parametrize("overlap", [1.9, None], ids=["known", "to be tried"])
def test_threads_that_are_no_faster_are_left_alone_for_a_while(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, overlap: float | None
) -> None:
    """Memory has one way to it: two threads may use two processors and take as long as one."""
    gain = 0.9
    monkeypatch.setattr(
        _computing, "Shared", lambda count, *_: Shared(count, worked=gain, seconds=1.0)
    )
    # A moment of two threads shows nothing where another program has a processor.
    monkeypatch.setattr(_computing, "TELLING", 0.0)
    monkeypatch.setattr(_computing, "overlapping", lambda known, _: known._replace(overlap=1.9))
    figures = FIGURES._replace(overlap=overlap)
    ways = [once(engines, figures).shared for _ in range(ENOUGH + FIRST)]
    assert ways == [True] * ENOUGH + [False] * FIRST
    gain = 1.9
    assert once(engines, figures).shared
    assert not once(engines, figures).payoff.tries


def test_code_that_holds_the_gil_says_nothing_of_workers(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads take as long as one then, or longer; two processes do not."""
    monkeypatch.setattr(_computing, "PYTHON", 1e9)
    monkeypatch.setattr(_computing, "Shared", lambda *_: pytest.fail("it was judged"))
    assert once(engines).shared


def test_a_library_that_uses_all_processors_is_not_looked_at_in_every_loop(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lane could do anything for it: it runs as a plain loop, and is asked about again."""
    monkeypatch.setattr(_adaptive, "parallel_already", lambda figures: True)
    known = once(engines, FIGURES._replace(process_cpu=2 * ONE))
    assert not known.shared
    assert known.payoff.rest == FIRST
    call = Call(digest, range(COUNT), loop_var="x")
    assert run_short(call) is not None


def test_what_has_gained_nothing_lately_is_neither_tried_nor_shared() -> None:
    """On no lanes, whatever they are."""
    figures = FIGURES._replace(items=COUNT, cpus=2, warm=1)
    assert decide(figures).way == "threads"
    assert decide(figures._replace(overlap=None)).way == "probe"
    assert decide(figures._replace(overlap=1.0, moved=0.0)).way == "processes"
    for overlap, moved in ((1.9, 1.0), (None, 1.0), (1.0, 0.0)):
        rests = figures._replace(overlap=overlap, moved=moved, spared=2 * ONE)
        assert decide(rests).why == "other lanes have gained nothing lately"
