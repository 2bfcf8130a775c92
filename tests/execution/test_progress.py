"""Progress: items are counted, told now and then, and never in the way."""

from __future__ import annotations

import io
import itertools
import os
import pty
import re
import subprocess
import sys
import textwrap
import threading
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix import LocalExecutor, Progress, parallel
from clustrix import _progress as module
from clustrix._progress import Tally, make_tally
from tests.jobs import fail_at, same
from tests.scripts import SECONDS, environment


class Terminal(io.StringIO):
    """Standard error, with somebody in front of it."""

    def isatty(self):
        """Yes."""
        return True

    def shown(self):
        """What is on the screen: each line as it was written over last."""
        lines = []
        for line in self.getvalue().split("\n"):
            text = ""
            for part in line.split("\r"):
                text = part + text[len(part) :]
            lines.append(text.rstrip())
        return lines


@pytest.fixture
def terminal(monkeypatch):
    """A terminal, and no tqdm."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    made = Terminal()  # sys.stderr itself is replaced by pytest between fixture and test
    monkeypatch.setattr(module, "sys", types.SimpleNamespace(stderr=made))
    return made


@pytest.fixture
def at_once(monkeypatch):
    """Every change is told."""
    monkeypatch.setattr(module, "INTERVAL", 0.0)


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when it is told."""
    made = types.SimpleNamespace(now=100.0)
    monkeypatch.setattr(module.time, "perf_counter", lambda: made.now)
    return made


def listed(executor, function, items, *args, **options):
    """A list on an engine of the suite."""
    made = LocalExecutor.shared(executor, 2)
    return made.execute_loop_parallel(function, "x", items, args, position=0, **options)


def streamed(executor, function, items, *args, **options):
    """The same as a stream."""
    made = LocalExecutor.shared(executor, 2)
    return list(made.stream_loop_parallel(function, "x", items, args, position=0, **options))


ways = pytest.mark.parametrize("run", [listed, streamed])


@ways
@given(count=st.integers(1, 40), size=st.none() | st.integers(1, 9), collect=st.booleans())
def test_a_callable_is_told_of_items(executor, run, at_once, count, size, collect):
    """In the calling thread, growing, and at the end all of them."""
    told, threads = [], set()

    def tell(progress):
        told.append(progress)
        threads.add(threading.get_ident())

    on_error = "collect" if collect else "raise"
    bad = frozenset({0}) if collect else frozenset()
    results = run(
        executor, fail_at, range(count), bad, chunk_size=size, progress=tell, on_error=on_error
    )
    assert len(results) == count
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert (told[-1].done, told[-1].total) == (count, count)
    assert threads == {threading.get_ident()}


@ways
def test_a_loop_that_measures_itself_is_counted(run, at_once):
    """With ``executor="auto"``."""
    told = []
    assert run("auto", same, range(5000), progress=told.append) == list(range(5000))
    assert told[-1].done == 5000
    assert len(told) > 1


def test_items_are_counted_not_chunks(at_once):
    """A chunk that holds the whole loop tells how far it is."""
    told, gate = [], threading.Event()

    def tell(progress):
        told.append(progress.done)
        if progress.done >= 3:
            gate.set()

    def item(x):
        if x == 3:
            assert gate.wait(SECONDS)
        return x

    listed("threads", item, range(6), chunk_size=6, progress=tell)
    assert 3 in told


def wait_for_file(x, path):
    """Waits, at one item, until somebody has seen the others."""
    pause = threading.Event()
    while x == 3 and not os.path.exists(path):
        pause.wait(0.01)
    return x


def test_items_of_a_chunk_in_a_worker_are_counted(at_once, tmp_path):
    """Its values come back while it runs."""
    path, told = tmp_path / "seen", []

    def tell(progress):
        told.append(progress.done)
        if progress.done >= 3:
            path.touch()

    listed("processes", wait_for_file, range(6), str(path), chunk_size=6, progress=tell, timeout=60)
    assert 3 in told


def test_batches_are_counted_by_their_items(at_once):
    """However many values they give."""
    told = []
    listed("threads", sum_up, range(10), batched=True, chunk_size=4, progress=told.append)
    assert (told[-1].done, told[-1].total) == (10, 10)


def sum_up(xs):
    """One value for a chunk."""
    return sum(xs)


def test_a_stream_of_unknown_length(at_once):
    """Has no total and no time left."""
    told = []
    values = LocalExecutor.shared("threads", 2).stream_loop_parallel(
        same, "x", itertools.count(), progress=told.append
    )
    assert list(itertools.islice(values, 30)) == list(range(30))
    values.close()
    assert told[-1].done <= 30
    assert {(p.total, p.remaining) for p in told} == {(None, None)}


@ways
def test_what_the_callable_raises_is_raised(executor, run, at_once):
    """And the loop is over; the next one finds its lanes."""

    def tell(progress):
        raise LookupError("from the callable")

    with pytest.raises(LookupError, match="from the callable"):
        run(executor, same, range(40), chunk_size=1, progress=tell)
    assert run(executor, same, range(4)) == [0, 1, 2, 3]


@ways
def test_an_error_comes_through(executor, run, at_once):
    """The callable is not told of an end that there was not."""
    told = []
    with pytest.raises(ValueError, match="bad item"):
        run(executor, fail_at, range(10), frozenset({4}), chunk_size=1, progress=told.append)
    assert all(p.done < 10 for p in told)


