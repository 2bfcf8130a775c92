"""Threads that compute: what came of them decides about the loops to come."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator

import pytest

from clustrix._model import Call, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _computing, _meter
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._computing import TRIAL
from clustrix.execution.adapting._meter import Clocks
from clustrix.execution.adapting._short import run_short
from clustrix.execution.deciding._cost import decide
from clustrix.execution.deciding._figures import Figures
from clustrix.execution.deciding._memory import ALONE, Known, remembered
from clustrix.execution.deciding._payoff import ENOUGH, FIRST, UNTRIED, Payoff, Shared

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


def clocks(tick: float, cpus: float = 1.0) -> Callable[[], Clocks]:
    """Those of somebody whose batches all take the same time, on so many processors."""
    ticks = itertools.count()

    def read_clocks() -> Clocks:
        now = tick * next(ticks)
        return Clocks(now, now, cpus * now, 0.0, 0.0, 0.0)

    return read_clocks


@pytest.fixture
def gains(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A list of how many times as fast two threads are said to be: its last figure holds.

    What a moment of them shows, or the calling thread alone, is nothing to rely on where another
    program has a processor: that is given as well.
    """
    said = [1.0]

    def shared(count: int, *_: float) -> Shared:
        return Shared(count, worked=count * ONE, seconds=count * ONE / said[-1])

    monkeypatch.setattr(_computing, "Shared", shared)
    monkeypatch.setattr(_computing, "TELLING", 0.0)
    monkeypatch.setattr(_computing, "overlapping", lambda known, _: known._replace(overlap=1.9))
    monkeypatch.setattr(_meter, "read_clocks", clocks(ONE))
    return said


@pytest.mark.parametrize("overlap", [1.9, None], ids=["known", "to be tried"])
def test_threads_that_are_no_faster_are_left_alone_for_a_while(
    engines: Engines, gains: list[float], overlap: float | None
) -> None:
    """Memory has one way to it: two threads may use two processors and take as long as one."""
    gains.append(0.9)
    figures = FIGURES._replace(overlap=overlap)
    ways = [once(engines, figures).shared for _ in range(ENOUGH + FIRST)]
    assert ways == [True] * ENOUGH + [False] * FIRST
    gains.append(1.9)
    assert once(engines, figures).shared
    assert not once(engines, figures).payoff.tries


@pytest.mark.parametrize("gain", [0.9, 1.9])
def test_threads_that_have_gained_nothing_lately_are_tried_with_a_part_of_a_loop(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, gains: list[float], gain: float
) -> None:
    """All of it took twice as long as the plain loop; where the part gains, the rest follows."""
    gains.append(gain)
    counts: list[int] = []
    say = _computing.Shared
    monkeypatch.setattr(_computing, "Shared", lambda *of: (counts.append(of[0]), say(*of))[1])
    failed = Payoff(tries=1, wall=ONE, alone=ONE)
    remembered.put(digest, Known(FIGURES, "", "x", "", payoff=failed))
    known = once(engines)
    assert counts[0] <= COUNT // TRIAL
    if gain < 1:
        assert len(counts) == 1
        assert (known.report, known.shared) == (ALONE, False)
        assert (known.payoff.tries, known.payoff.rest) == (2, 2 * FIRST)
    else:
        assert sum(counts) == COUNT
        assert known.shared
        assert (known.payoff.tries, known.payoff.rest) == (0, 0)


def test_an_error_in_such_a_part_ends_the_loop(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in any other; no other lane begins with the rest."""
    ran: list[int] = []

    def refuse(x: int) -> int:
        ran.append(x)
        raise ValueError(x)

    monkeypatch.setattr(_computing, "TELLING", 0.0)
    remembered.put(refuse, Known(FIGURES, "", "x", "", payoff=Payoff(tries=1, wall=ONE)))
    call = Call(refuse, range(COUNT), loop_var="x")
    machine = Machine(cpus=2, gil=True)
    loop = AdaptiveLoop(call, None, None, lambda: Plan("processes", 2), engines, machine=machine)
    with pytest.raises(ValueError, match="0"):
        loop.run()
    assert len(ran) <= COUNT // TRIAL


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
    monkeypatch.setattr(_meter, "read_clocks", clocks(1e-3, cpus=2.0))
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
