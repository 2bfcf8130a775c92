"""Cases as files: real code in ``cases/``, with what is expected in comments.

return requests.get(url)  # IO201        a finding of this code on this line
def load(name):  # via IO101             findings of these codes in what it calls
return sorted(values)                    silence
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from clustrix.analysis import find_blocking_calls

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
CODE = re.compile(r"\bIO\d{3}\b")


def load(path: Path) -> ModuleType:
    name = f"analysis_case_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of a file and the methods of its classes, by qualified name."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_"):  # helpers are seen through those who call them
                yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    mangled = part.name.startswith("__") and not part.name.endswith("__")
                    yield f"{node.name}.{f'_{node.name}' * mangled}{part.name}", part


ALL = [(path, name, node) for path in CASES for name, node in functions(path)]


@pytest.mark.parametrize(
    ("path", "name", "node"), ALL, ids=[f"{path.stem}:{name}" for path, name, _ in ALL]
)
def test_findings_are_where_the_comments_say(path, name, node):
    """Every marked line has its findings; every other line is silent."""
    lines = path.read_text().splitlines()
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    expected = {
        (number, code)
        for number in range(first, (node.end_lineno or first) + 1)
        for code in CODE.findall(lines[number - 1].partition("#")[2])
        if " via " not in lines[number - 1].replace("#", "# ")
    }
    elsewhere = set(CODE.findall(lines[node.lineno - 1].partition("# via")[2]))
    found = find_blocking_calls(_member(load(path), name))
    here = {(f.line, f.code) for f in found if first <= f.line <= (node.end_lineno or first)}
    assert here == expected, found
    assert {f.code for f in found if (f.line, f.code) not in here} == elsewhere, found
    assert all(Path(f.file) == path and f.name and f.why for f in found)


def test_there_are_many_cases():
    """Enough to cover the hard kinds, silent ones among them."""
    assert len(ALL) >= 150


def _member(module: ModuleType, name: str) -> object:
    found: object = module
    for part in name.split("."):
        found = getattr(found, part)
    return found
