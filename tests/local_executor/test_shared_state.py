"""What a function writes decides between one lane and several, and the user is told."""

from __future__ import annotations

import inspect
import threading
import time
import warnings
from pathlib import Path

import pytest

from clustrix import LocalExecutor, SharedStateWarning, parallel
from clustrix._model import Call, Machine, Options
from clustrix.analysis import make_plan

ITEMS = range(40)
TOTAL = 0
SEEN: list[int] = []
TABLE: dict[int, int] = {}


class Row:
    """An item that can be written to."""

    def __init__(self, n: int) -> None:
        self.n = n


def plan_of(function, items=ITEMS, **options):
    """The plan on a machine with four processors."""
    return make_plan(Call(function, items), Options(**options), Machine(cpus=4))


def line_of(function, text: str) -> int:
    """The line of a function's source that has this text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if text in line)


def rewrite(x):
    global TOTAL
    TOTAL += x
    return x


def note(x):
    SEEN.append(x)
    return x


def keep(x):
    TABLE[x] = x * x


def check_then_keep(x):
    if x not in TABLE:
        TABLE[x] = x


def mark(row):
    row.done = True


def count_up(row):
    row.n += 1


def compute(x):
    rows = [x]
    rows.append(x)
    return sum(rows)


@pytest.mark.parametrize(
    ("function", "items", "engine", "code"),
    [
        (rewrite, ITEMS, "serial", "SH201"),
        (check_then_keep, ITEMS, "serial", "SH201"),
        (note, ITEMS, "threads", "SH101"),
        (keep, ITEMS, "threads", "SH101"),
        (mark, [Row(1), Row(2)], "threads", "SH102"),
        (count_up, [Row(1), Row(2)], "threads", "SH205"),
        (count_up, [Row(1)] * 2, "serial", "SH205"),
        (compute, ITEMS, "processes", "PL501"),
    ],
)
def test_the_plan(function, items, engine, code):
    """Writes that need an order run in one lane, others stay in the process."""
    plan = plan_of(function, items)
    assert (plan.engine, plan.findings[0].code) == (engine, code)


def test_writes_go_before_what_cannot_travel():
    """A function that no pickle can carry still runs in one lane if it must."""
    lock, total = threading.Lock(), 0

    def add(x):
        nonlocal total
        with lock:
            total += x
            return total

    assert plan_of(add).engine == "serial"


def test_what_you_say_is_obeyed_and_the_evidence_shown():
    """Also by `explain`."""
    plan = plan_of(rewrite, executor="processes")
    assert plan.engine == "processes"
    assert [finding.code for finding in plan.findings] == ["PL101", "SH201"]


def test_processes_are_warned_about_at_the_users_line():
    """Once for each function, however often it is called."""

    def lost(x):
        SEEN.append(x)
        return x

    with LocalExecutor(max_workers=2) as executor:
        with pytest.warns(SharedStateWarning, match=r"lost\(\): SEEN .*lost to the caller") as told:
            assert executor.execute_loop_parallel(lost, "x", range(4)) == [0, 1, 2, 3]
        assert len(told) == 1
        assert (told[0].lineno, Path(told[0].filename)) == (line_of(lost, "append"), Path(__file__))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert executor.execute_loop_parallel(lost, "x", range(4)) == [0, 1, 2, 3]


def test_threads_are_warned_about_only_where_something_is_lost():
    """Appending is right on threads."""
    total = 0

    @parallel(executor="threads", max_workers=2)
    def add(x):
        nonlocal total
        total += x

    with pytest.warns(SharedStateWarning, match=r"total .*line \d+, SH201"):
        add(range(4))
    rows: list[int] = []

    @parallel(executor="threads", max_workers=2)
    def append(x):
        rows.append(x)

    append(range(4))
    assert sorted(rows) == [0, 1, 2, 3]


def test_a_warning_turned_into_an_error_stops_before_anything_runs():
    """And comes back with the next call."""
    ran: list[int] = []

    def write(x):
        ran.append(x)

    with LocalExecutor(max_workers=2) as executor:
        for _ in range(2):
            with pytest.raises(SharedStateWarning):  # pytest makes errors of warnings here
                executor.execute_loop_parallel(write, "x", range(4))
    assert ran == []


def test_one_lane_needs_no_warning():
    """The plain loop loses nothing."""

    @parallel(executor="serial")
    def write(x):
        global TOTAL
        TOTAL = x

    write(range(3))
    assert TOTAL == 2


def wait_and_rewrite(x):
    global TOTAL
    seen = TOTAL
    time.sleep(0.004)
    TOTAL = seen + x
    return seen


def test_a_measured_loop_that_rewrites_keeps_its_answer():
    """However long it waits, it never leaves the calling thread."""
    global TOTAL
    for _ in range(2):  # the second loop starts from what the first one has shown
        TOTAL = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SharedStateWarning)
            results = LocalExecutor.shared().execute_loop_parallel(wait_and_rewrite, "x", ITEMS)
        assert sum(ITEMS) == TOTAL
        assert results == [sum(range(x)) for x in ITEMS]


def test_a_short_loop_first_does_not_hide_the_writes():
    """What a loop too short to be planned has shown is not taken for leave to share the next."""

    def rewrites(x):
        global TOTAL
        seen = TOTAL
        time.sleep(x / 1e4)
        TOTAL = seen + 1

    global TOTAL
    executor = LocalExecutor.shared()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SharedStateWarning)
        executor.execute_loop_parallel(rewrites, "x", [0, 0])
        TOTAL = 0
        executor.execute_loop_parallel(rewrites, "x", [60] * 30)
    assert TOTAL == 30


def test_functions_behind_the_same_wrapper_are_told_apart():
    """They share the wrapper's code, not what it wraps."""

    def wrapped(function):
        def wrapper(x):
            return function(x)

        return wrapper

    with LocalExecutor(max_workers=2) as executor:
        assert executor.execute_loop_parallel(wrapped(compute), "x", [1, 2]) == [2, 4]
        with pytest.warns(SharedStateWarning, match="SEEN"):
            executor.execute_loop_parallel(wrapped(note), "x", [1, 2])


def test_single_tasks_that_write_stay_in_the_process():
    """`submit` without a choice of threads or processes."""
    SEEN.clear()
    with LocalExecutor(max_workers=2, use_threads=None) as executor:
        executor.submit(note, 7).result()
    assert SEEN == [7]
