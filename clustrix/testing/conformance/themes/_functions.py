"""Functions: anything that can be called can be the body of the loop."""

from __future__ import annotations

import functools
import importlib
import sys
import tempfile
import textwrap
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import Subject, same

theme = Theme("functions", "what can be the body of the loop")


def _scaled(x: int, factor: int = 2, *, offset: int = 0) -> int:
    return x * factor + offset


@theme.behaviour
def lambdas(subject: Subject) -> None:
    """A lambda."""
    same(subject, lambda loop: loop(lambda x: x * 2, range(5)))


@theme.behaviour
def closures(subject: Subject) -> None:
    """A nested function with the variables around it, as they are at the call."""

    def program(loop: Subject) -> Any:
        factor, results = 1, []

        def work(x: int) -> int:
            return x * factor

        for value in (2, 3):
            factor = value
            results.append(loop(work, range(4)))
        return results

    same(subject, program, shows="9")


@theme.behaviour
def partials(subject: Subject) -> None:
    """A `functools.partial` of a nested function, with arguments by position and by keyword."""

    def power(base: int, x: int, exponent: int) -> int:
        return int((base + x) ** exponent)

    same(subject, lambda loop: loop(functools.partial(power, 10, exponent=2), range(4)))


class _Counter:
    step = 3

    def __init__(self, start: int) -> None:
        self.start = start

    def method(self, x: int) -> int:
        return self.start + x * self.step

    @classmethod
    def of_class(cls, x: int) -> tuple[str, int]:
        return cls.__name__, x * cls.step

    @staticmethod
    def static(x: int) -> int:
        return -x

    def __call__(self, x: int) -> int:
        return self.start - x


@theme.behaviour
def methods(subject: Subject) -> None:
    """Methods, class methods and static methods.

    A pool's ``map`` takes those of importable classes; an engine must not lose ``self``.
    """
    counter = _Counter(100)
    bodies = (counter.method, _Counter.of_class, _Counter.static)
    same(subject, lambda loop: [loop(body, range(4)) for body in bodies], shows="109")


@theme.behaviour
def methods_of_local_classes(subject: Subject) -> None:
    """Methods of a class that is made where the loop stands, its changed attributes included."""

    class Local(_Counter):
        def method(self, x: int) -> int:
            return super().method(x) + 1

    def program(loop: Subject) -> Any:
        Local.step = 5
        return loop(Local(10).method, range(4))

    same(subject, program, shows="26")


@theme.behaviour
def callable_objects(subject: Subject) -> None:
    """An object with `__call__`, importable or made where the loop stands."""

    class Local:
        def __call__(self, x: int) -> int:
            return x + 7

    same(subject, lambda loop: [loop(one, range(3)) for one in (_Counter(1), Local())])


@theme.behaviour
def builtins(subject: Subject) -> None:
    """Functions built in C, and types.

    A pool's ``map`` takes them too; an engine that reads source has none to read.
    """
    same(subject, lambda loop: [loop(abs, range(-2, 2)), loop(str, range(3)), loop(len, ["ab"])])


def _factorial(x: int) -> int:
    return 1 if x < 2 else x * _factorial(x - 1)


@theme.behaviour
def recursion(subject: Subject) -> None:
    """A function that calls itself, importable or nested."""

    def count(x: int) -> int:
        return 0 if x == 0 else 1 + count(x - 1)

    same(subject, lambda loop: [loop(_factorial, range(6)), loop(count, range(6))])


def _noted(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **named: Any) -> Any:
        return "noted", function(*args, **named)

    return wrapper


@_noted
def _wrapped(x: int) -> int:
    return x + 1


@theme.behaviour
def other_decorators(subject: Subject) -> None:
    """A function inside another decorator is called through it.

    A pool's ``map`` keeps this for importable ones; an engine that unwraps does not.
    """
    same(subject, lambda loop: loop(_wrapped, range(3)), shows="noted")


@theme.behaviour
def arguments_in_any_way(subject: Subject) -> None:
    """Further arguments by position, by keyword and by default.

    A partial of a pool's ``map`` does so too; an engine must not mix them up.
    """
    same(
        subject,
        lambda loop: [
            loop(_scaled, range(3)),
            loop(_scaled, range(3), 10),
            loop(_scaled, range(3), named={"offset": 5}),
            loop(_scaled, range(3), 10, named={"offset": 5}),
        ],
        shows="25",
    )


@theme.behaviour
def wrong_arguments(subject: Subject) -> None:
    """A call that does not fit the function fails in Python's own words."""

    def program(loop: Subject) -> Any:
        def needs_two(x: int, y: int) -> int:
            return x + y

        return loop(needs_two, range(3))

    same(subject, program, shows="missing 1 required positional argument: 'y'")


@theme.behaviour
def a_redefined_function(subject: Subject) -> None:
    """A function made anew under the same name is the new one."""

    def program(loop: Subject) -> Any:
        results = []
        for source in ("def work(x): return x + 1", "def work(x): return x - 1"):
            scope: dict[str, Any] = {"__name__": "__main__"}
            exec(source, scope)
            results.append(loop(scope["work"], range(4)))
        return results

    same(subject, program, shows="-1")


_MODULE = """
FACTOR = 1
TABLE = {}
def work(x): return x * FACTOR, dict(TABLE)
"""


@contextmanager
def _module_in_a_file(name: str, source: str) -> Iterator[Any]:
    """A module that workers can import, outside this package."""
    with tempfile.TemporaryDirectory() as place:
        Path(place, f"{name}.py").write_text(source)
        sys.path.insert(0, place)
        importlib.invalidate_caches()
        try:
            yield importlib.import_module(name)
        finally:
            sys.path.remove(place)
            sys.modules.pop(name, None)


@theme.behaviour
def globals_changed_at_run_time(subject: Subject) -> None:
    """Globals of an importable module are read as they are at the call.

    A pool that forks for each loop keeps this; workers that live longer see old values.
    """
    with _module_in_a_file("conformance_in_a_file", _MODULE) as module:

        def program(loop: Subject) -> Any:
            results = []
            for factor in (3, 4, 1):
                module.FACTOR = factor
                module.TABLE["key"] = factor
                results.append(loop(module.work, range(3)))
            return results

        same(subject, program, shows="8")


@theme.behaviour
def modules_in_memory(subject: Subject) -> None:
    """A function of a module that exists only in memory, with its class.

    A pool that forks for each loop keeps this; other workers cannot import the module.
    """
    module = types.ModuleType("conformance_in_memory")
    sys.modules[module.__name__] = module
    source = """
        STEP = 4
        class Box:
            def __init__(self, value): self.value = value
        def work(x): return Box(x * STEP)
    """
    exec(textwrap.dedent(source), vars(module))

    def program(loop: Subject) -> Any:
        made = loop(vars(module)["work"], range(4))
        return [(type(one) is vars(module)["Box"], one.value) for one in made]

    try:
        same(subject, program, shows="12")
    finally:
        del sys.modules[module.__name__]
