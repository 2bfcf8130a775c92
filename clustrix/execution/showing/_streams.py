"""Standard output and error, as seen from a lane: what it writes is noted for the loop's caller.

    who asks            finds in vars(sys)              sys.stdout gives

    a lane              Stream ─┬─ its own, if any      its own, or
                                └─ Kept ──> Recorder    Kept ──> Recorder
    any other thread    Stream ──> what was there       what was there

While loops run, ``sys.stdout`` depends on the thread that asks.  A lane may put something else
in its place, as `contextlib.redirect_stdout` does: it gets that back alone, and no other thread
notices.  `print` looks into ``vars(sys)`` and means whatever is in place now; who has kept what
``sys.stdout`` gave means what was in place then.  So these are two objects: text that goes to
the second never comes to what the lane has put in front of it.
"""

from __future__ import annotations

import sys

from clustrix.basis._typing import Any, Callable, Iterable, Mapping
from clustrix.execution.showing._recorder import ERR, OUT, current

__all__ = ["STREAMS", "Kept", "Stream", "replace", "stream_property", "unwrapped"]

STREAMS = {"stdout": OUT, "stderr": ERR}

# So many streams in place of each other are told apart, when a lane puts back what it has found
# in ``vars(sys)``.  A lane that only ever puts new ones in place does not keep them all.
DEPTH = 8


