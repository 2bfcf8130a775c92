"""Messages between the parent and one worker: frames over a private socket pair.

    frame = header (kind, a, b, sizes) · body (a pickle) · buffers (as file descriptors)

Both sides use this class; the parent's socket does not block, the worker's does.  The parent
can therefore talk to a worker that has stopped, or that is itself busy sending, and neither
can bring the other to a halt: what cannot be sent now stays in a queue.
"""

from __future__ import annotations

import os
import pickle
import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from clustrix.execution import _platform

__all__ = ["EMPTY", "Channel", "Frame", "Kind", "Packed", "pack", "unpack"]

# Smaller buffers are cheaper inside the pickle, bigger ones in shared memory: a descriptor
# costs some 30 us to make, send and map, a copy through the socket about 1 ms per MB.
BIG_BUFFER = 1 << 18

# Descriptors in one frame; the kernel takes 253, and a process often has only 1024 in all.
MOST_BUFFERS = 64

# Up to here it is cheaper to copy a body behind its header than to send it on its own.
ONE_PIECE = 1 << 14

_HEADER = struct.Struct("<BqqQB")
_SIZE = struct.Struct("<Q")


class Kind:
    """What a frame means; the README of this room draws the conversation."""

    CONTEXT, TASK, DROP, CHUNK, EXIT = range(5)  # parent to worker
    PART, DONE, FAILED, BROKEN = range(16, 20)  # worker to parent


class Packed(NamedTuple):
    """A pickle and the buffers that were taken out of it."""

    body: bytes
    buffers: tuple[pickle.PickleBuffer, ...] = ()


EMPTY = Packed(b"")


class Frame(NamedTuple):
    """A message as it arrives; the body is still a pickle, since unpickling it may fail."""

    kind: int
    a: int
    b: int
    body: bytes | bytearray
    buffers: tuple[Any, ...] = ()


def pack(obj: object, dumps: Callable[..., bytes]) -> Packed:
    """Serialize, with the big buffers left where they are until the frame is sent."""
    if not _platform.SHARES_MEMORY:
        return Packed(dumps(obj))
    taken: list[pickle.PickleBuffer] = []

    def keep_inside(buffer: pickle.PickleBuffer) -> bool:
        with buffer.raw() as raw:
            if raw.nbytes < BIG_BUFFER or len(taken) == MOST_BUFFERS:
                return True
        taken.append(buffer)
        return False

    def guarded(buffer: pickle.PickleBuffer) -> bool:
        try:
            return keep_inside(buffer)
        except BufferError:  # not contiguous
            return True

    return Packed(dumps(obj, buffer_callback=guarded), tuple(taken))


def unpack(frame: Frame) -> Any:
    """Restore the object of a frame; whatever its parts raise while they are made comes out."""
    return pickle.loads(frame.body, buffers=frame.buffers)


class Channel:
    """One end of the conversation.

    Args:
        end: one end of a socket pair, owned from here on.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._out: deque[tuple[memoryview, list[int]]] = deque()
        self._in = memoryview(bytearray(_HEADER.size))
        self._have = 0
        self._header: tuple[int, ...] | None = None
        self._body = bytearray()
        self._handles: list[int] = []

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether something is queued that the socket did not take yet."""
        return bool(self._out)

    def send(self, kind: int, a: int = 0, b: int = 0, packed: Packed = EMPTY) -> None:
        """Queue a frame and send what the socket takes now (all of it, where it blocks).

        Raises:
            OSError: the other side is gone, or memory for the buffers cannot be had.
        """
        raws = [buffer.raw() for buffer in packed.buffers]
        handles = [_platform.share(raw) for raw in raws]
        header = _HEADER.pack(kind, a, b, len(packed.body), len(raws))
        sizes = b"".join(_SIZE.pack(raw.nbytes) for raw in raws)
        if len(packed.body) <= ONE_PIECE:
            self._out.append((memoryview(b"".join((header, sizes, packed.body))), handles))
        else:
            self._out.append((memoryview(header + sizes), handles))
            self._out.append((memoryview(packed.body), []))
        self.flush()

    def flush(self) -> None:
        """Send queued frames as far as the socket takes them."""
        while self._out:
            view, handles = self._out[0]
            try:
                if handles:
                    sent = socket.send_fds(self._socket, [view], handles)
                else:
                    sent = self._socket.send(view)
            except BlockingIOError:
                return
            for handle in handles:
                os.close(handle)
            if sent == len(view):
                self._out.popleft()
            else:
                self._out[0] = (view[sent:], [])

    def wait(self, seconds: float) -> bool:
        """Whether something arrives within that time; for the side whose socket blocks."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def read(self) -> Frame | None:
        """The next frame; ``None`` when it has not arrived yet and the socket does not block.

        Raises:
            EOFError: the other side is gone.
        """
        while True:
            if not self._fill():
                return None
            if self._header is None:
                kind, a, b, length, count = _HEADER.unpack(self._in)
                self._header = (kind, a, b, count)
                self._body = bytearray(count * _SIZE.size + length)
                self._expect(memoryview(self._body))
                continue
            kind, a, b, count = self._header
            offset = count * _SIZE.size
            sizes = struct.unpack_from(f"<{count}Q", self._body)
            handles, self._handles = self._handles[:count], self._handles[count:]
            body = self._body[offset:] if offset else self._body
            self._header = None
            self._expect(memoryview(bytearray(_HEADER.size)))
            buffers = tuple(
                _platform.attach(handle, size) for handle, size in zip(handles, sizes, strict=True)
            )
            return Frame(kind, a, b, body, buffers)

    def close(self) -> None:
        """Hang up; the other side reads EOF."""
        for _, handles in self._out:
            for handle in handles:
                os.close(handle)
        for handle in self._handles:
            os.close(handle)
        self._out.clear()
        self._handles.clear()
        self._socket.close()

    def _expect(self, view: memoryview) -> None:
        self._in, self._have = view, 0

    def _fill(self) -> bool:
        """Read until the expected bytes are there; ``False`` when the socket has no more now."""
        while self._have < len(self._in):
            try:
                if self._header is None and _platform.SHARES_MEMORY:  # may bring descriptors
                    count, handles = self._receive_header()
                    self._handles += handles
                else:
                    count = self._socket.recv_into(self._in[self._have :])
            except BlockingIOError:
                return False
            except ConnectionResetError:
                count = 0
            if count == 0:
                raise EOFError("the other side of the channel is gone")
            self._have += count
        return True

    def _receive_header(self) -> tuple[int, list[int]]:
        wanted = len(self._in) - self._have
        data, handles, _, _ = socket.recv_fds(self._socket, wanted, MOST_BUFFERS)
        self._in[self._have : self._have + len(data)] = data
        return len(data), handles
