"""The architecture, held by a test: imports run in one direction, and through the doors.

basis  <-  errors, _model, leaves  <-  functions  <-  analysis | execution
       <-  calling  <-  local_executor  <-  decorators  <-  clustrix  <-  testing
all of these  <-  command  <-  __main__
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import clustrix

HOUSE = Path(clustrix.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
ROOMS = {path.parent.name for path in HOUSE.glob("*/__init__.py")}

# For each floor the floors that it may import from, besides itself.  A leaf is a module right
# under the roof that is `errors` or private; the roof is `clustrix` itself.
GROUND = {"basis", "leaf", "functions"}
ALLOWED = {
    "basis": set(),
    "leaf": {"basis"},
    "functions": {"basis", "leaf"},
    "analysis": GROUND,
    "execution": GROUND,
    "calling": {*GROUND, "analysis", "execution"},
    "local_executor": {*GROUND, "calling", "analysis", "execution"},
    "decorators": {*GROUND, "calling", "local_executor"},
    "command": {*GROUND, "analysis", "execution", "local_executor", "decorators", "roof"},
    "roof": {*GROUND, "decorators", "local_executor", "analysis", "execution"},
    "program": {*GROUND, "command", "roof"},
    "testing": {*GROUND, "calling", "decorators", "local_executor", "roof"},  # nobody imports it
}
# Rooms without a door: they are used file by file.
OPEN = {*GROUND, "calling", "roof"}
MOST_LINES = 400


def module_name(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def floor(module: str) -> str:
    """Where in the house a module lives."""
    parts = module.split(".")
    if len(parts) == 1:
        return "roof"
    if parts[1] == "__main__":
        return "program"
    top = parts[1]
    return "leaf" if top == "errors" or (top.startswith("_") and top not in ROOMS) else top


def imports(module: str) -> list[tuple[str, str | None, int]]:
    """What a file imports from the package, anywhere in it: (module, name, line).

    Function bodies and ``if TYPE_CHECKING`` count; so do module names in strings, which is how
    lazy doors and `importlib` say it.
    """
    path = MODULES[module]
    found: list[tuple[str, str | None, int]] = []
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, None, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                entry = (whole, None) if whole in MODULES else (base, alias.name)
                found.append((*entry, node.lineno))
        elif isinstance(node, ast.Constant) and node.value in MODULES and node.value != "clustrix":
            found.append((node.value, None, node.lineno))
    return [entry for entry in found if entry[0].split(".")[0] == "clustrix"]


def test_the_house_has_the_rooms_of_the_plan():
    """A new floor is drawn into the plan first."""
    assert {floor(module) for module in MODULES} == set(ALLOWED)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module):
    """`analysis` and `execution` never meet; nobody imports from above."""
    here = floor(module)
    wrong = [
        f"{MODULES[module].relative_to(HOUSE)}:{line} imports {target}"
        for target, _, line in imports(module)
        if floor(target) != here and floor(target) not in ALLOWED[here]
    ]
    assert not wrong


@pytest.mark.parametrize("module", MODULES)
def test_rooms_are_entered_through_the_door(module):
    """From outside, a room is its ``__init__``, and what that hands on."""
    here = floor(module)
    wrong = []
    for target, name, line in imports(module):
        there = floor(target)
        if there == here or there in OPEN:
            continue
        place = f"{MODULES[module].relative_to(HOUSE)}:{line}"
        if target.count(".") > 1:
            wrong.append(f"{place} imports {target}: that is behind the door")
        elif name is not None and name not in importlib.import_module(target).__all__:
            wrong.append(f"{place} imports {name} from {target}, which does not hand it on")
    assert not wrong


# The rooms of `execution`, from the ground up: each knows those in front of it, no others.  Files
# right in it join the rooms: `_engine` is what all engines look like, `_engines` knows them all.
EXECUTION = (
    *("machine", "showing", "lanes", "travel", "surroundings", "chunking", "deciding"),
    *("_engine", "threads", "workers", "foreign", "_serial", "_engines"),
    *("adapting", "streams", "_async", "_futures", "_checkup"),
)
# What is needed now and then is loaded then: values that items showed are pickled on their way.
UPWARDS = {("showing", "travel")}


def test_the_rooms_of_execution_are_all_in_the_plan():
    """A file right in it, as well as a folder."""
    execution = {module.split(".")[2] for module in MODULES if ".execution." in module}
    assert execution == set(EXECUTION)


@pytest.mark.parametrize("module", [name for name in MODULES if ".execution." in name])
def test_the_rooms_of_execution_stand_on_each_other(module):
    """Imports inside of functions and for type checkers count."""
    here = module.split(".")[2]
    wrong = [
        f"{MODULES[module].relative_to(HOUSE)}:{line} imports {target}"
        for target, _, line in imports(module)
        if target.startswith("clustrix.execution.")
        for there in [target.split(".")[2]]
        if EXECUTION.index(there) > EXECUTION.index(here) and (here, there) not in UPWARDS
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("page", "heading", "files"),
    [
        (
            "CONTRIBUTING.md",
            "## The house",
            [path for path in FILES if floor(module_name(path)) in {*OPEN, "program"}]
            + [HOUSE / "local_executor.py"],
        ),
        ("clustrix/execution/README.md", "## The rooms", (HOUSE / "execution").rglob("*.py")),
    ],
)
def test_the_plan_of_a_folder_names_each_of_its_files(page, heading, files):
    """And none that has gone."""
    plan = (HOUSE.parent / page).read_text().split(heading)[1].split("\n## ")[0]
    named = set(re.findall(r"\b\w+\.py\b", plan)) - {"test_house.py"}
    assert named == {path.name for path in files} - {"__init__.py"}


def test_files_of_the_ground_hang_in_no_circle():
    """Each can be read with those below it, and no others."""
    graph = {
        module: {target for target, _, _ in imports(module) if target in MODULES} - {module}
        for module in MODULES
        if floor(module) in GROUND
    }
    while graph:
        free = {module for module, targets in graph.items() if not targets & graph.keys()}
        assert free, f"these import each other: {sorted(graph)}"
        for module in free:
            del graph[module]


@pytest.mark.parametrize("module", MODULES)
def test_every_file_says_what_it_is_for(module):
    """The first thing in it is a docstring, with a first line that is a sentence."""
    said = ast.get_docstring(ast.parse(MODULES[module].read_text()))
    assert said, f"{module} opens without a docstring"
    assert said.splitlines()[0].rstrip().endswith((".", ":", "?")), said.splitlines()[0]


@pytest.mark.parametrize("module", MODULES)
def test_files_stay_readable(module):
    """Forty to three hundred and fifty lines are usual; four hundred are the limit."""
    assert len(MODULES[module].read_text().splitlines()) <= MOST_LINES


def test_private_files_stay_behind_doors():
    """Inside a room every file but the door is private."""
    public = {
        module
        for module, path in MODULES.items()
        if module.count(".") == 2 and path.name != "__init__.py" and "._" not in module
    }
    assert not public


def public_names() -> list[str]:
    """What the roof hands on."""
    return list(clustrix.__all__)


@pytest.mark.parametrize("name", public_names())
def test_exports_resolve(name):
    """And are the objects that their rooms hold."""
    value = getattr(clustrix, name)
    assert name in dir(clustrix)
    assert getattr(importlib.import_module(value.__module__), name) is value


def test_what_type_checkers_see_is_what_loads():
    """The table of lazy names and the imports for type checkers agree, in every door."""
    doors = 0
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text())
        if path.name != "__init__.py" or "_ROOMS" not in path.read_text():
            continue
        doors += 1
        table = {
            (name, room)
            for room, names in importlib.import_module(module)._ROOMS.items()
            for name in names
        }
        seen = {
            (alias.asname or alias.name, node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module != "clustrix.basis._lazy"
            for alias in node.names
            if node.module and node.module.startswith("clustrix")
        }
        assert table == seen, module
        assert sorted(name for name, _ in table) == importlib.import_module(module).__all__
    assert doors


@pytest.mark.parametrize("name", public_names())
def test_public_names_have_docstrings(name):
    """Of their own, and so have their public methods and properties."""
    value: Any = getattr(clustrix, name)
    assert inspect.getdoc(value)
    if not isinstance(value, type):
        return
    assert value.__doc__, name
    for attribute, member in vars(value).items():
        if attribute.startswith("_"):
            continue
        inner = getattr(member, "__func__", member)
        if inspect.isfunction(inner) or isinstance(inner, property):
            assert inner.__doc__, f"{name}.{attribute}"


def test_the_package_is_typed():
    """PEP 561."""
    assert (HOUSE / "py.typed").exists()


def test_every_module_says_what_it_hands_on():
    """`__all__` names only what is there."""
    for module in MODULES:
        if module.endswith("__main__"):
            continue
        loaded = importlib.import_module(module)
        for name in getattr(loaded, "__all__", ()):
            assert hasattr(loaded, name), f"{module}.{name}"
