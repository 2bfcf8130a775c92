"""Whatever is analysed: no exception, nothing imported, nothing run, always the same answer.

``CLUSTRIX_FUZZ=all`` takes every source file of the standard library instead of some.
"""

from __future__ import annotations

import ast
import functools
import os
import random
import subprocess
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from clustrix import analysis
from clustrix.analysis import _source, find_blocking_calls
from clustrix.analysis._blocking import look_for_blocking_calls

ALL = os.environ.get("CLUSTRIX_FUZZ") == "all"
LIBRARY = Path(sysconfig.get_path("stdlib"))
SKIPPED = {"site-packages", "lib2to3", "bad_coding.py", "__pycache__"}


def source_files(count: int) -> list[Path]:
    """Files of the standard library, drawn with a fixed seed."""
    files = sorted(p for p in LIBRARY.rglob("*.py") if SKIPPED.isdisjoint(p.parts))
    return files if ALL else random.Random(7).sample(files, min(count, len(files)))


def functions_of(path: Path) -> Iterator[types.FunctionType]:
    """Every function of a source file that is never imported, as compiled from it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return
    space = {"__name__": path.stem, "__builtins__": {}}
    waiting = [code]
    while waiting:
        current = waiting.pop()
        waiting += [part for part in current.co_consts if isinstance(part, types.CodeType)]
        if not current.co_freevars and current is not code:
            yield types.FunctionType(current, space)


def test_any_valid_source_is_read():
    """The files are read as they stand, their modules are not there: names mean nothing."""
    before, count = set(sys.modules), 0
    for path in source_files(40):
        for function in functions_of(path):
            look = look_for_blocking_calls(function)
            assert not look.cause.startswith("the analysis failed"), (path, function, look.cause)
            count += 1
    assert count > 500
    assert {
        name for name in set(sys.modules) - before if not name.startswith("encodings.")
    } == set()


def loaded_functions() -> dict[str, object]:
    """Functions and methods of every module that is loaded, the analysis among them."""
    found: dict[str, object] = {}
    for name, module in sorted(sys.modules.items()):
        if type(module) is types.ModuleType:
            for key, value in list(vars(module).items()):
                if type(value) is types.FunctionType:
                    found[f"{name}:{key}"] = value
                elif type(value) is type:
                    for part, method in list(vars(value).items()):
                        if type(method) is types.FunctionType:
                            found[f"{name}:{key}.{part}"] = method
    return found


def test_answers_are_stable():
    """Twice the same, with what was read before and without it."""
    functions = loaded_functions()
    names = sorted(functions)
    for name in names if ALL else random.Random(3).sample(names, 600):
        first = look_for_blocking_calls(functions[name])
        assert not first.cause.startswith("the analysis failed"), (name, first.cause)
        _source._files.clear()
        _source._blocks.clear()
        assert look_for_blocking_calls(functions[name]) == first, name


ORDERS = """
import random, sys
sys.path.insert(0, sys.argv[1])
from score import LABELS, find, read_labels
from clustrix.analysis import find_blocking_calls
functions = {}
for _, _, name in read_labels(LABELS):
    try:
        functions[name] = find(name)
    except (ImportError, AttributeError):
        continue
names = sorted(functions)
random.Random(int(sys.argv[2])).shuffle(names)
found = {name: find_blocking_calls(functions[name]) for name in names}
for name in sorted(found):
    print(name, [(f.code, f.name, f.line) for f in found[name]])
