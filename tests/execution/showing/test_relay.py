"""What the items show arrives as from the plain loop: text, log records, warnings, the error."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix import parallel
from clustrix._records import Event, Heard, Outcome
from clustrix.execution.showing import _capture
from clustrix.execution.showing._recorder import OUT, Recorder
from clustrix.execution.showing._relay import Relay
from tests import jobs
from tests.scripts import output_of, run_script, start_script
from tests.strategies import filter_actions, programs, without_catching
from tests.transcripts import at_rest, transcript


@settings(max_examples=25, deadline=None)
@given(
    programs=programs,
    bad=st.sets(st.integers(0, 9), max_size=2),
    size=st.sampled_from([None, 1, 3]),
    action=filter_actions,
)
def test_the_transcript_is_that_of_the_loop(
    executor: Any, programs: list[Any], bad: set[int], size: int | None, action: str
) -> None:
    """Whatever the items do, and in whatever order they come to do it."""
    if executor in ("threads", "auto") or isinstance(executor, ThreadPoolExecutor):
        programs = without_catching(programs, action)
    items = list(enumerate(programs))
    f = parallel(jobs.perform, loop_var="job", executor=executor, chunk_size=size, max_workers=2)
    at_rest(executor)
    expected = transcript(lambda: [jobs.perform(job, bad) for job in items], action)
    assert transcript(lambda: f(items, bad), action) == expected


def test_a_stream_that_is_put_in_place_while_lanes_come_and_go(tmp_path: Any) -> None:
    """A lane that is late to begin or to leave takes nothing from the loops that follow."""
    program = """
        import io, sys, threading
        from clustrix.execution.showing import _capture

        given, threads = [io.StringIO(), io.StringIO()], []

        def assign(stream):
            threads.append(threading.Thread(target=setattr, args=(sys, "stdout", stream)))
            threads[-1].start()

        class Dressed(_capture._Dressed):
            def put_on(self):
                if self._module is sys:
                    assign(given[0])
                    threads[-1].join()
                super().put_on()

            def take_off(self):
                if self._module is sys:
                    assign(given[1])  # waits until we are through
                super().take_off()

        for module in _capture._held._modules:
            module.__class__ = Dressed
        held = _capture.hold("test")
        assert sys.stdout is given[0] and vars(sys)["stdout"] is held.streams["stdout"]
        _capture.release("test")
        for thread in threads:
            thread.join()
        assert vars(sys)["stdout"] is given[1]
    """
    assert output_of(program, tmp_path) == ""


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_text_is_seen_while_the_loop_runs(name: str) -> None:
    """The item in front shows what it prints at once; the loop is not over then."""
    seen = threading.Event()

    class Text(io.StringIO):
        def write(self, text: str) -> int:
            seen.set()
            return super().write(text)

    reader, writer = os.pipe()

    def body(x: int) -> str:
        if x:
            return ""
        print("here I am")
        return os.read(fd, 1).decode()  # until somebody has seen it

    fd = reader
    if name == "processes":
        path = f"/proc/{os.getpid()}/fd/{reader}"

        def body(x: int) -> str:  # type: ignore[no-redef]
            if x:
                return ""
            print("here I am")
            with open(path) as file:
                return file.read(1)

    def answer() -> None:
        assert seen.wait(60)
        os.write(writer, b"!")

    helper = threading.Thread(target=answer)
    helper.start()
    with contextlib.redirect_stdout(Text()) as text:
        assert parallel(body, executor=name, max_workers=2)(range(2)) == ["!", ""]
    helper.join()
    os.close(reader)
    os.close(writer)
    assert text.getvalue() == "here I am\n"


def test_bytes_and_flushes(executor: Any, capfdbinary: Any) -> None:
    """`sys.stdout.buffer`, and the order of both layers."""

    def body(x: int) -> None:
        sys.stdout.write(f"text {x}\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(b"bytes %d\n" % x)
        print("more", file=sys.stderr, flush=True)

    with open(os.dup(1), "w") as out, contextlib.redirect_stdout(out):
        parallel(body, executor=executor, max_workers=2, chunk_size=1)(range(3))
    assert capfdbinary.readouterr().out == b"".join(
        b"text %d\nbytes %d\n" % (x, x) for x in range(3)
    )


def test_text_that_the_stream_refuses_fails_in_the_item(executor: Any) -> None:
    """As in the loop, and with its note."""

    def body(x: int) -> None:
        print("\udc80" if x == 2 else "fine")

    with (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8") as out,
        contextlib.redirect_stdout(out),
        pytest.raises(UnicodeEncodeError) as caught,
    ):
        parallel(body, loop_var="x", executor=executor, max_workers=2, chunk_size=1)(range(4))
    assert "item 2" in caught.value.__notes__[0]


def test_records_carry_what_they_carried(executor: Any) -> None:
    """Arguments, exceptions, extras, and an argument that is changed later on."""

    def body(x: int) -> None:
        logger, changing = logging.getLogger("tests.relay"), [x]
        logger.warning("%s of %d", changing, x, extra={"colour": "red"})
        changing.append("later")
        try:
            raise KeyError(x)
        except KeyError:
            logger.exception("lock %r", threading.Lock())

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)
            said.append(record.getMessage())

    records: list[Any] = []
    said: list[str] = []
    handler, logger = Handler(), logging.getLogger("tests.relay")
    logger.addHandler(handler)
    try:
        parallel(body, executor=executor, max_workers=2, chunk_size=1)(range(3))
    finally:
        logger.removeHandler(handler)
    assert said[::2] == [f"[{x}] of {x}" for x in range(3)]
    assert [one.colour for one in records[::2]] == ["red"] * 3
    for one in records[1::2]:
        assert "lock <unlocked" in one.getMessage()
        assert one.exc_info[0] is KeyError
        assert "raise KeyError(x)" in logging.Formatter().format(one)


def test_filters_of_the_callers_loggers_apply(executor: Any) -> None:
    """They may look at the record and refuse it; nothing is handled twice."""

    def body(x: int) -> None:
        logging.getLogger("tests.relay").error("number %d", x)

    messages: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler, logger = Handler(), logging.getLogger("tests.relay")
    even = lambda record: record.args[0] % 2 == 0  # noqa: E731
    logger.addFilter(even)
    logger.addHandler(handler)
    try:
        parallel(body, executor=executor, max_workers=2, chunk_size=1)(range(4))
    finally:
        logger.removeHandler(handler)
        logger.removeFilter(even)
    assert messages == ["number 0", "number 2"]


def test_a_warning_of_ones_own(executor: Any) -> None:
    """Its type, its attributes, its line."""
    with pytest.warns(jobs.OwnWarning) as caught:
        parallel(jobs.warn_own, executor=executor, max_workers=2, chunk_size=1)(range(3))
    assert [one.message.colour for one in caught] == ["red 0", "red 1", "red 2"]
    assert {one.filename for one in caught} == {jobs.__file__}


def test_behind_the_first_failure_nothing_is_shown(executor: Any, capsys: Any) -> None:
    """The loop would not have come there; in front of it everything is."""

    def body(x: int) -> None:
        print(x)
        if x in (3, 7):
            raise ValueError(x)

    with pytest.raises(ValueError, match="3"):
        parallel(body, executor=executor, max_workers=2, chunk_size=2)(range(10))
    assert capsys.readouterr().out == "0\n1\n2\n3\n"
    parallel(body, executor=executor, max_workers=2, chunk_size=2, on_error="collect")(range(10))
    assert capsys.readouterr().out == "".join(f"{x}\n" for x in range(10))


def test_what_a_value_says_on_its_way_back_is_not_the_loops(executor: Any, capsys: Any) -> None:
    """Pickling is our doing."""
    values = parallel(jobs.Chatty, executor=executor, max_workers=2, chunk_size=1)(range(3))
    assert [value.x for value in values] == [0, 1, 2]
    assert capsys.readouterr().out == ""


def test_a_value_that_cannot_travel_ends_the_loop_where_it_was_made(capsys: Any) -> None:
    """Also when that comes out while a later item of the chunk shows something."""
    from clustrix import NotPicklableError

    def body(x: int) -> Any:
        print("item", x)
        return threading.Lock() if x == 1 else x

    for count in (2, 3, 8):
        f = parallel(body, executor="processes", max_workers=1, chunk_size=count)
        with pytest.raises(NotPicklableError) as caught:
            f(range(count))
        assert caught.value.item == 1
        assert capsys.readouterr().out == "item 0\nitem 1\n"


def test_batches(executor: Any, capsys: Any) -> None:
    """A chunk is one call, whatever it returns."""

    def body(xs: Any) -> list[int]:
        print(list(xs))
        return [sum(xs)]

    f = parallel(body, executor=executor, max_workers=2, chunk_size=3, batched=True)
    assert f(range(8)) == [3, 12, 13]
    assert capsys.readouterr().out == "[0, 1, 2]\n[3, 4, 5]\n[6, 7]\n"


def test_everything_is_as_it_was_afterwards() -> None:
    """Streams, modules and loggers are the caller's own again."""
    before = (sys.stdout, sys.stderr, warnings.filters, warnings.showwarning)
    for name in ("threads", "processes", "auto"):
        parallel(jobs.double, executor=name, max_workers=2)(range(20))
    assert (sys.stdout, sys.stderr, warnings.filters, warnings.showwarning) == before


