"""The engines that the suite runs on, each behind the same few methods.

    make_subject("threads")                 an engine of clustrix, by its name
    make_subject("futures-processes")       an executor of the standard library, handed in
    make_subject("package.module:make")     what somebody brings: `make()` returns an Executor
    make_subject("plain"), ("naive")        the loop itself, and what takes no care at all

A subject is what a behaviour gets, and what stands for the loop in its programs.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import multiprocessing
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

from clustrix import parallel
from clustrix.testing.conformance._limits import limits_of
from clustrix.testing.conformance._model import HERE, THERE, Difference
from clustrix.testing.conformance._transcript import Transcript, difference, observe

__all__ = ["CLUSTERS", "ENGINES", "PLAIN", "Subject", "make_subject", "same"]

# What a subject may be able to do beyond the loop itself.
COLLECT, NOTES, SEED, TIMEOUT = "on_error", "notes", "seed", "timeout"
STREAM, ASYNC, ZIP, PROGRESS = "stream", "async", "zip", "progress"
PARTIAL = "partial results"
TOGETHER, WORKERS = "together", "workers"
_OURS = frozenset({COLLECT, NOTES, SEED, STREAM, ASYNC, ZIP, PROGRESS, PARTIAL})


class Subject(ABC):
    """An engine under test; called, it runs a loop.

    Attributes:
        spec: what `make_subject` makes it from, also in another process.
        where: in which processes its items run; ``None`` where that is decided for each call.
        can: what it can do beyond the loop: ``"timeout"``, ``"seed"``, ``"together"`` (two items
            at the same time, always), ``"workers"`` (it replaces workers that die), …
        limits: behaviours in which it is known to differ, with the reason.
    """

    spec: str
    where: str | None = HERE
    can: frozenset[str] = frozenset()
    limits: Mapping[str, str] = {}

    @abstractmethod
    def __call__(
        self,
        function: Callable[..., Any],
        items: Any,
        *args: Any,
        named: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """``[function(item, *args, **named) for item in items]``, on this engine.

        ``options`` are those of `clustrix.parallel`; an engine that shares nothing out may
        leave ``chunk_size`` and ``max_workers`` alone.
        """

    @abstractmethod
    def decorate(self, function: Callable[..., Any], **options: Any) -> Any:
        """The function as something to call, to ``stream`` and, for coroutines, to ``run``."""

    @property
    def together(self) -> bool:
        """Whether two items are sure to run at the same time."""
        return TOGETHER in self.can

    def close(self) -> None:  # noqa: B027 (most have nothing to let go of)
        """Let go of what this subject made."""


class _Plain:
    """A function with the loops written out: what `Subject.decorate` stands for."""

    def __init__(self, function: Callable[..., Any], loop_var: Any = None) -> None:
        self.function = function
        self.many = isinstance(loop_var, tuple)

    def __call__(self, *args: Any, **named: Any) -> list[Any]:
        if self.many:
            return [self.function(*items, **named) for items in zip(*args, strict=True)]
        return [self.function(item, *args[1:], **named) for item in args[0]]

    def stream(self, items: Iterable[Any], *args: Any, ordered: bool = True) -> Iterator[Any]:
        values = (self.function(item, *args) for item in items)
        return values if ordered else enumerate(values)

    def run(self, items: Iterable[Any], *args: Any) -> list[Any]:
        async def loop() -> list[Any]:
            return [await self.function(item, *args) for item in items]

        return asyncio.run(loop())


class PlainLoop(Subject):
    """The loop that all others are compared with."""

    spec = "plain"
    can = frozenset({COLLECT, STREAM, ASYNC, ZIP, PROGRESS})

    def __call__(
        self,
        function: Callable[..., Any],
        items: Any,
        *args: Any,
        named: Mapping[str, Any] | None = None,
        on_error: str = "raise",
        **layout: Any,
    ) -> Any:
        """Run it here, one item after the other."""
        named = named or {}
        if on_error == "raise":
            return [function(item, *args, **named) for item in items]
        values: list[Any] = []
        for item in items:
            try:
                values.append(function(item, *args, **named))
            except Exception as error:
                values.append(error)
        return values

    def decorate(self, function: Callable[..., Any], **options: Any) -> Any:
        """The loops written out."""
        return _Plain(function, options.get("loop_var"))


class Clustrix(Subject):
    """`clustrix.parallel` on one of its engines, or on an executor of somebody else's.

    Args:
        spec: what it is made from.
        executor: what `parallel` gets.
        where: in which processes its items run.
        can: what it can do.
        limits: known differences of its own.
    """

    def __init__(
        self,
        spec: str,
        executor: str | Executor,
        where: str | None,
        can: Iterable[str],
        limits: Mapping[str, str] | None = None,
    ) -> None:
        self.spec, self.executor, self.where = spec, executor, where
        self.can = frozenset(can)
        self.limits = {**limits_of(spec, where), **(limits or {})}

    def __call__(
        self,
        function: Callable[..., Any],
        items: Any,
        *args: Any,
        named: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Decorate the function and call it."""
        return self.decorate(function, **options)(items, *args, **(named or {}))

    def decorate(self, function: Callable[..., Any], **options: Any) -> Any:
        """Single items, two workers: a suite about loops, not about guesses."""
        options = {"max_workers": 2, "batched": False, **options}
        if inspect.iscoroutinefunction(function):  # an event loop runs it, whatever the engine
            return parallel(**options)(function)
        return parallel(executor=self.executor, **options)(function)

    def close(self) -> None:
        """End an executor that was made for this subject.

        A program that ends while a process pool ends by itself may find its pipe closed, and says
        so (python/cpython#125451, mended in later versions): it is waited for.
        """
        if isinstance(self.executor, Executor):
            self.executor.shutdown(wait=True, cancel_futures=True)


