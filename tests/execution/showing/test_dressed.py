"""What items find where `sys` and `warnings` tell lanes apart: modules are modules."""

from __future__ import annotations

import importlib
import sys
import types
import warnings

import pytest

from clustrix import parallel
from tests.scripts import output_of


def kinds(module):
    """What code asks about a module, in a lane."""
    dressed, plain = type(sys), type(importlib)
    return (
        isinstance(module and importlib, dressed),
        isinstance(sys, plain),
        isinstance(sys, dressed),
        isinstance(3, dressed),
        issubclass(plain, dressed),
        issubclass(types.ModuleType, dressed) and issubclass(dressed, types.ModuleType),
        issubclass(int, dressed),
        isinstance(warnings, type(warnings)),
        type(dressed("made")) is plain,
    )


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_modules_are_of_the_type_of_sys(engine):
    """Old code asks ``isinstance(x, type(sys))``."""
    with_sys = parallel(loop_var="module", executor=engine)(kinds)
    assert with_sys([1, 2]) == [(True, True, True, False, True, True, False, True, True)] * 2


def test_what_an_item_imports_knows_what_a_module_is(tmp_path):
    """In an interpreter that has loaded next to nothing, where the first item loads `types`."""
    program = """
        import sys
        from dataclasses import dataclass
        from clustrix import parallel

        @dataclass
        class Point:
            x: int

        @parallel(executor="processes")
        def moved(point):
            import inspect, types
            assert inspect.ismodule(sys) and inspect.ismodule(inspect)
            assert type(inspect) is types.ModuleType, type(inspect)
            return Point(point.x + 1)

        print(moved([Point(1), Point(2)]))
    """
    assert output_of(program, tmp_path).strip() == "[Point(x=2), Point(x=3)]"
