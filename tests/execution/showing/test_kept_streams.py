"""Items and programs that keep a stream: it stays what `sys.stdout` was when they took it."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from clustrix import parallel
from clustrix.execution.showing import _capture
from clustrix.execution.showing._capture import capture
from clustrix.execution.showing._recorder import ERR, OUT, Recorder
from tests.scripts import output_of, soon


class Tee:
    """Writes to several streams at once."""

    def __init__(self, *streams: Any) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()


def same_as_the_loop(body: Any, executor: Any, capsys: Any) -> None:
    """Values, and what is shown on either stream."""
    f = parallel(body, executor=executor, max_workers=2, chunk_size=1)
    stdout, stderr = sys.stdout, sys.stderr
    seen = []
    for loop in (lambda: [body(x) for x in range(4)], lambda: f(range(4))):
        try:
            seen.append((loop(), capsys.readouterr()))
        finally:
            sys.stdout, sys.stderr = stdout, stderr
    assert seen[1] == seen[0]


def test_a_tee_inside_an_item(executor: Any, capsys: Any) -> None:
    """It writes to what `sys.stdout` was, and to a text."""

    def body(x: int) -> str:
        text = io.StringIO()
        with contextlib.redirect_stdout(Tee(sys.stdout, text)):
            print("teed", x, flush=True)
            print("and", x, file=sys.stdout)
        with contextlib.redirect_stderr(Tee(sys.stderr, text)):
            print("error", x, file=sys.stderr)
        print("behind", x)
        return text.getvalue()

    same_as_the_loop(body, executor, capsys)


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_a_tee_that_is_left_in_place(executor: Any, capsys: Any) -> None:
    """Text still arrives, and once: each item puts its own around that of the one before."""

    def body(x: int) -> None:
        sys.stdout = Tee(sys.stdout)  # type: ignore[assignment]
        print("item", x)

    same_as_the_loop(body, executor, capsys)


def test_what_an_item_keeps_is_not_what_it_redirects_to(executor: Any, capsys: Any) -> None:
    """Nor are its buffer, its error stream, and a function of the item that knows it."""

    def body(x: int) -> list[Any]:
        out, err, hidden, inner = sys.stdout, sys.stderr, io.StringIO(), io.StringIO()

        def shown(what: str) -> None:
            print(what, x, file=out)

        with contextlib.redirect_stdout(hidden), contextlib.redirect_stderr(hidden):
            print("hidden", x)
            shown("shown")
            err.write(f"complained {x}\n")
            with contextlib.redirect_stdout(inner):
                print("deeper", x)
                shown("shown again")
                with contextlib.redirect_stdout(out):
                    print("shown the long way round", x)
                print("deeper still", x)
            print("hidden again", x)
        print("in the end", x)
        return [hidden.getvalue(), inner.getvalue(), sys.stdout is out, sys.stderr is err]

    same_as_the_loop(body, executor, capsys)


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_streams_that_change_places(executor: Any, capsys: Any) -> None:
    """Each goes where the other went, until they change back."""

    def body(x: int) -> None:
        out, err = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = err, out
        print("to the errors", x)
        print("to the output", x, file=sys.stderr)
        sys.stdout, sys.stderr = out, err
        print("as ever", x)

    same_as_the_loop(body, executor, capsys)


def test_a_patch_inside_an_item(executor: Any, capsys: Any) -> None:
    """It looks past the module's attributes, and puts back what it has found there."""

    def body(x: int) -> list[str]:
        around = io.StringIO()
        with mock.patch("sys.stdout", new_callable=io.StringIO) as first:
            print("patched", x)
            with mock.patch("sys.stdout", new_callable=io.StringIO) as second:
                print("twice", x)
            print("once more", x)
        print("free", x)
        with contextlib.redirect_stdout(around):
            with mock.patch("sys.stdout", new_callable=io.StringIO) as third:
                print("within", x)
            print("around", x)
        with mock.patch("sys.stderr", sys.stdout):
            print("to the output", x, file=sys.stderr)
        print("free again", x)
        return [one.getvalue() for one in (first, second, third, around)]  # type: ignore[attr-defined]

    same_as_the_loop(body, executor, capsys)


