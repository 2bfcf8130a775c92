"""However a decorated method was reached: the method itself, and the arguments behind ``self``.

obj.f(…)   Class.f(obj, …)   Class.f(…), a class method   f.explain(…) of any of these
└────────────┴──────────────────┴───> as_called ──> a bound method, the other arguments
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any

from clustrix.decorators._wrapt import wrapt

__all__ = ["as_called", "owner_of"]


def as_called(
    wrapped: Any, instance: Any, args: tuple[Any, ...]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A real method, and the arguments behind ``self`` or ``cls``, however it was reached.

    For ``Class.method(instance, …)`` wrapt hands over a partial.  Where `classmethod` stands above
    the decorator, Python up to 3.12 binds what is below; from 3.13 on the class is the first
    argument of a plain call.
    """
    if isinstance(wrapped, wrapt.PartialCallableObjectProxy):
        return wrapped.__wrapped__.__get__(instance, type(instance)), args
    if (
        instance is None
        and args
        and isinstance(args[0], type)
        and _is_classmethod(wrapped, args[0])
    ):
        return MethodType(wrapped, args[0]), args[1:]
    return wrapped, args


def _is_classmethod(function: Any, owner: type) -> bool:
    """Whether a class has this function, decorated, as a class method."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return False
    found = inspect.getattr_static(owner, name, None)
    return isinstance(found, classmethod) and (
        getattr(found.__func__, "__wrapped__", None) is function
    )


def owner_of(function: Any) -> type | None:
    """The class of a class method, by its qualified name."""
    owner: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for part in getattr(function, "__qualname__", "").split(".")[:-1]:
        owner = getattr(owner, part, None)
    return owner if isinstance(owner, type) and _is_classmethod(function, owner) else None
