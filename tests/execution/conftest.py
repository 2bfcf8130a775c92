"""Every engine in turn, for tests of what must be the same on all of them."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import cloudpickle
import pytest

from clustrix.functions._reads import is_installed

ENGINES = ["serial", "threads", "processes", "auto", "their threads", "their processes"]


@pytest.fixture(scope="module")
def theirs() -> Iterator[dict[str, Any]]:
    """Executors of the standard library."""
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2, mp_context=spawn) as processes:
        yield {"their threads": threads, "their processes": processes}


@pytest.fixture(params=ENGINES)
def executor(request: Any, theirs: dict[str, Any]) -> Any:
    """The name of an engine, or an executor."""
    return theirs.get(request.param, request.param)


@pytest.fixture
def main_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """That of a program which somebody started; the tests are run by an installed one."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    is_installed.cache_clear()
    yield main
    is_installed.cache_clear()


@pytest.fixture
def nothing_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have sent modules by value that workers could not import."""
    monkeypatch.setattr(cloudpickle.cloudpickle, "_PICKLE_BY_VALUE_MODULES", set())