def test_nothing_is_said_where_an_item_has_no_output(executor: Any, capsys: Any) -> None:
    """`print` looks past the module's attributes, too."""

    def body(x: int) -> bool:
        out = sys.stdout
        with contextlib.redirect_stdout(None):
            print("nobody hears this", flush=True)
            print("but this", x, file=out)
            return sys.stdout is None

    same_as_the_loop(body, executor, capsys)


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_streams_that_are_put_in_place_without_end(executor: Any, capsys: Any) -> None:
    """A lane does not keep them all, and still comes back to what was there."""

    def body(x: int) -> list[str]:
        out, texts = sys.stdout, [io.StringIO() for _ in range(20)]
        for text in texts:
            sys.stdout = text
            print("item", x)
            with mock.patch("sys.stdout", new_callable=io.StringIO):
                print("nobody looks there")
            print("again", x)
        sys.stdout = out
        print("shown", x)
        return [text.getvalue() for text in texts]

    same_as_the_loop(body, executor, capsys)


@pytest.mark.parametrize("inner", ["threads", "processes"])
def test_a_loop_in_an_item_whose_function_has_the_stream(inner: str, capsys: Any) -> None:
    """It travels, and means the output wherever it comes to."""

    def outer(x: int) -> list[int]:
        out = sys.stdout

        def say(y: int) -> int:
            print("item", x, y, file=out)
            return y

        return parallel(say, executor=inner, max_workers=2, chunk_size=1)(range(2))

    f = parallel(outer, executor="threads", max_workers=2, chunk_size=1)
    assert f(range(2)) == [[0, 1]] * 2
    assert capsys.readouterr().out == "".join(f"item {x} {y}\n" for x in (0, 1) for y in (0, 1))


def test_a_stream_that_comes_back(executor: Any, capsys: Any) -> None:
    """What an item returns or puts elsewhere serves the caller, also as its standard output."""
    streams = parallel(lambda x: sys.stdout, executor=executor, max_workers=2)(range(4))
    f = parallel(lambda x: print(x), executor=executor, max_workers=2, chunk_size=1)
    for x, stream in enumerate(streams):
        with contextlib.redirect_stdout(stream):
            print("output", x)
            f(range(2))
        with contextlib.redirect_stdout(io.StringIO()):
            stream.write("kept\n")
    assert capsys.readouterr().out == "".join(f"output {x}\n0\n1\nkept\n" for x in range(4))


def test_a_handler_that_an_item_has_made(capsys: Any) -> None:
    """It goes on with the stream that there was, whatever the program puts in its place."""
    logger = logging.getLogger("tests.kept_streams")
    stderr = sys.stderr

    def body(x: int) -> None:
        if not logger.handlers:
            logger.addHandler(logging.StreamHandler(sys.stderr))

    parallel(body, executor="threads", max_workers=1, chunk_size=1)(range(2))
    with contextlib.redirect_stderr(io.StringIO()) as later:
        parallel(body, executor="threads", max_workers=1, chunk_size=1)(range(2))
        logger.warning("said")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
    assert (later.getvalue(), capsys.readouterr().err, sys.stderr) == ("", "said\n", stderr)


def test_what_a_lane_can_see_of_its_stream(executor: Any, tmp_path: Any) -> None:
    """It is the same each time, and passes for that of the caller, also when it is kept."""

    def look(x: int) -> list[Any]:
        out = sys.stdout
        said = [isinstance(out, io.TextIOBase), hasattr(out, "getvalue"), out.writable()]
        with contextlib.redirect_stdout(io.StringIO()):
            said += [isinstance(sys.stdout, io.StringIO), isinstance(out, io.TextIOWrapper)]
            said += [out.encoding, out.errors, out.isatty(), out.fileno() > 0]
            out.buffer.write(b"bytes\n")
            out.buffer.flush()
            out.writelines(["a\n", "b\n"])
            out.flush()
        return [*said, sys.stdout is sys.stdout, sys.stdout is out]

    with (
        (tmp_path / "out").open("w", encoding="latin-1", errors="replace") as out,
        contextlib.redirect_stdout(out),
    ):
        wanted = look(0)
        assert parallel(look, executor=executor, max_workers=2)(range(3)) == [wanted] * 3
    assert (tmp_path / "out").read_text() == "bytes\na\nb\n" * 4


