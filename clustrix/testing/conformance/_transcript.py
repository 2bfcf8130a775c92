"""What a person can observe of a program with a loop in it, as text that can be compared.

    program ──> observe ──> Transcript(value, error, events)
                   │ streams, log records and warnings go into one list, in the order they come
                   └ whatever the program sets up (handlers, filters, folder, …) is put back

An engine may add three things of its own: the note that names the item, the traceback of a worker
as the last cause, and what was done when an interrupt came.  They are not part of the transcript;
behaviours of their own ask for them.  Nor is a `SharedStateWarning`, which says a difference in
place of hiding it.
"""

from __future__ import annotations

import contextvars
import difflib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from clustrix.testing.conformance._state import kept

__all__ = ["Hung", "Transcript", "describe_error", "difference", "observe", "shown"]

_LONG = 400  # characters of a value or a difference that are worth showing


class Hung(BaseException):
    """A behaviour did not end in time; no program may catch this."""


@dataclass(frozen=True)
class Transcript:
    """What was observed.

    Attributes:
        value: what the program returned, as text.
        error: what it raised, as text; ``""`` when it returned.
        events: ``(channel, text)``: ``"stdout"``, ``"stderr"``, ``"log"`` or ``"warning"``.
        said: the shared state that clustrix warned of; not compared.
    """

    value: str
    error: str
    events: tuple[tuple[str, str], ...]
    said: tuple[str, ...] = field(default=(), compare=False)

    def text(self, channel: str) -> str:
        """All that came through one channel."""
        return "".join(text for name, text in self.events if name == channel)


def observe(program: Callable[[Any], Any], loop: Any) -> Transcript:
    """Run a program with a loop, and write down what can be seen of it."""
    events: list[tuple[str, str]] = []
    said: list[str] = []
    value = error = ""
    with kept():
        _listen(events, said)
        try:
            result = contextvars.copy_context().run(program, loop)
        except Hung:
            raise
        except BaseException as raised:
            error = describe_error(raised)
        else:
            value = shown(result)
    return Transcript(value, error, _joined(events), tuple(said))


def difference(wanted: Transcript, got: Transcript) -> str:
    """What differs between two transcripts, in a few lines."""
    lines = []
    if wanted.error != got.error:
        lines.append(_both("raised", wanted.error or "nothing", got.error or "nothing"))
    elif wanted.value != got.value:
        lines.append(_both("returned", wanted.value, got.value))
    if wanted.events != got.events:
        left, right = (
            [f"{name}: {text!r}" for name, text in side] for side in (wanted.events, got.events)
        )
        changes = [
            line
            for line in difflib.unified_diff(left, right, lineterm="", n=0)
            if line[:3] not in ("---", "+++") and not line.startswith("@@")
        ]
        lines.append("seen (- loop, + engine): " + _cut("; ".join(changes)))
    return "; ".join(lines)


def _both(what: str, wanted: str, got: str) -> str:
    at = next((i for i, pair in enumerate(zip(wanted, got, strict=False)) if len({*pair}) > 1), 0)
    start = max(0, at - 60)
    return f"{what} {_cut(got[start:])} where the loop {what} {_cut(wanted[start:])}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]} …"


def shown(value: Any) -> str:
    """A value with its types, as text; equal texts mean equal values."""
    kind = type(value)
    name = kind.__qualname__
    if kind in (list, tuple):
        return f"{name}[{', '.join(map(shown, value))}]"
    if kind in (set, frozenset):
        return f"{name}[{', '.join(sorted(map(shown, value)))}]"
    if kind is dict:
        inside = (f"{shown(key)}: {shown(inner)}" for key, inner in value.items())
        return f"dict[{', '.join(inside)}]"
    if isinstance(value, BaseException):
        return describe_error(value)
    if kind.__module__ == "numpy" and name == "ndarray":
        return f"array[{value.dtype}, {value.shape}, {value.tolist()}, {value.flags.writeable}]"
    return repr(value) if kind.__module__ == "builtins" else f"{name}:{value!r}"


