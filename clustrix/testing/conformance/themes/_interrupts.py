"""Interrupts: Ctrl-C ends a loop, on every engine."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Any

from clustrix.testing.conformance._model import THERE, Theme, expect
from clustrix.testing.conformance._programs import Script
from clustrix.testing.conformance._subjects import COLLECT, PARTIAL, WORKERS, Subject
from clustrix.testing.conformance._waiting import folder, marks, wait_for

theme = Theme("interrupts", "Ctrl-C")

# Items that wait as long as a person would, and say that they do.  What a script says is one text
# for `print`: unbuffered, each argument is a write, and a worker's traceback may come in between.
_LONG = 5.0  # seconds that an item waits
_SHORT = 2.0  # where the program is to wait for those that run
_WORK = """
import os, pathlib, signal, sys, time
place = {place!r}
def work(x):
    pathlib.Path(place, str(x)).touch()
    pathlib.Path(place, "pid-%d" % os.getpid()).touch()
    if x >= {quick}:
        pathlib.Path(place, "waiting").touch()
        end = time.monotonic() + {seconds}
        while time.monotonic() < end:
            time.sleep(0.01)
    return x
"""


def _script(subject: Subject, place: str, source: str, quick: int, seconds: float) -> Script:
    return Script(subject, _WORK.format(place=place, seconds=seconds, quick=quick) + source)


def _interrupted(
    subject: Subject,
    place: str,
    source: str,
    quick: int = 2,
    seconds: float = _LONG,
    everybody: bool = True,
) -> tuple[str, int, float]:
    """Run a script and press Ctrl-C when items wait; what it said, its status, and seconds."""
    with _script(subject, place, source, quick, seconds) as script:
        expect(wait_for(place, "waiting"), "no item began to wait")
        begin = time.monotonic()
        script.interrupt(everybody)
        said = script.end()
        return said, script.process.returncode, time.monotonic() - begin


@theme.behaviour
def it_ends_the_loop(subject: Subject) -> None:
    """One Ctrl-C raises `KeyboardInterrupt` in the caller while items are still running.

    A pool may keep this by luck; it depends on what its workers do just then.
    """
    source = """
try:
    loop(work, range(40), chunk_size=1)
except KeyboardInterrupt:
    ran = len(list(pathlib.Path(place).glob("[0-9]*")))
    print(f"interrupted {ran}", flush=True)
os._exit(7)
"""
    with folder() as place:
        said, status, _ = _interrupted(subject, place, source)
    expect(status == 7 and "interrupted" in said, f"status {status}, it said {said[-300:]!r}")
    ran = re.findall(r"interrupted (\d+)", said)  # a worker may print right behind it
    expect(int(ran[0]) < 40, "all items had run by then")


@theme.behaviour
def it_ends_the_program(subject: Subject) -> None:
    """A script that does not catch it ends by it, before its items would have.

    A pool may keep this by luck; it depends on what its workers do just then.
    """
    source = """
try:
    loop(work, range(40), chunk_size=1)
finally:
    print("leaving", flush=True)
"""
    with folder() as place:
        said, status, seconds = _interrupted(subject, place, source)
    expect(status in (-signal.SIGINT, 130, 1), f"its status is {status}")
    expect("leaving" in said and "KeyboardInterrupt" in said, f"it said {said[-300:]!r}")
    expect(seconds < _LONG, f"it ended only after {seconds:.0f} s, when its items did")


@theme.behaviour
def the_next_loop_works(subject: Subject) -> None:
    """After an interrupt that was caught, such as a notebook's stop button sends, loops work.

    A pool may keep this by luck; it depends on what its workers do just then.
    """
    source = """
try:
    loop(work, range(40), chunk_size=1)
except KeyboardInterrupt:
    print(f"interrupted {loop(abs, range(-3, 3))}", flush=True)
os._exit(7)
"""
    with folder() as place:
        said, _, _ = _interrupted(subject, place, source, seconds=_SHORT, everybody=False)
    expect("interrupted [3, 2, 1, 0, 1, 2]" in said, f"it said {said[-300:]!r}")


@theme.behaviour(needs=[COLLECT])
def with_collected_errors(subject: Subject) -> None:
    """With ``on_error="collect"`` an interrupt is not collected."""
    source = """
try:
    loop(work, range(40), chunk_size=1, on_error="collect")
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(7)
"""
    with folder() as place:
        said, _, _ = _interrupted(subject, place, source)
    expect("interrupted" in said, f"it said {said[-300:]!r}")


@theme.behaviour(needs=[PARTIAL])
def partial_results(subject: Subject) -> None:
    """`KeyboardInterrupt.partial` holds, by index, what was done when the interrupt came."""
    source = """
try:
    loop(work, range(40), chunk_size=1)
except KeyboardInterrupt as error:
    done = error.partial
    quick = [x for x in done if x < 20]
    right, most = all(done[x] == x for x in done), len(quick) >= 10
    print(f"right {right} most {most}", flush=True)
os._exit(7)
"""
    with folder() as place:
        said, _, _ = _interrupted(subject, place, source, quick=20)
    expect("right True most True" in said, f"it said {said[-300:]!r}")


@theme.behaviour(where=[THERE], needs=[WORKERS])
def nobody_stays_behind(subject: Subject) -> None:
    """When the interrupted program has ended, so have its workers.

    A pool may keep this by luck; it depends on what its workers do just then.
    """
    source = """
loop(work, range(40), chunk_size=1)
"""
    with folder() as place, _script(subject, place, source, 2, _LONG) as script:
        expect(wait_for(place, "waiting"), "no item began to wait")
        script.interrupt(everybody=False)  # as `kill` sends it
        script.end()
        pids = [int(name[4:]) for name in marks(place) if name.startswith("pid-")]
        left = _still_there(pids)
    expect(not left, f"{len(left)} of {len(pids)} workers are still there")


def _still_there(pids: list[int]) -> list[int]:
    limit = time.monotonic() + 5
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < limit:
        time.sleep(0.02)
    return left


def _alive(pid: int) -> Any:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
