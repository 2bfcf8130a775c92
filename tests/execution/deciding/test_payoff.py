"""Loops that gain nothing on workers stay in the calling thread, and are tried again."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix._model import Call, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _others
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._short import run_short
from clustrix.execution.chunking._window import Items, Settings
from clustrix.execution.deciding._cost import Decision, decide
from clustrix.execution.deciding._figures import Figures
from clustrix.execution.deciding._memory import Known, remembered
from clustrix.execution.deciding._payoff import (
    AGAIN,
    BRIEF,
    BRIEF_FIRST,
    DOUBT,
    ENOUGH,
    FIRST,
    LOOKED_AT,
    MOST,
    MOST_ANSWERING,
    OTHERS,
    RUIN,
    SETTLED,
    SLOWER,
    UNTRIED,
    WORTH,
    Payoff,
    Shared,
    gained,
    judged,
    passed,
    spared,
    vain,
)
from clustrix.execution.streams._adaptive_stream import ALONE, AdaptiveStream

WALL = 2e-5
GAINS = st.floats(0.01, 10.0)

# Of which everything is known, and which is worth sharing by that.
FIGURES = Figures(0, wall=0.1, cpu=0.1, process_cpu=0.1, overlap=1.0, moved=0.0)


def shared(gain: float) -> Shared:
    """A loop of a second that was so many times as fast as its caller alone."""
    return Shared(items=100, worked=gain, seconds=1.0)


def brief(*, each: float, seconds: float) -> Shared:
    """Two items, each of which took so long, on a loop that took so many seconds."""
    return Shared(items=2, worked=2 * each, seconds=seconds)


def after(gains: list[float], payoff: Payoff = UNTRIED) -> Payoff:
    """Shared loops, one after the other."""
    for gain in gains:
        payoff = judged(payoff, shared(gain), WALL)
    return payoff


@given(st.lists(GAINS), st.floats(WORTH, 10.0))
def test_one_that_gains_something_starts_anew(gains: list[float], good: float) -> None:
    """Whatever there was before: others may have had the machine."""
    known = after([*gains, good])
    assert known == Payoff(since=len(gains) + 1)
    assert not spared(known, 1.0)


@given(st.lists(st.floats(RUIN, WORTH, exclude_max=True), max_size=ENOUGH - 1))
def test_less_than_three_in_a_row_prove_nothing(gains: list[float]) -> None:
    """One meets a busy machine, another a worker that has to import something."""
    assert spared(after(gains), 1.0) == 0.0


def test_what_ruins_a_loop_is_not_tried_thrice() -> None:
    """It takes more than twice as long as the plain loop."""
    assert spared(after([0.9 * RUIN]), 1.0) > 0.0


def test_items_that_wait_for_each_other_stay_with_the_caller() -> None:
    """As dear as they were; dearer ones may be others, and are shared."""
    waits = Figures(100, wall=0.01, cpu=1e-4, process_cpu=1e-4, waits=1.0, looks=2, cpus=2)
    assert decide(waits).way == "threads"
    poor = spared(judged(UNTRIED, shared(0.1), waits.wall), 1.0)
    assert decide(waits._replace(spared=poor)).way == "finish"
    assert decide(waits._replace(spared=poor, wall=2 * waits.wall)).way == "threads"


def loops(count: int, gain: float) -> tuple[int, int]:
    """How many of so many loops are shared, and how many are in the last thousand."""
    payoff, ways = UNTRIED, []
    for _ in range(count):
        ways.append(not spared(payoff, 1.0))
        payoff = judged(payoff, shared(gain), WALL) if ways[-1] else passed(payoff, WALL)
    return sum(ways), sum(ways[-1000:])


def test_what_never_gains_is_hardly_tried_any_more() -> None:
    """Twice as rarely each time, and at last one of 65 loops: what they lose is nothing then."""
    total, last = loops(10_000, 0.9)
    assert 10_000 // (MOST + 1) <= total <= 10_000 // (MOST + 1) + ENOUGH + 6
    assert 1000 // (MOST + 1) <= last <= 1000 // (MOST + 1) + 1
    assert loops(1_000, 1.5)[0] == 1_000


def test_the_next_try_comes_for_sure() -> None:
    """The machine may be another one by then."""
    payoff = after([0.9] * ENOUGH)
    for _ in range(FIRST):
        assert spared(payoff, 1.0)
        payoff = passed(payoff, WALL)
    assert not spared(payoff, 1.0)


def test_a_loop_that_woke_its_workers_says_nothing_of_the_next_one() -> None:
    """Most of it went by until they answered; they are awake now."""
    seconds = 0.0013
    loop = Shared(2, worked=0.001, seconds=seconds, answer=1.01 * MOST_ANSWERING * seconds)
    assert gained(loop) is None
    known = after([0.9] * (ENOUGH - 1))
    assert judged(known, loop, WALL) == known
    assert gained(loop._replace(answer=0.99 * MOST_ANSWERING * seconds)) is not None


def test_two_lanes_that_slow_each_other_down_are_seen_in_a_brief_loop() -> None:
    """Their items take 0.8 ms each, and 0.5 alone: what adds up to a gain is none."""
    loop, known = brief(each=0.0008, seconds=0.00105), passed(UNTRIED, 0.0005)
    assert gained(loop) > 1.5  # type: ignore[operator]
    assert gained(loop, known.alone) == pytest.approx(0.001 / 0.00105)
    seconds = 0.0
    while not spared(known, 0.001):
        known = judged(known, loop, 0.0008)
        seconds += loop.seconds
    assert SETTLED <= seconds < SETTLED + 2 * loop.seconds
    assert known.rest == BRIEF_FIRST


@given(alone=st.floats(1e-6, 1e-2), times=st.floats(0.1, 10), seconds=st.floats(1e-4, 1.0))
def test_what_items_took_alone_counts_for_the_same_items_only(
    alone: float, times: float, seconds: float
) -> None:
    """Others may be a hundred times as dear; nobody knows, unless these were just seen alone."""
    loop = brief(each=times * alone, seconds=seconds)
    together, known = gained(loop), gained(loop, alone)
    assert together is not None
    assert gained(loop, 0.0) == together
    if times <= 0.99:
        assert known == together
    elif times >= 1.01 * SLOWER:
        assert known is None
        assert gained(loop, alone, just_seen=True) == pytest.approx(together / times)
    elif 1.01 <= times <= 0.99 * SLOWER:
        whole = together / times
        assert known == pytest.approx(whole if seconds < BRIEF else math.sqrt(whole * together))


def test_brief_loops_stay_now_and_then_to_see_what_their_items_take_alone() -> None:
    """One in many; what they took an hour ago may have been on a busy machine."""
    known, loop = UNTRIED, brief(each=0.0005, seconds=0.0006)
    for _ in range(AGAIN):
        assert not spared(known, 0.001)
        known = judged(known, loop, 0.0005)
    assert spared(known, 0.001)
    known = passed(known, 0.0004)
    assert (known.alone, known.since, spared(known, 0.001)) == (0.0004, 0, 0.0)


def test_a_busy_moment_does_not_make_every_shared_loop_a_gain() -> None:
    """What items take alone becomes more by and by, and less at once; or they are others."""
    known = passed(passed(UNTRIED, 0.0005), 0.0009)
    assert known.alone == DOUBT * 0.0005
    assert passed(known, 0.0004).alone == 0.0004
    assert passed(known, 0.005).alone == 0.005


def test_items_that_are_much_dearer_on_workers_are_looked_at_alone() -> None:
    """They may be others; if not, what they have here, in a cache, is not where workers are."""
    known = passed(UNTRIED, 2e-6)
    loop = Shared(items=20_000, worked=0.271, seconds=0.232)  # by the sum a gain of 1.17
    known = judged(known._replace(since=1), loop, 2e-6)
    assert (known.rest, known.poor) == (1, 0)
    same, others = passed(known, 2e-6), passed(known, 1.4e-5)
    assert judged(same, loop, 2e-6).rest == FIRST
    assert not judged(others, loop, 1.4e-5).rest


def test_loops_for_which_no_lane_could_do_anything_are_asked_about_more_and_more_rarely() -> None:
    """As long as they are no bigger; and where they are long there is time to ask."""
    known, asked = UNTRIED, 0
    for _ in range(1000):
        if spared(known, 0.001):
            known = passed(known, 0.0005)
        else:
            known, asked = vain(known, 0.0005, 0.001), asked + 1
    assert asked <= 1000 / MOST + 6
    assert spared(known._replace(rest=1), 1.01 * OTHERS * 0.001) == 0.0
    assert vain(UNTRIED, 0.5, LOOKED_AT).rest == 0
    assert judged(known, shared(2.0), WALL).work == 0.0


def test_items_that_are_dearer_are_others() -> None:
    """What is known of ten words says nothing of ten thousand."""
    figures = FIGURES._replace(items=1000, wall=WALL, cpu=WALL, process_cpu=WALL, cpus=2, warm=1)
    figures = figures._replace(spared=spared(after([0.9] * ENOUGH), 1.0))
    dearer = WALL * OTHERS * 1.01
    others = figures._replace(wall=dearer, cpu=dearer, process_cpu=dearer)
    assert decide(figures) == Decision(
        "finish", 1, "other lanes have gained nothing lately", pytest.approx(0.02)
    )
    assert decide(others).way == "processes"


@pytest.fixture(scope="module")
def opened() -> Iterator[Engines]:
    """One pool for the whole file."""
    made = Engines(2)
    yield made
    made.close()


@pytest.fixture
def engines(opened: Engines, monkeypatch: pytest.MonkeyPatch) -> Engines:
    """Workers that are warm, as far as anybody asks: one may be busy with the last loop yet.

    And no item waits, though another program may have the processor.
    """
    monkeypatch.setattr(opened, "warm", lambda patience=0.0: 2)
    monkeypatch.setattr(_others.Others, "_look_here", lambda *_: None)
    return opened


def _plan() -> Plan:
    return Plan("processes", 2)


def double(x: int) -> int:
    """Any function."""
    return 2 * x


def once(engines: Engines) -> Known:
    """One more loop over items that are worth sharing, as far as anybody knows."""
    known = remembered.get(double)
    wall = FIGURES.wall  # these are no others
    payoff = known.payoff._replace(wall=wall, alone=wall) if known else UNTRIED
    remembered.put(double, Known(FIGURES, "", "x", "", shared=True, payoff=payoff))
    call = Call(double, range(20), loop_var="x")
    loop = AdaptiveLoop(call, None, None, _plan, engines, machine=Machine(cpus=2))
    assert loop.run() == [2 * x for x in range(20)]
    known = remembered.get(double)
    assert known is not None
    return known


def test_a_loop_that_gained_nothing_is_not_shared_for_a_while(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock says what came of it; the values are those of the loop, every time."""
    gain = 0.9
    monkeypatch.setattr(_others, "Shared", lambda *_: shared(gain))
    ways = [once(engines).shared for _ in range(ENOUGH + FIRST)]
    assert ways == [True] * ENOUGH + [False] * FIRST
    gain = 1.9
    assert [once(engines).shared for _ in range(3)] == [True] * 3
    assert not once(engines).payoff.tries


