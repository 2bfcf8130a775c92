"""What outlives a call: cases as files, functions of the standard library, and generated ones.

SEEN.append(x)  # SH101        a finding of this code on this line
def load(name):  # via SH201   findings of these codes in what it calls
return sorted(values)          silence
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import functools
import heapq
import random
import re
import shutil
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix.analysis import effects_in, find_effects
from clustrix.analysis.catalogue.effects import EFFECT_CODES
from clustrix.functions._stores import may_write
from tests.analysis.effects_score import listed, score
from tests.analysis.test_blocking_cases import _member, functions, load

CASES = sorted((Path(__file__).parent / "effect_cases").glob("*.py"))
CODE = re.compile(r"\b(?:SH|RN)\d{3}\b")
ALL = [(path, name, node) for path in CASES for name, node in functions(path)]
IDS = [f"{path.stem}:{name}" for path, name, _ in ALL]


def expected(path: Path, node: ast.FunctionDef) -> tuple[set[tuple[int, str]], set[str]]:
    """The findings in a function, and the codes of those in its helpers."""
    lines = path.read_text().splitlines()
    here = {
        (number, code)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for code in CODE.findall(lines[number - 1].partition("#")[2])
        if " via " not in lines[number - 1]
    }
    return here, set(CODE.findall(lines[node.lineno - 1].partition("# via")[2]))


def check(found: Any, path: Path, node: ast.FunctionDef) -> None:
    """Every marked line has its findings; every other line is silent."""
    wanted, elsewhere = expected(path, node)
    last = node.end_lineno or node.lineno
    here = {(f.line, f.code) for f in found if node.lineno <= f.line <= last}
    assert here == wanted, found
    assert {f.code for f in found if (f.line, f.code) not in here} == elsewhere, found
    assert all(f.name and f.why and f.column > 0 for f in found)


@pytest.mark.parametrize(("path", "name", "node"), ALL, ids=IDS)
def test_live_functions(path, name, node):
    """Names are looked up as the objects that they are."""
    function = _member(load(path), name)
    found = find_effects(getattr(function, "func", function))
    check(found, path, node)
    assert all(Path(f.file) == path for f in found)
    assert may_write(function) or not found


@pytest.mark.parametrize(("path", "name", "node"), ALL, ids=IDS)
def test_trees(path, name, node):
    """The tree of the module alone says the same."""
    tree = ast.parse(path.read_text())
    same = [
        part
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef) and part.lineno == node.lineno
    ]
    check(effects_in(same[0], tree, str(path)), path, node)


def test_every_code_has_a_case():
    """And every case a code that exists; SH204 changes the process that runs the tests.

    SH206 is for code without a source (test_unread.py).
    """
    seen = set(CODE.findall("".join(path.read_text() for path in CASES)))
    assert seen | {"SH204", "SH206"} == set(EFFECT_CODES)


def test_every_code_is_documented():
    """In the table of the page on the analysis."""
    page = Path(__file__).parents[2] / "docs" / "explanation" / "analysis.md"
    assert set(re.findall(r"^\| ((?:SH|RN)\d{3}) \|", page.read_text(), re.M)) == set(EFFECT_CODES)


def test_at_most_three_of_300_pure_functions_raise_an_alarm():
    """The list says by which rule they were chosen."""
    result = score()
    assert result.pure >= 300
    assert len(result.alarms) <= 3, result.alarms


def test_nearly_all_of_60_mutating_functions_are_found():
    """Real ones; the case files are held to every line."""
    result = score()
    assert result.mutating >= 60
    assert len(result.missed) <= 0.05 * result.mutating, result.missed


def test_lists_do_not_overlap():
    """A function either changes something or does not."""
    pure = set(listed("pure_functions.txt"))
    assert not pure & set(listed("mutating_functions.txt"))


def test_loop_variable_and_arguments():
    """Which parameter is the item decides whose things are written."""

    def put(a, b):
        a.last = b

    assert [f.code for f in find_effects(put, "a")] == ["SH102"]
    assert [f.code for f in find_effects(put, "b")] == ["SH202"]

    def collect(x, into=None):
        into = [] if into is None else into
        into.append(x)

    assert find_effects(collect) == ()
    assert [f.code for f in find_effects(collect, "x", {"into"})] == ["SH101"]


def test_looked_through_wrappers():
    """A counting decorator writes for every function that it wraps; partials and objects pass."""
    calls = 0

    def counted(function):
        @functools.wraps(function)
        def wrapper(*args):
            nonlocal calls
            calls += 1
            return function(*args)

        return wrapper

    @counted
    def plain(x):
        return x

    assert [(f.code, f.name) for f in find_effects(plain)] == [("SH201", "calls")]
    heap: list[int] = []
    push = functools.partial(heapq.heappush, heap)
    assert [f.code for f in find_effects(push)] == ["SH203"]


@pytest.mark.parametrize("value", [None, 3, "text", len, int, object(), ast, lambda: 1])
def test_anything_may_be_asked(value):
    """What has no code has no effects; nothing is raised."""
    assert find_effects(value) == ()


def test_no_user_code_runs():
    """Neither properties nor `__getattr__` of what a function mentions."""

    class Trap:
        def __getattr__(self, name):
            raise AssertionError(name)

        @property
        def rows(self):
            raise AssertionError("opened")

    trap = Trap()

    def use(x):
        trap.rows.append(x)
        return trap.other(x)

    assert [(f.code, f.name) for f in find_effects(use)] == [("SH101", "trap.rows")]


@pytest.mark.parametrize("module", [argparse, dataclasses, heapq, random, shutil, typing])
def test_any_source_gets_a_stable_answer(module):
    """Whatever was read before, and without an exception."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    nodes = [part for part in ast.walk(tree) if isinstance(part, ast.FunctionDef | ast.Lambda)]
    first = [effects_in(node, tree, module.__file__) for node in nodes]
    again = [effects_in(node, tree, module.__file__) for node in reversed(nodes)]
    assert first == again[::-1]


