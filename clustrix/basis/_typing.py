"""`typing`, `collections.abc` and named tuples, for what has to be loaded quickly.

    a type checker ──> typing and collections.abc themselves
    a running program ──> tuples that behave the same, made here; the classes of `_collections_abc`

A worker has these before it answers, and a first call that reads a source waits for its records.
`typing` compiles regular expressions when it is loaded, and `collections`, which its `abc` brings
too, takes as long as all of clustrix that a worker needs at first (`docs/explanation/choices.md`).
"""

from __future__ import annotations

__all__ = ["Any", "Callable", "Iterable", "Mapping", "NamedTuple", "Protocol"]
__all__ += ["Sequence"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, NamedTuple, Protocol
else:
    from _collections_abc import Callable, Iterable, Mapping, Sequence

    Any = Protocol = object

    try:
        from _collections import _tuplegetter as getter
    except ImportError:  # not CPython

        def getter(index, doc):
            return property(lambda self: self[index], doc=doc)

    class _Fields(type):
        """Makes a named tuple of a class with annotations."""

        def __new__(cls, name, bases, namespace):
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = tuple(namespace["__annotations__"])
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            getters = {
                field: getter(index, f"Alias for field number {index}")
                for index, field in enumerate(fields)
            }
            given = {
                "__new__": _maker(name, fields, tuple(defaults.values()), namespace["__module__"]),
                "__slots__": (),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
            }
            return type(name, (tuple,), {**_METHODS, **given, **getters, **namespace})

    _codes = {}

    def _maker(name, fields, defaults, module):
        """The constructor: compiled, since one that looks at its arguments takes twice as long.

        Once for each number of fields, since compiling takes 20 us, and to name them takes one.
        """
        if (count := len(fields)) not in _codes:
            given = ", ".join(f"_{place}" for place in range(count))
            _codes[count] = eval(f"lambda _cls, {given}: _new(_cls, ({given},))").__code__
        code = _codes[count].replace(co_varnames=("_cls", *fields))
        space = {"_new": tuple.__new__, "__builtins__": {}, "__name__": module}
        made = type(_maker)(code, space, "__new__", defaults)
        made.__qualname__ = f"{name}.__new__"
        return made

    def _make(cls, values):
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **changes):
        made = tuple.__new__(self.__class__, map(changes.pop, self._fields, self))
        if changes:
            raise TypeError(f"Got unexpected field names: {[*changes]!r}")
        return made

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _getnewargs(self):
        return tuple(self)

    def _repr(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{self.__class__.__name__}({fields})"

    _METHODS = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "__replace__": _replace,  # for `copy.replace`
        "_asdict": _asdict,
        "__getnewargs__": _getnewargs,
        "__repr__": _repr,
    }

    class NamedTuple(metaclass=_Fields):
        """The base of a class whose annotations are the fields of a tuple."""
