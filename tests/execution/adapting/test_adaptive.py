"""Loops that measure themselves: whatever they decide, the answer is the loop's answer."""

from __future__ import annotations

import itertools
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix import LocalExecutor, parallel
from clustrix._model import Call, Finding, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _adaptive, _alone, _on_workers, _others, _slow_start
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._meter import Meter
from clustrix.execution.adapting._others import Others
from clustrix.execution.adapting._source import Source
from clustrix.execution.deciding._cost import Decision
from clustrix.execution.deciding._figures import Figures, waiting
from clustrix.execution.deciding._memory import Known, remembered
from clustrix.execution.threads._gil_watch import GilWatch
from tests import strategies
from tests.jobs import perform
from tests.transcripts import transcript

WAYS = ["finish", "probe", "threads", "processes"]


@pytest.fixture(scope="module")
def engines() -> Any:
    """One pool for the whole file."""
    made = Engines(2)
    yield made
    made.close()


def plan(engine: str = "processes") -> Plan:
    """What the source suggests."""
    return Plan(engine, 2, (Finding("PL501", "read 1 function, no blocking call found"),))


def run(
    engines: Engines, function: Any, items: Any, decisions: list[Decision], **more: Any
) -> list[Any]:
    """A loop whose decisions are given, one after the other; then it finishes alone."""
    chunk_size, figures = more.pop("chunk_size", None), more.pop("figures", {})
    call = Call(function, items, **more)
    loop = AdaptiveLoop(call, None, chunk_size, plan, engines, machine=Machine(cpus=2))
    # A function that is known is decided on before its first item.
    loop.known = Known(loop.figures, "") if figures else None
    waiting = iter(decisions)

    def decide(left: int | None = None) -> Decision:
        loop.figures = loop.figures._replace(**figures)
        return next(waiting, Decision("finish", 1, ""))

    loop.decide = decide  # type: ignore[method-assign]
    return loop.run()


@pytest.fixture(autouse=True)
def decides_at_once(monkeypatch: Any) -> None:
    """After every batch, however short."""
    monkeypatch.setattr(_alone, "LOOK", 0.0)


@pytest.mark.parametrize("way", ["finish", "processes"])
def test_processors_are_counted_exactly_where_that_matters(engines, monkeypatch, way):
    """What is not worth sharing on as many as there may be is not worth it on fewer."""
    counted, asked = [], []

    def count():
        counted.append(1)
        return Machine(cpus=3)

    def decide(figures):
        asked.append(figures.cpus)
        return Decision(way if figures.cpus > 3 else "finish", 2, "so", 1.0)

    monkeypatch.setattr(_adaptive, "cpus_at_most", lambda: 64)
    monkeypatch.setattr(_adaptive, "this_machine", count)
    monkeypatch.setattr(_adaptive, "decide", decide)
    loop = AdaptiveLoop(Call(abs, range(-9, 0)), None, None, plan, engines)
    assert loop.run() == [*range(9, 0, -1)]
    assert asked[0] == 64
    assert len(counted) == (way != "finish")
    assert (3 in asked) == (way != "finish")


decisions = st.lists(st.builds(Decision, st.sampled_from(WAYS), st.just(2), st.just("so")))


@given(items=strategies.loops, decisions=decisions, size=st.none() | st.integers(1, 7))
def test_any_decisions_give_the_loops_answer(engines, items, decisions, size):
    """Back and forth between the calling thread, threads and processes."""

    def work(x: object) -> tuple[object, str]:
        return x, repr(x)

    assert run(engines, work, items, decisions, chunk_size=size) == [work(x) for x in items]


@given(count=st.integers(1, 30), bad=st.sets(st.integers(0, 29)), decisions=decisions)
def test_any_decisions_give_the_loops_error(engines, count, bad, decisions):
    """The first failing item in loop order, wherever it ran."""

    def work(x: int) -> int:
        if x in bad:
            raise LookupError(x)
        return x

    failing = sorted(x for x in bad if x < count)
    if not failing:
        assert run(engines, work, range(count), decisions) == list(range(count))
        return
    with pytest.raises(LookupError) as caught:
        run(engines, work, range(count), decisions, loop_var="x")
    assert caught.value.args == (failing[0],)
    note = f"clustrix: item {failing[0]} (x={failing[0]})"
    assert caught.value.__notes__[0].startswith(note)


