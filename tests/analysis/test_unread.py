"""Functions whose source is not there: what they may write is told from their compiled code."""

from __future__ import annotations

import types
from typing import Any

import pytest

from clustrix._model import Call
from clustrix.analysis import effects_of
from tests.scripts import run_script

SETUP = """
import math, threading
import some_module
total, seen, TABLE, LIMIT = 0, [], {1: 2}, (3, "text")
lock = threading.Lock()
def helper(x):
    seen.append(x)
def clean(x):
    found = []
    found.append(x * LIMIT[0])
    return found
class Counter:
    n = 0
    def count(self, x):
        self.n += 1
counter = Counter()
def around():
    calls = 0
    def inside(x):
        nonlocal calls
        calls += 1
    return inside
"""


def unread(body: str, name: str = "f") -> Any:
    """A function that was made without a file, and what is around it."""
    module = types.ModuleType("some_module")
    module.kept = []  # type: ignore[attr-defined]
    space: dict[str, Any] = {"__name__": "__main__"}
    source = SETUP.replace("import some_module", "") + body
    space["some_module"] = module
    exec(compile(source, "<stdin>", "exec"), space)
    return eval(name, space)


def findings(function: Any, items: Any = (1, 2, 3), *args: Any, **kwargs: Any) -> set[Any]:
    """Codes and names."""
    call = Call(function, items, args, kwargs, loop_var="x")
    return {(one.code, one.name) for one in effects_of(call)}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("def f(x):\n    global total\n    total += x", {("SH201", "total")}),
        ("def f(x):\n    global total\n    total = x", {("SH202", "total")}),
        ("def f(x):\n    seen.append(x)", {("SH206", "seen")}),
        ("def f(x):\n    TABLE[x] = 1", {("SH206", "TABLE")}),
        ("def f(x):\n    counter.n = x", {("SH206", "counter")}),
        ("def f(x):\n    helper(x)", {("SH206", "seen")}),
        ("def f(x):\n    some_module.kept.append(x)", {("SH206", "some_module.kept")}),
        ("def f(x):\n    return [seen.append(y) for y in x]", {("SH206", "seen")}),
        ("f = counter.count", {("SH206", "self")}),
        ("f = around()", {("SH201", "calls")}),
        ("f = lambda x: seen.append(x)", {("SH206", "seen")}),
        ("def f(x):\n    with lock:\n        found = [x]\n    found.append(x)", set()),
        ("def f(x):\n    return TABLE[1] + x", set()),
        ("def f(x):\n    rows = []\n    rows.append(x)\n    return rows", set()),
        ("def f(x):\n    return clean(x) + [math.pi, LIMIT]", set()),
        ("def f(x):\n    def inner():\n        nonlocal x\n        x += 1\n    inner()", set()),
    ],
)
def test_what_outlives_the_call_is_named(body, found):
    """Data that the code can reach, where it changes anything; and names that it binds anew."""
    assert findings(unread(body)) == found


def test_arguments_and_items_are_in_reach():
    """Numbers and text are not: they cannot change."""
    add = unread("def f(x, out):\n    out.append(x)")
    assert findings(add, (1, 2), []) == {("SH206", "args[0]")}
    assert findings(add, (1, 2), out=[]) == {("SH206", "out")}
    change = unread("def f(x):\n    x.append(1)")
    assert findings(change, ([], [])) == {("SH206", "x")}
    assert findings(change, ("text", "more")) == set()


@pytest.mark.parametrize("how", ["-c", "stdin"])
def test_a_program_that_was_never_a_file_loses_nothing(tmp_path, how):
    """As in the prompt of Python 3.10 to 3.12."""
    program = """
    from clustrix import parallel
    total, seen = 0, []
    @parallel
    def count(x):
        global total
        total += sum(range(500_000)) > 0
        seen.append(x)
    for _ in range(2):
        count(range(40))
    print(total, seen == [*range(40)] * 2)
    """
    done = run_script(program, tmp_path, how)
    assert done.stdout == "80 True\n", done.stderr