# ---- generated functions ----------------------------------------------------------------------

_SIMPLE = (
    "y = x * 2",
    "own = [x]",
    "own.append(y)",
    "own[0] += 1",
    "mine = dict(a=x)",
    "mine['a'] += y",
    "y += sum(own)",
    "parts = [n + 1 for n in own]",
    "y = max(parts, default=0)",
    "for n in own:\n    y += n",
    "y = helper(own, y)",
    "alias = own",
    "alias.append(3)",
    "y += len(TABLE)",
    "y += TABLE.get(x, 0)",
    "rows = list(ROWS)",
    "rows.append(x)",
    "ROWS.append(x)",
    "TABLE[x] = y",
    "TABLE[0] = y",
    "shared = ROWS",
    "shared.append(y)",
    "global COUNT; COUNT += 1",
    "y += COUNT",
    "record(ROWS, x)",
    "record(own, x)",
    "BOX.last = x",
    "box = Box()\nbox.last = x",
    "y += BOX.last",
)
_HEAD = """
TABLE, ROWS, COUNT = {1: 1}, [1], 0
class Box:
    last = 0
BOX = Box()
def helper(rows, n):
    return len(rows) + n
def record(rows, n):
    rows.append(n)
def work(x):
    y, own, parts, rows, shared, alias, mine = x, [1], [1], [], [], [], {"a": 0}
"""


@given(st.lists(st.sampled_from(_SIMPLE), min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_what_is_called_pure_is_pure(statements):
    """Serial and on threads the results agree, and nothing outside has changed."""
    globals_first = [line for line in statements if line.startswith("global")][:1]
    body = [*globals_first, *(line for line in statements if not line.startswith("global"))]
    text = _HEAD + "".join(f"    {line}\n" for statement in body for line in statement.splitlines())
    text += "    return y, own, parts, rows, mine\n"
    tree = ast.parse(text)
    found = effects_in(tree.body[-1], tree, "generated.py")
    serial, threads = _run(tree, workers=1), _run(tree, workers=4)
    untouched = ({1: 1}, [1], 0, 0)
    if not found:
        assert serial[0] == threads[0]
        assert serial[1] == threads[1] == untouched
    if serial[1] != untouched:
        assert found


def _run(tree: ast.Module, workers: int) -> tuple[list[Any], tuple[Any, ...]]:
    """The results for eight items, and what is left in the globals."""
    space: dict[str, Any] = {"__name__": "generated"}
    exec(compile(tree, "generated.py", "exec"), space)
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(space["work"], range(8)))
    return results, (space["TABLE"], space["ROWS"], space["COUNT"], space["BOX"].last)
