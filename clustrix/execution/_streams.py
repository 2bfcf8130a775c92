"""Standard output and error, as seen from a lane: what it writes is noted for the loop's caller.

    print ──> Stream.write ── in a lane ──> its Recorder
                    └──────── elsewhere ──> the stream that was there before

While loops run, ``sys.stdout`` depends on the thread that asks.  A lane may put something else
in its place, as `contextlib.redirect_stdout` does: it gets that back alone, and no other thread
notices.
"""

from __future__ import annotations

import sys

from clustrix._typing import Any, Callable, Iterable, Mapping
from clustrix.execution._recorder import ERR, OUT, Recorder, current

__all__ = ["STREAMS", "Stream", "stream_property"]

STREAMS = {"stdout": OUT, "stderr": ERR}


class Stream:
    """Stands where ``sys.stdout`` or ``sys.stderr`` is looked up.

    Args:
        name: which of them.
        beneath: the stream itself.

    Attributes:
        said: attributes that lanes shall see instead of those of ``beneath``.
    """

    def __init__(self, name: str, beneath: Any) -> None:
        self.name_in_sys = name
        self.beneath = beneath
        self.said: Mapping[str, Any] = {}

    def write(self, text: str) -> int:
        """As of a text stream."""
        recorder = current()
        if recorder is None or self.name_in_sys in recorder.own:
            target = self._target(recorder)
            written: int = len(text) if target is None else target.write(text)
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
        if recorder is None or self.name_in_sys in recorder.own:
            target = self._target(recorder)
            if target is not None:
                target.flush()
        else:
            recorder.note(STREAMS[self.name_in_sys], None)

    @property
    def buffer(self) -> Any:
        """Where bytes are written."""
        recorder = current()
        if recorder is None or self.name_in_sys in recorder.own:
            return self._target(recorder).buffer
        return _Buffer(self, recorder, self.beneath.buffer)

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

    # A check for the type of stream shall find that of the stream that is meant.
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._target(current()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target(current()), name)

    def _look(self, name: str) -> Any:
        recorder = current()
        if recorder is None or self.name_in_sys in recorder.own:
            return getattr(self._target(recorder), name)
        if name in self.said:
            return self.said[name]
        return getattr(self.beneath, name, None)

    def _target(self, recorder: Recorder | None) -> Any:
        if recorder is None:
            return self.beneath
        return recorder.own.get(self.name_in_sys, self.beneath)


class _Buffer:
    """The binary half of a stream, in a lane."""

    def __init__(self, stream: Stream, recorder: Recorder, beneath: Any) -> None:
        self._stream = stream
        self._recorder = recorder
        self._beneath = beneath

    def write(self, data: Any) -> int:
        content = bytes(memoryview(data))  # a text is refused here
        self._recorder.note(STREAMS[self._stream.name_in_sys], content)
        return len(content)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beneath, name)


def stream_property(stream: Stream, changing: Callable[[], Any]) -> property:
    """What ``sys.stdout`` is for whoever asks: a lane's own, or what it would be without us.

    Args:
        stream: what stands in its place.
        changing: gives the lock of whoever puts the stream there, or takes it away.
    """
    name, namespace = stream.name_in_sys, vars(sys)

    def look(_: object) -> Any:
        recorder = current()
        return stream.beneath if recorder is None else recorder.own.get(name, stream)

    def put(_: object, value: Any) -> None:
        recorder = current()
        if recorder is None:
            with changing():
                if namespace.get(name) is stream:
                    stream.beneath = value
                else:  # the last lane has left while this one waited
                    namespace[name] = value
        elif value is stream:
            recorder.own.pop(name, None)
        else:
            recorder.own[name] = value

    def delete(_: object) -> None:
        raise AttributeError(f"{name} of {sys.__name__} cannot be deleted while a loop runs")

    return property(look, put, delete)
