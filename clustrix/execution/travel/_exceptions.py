"""How an exception travels: as the same type, with the same state, whatever its constructor asks.

    worker:  error ──> pack_error ──> bytes ──> unpack_error ──> error, cause: RemoteTraceback
                         │
                         └──> the exceptions that it leads to, deepest first, each whole
                              or, if that cannot be, with what cannot travel as its repr

The standard pickle calls ``type(error)(*error.args)``, which fails for every class whose
constructor takes other arguments than it passes on, and forgets causes and contexts.  Here an
exception is made and given its state back instead (`_error_parts.py`).  What cannot travel at all
is replaced by its repr, inside an exception of the same type, so that ``except TheOriginalType``
still catches it.

Code of the exceptions' classes runs here, and may raise anything: no worker dies of that.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextvars import ContextVar

from clustrix.basis._typing import Any
from clustrix.execution.lanes._lane import Raised
from clustrix.execution.travel import _error_parts as parts

__all__ = [
    "RemoteTraceback",
    "pack_error",
    "pack_raised",
    "pack_returned",
    "reduce_error",
    "unpack_error",
    "unpack_raised",
]

Dumps = Callable[[Any], bytes]
Loads = Callable[[bytes], Any]
Reductions = dict[int, tuple[Any, ...]]


class RemoteTraceback(Exception):
    """The traceback of a worker, as text: the cause of the exception that came from there."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"in a worker process:\n\n{self.text}"


# How the exceptions that are being packed are to be reduced, by identity: so each is found to be
# the same wherever it is referred to, and a stand-in is in all places of what it stands for.
_decided: ContextVar[Reductions] = ContextVar("decided", default={})  # noqa: B039  (never changed)


def reduce_error(error: BaseException) -> tuple[Any, ...]:
    """A reduction of an exception that does not depend on its constructor's arguments."""
    return _decided.get().get(id(error)) or parts.elsewhere(error)


def pack_error(error: BaseException, dumps: Dumps, loads: Loads) -> bytes:
    """Serialize a raised exception together with its traceback's text.

    The result is tried out before it leaves: an exception that another process could not read
    is replaced by a stand-in of the same type.
    """
    text = _traceback(error)
    try:
        packed = _Packer(error, text, dumps, loads).pack()
    except BaseException:  # a class that does not even let itself be looked at
        packed = None
    if packed is None:
        stand_in = RuntimeError(f"{parts.name_of(error)}: {parts.safe_repr(error)}")
        packed = dumps(([stand_in], text))
    return packed


def unpack_error(packed: bytes, loads: Loads) -> BaseException:
    """The exception that `pack_error` serialized, with the worker's traceback attached."""
    (*_, error), text = loads(packed)
    assert isinstance(error, BaseException)
    tail, seen = error, {id(error)}
    while (cause := parts.peek(tail, "__cause__")) is not None and id(cause) not in seen:
        tail = cause
        seen.add(id(tail))
    suppress = parts.peek(tail, "__suppress_context__")
    parts.put(tail, "__cause__", RemoteTraceback(text))
    nothing_else = parts.peek(tail, "__context__") is None
    parts.put(tail, "__suppress_context__", suppress or nothing_else)
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


def pack_returned(values: Sequence[Any], dumps: Dumps, loads: Loads) -> list[Any]:
    """Values ready to travel: exceptions among them keep their causes, contexts and notes.

    They come out of the pickle as what they are.  One that cannot travel whole stays as it is,
    to be refused as any other value would be: a result is not replaced by something similar.
    """
    sealed: dict[int, Any] = {}
    for value in values:
        if issubclass(type(value), BaseException) and id(value) not in sealed:
            try:
                packed = _Packer(value, "", dumps, loads).pack(whole=True)
            except BaseException:
                packed = None
            sealed[id(value)] = value if packed is None else _Sealed(packed)
    return [sealed.get(id(value), value) for value in values]


