"""What was said at the decorator, and what follows from it for each call.

enter(wrapped, instance, args, kwargs) ┬─ a loop?   LocalExecutor.execute_loop_parallel
└─ one item? the function itself
stream, explain ──> the same call, its values one by one, or its plan
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Generator, Mapping

from clustrix._model import Call, Finding, Options, Plan, describe
from clustrix._settings import in_force, source
from clustrix.basis._typing import Any, NamedTuple
from clustrix.calling._calls import SEQUENCES
from clustrix.decorators._binding import Bound, LoopParameter
from clustrix.decorators._methods import as_called
from clustrix.decorators._several import LoopParameters, LoopVar, find_loop
from clustrix.errors import LoopVariableError
from clustrix.local_executor import LocalExecutor

__all__ = ["Decoration", "Loop"]

Loop = LoopParameter | LoopParameters


class _Ready(NamedTuple):
    """What a call needs, as long as nothing else is in force.

    Attributes:
        force: what is in force where the decorator says nothing.
        executor: on the workers that all decorated functions share.
        options: both together.
    """

    force: Mapping[str, Any]
    executor: LocalExecutor
    options: Options


class _Quick(NamedTuple):
    """What the call ``f(items)`` was found to be, the last time.

    Attributes:
        force: what was in force.
        executor: as for `_Ready`.
        name: of the loop variable.
        settings: of the loop.
    """

    force: Mapping[str, Any]
    executor: LocalExecutor
    name: str
    settings: Mapping[str, Any]


class Decoration:
    """What was said at the decorator, and what follows from it for each call.

    Args:
        loop_var: the loop variable, or several; ``None`` for the first parameter.
        said: the other options, as far as they were said.
        loop: what the loop variable of the plain function was found to be, if it was looked for.
    """

    def __init__(self, loop_var: LoopVar, said: Mapping[str, Any], loop: Loop | None) -> None:
        self.loop_var = loop_var
        self.said = said
        self._last: _Ready | None = None
        self._quick: _Quick | None = None
        self._parameters: dict[bool, Loop | None] = {} if loop is None else {False: loop}

    def enter(
        self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run a call of the decorated function; the signature is what wrapt asks for.

        Behind a pause each function that is run costs some microseconds, since it is in no cache
        (benchmarks/growth.py): nothing is found out twice about ``f(items)``.
        """
        quick = self._quick
        if (
            quick is not None
            and instance is None
            and not kwargs
            and len(args) == 1
            and type(args[0]) in SEQUENCES
            and quick.force is in_force()
        ):
            return quick.executor.execute_loop_parallel(
                wrapped, quick.name, args[0], **quick.settings
            )
        function, args = as_called(wrapped, instance, args)
        parameter = self._parameter(function)
        bound = parameter.find(args, kwargs) if parameter else None
        if parameter is None or bound is None:
            return function(*args, **kwargs)
        if not parameter.fits(args, kwargs):  # the loop fails in Python's own words
            one = Call(function, (), bound.args, bound.kwargs, _slot(bound, parameter)).per_item()
            return [one(item) for item in bound.items]
        force, executor, options = self._ready()
        loop, settings = _loop(function, parameter, bound, options), _settings(bound, options)
        if function is wrapped and bound.position == 0 and not bound.args and not bound.kwargs:
            quick_settings = {"chunk_size": options.chunk_size, **settings}
            self._quick = _Quick(force, executor, parameter.name, quick_settings)  # type: ignore[arg-type]
        return executor.execute_loop_parallel(*loop, **settings)

    def stream(
        self,
        wrapped: Any,
        instance: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        extras: dict[str, Any],
    ) -> Generator[Any, None, None]:
        """The values of the call that `enter` would run, one by one.

        Args:
            wrapped: as for `enter`, like everything but the last.
            instance: what the function is bound to.
            args: positional arguments.
            kwargs: named arguments.
            extras: what was said of the stream itself: ``ordered``, ``ahead``.

        Raises:
            TypeError: there is nothing to loop over, or a name means two things.
        """
        function, args = as_called(wrapped, instance, args)
        parameter = self._parameter(function)
        if parameter is not None and parameter.signature is not None:
            for name in extras:
                if name in parameter.signature.parameters:
                    raise TypeError(
                        f"{describe(function)}.stream(): {name}= is an option of the stream and a "
                        "parameter of the function; pass the parameter by position, or bind it "
                        "with functools.partial before decorating"
                    )
        bound = parameter.find(args, kwargs) if parameter else None
        if parameter is None or bound is None:
            raise TypeError(_nothing_to_stream(function, parameter, args, kwargs))
        if not parameter.fits(args, kwargs):  # the loop fails in Python's own words
            one = Call(function, (), bound.args, bound.kwargs, _slot(bound, parameter)).per_item()
            return (one(item) for item in bound.items)
        _, executor, options = self._ready()
        loop = _loop(function, parameter, bound, options)
        settings = {**_settings(bound, options), **extras}
        return executor.stream_loop_parallel(*loop, **settings)

    def explain(
        self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Plan:
        """The plan for the call that `enter` would run."""
        function, args = as_called(wrapped, instance, args)
        parameter = self._parameter(function)
        bound = parameter.find(args, kwargs) if parameter else None
        _, executor, options = self._ready()
        if parameter is None or bound is None:
            return executor.explain_loop_parallel(function, "", [None], position=0)
        loop = _loop(function, parameter, bound, options)
        settings = _settings(bound, options)
        del settings["progress"]
        plan = executor.explain_loop_parallel(*loop, **settings)
        return plan._replace(findings=tuple(map(self._name_source, plan.findings)))

    @property
    def options(self) -> Options:
        """All options, with those that are in force where the decorator says nothing."""
        return self._ready().options

    def _ready(self) -> _Ready:
        force, ready = in_force(), self._last
        if ready is None or ready.force is not force:
            options = Options(**{**force, **self.said})
            executor = LocalExecutor.shared(options.executor, options.max_workers)
            self._last = ready = _Ready(force, executor, options)
        return ready

    def _name_source(self, finding: Finding) -> Finding:
        """An option that was not said at the decorator: by whom, then?"""
        name = finding.name.partition("=")[0]
        if name in self.said or name not in in_force():
            return finding
        return finding._replace(name=source(name, in_force()[name]))

    def _parameter(self, function: Callable[..., Any]) -> Loop | None:
        """The loop variable, found once for the plain function and once for the bound method."""
        bound = hasattr(function, "__self__")
        if bound not in self._parameters:
            try:
                self._parameters[bound] = find_loop(function, self.loop_var)
            except LoopVariableError:  # a method with nothing behind self has no loop
                self._parameters[bound] = None
        return self._parameters[bound]


def _nothing_to_stream(
    function: Any, parameter: Loop | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str:
    """Why there is no loop in a call."""
    name = describe(function)
    if parameter is None:
        return f"{name}.stream(): {name}() has no parameter to loop over"
    first = parameter.parameters[0] if isinstance(parameter, LoopParameters) else parameter
    place = first.place(args, kwargs)
    if place is None:
        return f"{name}.stream() needs items for {first.name!r}"
    given = args[place] if isinstance(place, int) else kwargs[place]
    return (
        f"{name}.stream() needs items to loop over, and {reprlib.repr(given)} is one item; "
        f"call {name}() with it, or stream a list of it"
    )


def _loop(
    function: Callable[..., Any], parameter: Loop, bound: Bound, options: Options
) -> tuple[Any, ...]:
    return function, parameter.name, bound.items, bound.args, bound.kwargs, options.chunk_size


def _settings(bound: Bound, options: Options) -> dict[str, Any]:
    return {
        "position": bound.position,
        "timeout": options.timeout,
        "batched": options.batched,
        "on_error": options.on_error,
        "seed": options.seed,
        "progress": options.progress,
    }


def _slot(bound: Bound, parameter: Loop) -> str | int | tuple[str | int, ...]:
    return parameter.name if bound.position is None else bound.position
