"""Names, order and defaults are the published contract; extensions are keyword-only."""

from __future__ import annotations

import inspect
from concurrent.futures import Executor

import pytest

import clustrix
from clustrix import local_executor
from clustrix.local_executor import LocalExecutor, choose_executor_type, create_local_executor

EMPTY = inspect.Parameter.empty
CONTRACT = [
    (LocalExecutor, {"max_workers": None, "use_threads": False}),
    (LocalExecutor.execute_single, {"self": EMPTY, "func": EMPTY, "args": EMPTY, "kwargs": EMPTY}),
    (
        LocalExecutor.execute_parallel,
        {"self": EMPTY, "func": EMPTY, "work_chunks": EMPTY, "timeout": None},
    ),
    (
        LocalExecutor.execute_loop_parallel,
        {
            "self": EMPTY,
            "func": EMPTY,
            "loop_var": EMPTY,
            "iterable": EMPTY,
            "func_args": (),
            "func_kwargs": None,
            "chunk_size": None,
        },
    ),
    (LocalExecutor.__enter__, {"self": EMPTY}),
    (
        LocalExecutor.__exit__,
        {"self": EMPTY, "exc_type": EMPTY, "exc_val": EMPTY, "exc_tb": EMPTY},
    ),
    (choose_executor_type, {"func": EMPTY, "args": EMPTY, "kwargs": EMPTY}),
    (
        create_local_executor,
        {"max_workers": None, "use_threads": None, "func": None, "args": (), "kwargs": None},
    ),
]


@pytest.mark.parametrize(
    ("function", "parameters"), CONTRACT, ids=lambda x: getattr(x, "__name__", "")
)
def test_parameters(function, parameters):
    """In this order, with these defaults, by position or by keyword."""
    found = inspect.signature(function).parameters
    contract = {name: found[name] for name in list(found)[: len(parameters)]}
    assert {name: p.default for name, p in contract.items()} == parameters
    assert list(contract) == list(parameters)
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in contract.values())
    extra = list(found.values())[len(parameters) :]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not EMPTY for p in extra)


def test_the_module_hands_on_its_three_names():
    """And the package hands them on, too."""
    assert set(local_executor.__all__) == {
        "LocalExecutor",
        "choose_executor_type",
        "create_local_executor",
    }
    for name in local_executor.__all__:
        assert getattr(clustrix, name) is getattr(local_executor, name)


def test_it_is_an_executor_of_the_standard_library():
    """Whatever takes one, takes this one."""
    assert issubclass(LocalExecutor, Executor)


def test_every_parameter_is_documented():
    """Each public function names its parameters."""
    for function, parameters in CONTRACT:
        documentation = inspect.getdoc(function) or ""
        if function.__name__.startswith("__"):
            continue
        for name in parameters:
            assert name == "self" or f"{name}:" in documentation, (function, name)