def timed(x: int) -> float:
    """How long it took, as it sees it."""
    start = time.perf_counter()
    sum(range(1000))
    return time.perf_counter() - start


def test_what_items_take_is_counted_wherever_they_run(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On workers and in the calling thread: no second is missing, and none is counted twice."""
    told: list[Shared] = []
    monkeypatch.setattr(_others, "Shared", lambda *given: told.append(Shared(*given)) or told[-1])
    remembered.put(timed, Known(FIGURES, "", "x", "", shared=True))
    call = Call(timed, range(400), loop_var="x")
    begin = time.perf_counter()
    taken = AdaptiveLoop(call, None, None, _plan, engines, machine=Machine(cpus=2)).run()
    passed_by = time.perf_counter() - begin
    ((count, worked, seconds, answer),) = told
    assert count == len(taken)
    assert sum(taken) <= worked <= 2 * passed_by
    assert seconds <= passed_by
    assert answer > 0


class Queue:
    """One after the other, and slower where several ask at once: a server that drops them."""

    def __init__(self) -> None:
        self.lock, self.asking = threading.Lock(), 0

    def ask(self, x: int) -> int:
        """Wait for one's turn."""
        with self.lock:
            self.asking += 1
            together = self.asking
        time.sleep(0.003 if together == 1 else 0.03 * together)
        with self.lock:
            self.asking -= 1
        return x


def test_a_server_that_cannot_take_several_at_once_is_left_alone(engines: Engines) -> None:
    """What came of the threads is seen, and the next loops ask one after the other.

    On a busy machine the first loops may be over before it is clear that they wait.
    """
    queue = Queue()
    body: Callable[[int], int] = queue.ask
    ways: list[bool] = []
    while len(ways) < 20 and (not ways or not ways[-1]):
        call = Call(body, range(30), loop_var="x")
        loop = AdaptiveLoop(call, None, None, _plan, engines, machine=Machine(cpus=2))
        assert loop.run() == [*range(30)]
        known = remembered.get(body)
        assert known is not None
        ways.append(known.shared)
    assert ways[-1]
    assert known.payoff.rest
    call = Call(body, range(30), loop_var="x")
    assert run_short(call) is not None


def test_it_says_why_it_is_not_shared(engines: Engines) -> None:
    """With what was measured."""
    payoff = Payoff(tries=1, rest=2, wall=1.0)
    remembered.put(double, Known(FIGURES, "", "x", "", shared=True, payoff=payoff))
    said = once(engines).in_words()
    assert said.startswith("finished in the calling thread: ")
    assert said.endswith(" of work, where other lanes have gained nothing lately")


def test_a_stream_keeps_what_loops_have_shown(engines: Engines) -> None:
    """And does not share it either."""
    payoff = Payoff(tries=1, rest=2, wall=1.0)
    remembered.put(double, Known(FIGURES, "", "x", "", shared=True, payoff=payoff))
    call, items = Call(double, (), loop_var="x"), Items(range(20))
    stream = AdaptiveStream(
        call, items, Settings(), Machine(cpus=2), lambda sample: _plan(), engines
    )
    assert list(stream.run()) == [2 * x for x in range(20)]
    assert stream.report is ALONE
    known = remembered.get(double)
    assert known is not None
    assert known.payoff == payoff


@pytest.mark.parametrize(("had", "ways"), [(True, [True, False]), (False, [True] * 5)])
def test_workers_that_are_busy_are_no_excuse_but_those_that_start_are(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, had: bool, ways: list[bool]
) -> None:
    """They may still read what the last loop sent; to start them is paid once."""
    monkeypatch.setattr(engines, "warm", lambda patience=0.0: 0)
    monkeypatch.setattr(Engines, "started", property(lambda self: had))
    monkeypatch.setattr(_others, "Shared", lambda *_: shared(RUIN / 2))
    remembered.put(double, Known(FIGURES, "", "x", ""))
    assert [once(engines).shared for _ in ways] == ways
