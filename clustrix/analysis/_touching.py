"""Say what the calls in a function change.

    rows.append(x)          a method that changes what stands before it
    heappush(heap, x)       a function that changes its argument
    helper(rows)            its code is read, with `rows` as what it gets
    map(fn, rows)           somebody will call `fn`
    random.random()         a state that every item shares

Nothing runs and nothing is imported.
"""

from __future__ import annotations

import ast

from clustrix.analysis._following import Following
from clustrix.analysis._operators import CALLED_BY
from clustrix.analysis._passing import (
    in_place,
    is_container,
)
from clustrix.analysis._referring import LocalThing, is_viewed
from clustrix.analysis._refs import (
    FRESH,
    NOTHING,
    Arguments,
    Ref,
    Value,
    attribute,
    is_code,
    is_outside,
    join,
    member,
    shell,
)
from clustrix.analysis._touched import (
    ADD,
    DRAW,
    ENTROPIC,
    REBIND,
    REWRITE,
    SEED,
    SETTING,
    TAKE,
)
from clustrix.analysis.catalogue.effects import (
    ADDS,
    CALLS_BACK,
    COPIES,
    ENTROPY,
    FRESH_SHELLS,
    GENERATORS,
    GIVES_MEMBER,
    GIVES_SHELL,
    GIVES_VIEW,
    IMMUTABLE,
    LOOKS,
    MEMBER_OF,
    NOT_DATA,
    PROCESS_WIDE,
    RANDOM_DRAWS,
    SEEDS,
    TAKES_TURNS,
    UPDATES,
    VIEWS,
    WRITES_ARGUMENT,
)

__all__ = ["Touching"]