@pytest.fixture
def restless(monkeypatch: Any) -> None:
    """Loops on other lanes ask after every chunk whether the other kind would be better."""

    class Watch(GilWatch):
        def full(self, ended: Any, running: Any) -> bool:
            return True

        def rest(self) -> None:
            pass

    def look(self: Others, figures: Any) -> None:
        decision = self._owner.decide()
        if decision.way in ("threads", "finish"):
            self._turn = decision

    monkeypatch.setattr(_others, "GilWatch", Watch)
    monkeypatch.setattr(Others, "_look_here", look)


@given(
    count=st.integers(1, 60),
    bad=st.sets(st.integers(0, 59), max_size=2),
    decisions=decisions,
    size=st.none() | st.integers(1, 7),
    waits=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_loop_may_change_its_lanes_at_any_moment(
    engines, restless, count, bad, decisions, size, waits
):
    """From threads to processes and back: nothing is lost, nothing runs twice."""

    def work(x: int) -> int:
        if x in bad:
            raise LookupError(x)
        return x

    # Threads are watched where items wait; the calling thread looks where they do not.
    figures = {"wall": 0.01, "cpu": 0.0 if waits else 0.01, "waits": float(waits), "looks": 2}
    failing = sorted(x for x in bad if x < count)

    def once() -> list[int]:
        return run(engines, work, range(count), decisions, chunk_size=size, figures=figures)

    if not failing:
        assert once() == list(range(count))
        return
    with pytest.raises(LookupError) as caught:
        once()
    assert caught.value.args == (failing[0],)


def test_a_library_that_a_busy_machine_had_hidden_ends_the_sharing(engines, monkeypatch):
    """Its threads and the workers are in each other's way: the calling thread does the rest."""

    class Shows(Meter):
        def stop(self, figures: Figures, count: int) -> Figures:
            return figures._replace(wall=4e-3, cpu=2e-3, process_cpu=4e-3, waits=0.0)

    monkeypatch.setattr(_on_workers, "Meter", Shows)
    decisions = [Decision("processes", 2, "busy"), Decision("finish", 1, "it is a library")]
    figures = {"wall": 0.02, "cpu": 0.01, "process_cpu": 0.01, "moved": 1e-6}

    def work(x: int) -> int:
        return os.getpid()

    pids = run(engines, work, range(200), decisions, chunk_size=1, figures=figures)
    assert pids.count(os.getpid()) >= 200 - _on_workers.LONG_AT_FIRST


@pytest.mark.parametrize("before", [8, 32])
def test_the_next_loop_begins_as_this_one_did_if_that_was_most_of_it(engines, before):
    """Of items that wait and of items that compute, what the next loop meets first is kept."""
    waits = {"wall": 0.01, "cpu": 0.0, "process_cpu": 0.0, "waits": 1.0, "looks": 2}

    def work(x: int) -> int:
        return x

    two = Machine(cpus=2)
    loop = AdaptiveLoop(Call(work, range(40)), None, None, plan, engines, machine=two)
    loop.figures = loop.figures._replace(**waits)
    rest = Others(loop)
    computes = loop.figures._replace(wall=0.01, cpu=0.01, process_cpu=0.01, waits=0.0, looks=0)
    known, loop.figures = loop.figures, computes
    rest._turn_to(Decision("processes", 2, "they compute"), known, 40 - before)
    loop._remember()
    kept = remembered.get(work)
    assert kept is not None
    assert waiting(kept.figures) == (before == 32)


def test_what_waited_and_now_computes_moves_to_processes(engines, restless):
    """The threads finish what they have begun; a worker process has items, too."""
    figures = {"wall": 0.01, "cpu": 0.0, "waits": 1.0, "looks": 2}
    ways = [Decision("threads", 2, "it waits"), Decision("processes", 2, "it computes")]

    def work(x: int) -> int:
        return os.getpid()

    engines.processes(1)
    pids = run(engines, work, range(300), ways, chunk_size=1, figures=figures)
    assert len(pids) == 300
    assert os.getpid() in pids
    assert len(set(pids)) > 1


@pytest.mark.parametrize("way", WAYS)
def test_nothing_behind_a_failure_in_the_calling_thread_is_started(engines, way, tmp_path):
    """Whatever would have been decided next."""

    def work(x: int) -> None:
        (tmp_path / str(x)).touch()
        raise LookupError(x)

    with pytest.raises(LookupError):
        run(engines, work, range(50), [Decision(way, 2, "so")] * 3)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


@settings(max_examples=40, deadline=None)
@given(
    programs=strategies.programs,
    bad=st.sets(st.integers(0, 20), max_size=2),
    size=st.none() | st.integers(1, 3),
    decisions=decisions,
    action=strategies.filter_actions,
)
def test_any_decisions_show_what_the_loop_shows(engines, programs, bad, size, decisions, action):
    """Also where the calling thread works on the end of the loop while others do its beginning."""
    items = list(enumerate(strategies.without_catching(programs, action)))
    shown = transcript(
        lambda: run(engines, perform, items, decisions, chunk_size=size, args=(bad,)), action
    )
    assert shown == transcript(lambda: [perform(job, bad) for job in items], action)


@given(count=st.integers(1, 30), bad=st.sets(st.integers(0, 29)), decisions=decisions)
def test_any_decisions_collect_the_same_errors(engines, count, bad, decisions):
    """Each in its place."""

    def work(x: int) -> int:
        if x in bad:
            raise LookupError(x)
        return x

    got = run(engines, work, range(count), decisions, collect=True)
    for x, value in enumerate(got):
        assert value.args == (x,) if x in bad else value == x


@pytest.mark.parametrize("way", WAYS)
def test_no_item_runs_twice(engines, way, tmp_path):
    """Taken back from a worker or not: each item leaves exactly one mark."""

    def mark(x: int) -> None:
        handle = os.open(tmp_path / "marks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, b"%d\n" % x)
        os.close(handle)

    run(engines, mark, range(300), [Decision(way, 2, "")], chunk_size=3)
    marks = sorted(int(line) for line in (tmp_path / "marks").read_text().split())
    assert marks == list(range(300))


@given(count=st.integers(1, 400), bad=st.integers(0, 500), collect=st.booleans())
def test_what_is_behind_a_dear_item_of_the_calling_thread_is_given_back(
    engines, count, bad, collect
):
    """However often: every value is there once, and the error is that of the loop."""
    ran: list[int] = []

    def work(x: int) -> int:
        if x == bad:
            raise LookupError(x)
        return ran.append(x) or x  # type: ignore[func-returns-value]

    cheap = {"wall": 1e-5, "cpu": 1e-5, "process_cpu": 1e-5, "moved": 0.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_on_workers, "STEP", 0.0)
        patch.setattr(_on_workers, "DEAR", 0.0)  # each of them is
        share = [Decision("processes", 2, "")]
        try:
            got = run(engines, work, range(count), share, collect=collect, figures=cheap)
        except LookupError as error:
            got = [error]
            assert not collect
    assert len(set(ran)) == len(ran)
    errors = [value for value in got if isinstance(value, LookupError)]
    assert [error.args for error in errors] == [(bad,)] * (bad < count)
    if not errors or collect:
        assert [x for x in got if x not in errors] == [x for x in range(count) if x != bad]


def test_the_calling_thread_works_too(engines, tmp_path):
    """Beside the worker, on what the worker has not begun."""
    mark, caller = str(tmp_path / "a worker was here"), os.getpid()

    def where(x: int) -> int:
        if os.getpid() != caller:
            open(mark, "w").close()
        for _ in range(6000 * (x > 0)):  # the calling thread is held up by its second item
            if os.path.exists(mark):
                break
            time.sleep(0.01)
        return os.getpid()

    computes = {"cpu": 1.0, "wall": 1.0}
    ran = run(
        engines, where, range(200), [Decision("processes", 2, "")], chunk_size=1, figures=computes
    )
    assert ran[0] == caller
    assert len(set(ran)) == 2


def test_an_item_that_cannot_travel_runs_here(engines):
    """Nobody asked for processes, so nobody shall hear of them."""
    items = [1, threading.Lock(), 3, threading.Lock(), 5] * 4
    got = run(engines, type, items, [Decision("processes", 2, "")], chunk_size=1)
    assert got == [type(item) for item in items]


def test_a_function_that_cannot_travel_stays_here(engines):
    """Whatever the analysis believed."""
    lock = threading.Lock()

    def work(x: int) -> int:
        with lock:
            return x

    got = run(engines, work, range(20), [Decision("processes", 2, "")] * 3)
    assert got == list(range(20))


def test_a_slow_first_item_is_not_waited_for(tmp_path):
    """The other items of a function that waits start while the first one still runs."""
    mark = str(tmp_path / "the second item was here")

    def meet(x: int) -> int:
        if x == 1:
            open(mark, "w").close()
        while not os.path.exists(mark):  # alone, the first item would wait for ever
            time.sleep(0.01)
        return x

    assert parallel(meet)([0, 1, 2, 3]) == [0, 1, 2, 3]


def test_a_first_item_that_fails_ends_the_loop_at_once(tmp_path):
    """Also where others have been started behind its back."""
    mark = str(tmp_path / "another item was here")

    def work(x: int) -> int:
        if x > 0:
            open(mark, "w").close()
        while not os.path.exists(mark):
            time.sleep(0.01)
        if x == 0:
            raise LookupError(x)
        return x

    with pytest.raises(LookupError):
        parallel(work)(range(100))


@pytest.fixture
def computes(monkeypatch: Any) -> None:
    """Whatever runs first seems to compute, and nothing can be read from its source."""
    ticks = itertools.count()
    clocks = SimpleNamespace(perf_counter=lambda: 0.0, process_time=lambda: next(ticks))
    monkeypatch.setattr(_slow_start, "time", clocks)
    monkeypatch.setattr(Source, "evident", lambda self: True)


def test_a_worker_gets_an_item_while_the_first_one_computes(engines, computes, tmp_path):
    """Each of the two waits for the other."""

    def meet(path: str) -> int:
        Path(path).touch()
        deadline = time.monotonic() + 60
        while len(os.listdir(os.path.dirname(path))) < 2:
            if time.monotonic() > deadline:
                raise TimeoutError("nobody came")
        return os.getpid()

    pids = run(engines, meet, [str(tmp_path / "a"), str(tmp_path / "b")], [])
    assert pids[0] == os.getpid() != pids[1]


def test_a_worker_that_has_come_up_early_need_not_wait_for_the_first_item(
    engines, computes, tmp_path
):
    """It has two items: the second one runs before the first one here is done."""

    def meet(path: str) -> int:
        Path(path).touch()
        deadline = time.monotonic() + 60
        while len(os.listdir(os.path.dirname(path))) < 3:  # this one, and two of the worker's
            if path.endswith("b"):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("nobody came")
        return os.getpid()

    pids = run(engines, meet, [str(tmp_path / name) for name in "abc"], [])
    assert pids[0] == os.getpid()
    assert pids[1] == pids[2] != os.getpid()


def test_items_that_workers_have_early_do_not_outlive_a_first_one_that_fails(
    engines, computes, tmp_path
):
    """The worker serves the next loop."""

    def meet(path: str) -> None:
        Path(path).touch()
        deadline = time.monotonic() + 60
        while len(os.listdir(os.path.dirname(path))) < 2:
            if time.monotonic() > deadline:
                raise TimeoutError("nobody came")
        raise LookupError(os.path.basename(path))

    with pytest.raises(LookupError, match="a"):
        run(engines, meet, [str(tmp_path / name) for name in "ab"], [])
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert run(engines, abs, [-1, -2, -3], [Decision("processes", 2, "so")]) == [1, 2, 3]


def test_what_was_found_is_remembered_and_explained():
    """The plan tells of the last loop."""

    @parallel
    def add(x: int) -> int:
        return x + 1

    before = add.explain(range(10))
    assert "PL602" not in {finding.code for finding in before.findings}
    assert add(range(10)) == list(range(1, 11))
    after = add.explain(range(10))
    assert "the last loop: finished in the calling thread" in str(after)


def test_a_named_engine_is_not_measured():
    """The user's choice is obeyed as it stands."""
    with LocalExecutor(max_workers=2, use_threads=False) as executor:
        pids = executor.execute_loop_parallel(lambda x: os.getpid(), "x", range(4))
    assert os.getpid() not in pids