class _StandIn:
    """Passes for another stream.

    Args:
        name: that of the stream in `sys`.
        beneath: the stream itself.
    """

    def __init__(self, name: str, beneath: Any) -> None:
        self.name_in_sys = name
        self.beneath = beneath

    def _meant(self) -> Any:
        return self.beneath

    # A check for the type of stream shall find that of the stream that is meant.
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._meant().__class__

    def __getattr__(self, name: str) -> Any:
        return getattr(self._meant(), name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A function that knows ``sys.stdout`` may travel, and writes to that where it arrives.
        return _in_sys, (self.name_in_sys,)


def _in_sys(name: str) -> Any:
    return getattr(sys, name)


class Kept(_StandIn):
    """What ``sys.stdout`` gives to a lane that has put nothing in its place.

    In a lane, any lane, it is the recorder; elsewhere, the stream beneath.

    Attributes:
        said: attributes that lanes shall see instead of those of ``beneath``.
    """

    def __init__(self, name: str, beneath: Any) -> None:
        super().__init__(name, beneath)
        self.said: Mapping[str, Any] = {}

    def write(self, text: str) -> int:
        """As of a text stream."""
        recorder = current()
        if recorder is None:
            written: int = len(text) if self.beneath is None else self.beneath.write(text)
            return written
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not text.isascii() and (encoding := self.encoding) is not None:
            text.encode(encoding, self.errors or "strict")  # fails here, as it would have there
        if text:
            recorder.note(STREAMS[self.name_in_sys], str.__str__(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As of a text stream."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As of a text stream; a lane's flush happens when its text is shown."""
        recorder = current()
        if recorder is not None:
            recorder.note(STREAMS[self.name_in_sys], None)
        elif self.beneath is not None:
            self.beneath.flush()

    @property
    def buffer(self) -> Any:
        """Where bytes are written."""
        binary = self.beneath.buffer
        return binary if current() is None else _Buffer(self, binary)

    @property
    def encoding(self) -> Any:
        """Of the caller's stream."""
        return self._look("encoding")

    @property
    def errors(self) -> Any:
        """Of the caller's stream."""
        return self._look("errors")

    def isatty(self) -> bool:
        """Whether the caller's stream is a terminal."""
        found = self._look("isatty")
        return bool(found() if callable(found) else found)

    def _look(self, name: str) -> Any:
        if current() is None:
            return getattr(self.beneath, name)
        if name in self.said:
            return self.said[name]
        return getattr(self.beneath, name, None)


class Stream(_StandIn):
    """Stands in ``vars(sys)`` for one stream, and means what is in place for whoever asks.

    Whoever puts it back where it was found means that one stream, whatever came in between.

    Attributes:
        kept: what lanes get.
    """

    def __init__(self, name: str, beneath: Any) -> None:
        super().__init__(name, beneath)
        self.kept = Kept(name, beneath)

    def write(self, text: str) -> int:
        """As of a text stream, or of none: then `print` shall say nothing."""
        target = self._meant()
        written: int = len(text) if target is None else target.write(text)
        return written

    def flush(self) -> None:
        """As of a text stream, or of none."""
        target = self._meant()
        if target is not None:
            target.flush()

    def _meant(self) -> Any:
        recorder = current()
        if recorder is None:
            return self.beneath
        own = recorder.own.get(self.name_in_sys)
        return own[-1] if own else self.kept


class _Buffer:
    """The binary half of a stream, as a lane has it."""

    def __init__(self, stream: Kept, beneath: Any) -> None:
        self._stream = stream
        self._beneath = beneath

    def write(self, data: Any) -> int:
        recorder = current()
        if recorder is None:
            written: int = self._beneath.write(data)
            return written
        content = bytes(memoryview(data))  # a text is refused here
        recorder.note(STREAMS[self._stream.name_in_sys], content)
        return len(content)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beneath, name)


# `print` holds no reference to the stream that it has found, while threads take turns in a call of
# its `write`: one that is freed then ends the program.  These are no longer in place.
_retired: list[Stream] = []
MOST_RETIRED = 64

_references: Callable[[object], int] = getattr(sys, "getrefcount", lambda _: sys.maxsize)


def replace(streams: dict[str, Stream], name: str, beneath: Any) -> None:
    """Something else has been put in the place of a stream.

    Who has taken what stands for it, and may put that back, means the stream of before.  Where
    nobody has, the same object stands for the new one.

    Args:
        streams: what stands in for streams now, by name; changed here.
        name: which.
        beneath: what is there from now on.
    """
    stream = streams[name]
    # Known are: the table, `sys` where it is in place, and here the name and the argument; then
    # the attribute and the argument.
    known = 3 + (vars(sys).get(name) is stream)
    if _references(stream) <= known and _references(stream.kept) <= 2:
        stream.beneath = stream.kept.beneath = beneath
        return
    _retired.append(stream)
    del _retired[:-MOST_RETIRED]
    streams[name] = other = Stream(name, beneath)
    other.kept.said = stream.kept.said


def unwrapped(stream: Any) -> Any:
    """The stream itself, if this is one that stands in for it."""
    return stream.beneath if type(stream) in (Stream, Kept) else stream


def stream_property(name: str, streams: dict[str, Stream], changing: Callable[[], Any]) -> property:
    """What ``sys.stdout`` is for whoever asks: a lane's own, or what it would be without us.

    Args:
        name: which stream.
        streams: what stands in its place now, by name; changed here.
        changing: gives the lock of whoever puts the stream there, or takes it away.
    """
    namespace = vars(sys)

    def look(_: object) -> Any:
        recorder = current()
        if recorder is None:
            return streams[name].beneath
        own = recorder.own.get(name)
        return own[-1] if own else streams[name].kept

    def put(_: object, value: Any) -> None:
        recorder = current()
        if recorder is not None:
            _put_in_lane(recorder.own.setdefault(name, []), name, value)
            return
        value = unwrapped(value)
        with changing():
            if type(namespace.get(name)) is Stream:
                replace(streams, name, value)
                namespace[name] = streams[name]
            else:  # the last lane has left while this one waited
                namespace[name] = value

    def delete(_: object) -> None:
        raise AttributeError(f"{name} of {sys.__name__} cannot be deleted while a loop runs")

    return property(look, put, delete)


def _put_in_lane(own: list[Any], name: str, value: Any) -> None:
    """Put a stream in front of others of the lane, or go back to one of them.

    Args:
        own: what the lane has put in place of each other, the one in place last.
        name: which stream it is about.
        value: what is assigned.
    """
    if type(value) in (Stream, Kept) and value.name_in_sys == name:
        # What is found in ``vars(sys)`` is the same whatever is in place, so it means: a step back.
        del own[-1 if type(value) is Stream else 0 :]
        return
    if type(value) is Stream:
        value = value.kept
    for place, one in enumerate(own):
        if one is value:
            del own[place + 1 :]
            return
    own.append(value)
    del own[:-DEPTH]