class Touching(Following):
    """One function being read: its calls."""

    # ---- calls ----------------------------------------------------------------------------

    def call(self, node: ast.Call) -> Value:
        """What a call gives, and what it changes."""
        callee = self.refer(node.func)
        given = self._arguments(node)
        found = [self._call_one(ref, given, node) for ref in callee]
        if not callee:
            self._looked_at(given, node)
        self._keep_added(node, given)
        return join(*found)

    def _looked_at(self, given: Arguments, node: ast.Call, names: list[str] | None = None) -> None:
        """What is handed to code that is not read has been read, and gone through."""
        for value in (*given[0], *given[1].values()):
            for ref in value:
                if is_outside(ref) and (ref.name not in ADDS or is_code(ref)):
                    self.reader.touched.read(ref)
            if LOOKS.isdisjoint(names or ()):
                self.use_up(value, node)

    def _arguments(self, node: ast.Call) -> Arguments:
        args, kwargs = [], {}
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                args.append(self.iterate(arg.value))
            else:
                args.append(self.refer(arg))
        for word in node.keywords:
            found = self.refer(word.value)
            if word.arg is not None:
                kwargs[word.arg] = found
            if word.arg == "out":
                for ref in found:
                    self.touch(REWRITE, ref, node)
        return args, kwargs

    def _keep_added(self, node: ast.Call, given: Arguments) -> None:
        """``rows.append(row)``: a container made here has that member from now on."""
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in ADDS and given[0]:
            self.keep(func.value, given[0][-1], node.args[-1])

    def keep(self, node: ast.expr, value: Value, said: ast.expr) -> None:
        """A local container is given a member.

        Where some members are made here, those are taken to be the ones that are changed.
        """
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return
        if is_container(said):
            self.mixed.add(node.id)
            if all(ref.shell for ref in self.names[node.id]):
                self.names[node.id] = NOTHING
        elif value and node.id not in self.mixed:
            held = self.names[node.id]
            if all(ref.shell or ref.root == FRESH for ref in held):
                self.names[node.id] = join(held, shell(value))

    def _call_one(self, ref: Ref, given: Arguments, node: ast.Call) -> Value:
        thing = ref.thing
        if isinstance(thing, LocalThing):
            return self.run_local(thing, given)
        if thing is not None and (inputs := thing.inputs()) is not None:
            for output in join(*given[0][inputs:]):
                self.touch(REWRITE, output, node)
        filled = thing.filled_in(ref) if thing else None
        if filled is not None:
            ref, (args, words) = filled
            return self._call_one(ref, ([*args, *given[0]], {**words, **given[1]}), node)
        space = ref.of is not None and ref.of.thing is not None and ref.of.thing.is_space()
        receiver = None if space else ref.of
        if receiver is None:
            found = self._by_itself(ref, given, node)
        else:
            found = self._method(receiver, ref, given, node)
        names = list(thing.names()) if thing is not None else []
        if found is not None:
            self._looked_at(given, node, names)
            return found
        body = thing.body() if thing is not None else None
        if body is None:
            self._looked_at(given, node, names)
        self.call_back(given, NOTHING, node)
        if thing is None:
            return NOTHING
        made = thing.made()
        first = Ref("", FRESH, made) if made else receiver or thing.called_on(ref)
        for wrapper in thing.around():
            self.follow(wrapper, (first,), given, node)
        result = self.follow(body, (first,), given, node)
        return (Ref("", FRESH, made),) if made else result

    def _by_itself(self, ref: Ref, given: Arguments, node: ast.Call) -> Value | None:
        """A function; or a method that has become one, as ``add = rows.append`` does."""
        names = list(ref.thing.names()) if ref.thing else []
        method = ref.thing.bound(ref) if ref.thing and RANDOM_DRAWS.isdisjoint(names) else None
        if method is None or method.of is None:
            return self._known(names, given, node)
        return self._method(method.of, method, given, node)

    def _known(self, names: list[str], given: Arguments, node: ast.Call) -> Value | None:
        """A function that the catalogue knows, or that only computes."""
        args = given[0]
        for name in names:
            for value in args if name in CALLED_BY else ():
                self.operate(value, CALLED_BY[name], node)
            if name in RANDOM_DRAWS:
                self.remark(SEED if name.rpartition(".")[2] in SEEDS else DRAW, name, node)
                self._shuffled(name, given, node)
                return member(args[0]) if args else NOTHING
            if name in COPIES:
                return NOTHING
            index = WRITES_ARGUMENT.get(name)
            if index is not None:
                for ref in args[index] if index < len(args) else NOTHING:
                    self._by_function(name, ref, node)
                return member(args[index]) if args[index:] else NOTHING
            if name in PROCESS_WIDE:
                if not self.restores:
                    self.remark(SETTING, name, node)
                return NOTHING
            if name in ENTROPY and not args and not given[1]:
                self.remark(ENTROPIC, name, node)
            if name in VIEWS:
                return args[0] if args else NOTHING
            if name in FRESH_SHELLS:
                self.call_back(given, join(*map(member, args)), node, called=True)
                return shell(join(*map(member, args)))
            if name in MEMBER_OF:
                self.call_back(given, join(*map(member, args)), node, called=True)
                return member(args[0]) if args else NOTHING
            if name in CALLS_BACK:
                self.call_back(given, join(*map(member, args[1:])), node, called=True)
                return NOTHING
        if names and names[0] == "isinstance" and args and self.home.internal:
            self.tested.update(ref.path for ref in args[0])
        if names and names[0] == "print":
            for ref in given[1].get("file", NOTHING):
                if ref.thing is None or not ref.thing.is_shown():
                    self._in_turn(ref, "write", node)
        if names and names[0] == "type" and len(args) == 1:
            return attribute(args[0], "__class__")
        if names and names[0] in ("vars", "globals"):
            return args[0] if args else self.home.lookup("globals()")
        if names and names[0] == "super":
            return self._above()
        if names and names[0] == "getattr" and len(node.args) > 1:
            said = node.args[1]
            text = said.value if isinstance(said, ast.Constant) else "..."
            return attribute(args[0], text if isinstance(text, str) else "...")
        return None

    def remark(self, kind: str, name: str, node: ast.Call) -> None:
        """A setting or a draw, under the name that it has here; a library's own is its affair."""
        if not self.home.internal:
            self.note(kind, ast.unparse(node.func), name, node)

    def _above(self) -> Value:
        """``super()``: the same object, seen as one of its base class."""
        above = self.home.lookup("super()")
        mine = next(iter(self.names.values()), NOTHING)[:1]
        return tuple(ref._replace(thing=one.thing) for ref in mine for one in above) or mine

    def _by_function(self, name: str, ref: Ref, node: ast.Call) -> None:
        """``heappush(heap, x)``, ``next(numbers)``, ``setattr(obj, "x", 1)``."""
        kinds = list(ref.thing.kinds()) if ref.thing else []
        if not NOT_DATA.isdisjoint(kinds):
            return
        if name in ("setattr", "delattr", "object.__setattr__", "object.__delattr__"):
            said = node.args[1] if len(node.args) > 1 else None
            text = f".{said.value!s}" if isinstance(said, ast.Constant) else ""
            self.touch(REBIND, ref, node, part=text)
        else:
            self.touch(TAKE, ref, node)

    def _shuffled(self, name: str, given: Arguments, node: ast.Call) -> None:
        if name.endswith(".shuffle"):
            for ref in given[0][0] if given[0] else NOTHING:
                self.touch(TAKE, ref, node)

    def _method(self, receiver: Ref, ref: Ref, given: Arguments, node: ast.Call) -> Value | None:
        """A method: by what the receiver is, by its code, or by its name; None: follow it."""
        name = ref.name
        kinds = list(receiver.thing.kinds()) if receiver.thing else []
        if receiver.thing is not None and receiver.thing.is_shown():
            return NOTHING
        if self._in_turn(receiver, name, node):
            return NOTHING
        if name in GIVES_VIEW and is_viewed(receiver):
            return (receiver,)
        if name == "at" and receiver.thing is not None and receiver.thing.inputs() is not None:
            for ref in given[0][0] if given[0] else NOTHING:
                self.touch(REWRITE, ref, node)
            return NOTHING
        if not IMMUTABLE.isdisjoint(kinds[:1]) or not NOT_DATA.isdisjoint(kinds):
            return NOTHING
        for kind in kinds:
            if name in GENERATORS.get(kind, ()):
                self.touch(TAKE, receiver, node)  # a copy would give the same numbers once more
                self._shuffled(f".{name}", given, node)
                return member(given[0][0]) if given[0] else NOTHING
        if is_code(ref):
            return None
        if name in ADDS:
            self.touch(ADD, receiver, node)
        elif name in UPDATES:
            self.touch(TAKE, receiver, node)
        elif in_place(node):
            self.touch(REWRITE, receiver, node)
        elif is_outside(receiver):
            self.reader.touched.read(receiver)
        self.call_back(given, member((receiver,)), node)
        if name in GIVES_MEMBER:
            return join(member((receiver,)), *given[0][1:])
        return shell(member((receiver,))) if name in GIVES_SHELL else NOTHING

    def _in_turn(self, receiver: Ref, method: str, node: ast.Call) -> bool:
        """A file that items read in turn, or a file in memory: each finds it as others left it."""
        kinds = receiver.thing.kinds() if receiver.thing else ()
        found = any(method in TAKES_TURNS.get(kind, ()) for kind in kinds)
        if found and is_outside(receiver):
            self.note(TAKE, receiver.path, receiver.path, node)
        return found
