"""What the fields of objects hold: ``self.session`` is what ``__init__`` put there.

    self.session.get(url)  ─>  class  ─>  __init__: self.session = requests.Session()

A constructor that makes its own default when it gets nothing is taken at its word.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clustrix.analysis._names import parameters
from clustrix.analysis._source import FunctionSource, read_layer
from clustrix.analysis._static import (
    class_dict,
    class_module,
    class_qualname,
    is_module,
    module_lookup,
    mro,
    stores,
)
from clustrix.analysis._values import NONE, Instance, Method, Unknown, Value, instance_of
from clustrix.analysis._walk import Walk
from clustrix.analysis.catalogue import blocking

if TYPE_CHECKING:
    from clustrix.analysis._reading import Reading

__all__ = ["Fields"]

_MAX_FIELDS = 8  # fields whose type is looked up
_MAX_MAKERS = 3  # methods read for one of them


class Fields:
    """The fields looked up while one function is read."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.known: dict[tuple[int, str], Value] = {}

    def of(self, value: Value) -> Value:
        """What an attribute holds that no class defines; the attribute itself if unknown."""
        if not isinstance(value, Method):
            return value
        owner = self.of(value.receiver)  # client.chat.completions: from the left
        if not isinstance(owner, Instance):
            return value
        if owner.memory:
            return Instance("?", None, memory=True)
        if owner.cls is None:  # client.db.collection: more of the same
            return Instance(owner.name, None) if blocking(f"{owner.name}.*") else value
        key = (id(owner.cls), value.name)
        if key not in self.known:
            self.known[key] = value  # while it is being looked up
            if len(self.known) <= _MAX_FIELDS:
                before = self.reading.steps
                self.known[key] = self._assigned(owner.cls, value.name) or value
                self.reading.steps = before  # looked up, not read: the helpers keep their share
        return self.known[key]

    def _assigned(self, cls: type, name: str) -> Value | None:
        """What the methods of a class put into a field, ``__init__`` first."""
        for base in mro(cls):
            body = class_dict(base)
            declared = _declared(base, body, name)
            if declared is not None:
                return declared
            plain = name.removeprefix(f"_{class_qualname(base).lstrip('_')}")  # private names
            makers = [
                method
                for method in (body.get("__init__"), *body.values())
                if type(method) is types.FunctionType and stores(method.__code__, name, field=True)
            ]
            for method in makers[:_MAX_MAKERS]:
                found = self._assigned_by(method, plain)
                if found is not None:
                    return found
        return None

    def _assigned_by(self, method: types.FunctionType, name: str) -> Value | None:
        source = read_layer(method)
        if not isinstance(source, FunctionSource):
            return None
        spec = source.node.args
        first = (*spec.posonlyargs, *spec.args)[:1]
        if not first:
            return None
        walk = Walk(source, parameters(source, outermost=False), self.reading, depth=1)
        walk.quiet = 1
        walk.run()
        found = walk.names.get(f"{first[0].arg}.{name}")
        return None if found is NONE or isinstance(found, Unknown) else found


def _declared(base: type, body: Mapping[str, Any], name: str) -> Value | None:
    """The class that the annotation of a field names: dataclasses say it there."""
    written: Any = body.get("__annotations__")
    said: Any = written.get(name) if type(written) is dict else None
    module = sys.modules.get(class_module(base))
    if type(said) is str and module is not None and is_module(module):
        said = module_lookup(module, said)  # annotations kept as text
    return instance_of(said) if issubclass(type(said), type) and said is not object else None
