"""What is known of a method: by the type of its object, and where that is unknown, by its name.

reader.fetchall()     sqlite3.Cursor ──> names up to the class that defines it ──> catalogue
thing.fetchall()      nobody knows   ──> the name tells, or the name and the arguments do
"""

from __future__ import annotations

import types

from clustrix.analysis._static import class_dict, class_module, mro
from clustrix.analysis._values import Instance, Method, Value, class_names, each
from clustrix.analysis._walk import Arguments
from clustrix.analysis.catalogue import (
    COMMON_TELLING,
    FILLED_TELLING,
    KEYWORD_TELLING,
    TELLING,
    BlockingCall,
    Telling,
    blocking,
    hinted,
)

__all__ = ["defined", "method_names", "told_by_name"]

_WORN = frozenset({"IO901", "IO902", "IO906"})  # words that computing libraries use, too
_OF_CONTENT = frozenset({"write", "writelines", "to_csv", "to_json", "to_html", "to_xml"})
_CONTENT = frozenset({"builtins", "pathlib", "io", "_io", "array", "numpy", "tempfile"})


def told_by_name(value: Method, given: Arguments, *, far: bool) -> BlockingCall | None:
    """What the name of a method tells, where nobody knows the receiver, or reads that far.

    Args:
        value: the method.
        given: its arguments.
        far: whether it is a library's own: words that those use for computing say nothing then.
    """
    method, place = value.name, value.place
    told = TELLING.get(method) or _told_by_arguments(method, given)
    if told is None and place:
        told = hinted(place, method)
    if told and method in _OF_CONTENT and given[0] and not _may_be_content(given[0][0]):
        told = None
    if told is None or (far and told[0] in _WORN):
        return None
    return BlockingCall(told[0], f"{place}.{method}" if place else method, told[1])


def _told_by_arguments(method: str, given: Arguments) -> Telling | None:
    """What a method's name and the kind of its arguments tell together."""
    args, kwargs = given
    if args:
        return FILLED_TELLING.get(method)
    if not kwargs.keys() - {"timeout"}:
        return COMMON_TELLING.get(method)
    return KEYWORD_TELLING.get(method)


def _may_be_content(value: Value) -> bool:
    """Whether a value may be data, a path or a file, which `data.write(buffer)` does not get."""
    return any(
        not isinstance(one, Instance)
        or one.cls is None
        or any(class_module(base).partition(".")[0] in _CONTENT for base in mro(one.cls)[:-1])
        for one in each(value)
    )


def method_names(value: Method) -> list[str]:
    """Canonical names of a method, up to the class that defines it."""
    receiver = value.receiver
    if not isinstance(receiver, Instance):
        return []
    if receiver.cls is None:
        return [f"{receiver.name}.{value.name}"]
    found: list[str] = []
    for base in mro(receiver.cls):
        found += [f"{name}.{value.name}" for name in class_names(base)]
        if value.name in class_dict(base):
            break
    return found


def defined(value: Method, names: list[str]) -> tuple[BlockingCall, str] | None:
    """The catalogue's entry for a method, and the name it has there.

    An entry for every method of a type stands back where the method itself can be read.
    """
    if value.name.startswith("__"):
        return None
    readable = type(value.target) is types.FunctionType
    for name in names:
        entry = blocking(name)
        if entry and not (readable and name not in entry.names):
            return entry, name
    return None