class Naive(Subject):
    """What takes no care: ``list(ProcessPoolExecutor().map(function, items))``."""

    spec = "naive"
    where = THERE
    can = frozenset({TOGETHER, WORKERS})

    def __call__(
        self,
        function: Callable[..., Any],
        items: Any,
        *args: Any,
        named: Mapping[str, Any] | None = None,
        **layout: Any,
    ) -> Any:
        """Without clustrix in between."""
        call = partial(_behind, function, args, dict(named or {})) if args or named else function
        with ProcessPoolExecutor(2) as pool:
            return list(pool.map(call, items))

    def decorate(self, function: Callable[..., Any], **options: Any) -> Any:
        """There is nothing like it."""
        raise NotImplementedError("a plain pool decorates nothing")


def _behind(function: Any, args: tuple[Any, ...], named: dict[str, Any], item: Any) -> Any:
    return function(item, *args, **named)


def _spawned() -> Executor:
    # Forking a program that has threads is unsound; the caller may well have some.
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def _on_cluster(name: str) -> Subject:
    """A cluster on this machine; a script that only names it does not start it."""
    library = {"dask": "distributed", "ray": "ray"}[name]
    if importlib.util.find_spec(library) is None:
        raise ValueError(f'{name!r} needs {library}: pip install "clustrix[{name}]"')
    # What Ray shows by itself of a worker's output comes late, in the middle of something else.
    os.environ.setdefault("RAY_LOG_TO_DRIVER", "0")
    return Clustrix(name, name, THERE, {*_OURS, TIMEOUT, TOGETHER, WORKERS})


_MAKERS: dict[str, Callable[[], Subject]] = {
    "plain": PlainLoop,
    "serial": lambda: Clustrix("serial", "serial", HERE, _OURS),
    "threads": lambda: Clustrix("threads", "threads", HERE, {*_OURS, TIMEOUT, TOGETHER}),
    "processes": lambda: Clustrix(
        "processes", "processes", THERE, {*_OURS, TIMEOUT, TOGETHER, WORKERS}
    ),
    "auto": lambda: Clustrix("auto", "auto", None, _OURS),
    "futures-threads": lambda: Clustrix(
        "futures-threads", ThreadPoolExecutor(2), HERE, {*_OURS, TOGETHER}
    ),
    "futures-processes": lambda: Clustrix(
        "futures-processes", _spawned(), THERE, {*_OURS, TOGETHER} - {PARTIAL}
    ),
    "naive": Naive,
    "dask": lambda: _on_cluster("dask"),
    "ray": lambda: _on_cluster("ray"),
}

# The engines of the table, and those of a table of their own, whose libraries are extras.  To add
# one, add its maker above.
CLUSTERS = ("dask", "ray")
ENGINES = tuple(name for name in _MAKERS if name not in ("plain", "naive", *CLUSTERS))
PLAIN = PlainLoop()


def make_subject(spec: str) -> Subject:
    """An engine to run behaviours on.

    Args:
        spec: a name of the table, or ``"package.module:make_executor"`` for what returns a
            `concurrent.futures.Executor` when called. The function may have two attributes:
            ``can``, the names of further things that the executor can do, and ``known_limits``,
            from ids of behaviours to reasons.

    Raises:
        ValueError: there is no such engine, or nothing like it to import.
        TypeError: what was made is no executor.
    """
    if spec in _MAKERS:
        return _MAKERS[spec]()
    module, _, name = spec.partition(":")
    if not name:
        names = ", ".join(_MAKERS)
        raise ValueError(f"{spec!r} is no engine; give package.module:function, or one of {names}")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{spec!r} cannot be imported: {error}") from error
    executor = make()
    if not isinstance(executor, Executor):
        raise TypeError(
            f"{spec}() returned {type(executor).__name__}, not a concurrent.futures.Executor"
        )
    where = HERE if executor.submit(os.getpid).result() == os.getpid() else THERE
    can = {*_OURS, *getattr(make, "can", ())}
    return Clustrix(spec, executor, where, can, getattr(make, "known_limits", None))


def same(
    subject: Subject, program: Callable[[Subject], Any], *, shows: str | None = None
) -> Transcript:
    """Run a program on the plain loop and on the subject; both must look the same.

    Args:
        subject: the engine in question.
        program: called with the loop; what it returns, raises, prints, logs and warns counts.
        shows: text that the plain loop's transcript must contain, so that the comparison is
            about something.

    Returns:
        The transcript of the subject.

    Raises:
        Difference: the two are not the same.
    """
    wanted = observe(program, PLAIN)
    seen = "\n".join([wanted.value, wanted.error, *(text for _, text in wanted.events)])
    if shows is not None and shows not in seen:
        raise Difference(f"the plain loop itself does not show {shows!r}: {wanted}")
    got = observe(program, subject)
    if wanted != got:
        raise Difference(difference(wanted, got))
    return got
