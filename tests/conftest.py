"""Engines for every test: one pool serves all the examples of a module."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "clustrix",
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("clustrix")

# What a shell starts in the background is deaf to Ctrl-C, and so is all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", params=["serial", "threads", "processes"])
def engine(request: Any) -> str:
    """The engines that have a name."""
    return str(request.param)


@pytest.fixture(
    scope="module",
    params=["serial", "threads", "processes", "foreign threads", "foreign processes"],
)
def executor(request: Any) -> Iterator[str | Executor]:
    """Everything that ``executor=`` takes besides ``"auto"``."""
    if request.param == "foreign threads":
        with ThreadPoolExecutor(2) as foreign:
            yield foreign
    elif request.param == "foreign processes":
        context = multiprocessing.get_context("spawn")  # forking with threads about is unsound
        with ProcessPoolExecutor(2, mp_context=context) as foreign:
            yield foreign
    else:
        yield request.param
