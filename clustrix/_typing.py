"""`Any`, `NamedTuple` and `Protocol` without `typing`, for what a worker loads before it answers.

    a type checker ──> typing itself
    a running program ──> the same tuples, made by `collections`; nothing else matters there

`typing` compiles regular expressions when it is loaded, and every annotation of a named tuple
when that is made: a third of the time in which a worker used to start.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = ["Any", "NamedTuple", "Protocol"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple, Protocol
else:
    Any = Protocol = object

    class _Fields(type):
        """Makes a named tuple of a class with annotations."""

        def __new__(cls, name, bases, namespace):
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = namespace["__annotations__"]
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])
            for key, value in namespace.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Fields):
        """The base of a class whose annotations are the fields of a tuple."""
