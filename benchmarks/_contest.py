"""Measuring a row: the plain loop, ours and the peers take turns, round by round.

    settings of every peer, each tried once ──> its best one ──> the peers near the front
    round 1:  loop  ours  peer  peer         ──> for each contestant one figure a round
    round 2:  peer  loop  peer  ours
    …

Each round has an order of its own: whoever comes behind a peer finds the processors as that has
left them (benchmarks/blas.py: a third slower), and that shall not always be the same one.

A slow moment of the machine hits all who have their turn in it, so ratios are taken within a
round and the median is taken over the rounds.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._handle import Failed, Handle, memory_of_tree, silent
from benchmarks._peers import PEERS
from benchmarks._row import CPUS, Row, Setting
from benchmarks._schedule import best_schedule, in_loop_order
from benchmarks.work import steps_per_us

__all__ = ["LOOP", "OURS", "Effort", "Figures", "measure"]

LOOP, OURS = "plain loop", "clustrix"
TRY_SECONDS = 20.0  # a peer that takes longer for one loop is out of the running
# Who is this far behind the front peer (times, and seconds on top, because a single try of a
# short loop says little), or not among the first so many, does not take part in the rounds.
STAY_WITHIN, STAY_SECONDS, STAY = 1.5, 0.02, 3
# Seconds before each turn: threads that a library keeps awake for more work, as BLAS does, are
# those of the contestant before, and would slow down whoever comes next.
SETTLE = 0.05
GIVE_UP_KIND = 4.0  # so far behind with the likeliest setting, the others are not tried


@dataclass(frozen=True)
class Effort:
    """How much time the answer is worth.

    Attributes:
        rounds: at most.
        seconds: for the rounds of a row; two rounds are always made.
        peers: the names of those that take part.
        settings: how many settings a peer may try for each kind of worker.
    """

    rounds: int
    seconds: float
    peers: tuple[str, ...]
    settings: int


@dataclass
class Figures:
    """What was measured: for each contestant one figure a round, in seconds or megabytes.

    Attributes:
        taken: of those who took part in the rounds.
        beside: for some of them the plain loops of their own process, one a round.
        tried: the one figure of those who did not.
        settings: what was picked for each peer.
        skipped: why somebody is missing.
        schedule: the best possible time relative to the loop: in loop order, and knowing all.
        items: how many the loop has.
    """

    taken: dict[str, list[float]] = field(default_factory=dict)
    beside: dict[str, list[float]] = field(default_factory=dict)
    tried: dict[str, float] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    schedule: tuple[float, float] | None = None
    items: int | None = None


def measure(row: Row, effort: Effort) -> Figures:
    """Measure one row in its own way."""
    steps = steps_per_us()
    how = {"warm": _warm, "first": _first, "process": _process, "memory": _memory}
    return how[row.how](row, effort, steps)


def _rounds(contestants: dict[str, Callable[[], float]], effort: Effort, figures: Figures) -> None:
    """Let them take turns, in an order that is drawn for each round, and keep what each says."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    start = time.monotonic()
    for number in range(effort.rounds):
        if number >= 2 and time.monotonic() - start > effort.seconds:
            break
        for name in random.Random(number).sample(list(contestants), len(contestants)):
            if name in figures.skipped:
                continue
            time.sleep(SETTLE)
            try:
                taken[name].append(contestants[name]())
            except Failed as reason:
                figures.skipped[name] = str(reason)
    figures.taken |= {name: all_ for name, all_ in taken.items() if name not in figures.skipped}


def _ways(row: Row, name: str, effort: Effort) -> list[list[Setting]]:
    """The settings for a peer, by kind of worker."""
    kinds = dict.fromkeys(setting.kind for setting in row.grid)
    return [
        [setting for setting in row.grid if setting.kind == kind][: effort.settings]
        for kind in kinds
        if kind in PEERS[name].kinds
    ]


def _try_peers(
    row: Row, effort: Effort, figures: Figures, attempt: Callable[[str, Setting], float]
) -> dict[str, Setting]:
    """Try every setting once and pick; those far behind the front are left out."""
    best: dict[str, tuple[float, Setting]] = {}
    for name in effort.peers if row.grid else ():
        if reason := PEERS[name].missing():
            figures.skipped[name] = reason
            continue
        ways = _ways(row, name, effort)
        if not ways:
            figures.skipped[name] = "it has no threads"
        for settings in ways:
            for setting in settings:
                try:
                    seconds = attempt(name, setting)
                except Failed as reason:
                    figures.skipped[name] = str(reason)
                    break
                if name not in best or seconds < best[name][0]:
                    best[name] = (seconds, setting)
                if seconds > GIVE_UP_KIND * min(best.values(), key=lambda pair: pair[0])[0]:
                    break
        if name in best:
            figures.skipped.pop(name, None)
            figures.settings[name] = str(best[name][1])
            figures.tried[name] = best[name][0]
    return {name: best[name][1] for name in _front(figures.tried)}


def _front(tried: dict[str, float]) -> list[str]:
    """The peers near the front, the first one first."""
    order = sorted(tried, key=lambda name: tried[name])
    most = STAY_WITHIN * tried[order[0]] + STAY_SECONDS if order else 0.0
    return [name for name in order if tried[name] <= most][:STAY]


