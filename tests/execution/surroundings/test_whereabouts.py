"""An item is where its caller is, on every engine; on processes it leaves no trace there."""

from __future__ import annotations

import contextlib
import contextvars
import decimal
import locale
import logging
import multiprocessing
import os
import socket
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clustrix import SharedStateWarning, parallel
from tests import jobs
from tests.scripts import output_of


@pytest.fixture(scope="module")
def theirs() -> Iterator[Any]:
    """Worker processes of the standard library."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@contextlib.contextmanager
def elsewhere(folder: Path, number: int) -> Iterator[None]:
    """Surroundings that nobody has by accident."""
    folder.mkdir()
    before = (
        os.getcwd(),
        locale.setlocale(locale.LC_ALL),
        list(sys.path),
        sys.getrecursionlimit(),
        socket.getdefaulttimeout(),
        logging.getLogger("tests.jobs").level,
        sys.get_int_max_str_digits(),
    )
    with warnings.catch_warnings(), decimal.localcontext() as context:
        os.chdir(folder)
        os.environ["CLUSTRIX_TEST"] = f"of the caller {number}"
        locale.setlocale(locale.LC_ALL, "C.UTF-8" if number % 2 else "C")
        sys.path.append(f"/of/the/caller/{number}")
        sys.setrecursionlimit(3000 + number)
        sys.set_int_max_str_digits(5000 + number)
        socket.setdefaulttimeout(10.5 + number)
        logging.getLogger("tests.jobs").setLevel(logging.INFO if number % 2 else logging.WARNING)
        logging.disable(logging.CRITICAL if number == 3 else logging.NOTSET)
        warnings.simplefilter("always" if number % 2 else "ignore")
        warnings.simplefilter("ignore", SharedStateWarning)
        context.prec = 11 + number
        token = jobs.REQUEST.set(f"request {number}")
        try:
            yield
        finally:
            jobs.REQUEST.reset(token)
            logging.disable(logging.NOTSET)
            sys.set_int_max_str_digits(before[6])
            logging.getLogger("tests.jobs").setLevel(before[5])
            socket.setdefaulttimeout(before[4])
            sys.setrecursionlimit(before[3])
            sys.path[:] = before[2]
            locale.setlocale(locale.LC_ALL, before[1])
            del os.environ["CLUSTRIX_TEST"]
            os.chdir(before[0])


def in_a_copy(function: Any, *args: Any) -> Any:
    """What the function does to context variables stays in there."""
    return contextvars.copy_context().run(function, *args)


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "theirs", "auto"])
def test_an_item_is_where_its_caller_is(engine: str, theirs: Any, tmp_path: Path) -> None:
    """Now, and when the caller has moved on."""
    executor = theirs if engine == "theirs" else engine
    see = parallel(jobs.whereabouts, executor=executor, max_workers=2, chunk_size=1)
    for number in range(4):
        with elsewhere(tmp_path / str(number), number):
            expected = [jobs.whereabouts(x) for x in range(4)]
            assert expected[0]["request"] == f"request {number}"
            assert see(range(4)) == expected


@pytest.mark.parametrize("engine", ["processes", "theirs"])
@pytest.mark.parametrize("size", [1, 4])
def test_what_an_item_changes_is_not_seen_by_the_next(
    engine: str, size: int, theirs: Any, tmp_path: Path
) -> None:
    """In the same chunk, in the next one, or in the next loop."""
    executor = theirs if engine == "theirs" else engine
    move = parallel(jobs.wander, executor=executor, max_workers=1, chunk_size=size)
    with elsewhere(tmp_path / "here", 1):
        expected = [jobs.whereabouts(x) for x in range(8)]
        for _ in range(2):
            assert move(range(8)) == expected
        assert [jobs.whereabouts(x) for x in range(8)] == expected


def test_somebody_elses_process_is_left_as_it_was(theirs: Any, tmp_path: Path) -> None:
    """Whoever uses it next finds it as before."""
    before = theirs.submit(jobs.whereabouts, 0).result()
    with elsewhere(tmp_path / "here", 1):
        parallel(jobs.wander, executor=theirs, chunk_size=1)(range(4))
    assert theirs.submit(jobs.whereabouts, 0).result() == before


@pytest.mark.parametrize("engine", ["threads", "processes", "theirs"])
def test_context_variables_are_the_callers_for_each_item(engine: str, theirs: Any) -> None:
    """Whichever lane runs it, and whatever another item has set."""

    def body(x: int) -> str:
        found = jobs.REQUEST.get()
        jobs.REQUEST.set("changed")
        return found

    def run() -> list[str]:
        jobs.REQUEST.set("mine")
        executor = theirs if engine == "theirs" else engine
        return list(parallel(body, executor=executor, max_workers=2, chunk_size=2)(range(6)))

    assert in_a_copy(run) == ["mine"] * 6


def test_a_context_variable_of_the_main_module(tmp_path: Path) -> None:
    """Its functions travel by value, and so does what they look up."""
    program = """
        import contextvars
        from clustrix import parallel
        name = contextvars.ContextVar("name", default="nobody")

        def greet(x):
            return name.get()

        f = parallel(greet, executor="processes", max_workers=1)
        print(f([1, 2]))
        name.set("me")
        print(f([1, 2]))
    """
    assert output_of(program, tmp_path) == "['nobody', 'nobody']\n['me', 'me']\n"


NUMPY = """
    import numpy as np, warnings
    from clustrix import parallel

    def halves(x):
        for _ in range(100_000):
            pass
        return float(np.float64(x) / np.float64(0))

    body = parallel(halves{options})
    with np.errstate(all="ignore"):
        print(body(range(40)) == [halves(x) for x in range(40)] or repr(body(range(3))))
    with np.errstate(all="raise"):
        try:
            body(range(1, 40))
        except FloatingPointError as error:
            print(error)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        body(range(1, 40))
    print(len(caught))
"""


@pytest.mark.parametrize("options", ["", ", executor='processes'", ", executor='threads'"])
def test_what_numpy_does_about_errors(tmp_path, options):
    """Said around the loop, it holds in the items; and no longer than that."""
    pytest.importorskip("numpy")
    source = NUMPY.format(options=options).replace("== [halves(x) for x in range(40)]", "!= []")
    assert output_of(source, tmp_path).splitlines() == [
        "True",
        "divide by zero encountered in scalar divide",
        "39",
    ]


def test_asking_for_a_module_is_not_loading_it(tmp_path):
    """What is put in place when it is loaded is so then, however often somebody has asked."""
    source = """
    import importlib.util
    import socket as here
    from clustrix import parallel

    @parallel(executor="processes", max_workers=2)
    def asks(x):
        before = importlib.util.find_spec("socket") is not None
        import socket
        return before, socket.getdefaulttimeout()

    here.setdefaulttimeout(12.5)
    print(asks(range(4)) == [(True, 12.5)] * 4)
    """
    assert output_of(source, tmp_path) == "True\n"
