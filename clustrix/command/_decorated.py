"""Rules for decorated functions: what decorating or calling them would bring to light too late.

    @parallel(loop_var="itme")   no such parameter       executor="processes"   waits, or captures
    def f(item): …               writes to shared state                         what cannot travel

Options are judged by the very code that judges them when the program runs.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
from collections.abc import Iterator

from clustrix._model import Finding, Options
from clustrix.analysis import blocking_calls_in, dotted
from clustrix.command._captured import captured
from clustrix.command._files import Source
from clustrix.command._shared import shared_state
from clustrix.command._survey import Decorated, Survey

__all__ = ["check_decorated", "literal"]

# Decorators below @parallel that leave the parameters as they are.
_KEEPS = frozenset({"staticmethod", "classmethod", "functools.lru_cache", "functools.cache"})
_GENERATES = (ast.Yield, ast.YieldFrom)


def check_decorated(source: Source, survey: Survey) -> Iterator[Finding]:
    """What is wrong with the decorated functions of a module."""
    for one in survey.decorated:
        yield from _check_options(source, one)
        plain = _plain(one, survey)
        if plain:
            yield from _check_kind(source, one)
            yield from _check_loop_var(source, one)
        executor = literal(one, "executor")
        if executor != "serial":
            yield from shared_state(source, one, executor)
        if executor == "processes":
            yield from _check_waiting(source, one, survey)
            yield from captured(source, one, survey)


def literal(one: Decorated, option: str) -> object:
    """The value of an option if the decorator spells it out; ``None`` otherwise."""
    value = _said(one).get(option)
    return value.value if isinstance(value, ast.Constant) else None


def _said(one: Decorated) -> dict[str, ast.expr]:
    words = one.said.keywords if one.said else []
    return {word.arg: word.value for word in words if word.arg is not None}


@functools.cache
def _known_options() -> list[str]:
    from clustrix.decorators import parallel

    return list(inspect.signature(parallel).parameters)


def _check_options(source: Source, one: Decorated) -> Iterator[Finding]:
    """Names of options, and values as far as they are spelled out."""
    known = _known_options()
    if one.said is not None and one.place is one.said and one.said.args:
        given = one.said.args[0]
        if isinstance(given, ast.Constant):
            why = f"is no function; options are named: loop_var={given.value!r}"
            yield source.finding("CK203", given, repr(given.value), why)
    for option, value in _said(one).items():
        if option not in known:
            close = difflib.get_close_matches(option, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield source.finding("CK202", value, f"{option}=", f"is no option of parallel{hint}")
            continue
        try:
            given = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue  # known when the program runs
        wrong = _refusal(option, given)
        if wrong:
            yield source.finding("CK203", value, "", wrong)


def _refusal(option: str, value: object) -> str:
    """What `Options` says to a value."""
    if option == "loop_var":
        from clustrix.decorators import tidy_loop_var

        try:
            tidy_loop_var(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            return str(error)
        return ""
    if option not in Options._fields:
        return ""
    try:
        Options(**{option: value})
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _plain(one: Decorated, survey: Survey) -> bool:
    """Whether nothing between the function and the decorator may change its parameters."""
    if isinstance(one.function, ast.Lambda) or one.place not in one.function.decorator_list:
        return True
    below = one.function.decorator_list[one.function.decorator_list.index(one.place) + 1 :]
    names = (dotted(d.func if isinstance(d, ast.Call) else d, survey.names) for d in below)
    return all(name in _KEEPS for name in names)


def _check_kind(source: Source, one: Decorated) -> Iterator[Finding]:
    function = one.function
    if isinstance(function, ast.Lambda) or not _generates(function):
        return
    kind = "an async generator" if isinstance(function, ast.AsyncFunctionDef) else "a generator"
    yield source.finding("CK204", one.place, f"{function.name}()", f"is {kind} function")


def _generates(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _GENERATES):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return False


def _check_loop_var(source: Source, one: Decorated) -> Iterator[Finding]:
    spec = one.function.args
    usable = [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    collecting = [
        f"{star}{arg.arg}" for star, arg in (("*", spec.vararg), ("**", spec.kwarg)) if arg
    ]
    name = getattr(one.function, "name", "<lambda>")
    said = _said(one).get("loop_var")
    if said is None or (isinstance(said, ast.Constant) and said.value is None):
        if not usable and not spec.vararg:
            yield source.finding("CK201", one.place, f"{name}()", "has no parameter to loop over")
        return
    parts = said.elts if isinstance(said, ast.Tuple | ast.List) else [said]
    for part in parts:
        wanted = part.value if isinstance(part, ast.Constant) else None
        if isinstance(wanted, str) and wanted not in usable:
            yield _no_such_parameter(source, part, wanted, name, usable, collecting)


def _no_such_parameter(
    source: Source,
    place: ast.expr,
    wanted: str,
    name: str,
    usable: list[str],
    collecting: list[str],
) -> Finding:
    close = difflib.get_close_matches(wanted, usable, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    listed = ", ".join([*usable, *collecting]) or "none"
    why = f"is no parameter of {name}(); it has: {listed}{hint}"
    if any(wanted == star.lstrip("*") for star in collecting):
        why = f"collects several arguments of {name}(); name one parameter"
    return source.finding("CK201", place, f"loop_var={wanted!r}", why)


def _check_waiting(source: Source, one: Decorated, survey: Survey) -> Iterator[Finding]:
    waits = blocking_calls_in(one.function, survey.names, source.file)
    if waits:
        first = waits[0]
        column = source.characters(first.line, first.column - 1) + 1
        why = f'{first.why}; executor="processes" waits no faster than threads'
        yield Finding("CK401", why, first.name, source.file, first.line, column)
