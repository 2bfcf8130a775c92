"""Follow the code that a function runs behind its own: helpers, callbacks, methods of objects.

helper(rows)     its code is read, with `rows` as what it gets, once for what it is given
map(fn, rows)    somebody will call `fn`, with what is in `rows`
box << x         a method of `box` runs that nobody names
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from clustrix.analysis._operators import OPENS
from clustrix.analysis._passing import parameters_of, pass_on, sign
from clustrix.analysis._referring import LocalThing, Referring
from clustrix.analysis._refs import (
    NOTHING,
    Arguments,
    Body,
    Home,
    Value,
    any_outside,
    has_methods,
    is_code,
    join,
)
from clustrix.analysis._touched import ADD
from clustrix.analysis.catalogue.effects import ADDS

__all__ = ["Following"]


class Following(Referring):
    """One function being read: the code behind it."""

    def follow(self, body: Body | None, first: Value, given: Arguments, node: ast.expr) -> Value:
        """Read a helper as it is called here, and say what it gives."""
        reader = self.reader
        if body is None or body.key in reader.skip:
            return NOTHING
        args = [first, *given[0]] if body.bound else given[0]
        if body.quiet and not any(map(has_methods, (*args, *given[1].values()))):
            return NOTHING
        if body.internal and not any_outside((*args, *given[1].values())):
            return NOTHING  # it can change nothing but what it keeps for itself
        if not reader.may_follow(self.depth, internal=body.internal):
            return NOTHING
        key = (body.key, *map(sign, args), *[(k, sign(v)) for k, v in given[1].items()])
        if key in reader.results:
            return reader.results[key]
        reader.results[key] = NOTHING
        code = body.read()
        if code is None:
            return NOTHING
        reader.parsed(code[0])
        inner = self.inner(code[1], pass_on(*code, (args, given[1])))
        inner.locks = self.locks
        place = (self.home.file, node.lineno, node.col_offset + 1)
        reader.trail.append(reader.trail[-1] if self.home.internal and reader.trail else place)
        reader.skip.add(body.key)
        try:
            inner.run(code[0])
        finally:
            reader.trail.pop()
            reader.skip.discard(body.key)
        reader.results[key] = join(*inner.returned)
        return reader.results[key]

    def run_local(self, thing: LocalThing, given: Arguments) -> Value:
        """A nested function: read where it is called, with the names as they are there."""
        reader, args = self.reader, given[0]
        key = (id(thing.node), *map(sign, args))
        if key in reader.results or not reader.may_follow(self.depth, internal=False):
            return reader.results.get(key, NOTHING)
        reader.results[key] = NOTHING
        spec = thing.node.args
        names = {arg.arg: NOTHING for arg in parameters_of(thing.node)}
        for arg, passed in zip((*spec.posonlyargs, *spec.args), args, strict=False):
            names[arg.arg] = passed
        names.update({word: one for word, one in given[1].items() if word in names})
        inner = self.inner(thing.walk.home, names, thing.walk)
        inner.locks, inner.lazy = self.locks, self.lazy
        inner.run(thing.node)
        reader.results[key] = join(*inner.returned)
        return reader.results[key]

    def inner(self, home: Home, names: dict[str, Value], outer: Any = None) -> Any:
        """The walk of a function called from here."""
        return type(self)(home, names, self.reader, self.depth + 1, outer)

    def call_back(
        self, given: Arguments, passed: Value, node: ast.Call, *, called: bool = False
    ) -> None:
        """Functions passed on will be called by somebody, with what that one has.

        Args:
            given: the arguments, functions among them.
            passed: what those are called with.
            node: the call.
            called: whether that is sure, so that objects that can be called are called, too.
        """
        for value in (*given[0], *given[1].values()):
            for ref in value:
                if isinstance(ref.thing, LocalThing):
                    self.run_local(ref.thing, ([passed, passed], {}))
                elif ref.of is not None and ref.name in ADDS and not is_code(ref):
                    if ref.of.thing is None or not ref.of.thing.is_space():  # `operator.add`
                        self.touch(ADD, ref.of, node)
                elif called and ref.thing is not None and not ref.shell:
                    body = ref.thing.body()
                    if body is not None and not body.internal:
                        first = ref.of or ref.thing.called_on(ref)
                        self.follow(body, (first,), ([passed, passed], {}), node)

    def operate(self, value: Value, methods: Iterable[str], node: ast.expr) -> None:
        """An operator, or a statement, that calls methods of objects of known classes.

        Those of libraries keep caches in them, and are not followed: but for `with`, which opens.
        """
        for ref in value:
            for method in methods if ref.thing and not ref.shell else ():
                part = ref.thing.part(method) if ref.thing else None
                body = part.body() if part is not None else None
                if body is not None and (not body.internal or method in OPENS):
                    self.follow(body, (ref,), ([NOTHING] * 3, {}), node)