"""


def test_a_fresh_process_gives_the_same_answers_in_any_order():
    """Neither the order of questions nor the seed of the hashes plays a part."""
    answers = set()
    for seed in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", ORDERS, str(Path(__file__).parent), str(seed)],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert len(answers.pop().splitlines()) > 80


def test_no_clock_bounds_the_work():
    """On a slow machine the answers are the same: nothing in the analysis can ask the time."""
    folder = Path(analysis.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            assert not {"time", "datetime", "timeit", "signal"} & set(names), path


# ---- objects that want to be noticed -----------------------------------------------------


class Loud(Exception):
    """Raised by code that nobody should have run."""


def loud(*args, **kwargs):
    raise Loud


def hostile() -> dict[str, object]:
    """Made in a function: pytest itself looks at what a test module holds."""

    class LoudMeta(type):
        __getattribute__ = loud
        __eq__ = loud
        __hash__ = loud
        __instancecheck__ = loud
        __subclasscheck__ = loud

    class EverythingIsLoud(metaclass=LoudMeta):
        __getattribute__ = loud
        __getattr__ = loud
        __eq__ = loud
        __hash__ = loud
        __repr__ = loud
        __bool__ = loud
        __len__ = loud
        __iter__ = loud
        __contains__ = loud
        __class__ = property(loud)
        size = property(loud)

        def __call__(self, x):
            return x

    class LazyModule(types.ModuleType):
        """A module that loads on the first look."""

        __getattribute__ = loud

    thing, kind, lazy = EverythingIsLoud(), EverythingIsLoud, LazyModule("lazy")

    def uses_them(x):
        kind.make(thing.size, key=thing)
        with thing as opened:
            opened.write(x)
        for part in thing:
            part.read(lazy.open(x))
        table = {"a": thing, "b": (thing, kind)}
        return thing[x] or thing(x) == table.get(x) or isinstance(x, kind) or thing in [lazy]

    def default_is_loud(x, other=thing, *, maker=kind):
        return other.read(maker(x))

    spaces = {"thing": thing, "kind": kind, "lazy": lazy, "registry": {"a": thing}}
    odd = types.FunctionType(plain.__code__, globals())
    odd.__qualname__, odd.__module__, odd.__defaults__ = "a.b..c", None, (thing,)
    odd.__annotations__ = {"x": thing, "return": kind, "y": list[kind], "z": dict[str, thing]}
    odd.__dict__["__wrapped__"] = thing
    return {
        "an instance": thing,
        "a class": kind,
        "a lazy module": lazy,
        "uses them": uses_them,
        "uses them as globals": types.FunctionType(uses_globals.__code__, spaces),
        "as defaults": default_is_loud,
        "a partial": functools.partial(default_is_loud, thing, maker=thing),
        "a bound function": types.MethodType(default_is_loud, thing),
        "a bound instance": types.MethodType(thing, thing),
        "a static method": staticmethod(default_is_loud),
        "a property": property(default_is_loud),
        "odd attributes": odd,
        "a code without a function": types.FunctionType(
            compile("x = 1", "<string>", "exec"), {"__file__": thing}
        ),
        **wrappers(),
        **strange_functions(),
    }


def plain(x):
    return open(x)


def uses_globals(x):
    registry.get(x).read()  # noqa: F821
    registry["a"].write(kind(x).size)  # noqa: F821
    return lazy.sleep(thing.read(x))  # noqa: F821


def wrappers() -> dict[str, object]:
    """Wrappers around wrappers that never end."""
    one, two, itself = (types.FunctionType(plain.__code__, globals()) for _ in range(3))
    one.__wrapped__, two.__wrapped__, itself.__wrapped__ = two, one, itself
    return {"a loop of wrappers": one, "its own wrapper": itself}


def strange_functions() -> dict[str, object]:
    """Functions whose code says what is not so."""
    changes = {
        "no such file": {"co_filename": "/no/such/file"},
        "no file name": {"co_filename": ""},
        "an impossible file name": {"co_filename": "\0"},
        "beyond the end of the file": {"co_firstlineno": 10**6},
        "another line": {"co_firstlineno": 1},
        "called a lambda": {"co_name": "<lambda>"},
    }
    return {
        name: types.FunctionType(plain.__code__.replace(**change), {"__name__": 3})
        for name, change in changes.items()
    }


HOSTILE = sorted(
    {"an instance", "a class", "a lazy module", "uses them", "uses them as globals", "as defaults"}
    | {"a partial", "a bound function", "a bound instance", "a static method", "a property"}
    | {"odd attributes", "a code without a function", *wrappers(), *strange_functions()}
)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_a_hostile_object_runs(name):
    """Not its properties, not its metaclass, not its comparisons; and there is an answer."""
    before = set(sys.modules)
    function = hostile()[name]
    look = look_for_blocking_calls(function)
    assert not look.cause.startswith("the analysis failed"), look.cause
    assert find_blocking_calls(function) == look.findings
    assert set(sys.modules) == before