class _Sealed:
    """An exception among values, as bytes; the pickle of it is a pickle of the exception."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    def __reduce__(self) -> tuple[Any, ...]:
        return _open, (self._packed,)


def _open(packed: bytes) -> BaseException:
    (*_, error), _ = pickle.loads(packed)
    assert isinstance(error, BaseException)
    return error


class _Packer:
    """One exception on its way into bytes, with all that led to it."""

    def __init__(self, error: BaseException, text: str, dumps: Dumps, loads: Loads) -> None:
        self._error = error
        self._text = text
        self._dumps = dumps
        self._loads = loads
        self._lineage = _lineage(error)
        # What the others are while one of them is tried out.
        self._blanks = {id(one): parts.blank(one) for one in self._lineage}

    def pack(self, *, whole: bool = False) -> bytes | None:
        """Everything as it is; else each exception as well as it can travel; else only the first.

        Args:
            whole: do not replace anything in the exception itself.
        """
        first = {id(one): next(parts.candidates(one, self._keep)) for one in self._lineage}
        if packed := self._packed(self._lineage, first, self._text):
            return packed
        top = id(self._error)
        if whole and not self._fits(self._error, first[top]):
            return None
        best = {id(one): self._best(one) for one in self._lineage}
        if packed := self._packed(self._lineage, best, self._text):
            return packed
        only = {**self._blanks, top: parts.alone(best[top])}
        return self._packed([self._error], only, self._text)

    def _best(self, error: BaseException) -> tuple[Any, ...]:
        """The first reduction with which an exception arrives."""
        reductions = parts.candidates(error, self._keep)
        blank = self._blanks[id(error)]
        return next((one for one in reductions if self._fits(error, one)), blank)

    def _fits(self, error: BaseException, reduction: tuple[Any, ...]) -> bool:
        """Whether an exception arrives like that, whatever becomes of the others."""
        blank = self._blanks[id(error)]
        self._blanks[id(error)] = reduction
        try:
            return self._packed([error], self._blanks, "") is not None
        finally:
            self._blanks[id(error)] = blank

    def _keep(self, value: Any) -> Any:
        """A value, if it can travel; else its repr."""
        token = _decided.set(self._blanks)
        try:
            self._loads(self._dumps(value))
            return value
        except BaseException:
            return parts.safe_repr(value)
        finally:
            _decided.reset(token)

    def _packed(
        self, lineage: list[BaseException], reductions: Reductions, text: str
    ) -> bytes | None:
        """The bytes, if exceptions come out of them."""
        token = _decided.set(reductions)
        try:
            packed = self._dumps((lineage, text))
            arrived = self._loads(packed)[0]
            return packed if all(isinstance(one, BaseException) for one in arrived) else None
        except BaseException:
            return None
        finally:
            _decided.reset(token)


def _lineage(error: BaseException) -> list[BaseException]:
    """An exception and all that it leads to, deepest first.

    In that order pickle has done what an exception leads to when it comes to it: it need not go
    deeper, however long a chain is, or however deep groups are in groups.
    """
    done: list[BaseException] = []
    seen: set[int] = set()
    to_do = [(error, False)]
    while to_do:
        one, left = to_do.pop()
        if left:
            done.append(one)
        elif id(one) not in seen:
            seen.add(id(one))
            to_do.append((one, True))
            to_do += [(behind, False) for behind in parts.leads_to(one)]
    return done


def _traceback(error: BaseException) -> str:
    """The text of the traceback, or as much of it as can be made."""
    import traceback  # most work never needs it

    kind, trace = type(error), parts.peek(error, "__traceback__")
    makers: tuple[Callable[[], list[str]], ...] = (
        lambda: traceback.format_exception(kind, error, trace),
        lambda: traceback.format_exception(kind, error, trace, chain=False),
        lambda: [
            "Traceback (most recent call last):\n",
            *traceback.format_tb(trace),
            f"{parts.name_of(error)}: {parts.safe_repr(error)}\n",
        ],
    )
    for make in makers:
        try:
            return "".join(make())
        except BaseException:  # notes, or the text of a SyntaxError, may be anything
            continue
    return ""