def test_bytes_that_are_written_when_the_loop_is_over(tmp_path: Any) -> None:
    """An item's buffer is the caller's, too."""
    kept: list[Any] = []
    path = tmp_path / "out"
    with path.open("w") as out, contextlib.redirect_stdout(out):
        parallel(lambda x: kept.append(sys.stdout.buffer), executor="threads")([1])
        kept[0].write(b"late\n")
        kept[0].flush()
    assert path.read_bytes() == b"late\n"


def test_a_patch_of_the_program_beside_a_loop() -> None:
    """It begins and ends while lanes run, or ends when they have gone, and leaves no trace."""
    for over in (False, True):
        before, holder = sys.stdout, object()
        _capture.hold(holder)
        with mock.patch("sys.stdout", new_callable=io.StringIO) as out:
            print("captured")
            assert sys.stdout is out
            if over:
                _capture.release(holder)
                assert vars(sys)["stdout"] is out
        with contextlib.redirect_stdout(io.StringIO()) as text:
            print("elsewhere")
        assert (out.getvalue(), text.getvalue()) == ("captured\n", "elsewhere\n")  # type: ignore[attr-defined]
        _capture.release(holder)
        parallel(print, executor="threads", max_workers=2)([])
        _capture.hold(holder)
        assert sys.stdout is before
        _capture.release(holder)
        # Threads of a loop before may still be on their way out of it.
        assert soon(lambda: vars(sys)["stdout"] is before)  # noqa: B023


def test_lanes_and_other_threads_side_by_side() -> None:
    """What a lane keeps is noted, whatever another thread puts in place meanwhile."""
    before, recorder, found = sys.stdout, Recorder(lambda: 0), []

    def elsewhere(stream: Any) -> None:
        def assign() -> None:
            found.append(sys.stdout)
            sys.stdout = stream

        thread = threading.Thread(target=assign)
        thread.start()
        thread.join()

    with capture(recorder):
        out = sys.stdout
        text = io.StringIO()
        elsewhere(text)
        print("first")
        out.write("second\n")
        with contextlib.redirect_stdout(Tee(out)):
            print("third")
            elsewhere(before)
        print("fourth")
        sys.stdout = out
        print("fifth")
        sys.stderr.write("sixth\n")
    assert found == [before, text]
    assert sys.stdout is before
    assert text.getvalue() == ""
    assert [(event.kind, event.what) for event in recorder.take()] == [
        (OUT, "first\nsecond\nthird\nfourth\nfifth\n"),
        (ERR, "sixth\n"),
    ]


def test_a_program_that_patches_its_output_behind_a_loop(tmp_path: Any) -> None:
    """As a test of a command does, whose function has just used threads."""
    program = """
        import io, sys
        from unittest import mock
        from clustrix import parallel

        @parallel(executor="threads", max_workers=2)
        def f(x):
            print("item", x)
            return x

        for round in range(3):
            f(range(2))
            with mock.patch("sys.stdout", new_callable=io.StringIO) as out:
                print("captured")
            print("back", repr(out.getvalue()))
    """
    assert output_of(program, tmp_path) == "item 0\nitem 1\nback 'captured\\n'\n" * 3


def test_a_stream_that_somebody_prints_to_is_not_freed(tmp_path: Path) -> None:
    """`print` only borrows it; lanes may be in there when the caller has gone on to the next."""
    source = """
    import contextlib, io
    from clustrix import parallel

    @parallel(executor="threads", max_workers=2, chunk_size=1)
    def shows(x):
        for _ in range(20_000):
            pass
        print("item", x)
        if x == 5:
            raise ValueError(x)

    for _ in range(60):
        with contextlib.redirect_stdout(io.StringIO()) as told:
            with contextlib.suppress(ValueError):
                shows(range(24))
        assert told.getvalue() == "".join(f"item {x}\\n" for x in range(6))
    print("fine")
    """
    assert output_of(source, tmp_path) == "fine\n"
