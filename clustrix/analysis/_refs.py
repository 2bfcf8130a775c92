"""What an expression may refer to, and whether that outlives the call.

    rows            Ref("rows", ITEM)               the item, or a part of it
    self.cache      Ref("self.cache", SHARED)       every item sees the same
    [a, b]          Ref("a", …, shell=1), …         a new container around old members
    Point(1)        Ref("", FRESH, thing)           made here: nobody else sees it

A value is a tuple of such references: one of them, or none that matters.  `Thing` is what is
known of an object besides: its type, its parts, its code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from clustrix.basis._typing import NamedTuple

__all__ = [
    "FRESH",
    "ITEM",
    "NOTHING",
    "SHARED",
    "Arguments",
    "Body",
    "Dotted",
    "Home",
    "Ref",
    "Thing",
    "Value",
    "any_outside",
    "attribute",
    "has_methods",
    "is_code",
    "is_outside",
    "join",
    "member",
    "shell",
]

FRESH, ITEM, SHARED = "fresh", "item", "shared"

_MAX_CHOICES = 6  # what a name may refer to: more alternatives are not followed
_MAX_DEPTH = 6  # dots and brackets in a path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Thing:
    """What is known of an object; this one is not known."""

    def part(self, name: str) -> Thing | None:
        """What stands behind a dot, or ``None``."""
        return None

    def names(self) -> Iterable[str]:
        """Canonical names, if it is a function or a class."""
        return ()

    def kinds(self) -> Iterable[str]:
        """Canonical names of its class and its bases, if it is an object of a known class."""
        return ()

    def body(self) -> Body | None:
        """What runs when it is called, if that can be read."""
        return None

    def around(self) -> Iterable[Body]:
        """What decorators have put around that, outermost first, where it can be read."""
        return ()

    def called_on(self, ref: Ref) -> Ref:
        """What its code gets first, if it is called by itself: for an object that can be called."""
        return ref

    def bound(self, ref: Ref) -> Ref | None:
        """``rows.append`` as a value: the method, with the built-in object that it belongs to."""
        return None

    def filled_in(self, ref: Ref) -> tuple[Ref, Arguments] | None:
        """For a partial: what it calls, and what it gives to that by itself."""
        return None

    def is_shown(self) -> bool:
        """Whether it is where text is shown: what items write there comes in their order."""
        return False

    def inputs(self) -> int | None:
        """For a function of which all further arguments are outputs: how many are not."""
        return None

    def members(self) -> Iterable[Thing | None]:
        """What iterating or subscribing may give; ``None`` where nothing is known of it."""
        return (None,)

    def is_code(self) -> bool:
        """Whether calling it runs code that can be read, or that surely writes nothing."""
        return False

    def made(self) -> Thing | None:
        """What calling it makes, if it is a class."""
        return None

    def is_common(self, name: str) -> bool:
        """Whether what stands behind a dot is one for all objects of its class."""
        return False

    def is_space(self) -> bool:
        """Whether it is a module or a class: what stands behind the dot is a function."""
        return False

    def is_iterator(self) -> bool:
        """Whether iterating over it uses it up."""
        return False


class Dotted(Thing):
    """Something in a module that is not looked into: only its name is known."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def part(self, name: str) -> Thing | None:
        """What stands behind a dot."""
        return Dotted(f"{self.name}.{name}")

    def names(self) -> list[str]:
        """The name, and the built-in's own where it is one."""
        return [self.name]

    def is_space(self) -> bool:
        """A module, as far as anybody can tell."""
        return True


class Home(NamedTuple):
    """Where a function's names are looked up.

    Attributes:
        file: path of its source file.
        internal: whether it is a library's own: what it keeps for itself concerns nobody.
        library: whether it belongs to a library at all.
        lookup: what a name means that is no local variable.
        typed: what an annotation says of an object.
        imported: the names that an import statement inside the function binds.
    """

    file: str
    internal: bool
    library: bool
    lookup: Callable[[str], Value]
    typed: Callable[[ast.expr | None], Thing | None]
    imported: Callable[[Any], dict[str, Value]]


class Body(NamedTuple):
    """Code to be read for a call.

    Attributes:
        key: the same for the same code.
        read: gives the definition, and where its names are looked up; ``None`` without source.
        quiet: whether nothing is written, unless by a method of what it gets.
        bound: whether what stands before the dot, or the new object, is its first argument.
        internal: whether it is a library's own: only its arguments concern anybody.
    """

    key: object
    read: Callable[[], tuple[FunctionNode, Home] | None]
    bound: bool = False
    internal: bool = False
    quiet: bool = False


class Ref(NamedTuple):
    """One thing that an expression may refer to.

    Attributes:
        path: how a person would write it; ``""`` for what was made here.
        root: whether it is the item's, everybody's, or made here.
        thing: what is known of it.
        shell: how many new containers are around it.
        of: what stands before the dot, for a method.
        name: what stands behind the dot.
        depth: dots and brackets between the root and here.
    """

    path: str
    root: str = SHARED
    thing: Thing | None = None
    shell: int = 0
    of: Ref | None = None
    name: str = ""
    depth: int = 0


Value = tuple[Ref, ...]
Arguments = tuple[list[Value], dict[str, Value]]
NOTHING: Value = ()


def join(*values: Value) -> Value:
    """One value for several possible ones."""
    filled = [value for value in values if value]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    found: dict[tuple[Any, ...], Ref] = {}
    for value in filled:
        for ref in value:
            found.setdefault((ref.path, ref.root, ref.shell, id(ref.thing)), ref)
    return tuple(found.values())[:_MAX_CHOICES]


def is_outside(ref: Ref) -> bool:
    """Whether a change of it outlives the call."""
    return ref.root != FRESH and not ref.shell


def any_outside(values: Iterable[Value]) -> bool:
    """Whether one of them may be something that was not made here."""
    return any(ref.root != FRESH for value in values for ref in value)


def has_methods(value: Value) -> bool:
    """Whether any of these is an object whose class is known: its methods may write."""
    return any(ref.thing is not None and not ref.thing.is_space() for ref in value)


def is_code(ref: Ref) -> bool:
    """Whether it is a function, as far as is known."""
    return ref.thing is not None and ref.thing.is_code()


def shell(value: Value) -> Value:
    """A new container around members."""
    return tuple(ref._replace(shell=ref.shell + 1, of=None, name="") for ref in value)


def member(value: Value) -> Value:
    """What iterating or subscribing gives."""
    found = []
    for ref in value:
        if ref.shell:
            found.append(ref._replace(shell=ref.shell - 1, of=None, name=""))
        elif ref.root != FRESH and ref.depth < _MAX_DEPTH:
            for thing in ref.thing.members() if ref.thing else (None,):
                found.append(Ref(f"{ref.path}[...]", ref.root, thing, depth=ref.depth + 1))
    return tuple(found)


def attribute(value: Value, name: str) -> Value:
    """What stands behind a dot."""
    found = []
    for ref in value:
        if ref.shell:  # a method of a new container
            found.append(Ref("", FRESH, None, 0, ref, name))
            continue
        part = ref.thing.part(name) if ref.thing else None
        if ref.depth < _MAX_DEPTH:
            path, root = f"{ref.path}.{name}" if ref.path else name, ref.root
            if root != SHARED and ref.thing is not None and ref.thing.is_common(name):
                root = SHARED
            found.append(Ref(path, root, part, 0, ref, name, ref.depth + 1))
    return tuple(found)
