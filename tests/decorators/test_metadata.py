"""The decorated function looks like the plain one."""

from __future__ import annotations

import copy
import functools
import inspect
import pydoc
import subprocess
import sys
import typing

import pytest

import clustrix
from clustrix import parallel
from tests.scripts import environment


def plain(x: int, scale: float = 2.0, *, name: str = "n") -> str:
    """Say something about x.

    At length.
    """
    return f"{name}: {x * scale}"


plain.marker = ["mine"]
body = parallel(loop_var="x", executor="threads")(plain)


@pytest.mark.parametrize(
    "attribute",
    [
        "__name__",
        "__qualname__",
        "__doc__",
        "__module__",
        "__annotations__",
        "__defaults__",
        "__kwdefaults__",
        "__code__",
        "marker",
    ],
)
def test_attributes(attribute):
    """One by one."""
    assert getattr(body, attribute) == getattr(plain, attribute)


def test_signature_and_type_hints():
    """As tools read them."""
    assert inspect.signature(body) == inspect.signature(plain)
    assert typing.get_type_hints(body) == typing.get_type_hints(plain)
    assert inspect.getsource(body) == inspect.getsource(plain)
    assert inspect.getdoc(body) == inspect.getdoc(plain)
    assert inspect.unwrap(body) is plain


def test_help_shows_signature_and_docstring():
    """What a person sees first."""
    text = pydoc.plain(pydoc.render_doc(body))
    assert "plain(x: 'int', scale: 'float' = 2.0, *, name: 'str' = 'n') -> 'str'" in text
    assert "Say something about x." in text


def test_help_of_a_class_shows_its_decorated_methods():
    """With their signature, among the methods."""

    class Tool:
        @parallel(loop_var="x")
        def work(self, x, extra=1):
            """Do the work."""

    text = pydoc.plain(pydoc.render_doc(Tool))
    assert "work(self, x, extra=1)" in text
    assert "Do the work." in text


def test_it_counts_as_a_function():
    """For everybody who asks politely."""
    assert callable(body)
    assert inspect.isroutine(body)
    assert inspect.isfunction(body)
    assert not inspect.iscoroutinefunction(body)


def test_attributes_can_be_set_and_deleted():
    """They live on the function, where others look for them."""
    decorated = parallel(lambda x: x)
    decorated.note = "set"
    assert decorated.__wrapped__.note == "set"
    del decorated.note
    assert not hasattr(decorated, "note")


def test_update_wrapper_copies_from_it():
    """`functools.wraps` around it works."""

    @functools.wraps(body)
    def wrapper(*args, **kwargs):
        return body(*args, **kwargs)

    assert wrapper.__name__ == "plain"
    assert inspect.signature(wrapper) == inspect.signature(plain)


def test_copies_are_the_same_object():
    """As with functions."""
    assert copy.copy(body) is body
    assert copy.deepcopy(body) is body
    assert copy.deepcopy({"f": [body]})["f"][0] is body


def test_it_is_hashable_and_equal_to_itself():
    """It can be a key."""
    assert {body: 1}[body] == 1
    assert body == body
    assert body in [body]


def test_a_weak_reference_is_possible():
    """As with functions."""
    import weakref

    assert weakref.ref(body)() is body


SAMPLE = """
from typing import Any, Callable
from clustrix import Plan, parallel, LocalExecutor

@parallel
def bare(x: int, y: str = "") -> float:
    return 1.0

@parallel(loop_var="x", executor="threads", max_workers=2, chunk_size=3, timeout=1.5, batched=None)
def full(x: int) -> str:
    return ""

class Tool:
    @parallel(loop_var="x")
    def method(self, x: int) -> int:
        return x

    @classmethod
    @parallel(loop_var="x")
    def make(cls, x: int) -> int:
        return x

    @staticmethod
    @parallel(loop_var="x")
    def helper(x: int) -> int:
        return x

values: list[float] = bare([1, 2, 3])
value: float = bare(1, y="a")
plan: Plan = bare.explain([1, 2])
plain: Callable[..., float] = bare.__wrapped__
reveal_type(bare.__wrapped__(1))
reveal_type(full.__wrapped__(1))
reveal_type(full.explain(range(3)))
numbers: list[int] = Tool().method([1, 2])
more: list[int] = Tool.make([1, 2])
others: list[int] = Tool.helper([1, 2])
name: str = full.__name__
results: list[Any] = LocalExecutor(max_workers=2).execute_loop_parallel(abs, "x", [1])
"""

MISTAKES = """
from clustrix import parallel, LocalExecutor

parallel(loop_var=5)
parallel(loop_var="x", max_workers="two")
parallel(loop_var="x", unknown=1)
LocalExecutor(use_threads="yes")
"""


def mypy(source, folder):
    """What mypy --strict says about a program that uses the package."""
    pytest.importorskip("mypy")
    (folder / "sample.py").write_text(source)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ".cache", "sample.py"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment(), "MYPYPATH": environment()["PYTHONPATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_type_checkers_understand_it(tmp_path):
    """Right programs pass; wrong options are found; the plain function keeps its types."""
    said = mypy(SAMPLE + "# ---\n" + MISTAKES, tmp_path)
    start = (SAMPLE + "# ---\n").count("\n")
    errors = {int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line}
    assert {line for line in errors if line <= start} == set(), said
    first = start + MISTAKES.splitlines().index("parallel(loop_var=5)") + 1
    assert errors == {first, first + 1, first + 2, first + 3}, said
    assert 'Revealed type is "float"' in said.replace("builtins.", "")
    assert 'Revealed type is "str"' in said.replace("builtins.", "")
    assert "fallback=clustrix._model.Plan]" in said


@parallel
def tripled(x: int) -> int:
    """Three times as much."""
    return 3 * x


class Scales:
    @parallel(loop_var="x")
    def apply(self, x: int) -> int:
        return 2 * x


@pytest.mark.parametrize(
    "function",
    [tripled, Scales.apply, Scales().apply],
    ids=["a function", "a method of a class", "a method of an object"],
)
def test_it_shows_itself(function):
    """Its name, and what it has besides the plain function's attributes."""
    assert repr(function).startswith("<parallel <")
    assert function.__name__ in repr(function)
    assert {"explain", "stream", "__wrapped__"} <= {*dir(function)}
    assert "run" not in dir(function)


def test_everything_has_its_help(capsys):
    """Also on Python 3.13, which asks each class for its module."""
    for name in clustrix.__all__:
        pydoc.Helper().help(getattr(clustrix, name))
    pydoc.Helper().help(clustrix)
    assert "Three times as much" in pydoc.plain(pydoc.render_doc(tripled))