def test_loops_in_several_threads_do_not_mix() -> None:
    """Each caller gets what its own items show, in a thread of its own as well."""
    texts: dict[int, str] = {}

    def body(x: int, name: int) -> None:
        print(f"{name}:{x}")

    def call(name: int) -> None:
        heard: list[str] = []

        def hear(x: int, name: int) -> None:
            body(x, name)

        outer = Recorder(lambda: 0)
        from clustrix.execution.showing._capture import capture

        with capture(outer):
            parallel(hear, executor="threads", max_workers=2, chunk_size=1)(range(20), name)
        heard = [event.what for event in outer.take()]
        texts[name] = "".join(heard)

    threads = [threading.Thread(target=call, args=(name,)) for name in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for name in range(3):
        assert texts[name] == "".join(f"{name}:{x}\n" for x in range(20))


def test_a_loop_in_a_loop(executor: Any, capsys: Any) -> None:
    """What the inner one shows is what the outer item shows."""

    def inner(x: int, plus: int) -> int:
        print(" ", x + plus)
        return x + plus

    def outer(x: int) -> int:
        print("outer", x)
        return sum(parallel(inner, executor="threads", max_workers=2, chunk_size=1)([1, 2], x))

    expected = "".join(f"outer {x}\n  {x + 1}\n  {x + 2}\n" for x in range(4))
    assert parallel(outer, executor=executor, max_workers=2, chunk_size=1)(range(4)) == [3, 5, 7, 9]
    assert capsys.readouterr().out == expected


def test_what_a_crash_leaves_behind_is_shown(capsys: Any) -> None:
    """Items in front of it have been heard, and so has its own last word, if it was flushed."""

    def body(x: int) -> None:
        print("item", x)
        if x == 2:
            os._exit(3)

    from clustrix import WorkerDied

    f = parallel(body, executor="processes", max_workers=1, chunk_size=1)
    with pytest.raises(WorkerDied):
        f(range(4))
    assert capsys.readouterr().out.startswith("item 0\nitem 1\n")


def test_a_child_of_a_lane_speaks_for_itself(tmp_path: Any) -> None:
    """A forked process prints where its parent's parent does."""
    program = """
        import os, sys
        from clustrix import parallel

        def body(x):
            sys.stdout.flush()
            if (child := os.fork()) == 0:
                print("child", x)
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(child, 0)

        for name in ("threads", "processes"):
            parallel(body, executor=name, max_workers=1)([0, 1])
    """
    done = run_script(program, tmp_path)
    assert sorted(done.stdout.split("\n")) == ["", "child 0", "child 0", "child 1", "child 1"]


@given(data=st.data(), count=st.integers(1, 8))
def test_events_are_shown_in_loop_order_as_soon_as_possible(data: Any, count: int) -> None:
    """In whatever order chunks report; whatever is in front of the frontier has been shown."""
    news: list[Any] = []
    for start in range(count):
        events = [Event(start, OUT, f"{start}{part}") for part in "ab"]
        news.append([Heard(start, events[:1]), Heard(start, events[1:]), Outcome(start, [None])])
    relay, out, done = Relay(), io.StringIO(), set()
    with contextlib.redirect_stdout(out):
        while any(news):
            start = data.draw(st.sampled_from([i for i, left in enumerate(news) if left]))
            one = news[start].pop(0)
            if type(one) is Heard:
                relay.hear(one)
            else:
                relay.settle(one)
                done.add(start)
            front = next((i for i in range(count) if i not in done), count)
            assert relay.frontier == front
            shown = out.getvalue()
            assert shown.startswith("".join(f"{i}a{i}b" for i in range(front)))
            if front < count:
                assert shown.count(str(front)) == 2 - sum(type(x) is Heard for x in news[front])
    assert out.getvalue() == "".join(f"{i}a{i}b" for i in range(count))


@pytest.mark.parametrize("name", ["serial", "threads", "processes", "auto"])
def test_one_interrupt_ends_the_call_and_keeps_what_is_done(name: str, tmp_path: Any) -> None:
    """Within a second; the values are in the exception, and no worker is left at work."""
    program = f"""
        import os, signal, sys, threading, time
        from clustrix import parallel

        def body(x):
            if x % 4 < 3:
                time.sleep(0.01)  # what a worker computes in less may still be with it
                return x * x
            open(f"running {{x}}", "w").close()
            if threading.current_thread() is threading.main_thread():
                time.sleep(60)
            else:
                threading.Event().wait(60)

        def interrupt():
            while not [entry for entry in os.listdir() if entry.startswith("running")]:
                time.sleep(0.01)
            time.sleep(0.1)
            global start
            start = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            parallel(body, executor={name!r}, max_workers=2, chunk_size=8)(range(8))
        except KeyboardInterrupt as error:
            took = time.monotonic() - start
            print(took < 1 or took, error.partial)
    """
    process = start_script(program, tmp_path)
    out, err = process.communicate(timeout=60)
    assert (out, err) == ("True {0: 0, 1: 1, 2: 4}\n", "")


def test_modules_that_are_imported_meanwhile_are_like_others(tmp_path, monkeypatch):
    """The import system asks `sys` for the class of modules."""
    name = f"meanwhile_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("stdout = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    holder = object()
    _capture.hold(holder)
    try:
        module = importlib.import_module(name)
    finally:
        _capture.release(holder)
    assert type(module) is ModuleType
    assert module.stdout == 1
    assert cloudpickle.loads(cloudpickle.dumps(module)) is module
    del sys.modules[name]


def test_what_is_flushed_leaves_at_once() -> None:
    """However much has been shown before it: it may be the last that is heard of an item."""
    left: list[int] = []
    recorder = Recorder(lambda: 0, lambda: left.append(len(recorder.events)))
    for count in range(1, 40):
        recorder.note(OUT, "text")
        if not count % 4:
            recorder.note(OUT, None)
            assert left[-1] == len(recorder.events)


def test_what_an_item_has_flushed_is_seen_when_its_worker_dies(tmp_path: Path) -> None:
    """All of it, up to the end of the process."""
    source = """
    import os
    from clustrix import parallel, WorkerDied

    @parallel(executor="processes", max_workers=2, chunk_size=1)
    def body(x):
        if x == 0:
            for n in range(8):
                print("line", n, flush=True)
            os.kill(os.getpid(), 9)

    try:
        body(range(4))
    except WorkerDied:
        print("died")
    """
    lines = output_of(source, tmp_path).splitlines()
    assert lines == [*(f"line {n}" for n in range(8)), "died"]