def _warm(row: Row, effort: Effort, steps: float) -> Figures:
    """Calls after a first one that does not count: pools are open, workers have answered."""
    figures = Figures()
    handles: dict[str, Handle] = {}
    lost: dict[str, str] = {}
    answers: dict[str, str] = {}

    def ask(name: str, what: str, **more: Any) -> float:
        reply = handles[name].ask(what, **more)
        answers[LOOP if what == "loop" else name] = reply["answer"]
        return float(reply["seconds"])

    def attempt(name: str, setting: Setting) -> float:
        if name in lost:
            raise Failed(lost[name])
        try:
            if name not in handles:
                handles[name] = Handle(row.name, name, steps)
            seconds = ask(name, "run", setting=_plain(setting), timeout=TRY_SECONDS)
            for _ in range(2 if 0.001 < seconds < 0.1 and effort.settings > 1 else 0):
                again = ask(name, "run", setting=_plain(setting), timeout=TRY_SECONDS)
                seconds = min(seconds, again)
        except Failed as reason:
            lost[name] = str(reason)
            raise
        return seconds

    try:
        ours = handles[OURS] = Handle(row.name, OURS, steps)
        figures.items = ours.items
        front = _try_peers(row, effort, figures, attempt)
        for name in [name for name in handles if name not in front and name != OURS]:
            handles.pop(name).close()
        if row.scheduled:
            costs = ours.ask("costs", timeout=120)["costs"]
            figures.schedule = (
                in_loop_order(costs, CPUS) / sum(costs),
                best_schedule(costs, CPUS) / sum(costs),
            )
        contestants = {
            LOOP: lambda: ask(OURS, "loop", timeout=120),
            OURS: lambda: ask(OURS, "ours", timeout=120),
        }

        def turn(name: str, setting: Setting) -> float:
            if row.beside:
                figures.beside[name].append(ask(name, "loop", timeout=120))
                time.sleep(SETTLE)  # as in front of ours
            return ask(name, "run", setting=_plain(setting), timeout=TRY_SECONDS)

        for name, setting in front.items():
            contestants[name] = partial(turn, name, setting)
        for name in (OURS, OURS, *front):
            figures.beside[name] = []
            with suppress(Failed):  # it will say so again in the first round
                contestants[name]()
        figures.beside = {name: [] for name in front if row.beside}
        _rounds(contestants, effort, figures)
        for name in [name for name in answers if answers[name] != answers.get(LOOP)]:
            figures.skipped[name] = f"another answer: {answers[name]}, not {answers.get(LOOP)}"
            figures.taken.pop(name, None)
            figures.tried.pop(name, None)
    finally:
        for handle in handles.values():
            handle.close()
    return figures


def _first(row: Row, effort: Effort, steps: float) -> Figures:
    """The first call of a process that has imported what it needs, the pool's start included."""
    figures = Figures()

    def once(name: str, what: str, **more: Any) -> float:
        handle = Handle(row.name, name, steps)
        try:
            return float(handle.ask(what, timeout=TRY_SECONDS, **more)["seconds"])
        finally:
            handle.close()

    def attempt(name: str, setting: Setting) -> float:
        return once(name, "first", setting=_plain(setting))

    front = _try_peers(row, effort, figures, attempt)
    contestants = {LOOP: lambda: once(OURS, "loop"), OURS: lambda: once(OURS, "ours")}
    for name, setting in front.items():
        contestants[name] = partial(attempt, name, setting)
    _rounds(contestants, effort, figures)
    return figures


def _memory(row: Row, effort: Effort, steps: float) -> Figures:
    """The most memory of a fresh process and its workers, from before the first call."""
    figures = Figures()

    def peak(name: str, what: str, **more: Any) -> float:
        most = 0.0

        def watch(process: int) -> None:
            nonlocal most
            most = max(most, memory_of_tree(process))

        handle = Handle(row.name, name, steps)
        try:
            handle.ask(what, watch=watch, timeout=TRY_SECONDS, **more)
        finally:
            handle.close()
        return most

    contestants = {LOOP: lambda: peak(OURS, "loop"), OURS: lambda: peak(OURS, "ours")}
    for name in effort.peers:
        if reason := PEERS[name].missing():
            figures.skipped[name] = reason
            continue
        setting = row.grid[0]
        figures.settings[name] = str(setting)
        contestants[name] = partial(peak, name, "first", setting=_plain(setting))
    _rounds(contestants, Effort(min(3, effort.rounds), effort.seconds, (), 1), figures)
    return figures


def _process(row: Row, effort: Effort, steps: float) -> Figures:
    """Whole programs, from their start to their end."""
    figures = Figures()
    assert row.programs is not None
    programs = row.programs(steps)

    def whole(file: Path) -> float:
        return silent(file, TRY_SECONDS)[0]

    with tempfile.TemporaryDirectory() as folder:
        contestants: dict[str, Callable[[], float]] = {}
        right = ""
        for name, sources in programs.items():
            if name in PEERS and name not in effort.peers:
                continue
            if name in PEERS and (reason := PEERS[name].missing()):
                figures.skipped[name] = reason
                continue
            best = float("inf")
            for number, (setting, source) in enumerate(sources.items()):
                file = Path(folder, f"{name.replace(' ', '_')}_{number}.py")
                file.write_text(source)
                try:
                    seconds, printed = silent(file, TRY_SECONDS)
                    if (right := right or printed) != printed:
                        raise Failed("another answer")
                except Failed as reason:
                    figures.skipped[name] = str(reason)
                    continue
                if seconds < best:
                    best = seconds
                    contestants[name] = partial(whole, file)
                    figures.settings[name] = setting
                    figures.tried[name] = seconds
            if name in contestants:
                figures.skipped.pop(name, None)
        own = {name: figures.tried.pop(name) for name in (LOOP, OURS) if name in contestants}
        names = [*own, *_front(figures.tried)]
        _rounds({name: contestants[name] for name in names}, effort, figures)
    return figures


def _plain(setting: Setting) -> list[Any]:
    return [setting.kind, setting.workers, setting.chunk]