def describe_error(error: BaseException | None, depth: int = 0) -> str:
    """An exception with everything that belongs to it, as text."""
    if error is None:
        return "none"
    if depth > 5:
        return "…"
    parts = [type(error).__qualname__, f"args={shown(error.args)}", f"text={_text_of(error)}"]
    fields = {**_native_fields(error), **vars(error)}
    notes = [n for n in fields.pop("__notes__", ()) if not str(n).startswith("clustrix: item")]
    if isinstance(error, KeyboardInterrupt):
        fields.pop("partial", None)
    parts += [f"{name}={shown(value)}" for name, value in sorted(fields.items())]
    parts += [f"notes={notes}"] if notes else []
    cause, context = _own(error.__cause__), _own(error.__context__)
    if cause is not None:
        parts.append(f"cause={describe_error(cause, depth + 1)}")
    if context is not None and context is not cause:
        hidden = error.__suppress_context__
        parts.append(f"context({hidden})={describe_error(context, depth + 1)}")
    inner = getattr(error, "exceptions", None)
    if isinstance(inner, tuple):
        parts.append(f"group=[{', '.join(describe_error(one, depth + 1) for one in inner)}]")
    return f"<{' '.join(parts)}>"


def _own(error: BaseException | None) -> BaseException | None:
    """A linked exception, unless it is the traceback of a worker."""
    return None if type(error).__name__.endswith("RemoteTraceback") else error


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:
        return f"str() fails: {problem!r}"


def _native_fields(error: BaseException) -> dict[str, Any]:
    """Slots, and what C code keeps: `OSError.errno`, `SystemExit.code`, …"""
    found = {}
    for base in type(error).__mro__[:-1]:
        for name, member in vars(base).items():
            known = isinstance(member, (MemberDescriptorType, GetSetDescriptorType))
            if known and not name.startswith("__") and name not in ("args", "exceptions"):
                value = getattr(error, name, None)
                if value is not None:
                    found[name] = value
    return found


def _joined(events: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Neighbouring pieces of the same stream as one: how it is cut does not matter."""
    made: list[tuple[str, str]] = []
    for channel, text in events:
        if made and made[-1][0] == channel and channel in ("stdout", "stderr"):
            made[-1] = (channel, made[-1][1] + text)
        else:
            made.append((channel, text))
    return tuple(made)


class _Stream(io.TextIOBase):
    """A stream that notes what is written, beside what comes through other channels."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, channel: str, events: list[tuple[str, str]]) -> None:
        self._channel = channel
        self._events = events

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._events.append((self._channel, text))
        return len(text)


class _Handler(logging.Handler):
    """A handler that notes which record came, and from where."""

    def __init__(self, events: list[tuple[str, str]]) -> None:
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.filename}:{record.lineno} {record.funcName}"
        text = f"{record.name} {record.levelname} {record.getMessage()} [{place}]"
        if record.exc_info or record.exc_text:
            shown = record.exc_text or logging.Formatter().formatException(record.exc_info or ())  # type: ignore[arg-type]
            text += f" {shown.splitlines()[-1]}"
        self._events.append(("log", text))


def _listen(events: list[tuple[str, str]], said: list[str]) -> None:
    """Turn the streams, the log records and the warnings of this process into events."""
    sys.stdout = _Stream("stdout", events)
    sys.stderr = _Stream("stderr", events)
    logging.root.handlers[:] = [_Handler(events)]
    logging.root.setLevel(logging.WARNING)

    def note(
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        if category.__name__ == "SharedStateWarning":
            said.append(str(message))
        else:
            place = f"{os.path.basename(filename)}:{lineno}"
            events.append(("warning", f"{category.__qualname__}: {message} [{place}]"))

    warnings.showwarning = note
