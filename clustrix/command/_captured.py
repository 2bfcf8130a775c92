"""What a decorated function holds that no worker process can be sent.

    def make(path):
        log = open(path)              an open file ...
        @parallel(executor="processes")
        def step(x): log.write(x)     ... captured: the call would fail

Lambdas, local functions and local classes travel by value, so nothing is said of those.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from clustrix._model import Finding
from clustrix.analysis import dotted
from clustrix.command._files import Source
from clustrix.command._survey import Decorated, Function, Survey

__all__ = ["captured"]

_OPEN_FILE = "an open file"
_LOCK = "a lock"

# The call that makes it, or the type it gives back -> what it is.  None of these can be pickled,
# by value or otherwise.
_STUCK: Final = {
    "io.TextIOWrapper": _OPEN_FILE,
    "gzip.GzipFile": _OPEN_FILE,
    "bz2.BZ2File": _OPEN_FILE,
    "lzma.LZMAFile": _OPEN_FILE,
    "tarfile.TarFile": "an open archive",
    "zipfile.ZipFile": "an open archive",
    "threading.Lock": _LOCK,
    "threading.RLock": _LOCK,
    "threading.Condition": "a condition, which has a lock",
    "threading.Semaphore": "a semaphore, which has a lock",
    "threading.BoundedSemaphore": "a semaphore, which has a lock",
    "threading.Event": "an event, which has a lock",
    "threading.Barrier": "a barrier, which has a lock",
    "threading.Thread": "a thread",
    "threading.local": "thread-local data",
    "queue.Queue": "a queue, which has locks",
    "queue.LifoQueue": "a queue, which has locks",
    "queue.PriorityQueue": "a queue, which has locks",
    "concurrent.futures.ThreadPoolExecutor": "an executor, which has locks",
    "concurrent.futures.ProcessPoolExecutor": "an executor, which has locks",
    "socket.socket": "a socket",
    "sqlite3.Connection": "a database connection",
    "sqlite3.Cursor": "a database cursor",
    "subprocess.Popen": "a running program",
    "mmap.mmap": "mapped memory",
}
_KEEPS_OUT = frozenset({"__getstate__", "__reduce__", "__reduce_ex__"})


def captured(source: Source, one: Decorated, survey: Survey) -> Iterator[Finding]:
    """The names that a function uses and that hold what cannot travel."""
    own = _own_names(one.function)
    used = _names_used(one.function)
    seen: set[str] = set()
    for around in one.scope.functions():
        held = _held(_statements(around), survey)
        for name, node in used.items():
            if name in own or name in seen or name not in held:
                continue
            seen.add(name)
            why = f"is {held[name]} of {_called(around)}, captured by {_called(one.function)}"
            yield source.finding("CK301", node, name, f"{why}; it cannot be sent to a worker")
        own |= _own_names(around)
    held = _held(source.tree.body, survey)
    for name, node in used.items():
        if name in held and name not in own and name not in seen:
            why = f"is {held[name]} of the module; worker processes cannot share it"
            yield source.finding("CK302", node, name, why)
    yield from _held_by_self(source, one, survey)


def _held_by_self(source: Source, one: Decorated, survey: Survey) -> Iterator[Finding]:
    """A method takes its object along, with all its attributes."""
    owner, function = one.scope.node, one.function
    first = (*function.args.posonlyargs, *function.args.args)[:1]
    if not isinstance(owner, ast.ClassDef) or not first or _is_static(function):
        return
    methods = [part for part in owner.body if isinstance(part, ast.FunctionDef)]
    if not _KEEPS_OUT.isdisjoint(method.name for method in methods):
        return
    for method in methods:
        if method.name != "__init__" or not method.args.args:
            continue
        self = method.args.args[0].arg
        for node in ast.walk(method):
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == self
                and (what := _what(node.value, survey))  # type: ignore[attr-defined]
            ):
                why = f"is {what}; {_called(function)} cannot take its object to a worker"
                yield source.finding("CK301", target, f"self.{target.attr}", why)


def _is_static(function: Function | ast.Lambda) -> bool:
    decorators = getattr(function, "decorator_list", [])
    return any(
        isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in decorators
    )


def _held(body: list[ast.stmt], survey: Survey) -> dict[str, str]:
    """The names that statements give to objects that cannot travel."""
    found: dict[str, str] = {}
    for statement in _flat(body):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            _note(found, statement.targets[0], statement.value, survey)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _note(found, statement.target, statement.value, survey)
        elif isinstance(statement, ast.With):
            for item in statement.items:
                if item.optional_vars is not None:
                    _note(found, item.optional_vars, item.context_expr, survey)
    return found


def _note(found: dict[str, str], target: ast.expr, value: ast.expr, survey: Survey) -> None:
    if isinstance(target, ast.Name):
        what = _what(value, survey)
        if what:
            found[target.id] = what
        else:
            found.pop(target.id, None)  # given something else later


def _what(value: ast.expr, survey: Survey) -> str:
    if isinstance(value, ast.GeneratorExp):
        return "a generator"
    if not isinstance(value, ast.Call):
        return ""
    if isinstance(value.func, ast.Name) and value.func.id in survey.names.functions:
        called = survey.names.functions[value.func.id]
        yields = (isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(called))
        plain = isinstance(called, ast.FunctionDef) and not called.decorator_list
        return "a generator" if plain and any(yields) else ""
    made = _STUCK.get(dotted(value, survey.names))
    return made or _STUCK.get(dotted(value.func, survey.names), "")


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, those inside branches, loops and `with` blocks too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(statement, part, []))
        for handler in getattr(statement, "handlers", []):
            yield from _flat(handler.body)


def _statements(function: ast.AST) -> list[ast.stmt]:
    body = getattr(function, "body", [])
    return body if isinstance(body, list) else []


def _names_used(function: Function | ast.Lambda) -> dict[str, ast.expr]:
    """The names that a body reads, each with the first place."""
    body = function.body if isinstance(function.body, list) else [function.body]
    found: dict[str, ast.expr] = {}
    for node in (part for statement in body for part in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            kept = found.setdefault(node.id, node)
            if (node.lineno, node.col_offset) < (kept.lineno, kept.col_offset):
                found[node.id] = node
    return found


def _own_names(function: ast.AST) -> set[str]:
    """Parameters and local variables."""
    names = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for statement in _flat(_statements(function)):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(statement.name)
            continue
        names |= {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        if isinstance(statement, ast.Global | ast.Nonlocal):
            names -= set(statement.names)
    return names


def _called(function: ast.AST) -> str:
    return f"{getattr(function, 'name', 'a lambda')}()"
