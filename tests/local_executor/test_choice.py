"""`choose_executor_type` and `create_local_executor`: the documented rules, in their order."""

from __future__ import annotations

import functools
import socket
import threading
import time

import pytest

from clustrix.local_executor import LocalExecutor, choose_executor_type, create_local_executor
from tests.decorators import targets


def io_func(filename):
    """The I/O function of the documents."""
    with open(filename) as f:
        return f.read()


def cpu_func(n):
    """The CPU function of the documents."""
    return sum(i**2 for i in range(n))


def download_file(url):
    """The other I/O function of the documents, which imports where it needs."""
    import requests

    return requests.get(url).content


def sleeper(x):
    """Waits."""
    time.sleep(x)


def talker(host):
    """Waits for somebody else."""
    return socket.create_connection((host, 80))


def by_helper(path):
    """Its helper does the reading."""
    return io_func(path)


def mentions_only(x):
    """Says open() and requests.get(url) in words, and does neither."""
    # with open(x) as f: return f.read()
    return f"open({x})"


def test_what_cannot_be_pickled_needs_threads():
    """The first rule: function, arguments and keyword arguments."""

    def local(x):
        return x

    assert choose_executor_type(lambda x: x * 2, (5,), {}) is True
    assert choose_executor_type(local, (5,), {}) is True
    assert choose_executor_type(cpu_func, (threading.Lock(),), {}) is True
    assert choose_executor_type(cpu_func, (), {"n": threading.Lock()}) is True
    assert choose_executor_type(functools.partial(lambda x: x), (1,), {}) is True
    assert choose_executor_type(cpu_func, ((i for i in ()),), {}) is True


def test_input_and_output_is_served_best_by_threads():
    """The second rule, found in the source of the function and its helpers."""
    for function in (io_func, download_file, sleeper, talker, by_helper):
        assert choose_executor_type(function, ("x",), {}) is True, function


def test_everything_else_goes_to_processes():
    """The third rule."""
    assert choose_executor_type(cpu_func, (1000,), {}) is False
    assert choose_executor_type(cpu_func, (), {"n": 1000}) is False
    assert choose_executor_type(abs, (-1,), {}) is False
    assert choose_executor_type(mentions_only, ("f",), {}) is False


def test_decorated_functions_are_looked_into():
    """They pickle, and what counts is what they do."""
    assert choose_executor_type(targets.square, (1,), {}) is False


def test_nothing_is_run_and_nothing_changed():
    """Not even by looking."""
    ran = []

    class Watched:
        def __reduce__(self):
            return list, ()

    def body(x):
        ran.append(x)

    args, kwargs = (Watched(),), {}
    choose_executor_type(body, args, kwargs)
    assert ran == []


def test_the_answer_is_a_bool_and_stays_the_same():
    """Twice the same question, twice the same answer."""
    for function in (cpu_func, io_func, abs, print, lambda: 0, functools.partial(cpu_func, 3)):
        first = choose_executor_type(function, (), {})
        assert type(first) is bool
        assert choose_executor_type(function, (), {}) is first


@pytest.mark.parametrize(
    ("function", "use_threads"), [(download_file, True), (io_func, True), (cpu_func, False)]
)
def test_create_decides_for_a_function(function, use_threads):
    """The example of the documents."""
    executor = create_local_executor(func=function)
    assert isinstance(executor, LocalExecutor)
    assert executor.use_threads is use_threads


def test_create_looks_at_the_arguments_too():
    """They must travel as well."""
    assert create_local_executor(func=cpu_func, args=(threading.Lock(),)).use_threads is True
    assert create_local_executor(func=cpu_func, kwargs={"n": threading.Lock()}).use_threads is True
    assert create_local_executor(func=cpu_func, args=(5,), kwargs={}).use_threads is False


def test_create_obeys():
    """What the caller says settles it."""
    assert create_local_executor(use_threads=True, func=cpu_func).use_threads is True
    assert create_local_executor(use_threads=False, func=io_func).use_threads is False
    assert create_local_executor(3, True).max_workers == 3


def test_create_without_a_function():
    """Processes, as in the class."""
    executor = create_local_executor()
    assert executor.use_threads is False
    assert executor.max_workers == LocalExecutor().max_workers


def test_what_was_created_works():
    """Both kinds."""
    with create_local_executor(max_workers=2, func=cpu_func) as executor:
        assert executor.execute_loop_parallel(cpu_func, "n", [1, 2, 3]) == [0, 1, 5]
    with create_local_executor(max_workers=2, func=io_func) as executor:
        assert len(executor.execute_loop_parallel(io_func, "filename", [__file__] * 3)) == 3


@pytest.mark.parametrize("func", [3, None, "abs"])
def test_what_cannot_be_called_is_refused(func: object) -> None:
    """It has no engine."""
    with pytest.raises(TypeError, match="callable"):
        choose_executor_type(func, (), {})  # type: ignore[arg-type]
