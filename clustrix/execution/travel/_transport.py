"""What travels between processes, as bytes: functions by reference or by value, and data.

    importable function      ──> its name; the worker imports it
    what a decorator wraps   ──> the name of the decorated one (`_references.py`)
    __main__, local, lambda  ──> code, closure and the globals it reads (cloudpickle)
    everything else          ──> pickle protocol 5, big buffers out of band

The second row is why this file exists: the function that a decorator wraps is not what its
name leads to, so the standard pickle refuses it, and carrying it by value would carry half of
its module along.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cached_property, lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any, ClassVar

import cloudpickle  # type: ignore[import-untyped]

from clustrix._model import Call, Chunk, describe
from clustrix.errors import NotPicklableError
from clustrix.execution.lanes._lane import item_note
from clustrix.execution.travel._classes import class_by_value, reduce_cached, reduce_property
from clustrix.execution.travel._copies import note
from clustrix.execution.travel._exceptions import reduce_error
from clustrix.execution.travel._references import importable, reference
from clustrix.execution.travel._shipping import goes_by_value, registered, shipped
from clustrix.execution.travel._variables import reduce_variable

__all__ = ["dumps", "loads", "unsendable"]

_LRU = type(lru_cache(len))

# Parts of a reduction that says who gives the state: classes that go by value have such ones.
_WITH_STATE = 6

# Anything may fail while pickling, as user code runs: __reduce__, __getstate__, properties.
BufferCallback = Callable[[pickle.PickleBuffer], object]


def dumps(obj: object, buffer_callback: BufferCallback | None = None) -> bytes:
    """Serialize an object for another process.

    Args:
        obj: anything; functions and classes that cannot be imported go by value.
        buffer_callback: as in `pickle.Pickler`; returns false to take a buffer out of band.

    Raises:
        Exception: whatever the object's own hooks raise, or `pickle.PicklingError`.
    """
    if names := shipped():
        with registered(names):
            return _dump(obj, buffer_callback)
    return _dump(obj, buffer_callback)


def _dump(obj: object, buffer_callback: BufferCallback | None) -> bytes:
    with io.BytesIO() as file:
        _Pickler(file, protocol=5, buffer_callback=buffer_callback).dump(obj)
        return file.getvalue()


def loads(data: bytes | bytearray | memoryview, buffers: Iterable[Any] = ()) -> Any:
    """Restore what `dumps` serialized; buffers in the order in which they were taken out."""
    return pickle.loads(data, buffers=buffers)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle, with decorated functions by reference and exceptions by state."""

    dispatch_table: ClassVar[ChainMap[type, Any]] = ChainMap({}, cloudpickle.Pickler.dispatch_table)

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is FunctionType:
            return reference(obj) or super().reducer_override(obj)
        if kind is ModuleType and goes_by_value(obj.__name__):
            return _module_by_value(obj)
        if isinstance(obj, BaseException):
            return reduce_error(obj)
        if kind is ContextVar:
            return reduce_variable(obj)
        if issubclass(kind, type):
            reduced = super().reducer_override(obj)
            by_value = type(reduced) is tuple and len(reduced) == _WITH_STATE
            return class_by_value(obj, reduced) if by_value else reduced
        if kind is _LRU and (cached := reduce_cached(obj)):
            return cached
        if kind is cached_property:
            return reduce_property(obj)
        if kind.__name__ in _GENERATORS and (name := _global_generator(obj)):
            return name
        # Proxies claim the class of what they wrap; cloudpickle would take a decorated function
        # for a plain one and drop the decoration.  Their own methods know better.
        if hasattr(kind, "__reduce_by_value__") and not importable(obj):
            return obj.__reduce_by_value__()
        note(obj)
        return NotImplemented


def unsendable(call: Call, chunk: Chunk, error: Exception) -> NotPicklableError:
    """What to say of a chunk that does not pickle: which item it is, and why."""
    for index, item in enumerate(chunk.items, chunk.start):
        try:
            dumps(item)
        except Exception as reason:
            note = item_note(call, index, item)
            return NotPicklableError(
                f"{note} cannot be sent to a worker process: {reason}", item=index
            )
    where = f"items {chunk.start} to {chunk.stop - 1} of {describe(call.function)}()"
    return NotPicklableError(
        f"{where} cannot be sent to a worker process: {error}", item=chunk.start
    )


# The one generator behind the functions of `random` and `numpy.random`, by the name of its type.
# ``from random import random`` is a method of it: by value every chunk would get a copy of the
# caller's generator, and draw the numbers that the other chunks draw.
_GENERATORS = {"Random": ("random", "_inst"), "RandomState": ("numpy.random.mtrand", "_rand")}


def _global_generator(obj: Any) -> str | None:
    """The name of the object in its module, for pickle; ``None`` if it is another one."""
    module, name = _GENERATORS[type(obj).__name__]
    return name if obj is getattr(sys.modules.get(module), name, None) else None


def _reduce_stream(stream: io.TextIOWrapper) -> tuple[Any, ...]:
    """The standard streams by name.  cloudpickle would read other files and send their text."""
    for name in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"):
        if stream is getattr(sys, name):
            return getattr, (sys, name)
    raise pickle.PicklingError(f"cannot pickle an open file ({stream.name!r}); send its path")


_Pickler.dispatch_table[io.TextIOWrapper] = _reduce_stream


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    """Code, and the file that it comes from.

    cloudpickle 3.1.3 drops that name, so that equal code has equal bytes wherever it stands;
    without it a traceback shows no line of the source, nor where to look for one.
    """
    _, parts = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return _make_code, (parts, "".join(code.co_filename))  # a copy, as cloudpickle makes of names


def _make_code(parts: tuple[Any, ...], filename: str) -> CodeType:
    return CodeType(*parts).replace(co_filename=filename)


_Pickler.dispatch_table[CodeType] = _reduce_code


# What the import system keeps in a module, and has no meaning elsewhere.
_OF_IMPORTS = frozenset(("__builtins__", "__cached__", "__loader__", "__spec__"))


def _module_by_value(module: ModuleType) -> tuple[Any, ...]:
    """A module with all that it holds.

    It must be known before what it holds is pickled: functions mention the module that they are
    in, and cloudpickle's own way would not come to an end.
    """
    held = {name: value for name, value in vars(module).items() if name not in _OF_IMPORTS}
    return ModuleType, (module.__name__,), held, None, None, _fill


def _fill(module: ModuleType, held: dict[str, Any]) -> None:
    vars(module).update(held)
