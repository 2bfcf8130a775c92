"""How an exception travels: as the same type, with the same state, whatever its constructor asks.

    worker:  error ──> pack_error ──> bytes ──> unpack_error ──> error, cause: RemoteTraceback

The standard pickle calls ``type(error)(*error.args)``, which fails for every class whose
constructor takes other arguments than it passes on.  Here an exception is made with ``__new__``
and given its state back instead.  What cannot travel at all is replaced by its repr, inside an
exception of the same type, so that ``except TheOriginalType`` still catches it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from types import MemberDescriptorType

from clustrix._typing import Any
from clustrix.execution._lane import Raised

__all__ = [
    "RemoteTraceback",
    "pack_error",
    "pack_raised",
    "reduce_error",
    "unpack_error",
    "unpack_raised",
]

Dumps = Callable[[Any], bytes]
Loads = Callable[[bytes], Any]


class RemoteTraceback(Exception):
    """The traceback of a worker, as text: the cause of the exception that came from there."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"in a worker process:\n\n{self.text}"


def reduce_error(error: BaseException) -> tuple[Any, ...]:
    """A reduction of an exception that does not depend on its constructor's arguments."""
    kind = type(error)
    reduced: Any = error.__reduce_ex__(4)
    if _reduces_itself(kind) or not isinstance(reduced, tuple) or reduced[0] is not kind:
        return reduced if isinstance(reduced, tuple) else (str, (reduced,))
    state = {**_fields(error), **getattr(error, "__dict__", {})}
    links = (error.__cause__, error.__context__, error.__suppress_context__)
    return _make_error, (kind, reduced[1]), (state, links), None, None, _restore_error


def pack_error(error: BaseException, dumps: Dumps, loads: Loads) -> bytes:
    """Serialize a raised exception together with its traceback's text.

    The result is tried out before it leaves: an exception that another process could not read
    is replaced by a stand-in of the same type.
    """
    import traceback  # most work never needs it

    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    makers: tuple[Callable[[], BaseException], ...] = (
        lambda: error,
        lambda: _stand_in(error, dumps, loads),
        lambda: _plain(error),
    )
    for make in makers:
        try:
            packed = dumps((make(), text))
            loads(packed)
            return packed
        except Exception:  # each candidate asks less than the one before
            continue
    return dumps((RuntimeError(f"{type(error).__qualname__}: {_safe_repr(error)}"), text))


def unpack_error(packed: bytes, loads: Loads) -> BaseException:
    """The exception that `pack_error` serialized, with the worker's traceback attached."""
    error, text = loads(packed)
    tail: BaseException = error
    seen = {id(tail)}
    while tail.__cause__ is not None and id(tail.__cause__) not in seen:
        tail = tail.__cause__
        seen.add(id(tail))
    suppress = tail.__suppress_context__
    tail.__cause__ = RemoteTraceback(text)
    tail.__suppress_context__ = suppress or tail.__context__ is None
    assert isinstance(error, BaseException)
    return error


def pack_raised(values: Sequence[Any], dumps: Dumps, loads: Loads) -> list[Any]:
    """Values ready to travel: collected exceptions as bytes."""
    return [
        Raised(pack_error(value.error, dumps, loads)) if type(value) is Raised else value
        for value in values
    ]


def unpack_raised(values: Sequence[Any], loads: Loads) -> list[Any]:
    """What `pack_raised` made ready, back as it was."""
    return [
        Raised(unpack_error(value.error, loads)) if type(value) is Raised else value
        for value in values
    ]


def _reduces_itself(kind: type) -> bool:
    """Whether a Python class in the ancestry defines how it is pickled: then it knows best."""
    hooks = ("__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__", "__getstate__")
    return any(
        hook in vars(base)
        for base in kind.__mro__
        if base.__module__ != "builtins"
        for hook in hooks
    )


def _fields(error: BaseException) -> dict[str, Any]:
    """Attributes that are not in the ``__dict__``: slots, and what C code keeps."""
    found = {}
    for base in type(error).__mro__:
        for name, member in vars(base).items():
            if type(member) is MemberDescriptorType and not name.startswith("__"):
                value = getattr(error, name, None)
                if value is not None:
                    found[name] = value
    return found


def _make_error(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    error = kind.__new__(kind, *args)
    # Fills what C code keeps, such as OSError.errno and StopIteration.value.
    _native(kind).__init__(error, *args)
    return error


def _native(kind: type[BaseException]) -> Any:
    """The nearest ancestor that is built in."""
    return next(base for base in kind.__mro__ if base.__module__ == "builtins")


def _restore_error(error: BaseException, state: tuple[dict[str, Any], tuple[Any, ...]]) -> None:
    attributes, (cause, context, suppress) = state
    for name, value in attributes.items():
        with contextlib.suppress(
            AttributeError, TypeError
        ):  # read-only ones are set by the constructor
            setattr(error, name, value)
    error.__cause__, error.__context__ = cause, context
    error.__suppress_context__ = suppress


def _stand_in(error: BaseException, dumps: Dumps, loads: Loads) -> BaseException:
    """The same type and shape; each part that cannot travel is replaced by its repr."""

    def portable(value: Any) -> Any:
        try:
            loads(dumps(value))
            return value
        except Exception:
            return _safe_repr(value)

    made = _make_error(type(error), tuple(portable(value) for value in error.args))
    for name, value in {**_fields(error), **vars(error)}.items():
        with contextlib.suppress(AttributeError, TypeError):
            setattr(made, name, portable(value))
    return made


def _plain(error: BaseException) -> BaseException:
    """For a type that cannot travel: its nearest ancestor that is built in."""
    native = _native(type(error))
    made: BaseException = native.__new__(native)
    made.args = (f"{type(error).__qualname__}: {_safe_repr(error)}",)
    return made


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__} object>"
