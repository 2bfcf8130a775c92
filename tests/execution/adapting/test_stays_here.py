"""What cannot run in a worker after all runs here, where nobody named an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from clustrix import parallel
from tests.scripts import output_of

PROGRAM = """
    import os, sys
    from clustrix import parallel

    here = os.getpid()

    def busy():
        for _ in range(100_000):
            pass

    class Proxy:  # restoring it asks for attributes that it has not got yet
        def __init__(self, target):
            self._target = target

        def __getattr__(self, name):
            return getattr(self._target, name)
"""


def test_an_argument_that_no_worker_can_restore_stays(tmp_path: Path) -> None:
    """And the next loop of the function does not try again."""
    source = """
    @parallel
    def count(x, these):
        busy()
        return these.count(x), os.getpid() == here

    for _ in range(3):
        print(count(range(60), Proxy([1, 1, 2])) == [([1, 1, 2].count(x), True) for x in range(60)])
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True"] * 3


def test_a_named_engine_says_what_cannot_be_restored(tmp_path: Path) -> None:
    """The user's choice is obeyed as it stands."""
    source = """
    @parallel(executor="processes", max_workers=2)
    def count(x, these):
        return these.count(x)

    try:
        count(range(4), Proxy([1]))
    except TypeError as error:
        print(type(error).__name__, "could not be unpickled in the worker process" in str(error))
    """
    assert output_of(PROGRAM + source, tmp_path) == "NotPicklableError True\n"


BY_NAME = {
    "globals": "globals()['LIMIT'] + x",
    "the module": "__main__.LIMIT + x",
    "hints": "typing.get_type_hints(Row)['value'](x + LIMIT)",
    "pickles": "pickle.loads(ROWS[x % 5]).value",
    "a helper": "(lambda: by_name(x))()",
    "a mark": "LIMIT if x % 2 else MARK",
    "a built-in of the program": "shout(x)",
}


@pytest.mark.parametrize("code", BY_NAME.values(), ids=BY_NAME)
def test_what_a_function_finds_by_name_in_its_program_is_there(tmp_path: Path, code: str) -> None:
    """A worker has what the function mentions; so it does not go there, and the plan says why."""
    source = f"""
    import __main__, builtins, dataclasses, pickle, typing
    LIMIT = 3
    Number = int
    MARK = object()
    builtins.shout = lambda x: x + LIMIT

    @dataclasses.dataclass
    class Row:
        value: "Number"

    ROWS = [pickle.dumps(Row(n)) for n in range(5)]

    def by_name(x):
        return globals()["LIMIT"] + x

    def found(x):
        busy()
        return {code}, os.getpid() == here

    shared = parallel(found)
    for _ in range(2):
        print(shared(range(60)) == [found(x) for x in range(60)])
    plan = shared.explain(range(60))
    print(plan.engine, plan.findings[0].code)
    """
    told = output_of(PROGRAM + source, tmp_path).split()
    assert told == ["True", "True", "threads", "PK109"]


RESULTS = {
    "a generator now and then": "(y for y in 'abc') if x % 10 == 9 else None",
    "a generator each time": "(y for y in 'abc')",
    "a list in a list in a list": "nested(400 if x % 7 == 5 else 1)",
}


@pytest.mark.parametrize("code", RESULTS.values(), ids=RESULTS)
def test_a_result_that_cannot_travel_is_there_all_the_same(tmp_path: Path, code: str) -> None:
    """Of a function that only computes: the item runs once more, here, and nobody can tell."""
    source = f"""
    def nested(depth):
        found = []
        for _ in range(depth):
            found = [found]
        return found

    def made(x):
        for _ in range(100_000):
            pass
        return {code}

    def flat(value):
        return list(value) if hasattr(value, "send") else value

    shared = parallel(made)
    for _ in range(3):
        found = [flat(value) for value in shared(range(60))]
        print(found == [flat(made(x)) for x in range(60)])
    found = [flat(value) for value in shared.stream(range(60))]
    print(found == [flat(made(x)) for x in range(60)])
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True"] * 4


def test_a_function_that_shows_something_is_not_run_twice(tmp_path: Path) -> None:
    """It may end in an error that says what cannot travel; what it has shown is there once."""
    source = """
    @parallel
    def made(x):
        for _ in range(100_000):
            pass
        print(x, flush=True)
        return (y for y in "abc") if x % 10 == 9 else None

    for _ in range(4):
        try:
            made(range(60))
        except TypeError as error:
            pass
        print("loop", flush=True)
    """
    for told in output_of(PROGRAM + source, tmp_path).split("loop")[:-1]:
        shown = [*map(int, told.split())]
        assert shown == [*range(len(shown))]
        assert shown


@pytest.mark.parametrize("change", ["sys.executable = ''", "sys.executable = os.devnull"])
def test_a_program_that_can_start_no_worker_goes_on_alone(tmp_path: Path, change: str) -> None:
    """With the results of the loop; a named engine says why it cannot run."""
    source = f"""
    {change}

    @parallel
    def double(x):
        busy()
        return 2 * x, os.getpid() == here

    for _ in range(2):
        print(double(range(60)) == [(2 * x, True) for x in range(60)])
    try:
        parallel(executor="processes", max_workers=2)(abs)([1, 2])
    except OSError as error:
        print(type(error).__name__)
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True", "True", "PermissionError"]


ENGINES = [None, "serial", "threads", "processes"]


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("change", [list.append, list.remove])
def test_the_items_are_those_of_the_beginning(engine: str | None, change: object) -> None:
    """Whatever becomes of their list meanwhile, by the function or by somebody else."""
    items = list(range(6))
    said = {} if engine is None else {"executor": engine, "max_workers": 2}

    def visit(x: int) -> int:
        change(items, x)  # type: ignore[operator]
        return x

    for _ in range(3):  # of a function that is known, too
        items[:] = range(6)
        assert parallel(**said)(visit)(items) == list(range(6))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("timeout", [1e7, 1e9, 1e10, 1e300])
def test_a_time_limit_may_be_as_long_as_one_likes(engine: str | None, timeout: float) -> None:
    """Longer than the system can wait in one go, or count."""
    said = {} if engine is None else {"executor": engine}
    assert parallel(timeout=timeout, max_workers=2, **said)(abs)([-1, -2, 3]) == [1, 2, 3]