def test_ten_times_a_second_and_at_the_end(clock):
    """However fast items come; the rate is that of the last seconds."""
    told = []
    with Tally(types.SimpleNamespace(show=told.append, close=told.append), 1000) as tally:
        for _ in range(1000):
            clock.now += 0.01
            tally.add(1)
    assert 95 <= len(told) <= 101
    assert told[-1] == Progress(1000, 1000, pytest.approx(10), pytest.approx(100, rel=0.01), 0.0)
    assert told[49].remaining == pytest.approx(told[49].total / 100 - told[49].seconds, rel=0.05)


def test_the_rate_follows_a_change(clock):
    """Within some seconds."""
    told = []
    tally = Tally(types.SimpleNamespace(show=told.append), None)
    for pause in (0.1, 0.1, 1.0):
        for _ in range(30):
            clock.now += pause
            tally.add(1)
    assert [p for p in told if p.done <= 60][-1].rate == pytest.approx(10, rel=0.05)
    assert told[-1].rate == pytest.approx(1, rel=0.05)


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=30))
def test_it_never_goes_back(at_once, steps):
    """Items of chunks under way and of finished ones overlap for a moment."""
    told = []
    tally = Tally(types.SimpleNamespace(show=told.append), 100)
    for finished, count in steps:
        (tally.add if finished else tally.running)(count)
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert all(p.done <= 100 for p in told)


def test_a_line_on_a_terminal(terminal):
    """Its end stays."""
    assert listed("serial", same, range(7), progress=True) == list(range(7))
    last, nothing = terminal.shown()
    assert re.fullmatch(r"same\(\): 7 of 7 items \(100 %\), \S+/s", last)
    assert nothing == ""


def test_an_error_clears_the_line(terminal, at_once):
    """What follows begins on an empty line."""
    with pytest.raises(ValueError, match="bad item"):
        listed("threads", fail_at, range(9), frozenset({8}), chunk_size=1, progress=True)
    assert "8 of 9" in terminal.getvalue()
    assert terminal.shown() == [""]
    assert terminal.getvalue().endswith("\r")


def test_text_above_the_line(terminal, at_once):
    """Whoever writes clears the line first; it comes back below."""
    tally = make_tally(True, 9, "f")
    tally.add(1)
    tally.clear()
    terminal.write("a print\n")
    tally.add(1)
    assert terminal.shown()[0] == "a print"
    assert terminal.shown()[1].startswith("f(): 2 of 9 items (22 %)")


def test_a_narrow_terminal(terminal, at_once, monkeypatch):
    """The line is cut, not wrapped."""
    monkeypatch.setenv("COLUMNS", "20")
    make_tally(True, 9, "a_function_with_a_name").add(1)
    assert terminal.shown() == ["a_function_with_a_n"]


@pytest.mark.parametrize("said", [None, False, True])
def test_nothing_where_nobody_looks(said, monkeypatch, capsys):
    """Standard error is no terminal, or there is none."""
    assert make_tally(said, 3, "f") is None
    monkeypatch.setattr(sys, "stderr", None)
    assert make_tally(said, 3, "f") is None
    assert capsys.readouterr() == ("", "")


def test_tqdm_where_it_is_installed(monkeypatch):
    """It gets every item, and is closed; after an error it leaves nothing."""
    bars = []

    class Bar:
        def __init__(self, **options):
            self.options, self.n, self.leave, self.closed = options, 0, True, 0
            bars.append(self)

        def update(self, count):
            self.n += count

        def clear(self):
            """Room for text."""

        def close(self):
            self.closed += 1

    monkeypatch.setitem(sys.modules, "tqdm", types.SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(sys, "stderr", Terminal())
    listed("threads", same, range(20), progress=True)
    streamed("threads", same, iter(range(20)), progress=True)
    with pytest.raises(ValueError, match="bad item"):
        listed("threads", fail_at, range(9), frozenset({8}), progress=True)
    assert [(bar.options["total"], bar.leave, bar.closed) for bar in bars] == [
        (20, True, 1),
        (None, True, 1),
        (9, False, 1),
    ]
    assert [bar.n for bar in bars[:2]] == [20, 20]
    assert bars[0].options["file"] is sys.stderr


def test_on_a_real_terminal_standard_output_is_untouched(tmp_path):
    """The data goes to a pipe, the line to the terminal."""
    source = """
        import sys
        sys.modules["tqdm"] = None
        from clustrix import parallel

        @parallel(progress=True)
        def double(x):
            return 2 * x

        print(sum(double(range(1000))), sum(double.stream(range(1000))))
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(source))
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "program.py"],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            cwd=tmp_path,
            env=environment(),
            timeout=SECONDS,
            check=True,
        )
    finally:
        os.close(theirs)
    seen = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.stdout == "999000 999000\n"
    assert seen.count("double(): 1000 of 1000 items (100 %)") == 2
    assert seen.endswith("\n")


def test_a_decorated_function_tells():
    """By list and by stream."""
    told = []

    @parallel(executor="threads", progress=told.append)
    def square(x):
        return x * x

    assert square(range(4)) == [0, 1, 4, 9]
    assert told[-1].done == 4
    assert list(square.stream(range(3))) == [0, 1, 4]
    assert (told[-1].done, told[-1].total) == (3, 3)
    assert square.explain(range(4)).engine == "threads"
    assert square(3) == 9


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59.6, "60 s"), (100, "2 min"), (3599, "1 h 00 min"), (4000, "1 h 07 min")],
)
def test_time_left_in_words(seconds, text):
    """As a person would say it."""
    assert str(Progress(1, 2, 1.0, 1.0, seconds)).endswith(f", {text} left")
