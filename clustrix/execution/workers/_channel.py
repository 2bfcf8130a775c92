"""Messages between the parent and one worker: frames over a private socket pair.

    frame = head (`_frames.py`) · body (a pickle) · buffers (as file descriptors)
                                         └── a big one is a buffer, too ──┘
                                         and buffers are body where no descriptor is left

Both sides use this class; the parent's socket does not block, the worker's does.  The parent
can therefore talk to a worker that has stopped, or that is itself busy sending, and neither
can bring the other to a halt: what cannot be sent now stays in a queue.
"""

from __future__ import annotations

import errno
import os

from clustrix.basis._native import deque, pickle, socket, struct
from clustrix.basis._typing import Any, Callable, NamedTuple
from clustrix.execution.workers._arena import SHARES_MEMORY, Inbox, Outbox, Parcel
from clustrix.execution.workers._frames import HEAD, Kind

__all__ = ["EMPTY", "Channel", "Frame", "Kind", "NoDescriptor", "Packed", "pack", "unpack"]

# Smaller buffers are cheaper inside the pickle; through the socket 1 MB costs about 1 ms.
BIG_BUFFER = 1 << 18

# Descriptors in one frame; the kernel takes 253, and a process often has only 1024 in all.
MOST_BUFFERS = 64

# Bodies from here on go beside their frame as well: a socket holds some 200 kB, and who computes
# cannot send the rest before its item ends (a survey of 1,790 files in chunks of 270 kB took 0.68
# of the plain loop so, 0.51 like this).
BIG_BODY = 1 << 15

# Up to here it is cheaper to copy a body behind its header than to send it on its own.
ONE_PIECE = 1 << 14

_HEADER = struct.Struct("5q")
# Bytes to ask the socket for; most frames, header and body, come with one call.
AT_ONCE = 1 << 16

# More would only be reserved for nothing: a socket hands over some 200 kB at a time.
MOST_AT_ONCE = 1 << 18

_HANDLE = struct.Struct("i")
_HANDLE_SPACE = socket.CMSG_SPACE(MOST_BUFFERS * _HANDLE.size) if SHARES_MEMORY else 0
_PARCEL = struct.Struct("<QQ?")

# Instead of a slot's number: the buffer comes behind the body, through the socket.
_INSIDE = 1 << 32

# What a piece that waits to be sent is: a chunk, or how it begins, the body behind that, or else.
_CHUNK, _BODY, _ELSE = range(3)


class NoDescriptor(OSError):
    """A process has so many files open that memory for it could not be handed over."""

    def __init__(self) -> None:
        super().__init__(
            errno.EMFILE,
            "no file descriptor is left for the arrays that another process sends; close files, or "
            "allow more of them (ulimit -n)",
        )


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
    body: Any
    buffers: tuple[Any, ...] = ()


def pack(obj: object, dumps: Callable[..., bytes]) -> Packed:
    """Serialize, with the big buffers left where they are until the frame is sent."""
    if not SHARES_MEMORY:
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
        outbox: the memory through which big buffers leave.
        inbox: and through which they come.
        patient: whether to wait for room in the outbox; the side that must never wait does not.
        heard: what has been read from there already.
    """

    def __init__(
        self,
        end: socket.socket,
        outbox: Outbox,
        inbox: Inbox,
        *,
        patient: bool,
        heard: bytes = b"",
    ) -> None:
        self._socket = end
        self._outbox = outbox
        self._inbox = inbox
        self._patient = patient
        self._out: deque[tuple[bytes | memoryview, list[int], int]] = deque()
        self._in = bytearray(heard)
        self._handles: list[int] = []
        self._lost = False  # whether handles were on the way that this process cannot have

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
            OSError: the other side is gone.
        """
        body, parcels = self._beside(*packed)
        header = _HEADER.pack(kind, a, b, len(body), len(parcels))
        handles = [parcel.handle for parcel in parcels if parcel.handle >= 0]
        if handles:  # on its own: who does not take descriptors can tell before any is lost
            self._out.append((header, [], _ELSE))
            header = b""
        header += b"".join(_PARCEL.pack(slot, size, handle >= 0) for slot, size, handle in parcels)
        part = _ELSE if parcels or kind not in (Kind.CHUNK, Kind.SIMPLE) else _CHUNK
        if len(body) <= ONE_PIECE:
            self._out.append((header + body, handles, part))
        else:
            self._out.append((header, handles, part))
            self._out.append((body, [], _BODY))
        self.flush()

    def drop_chunks(self) -> int:
        """Forget the last chunks, as far as nothing of them has left yet; how many those were.

        Memory that goes beside a frame is counted on both sides, so such a frame stays.
        """
        out, dropped = self._out, 0
        while out:
            parts = 2 if out[-1][2] == _BODY else 1
            if len(out) < parts or out[-parts][2] != _CHUNK:
                break
            for _ in range(parts):
                out.pop()
            dropped += 1
        return dropped

    def _beside(
        self, body: bytes, buffers: tuple[pickle.PickleBuffer, ...]
    ) -> tuple[bytes, list[Parcel]]:
        """Put into memory what goes beside the frame: the buffers, and a big body."""
        views = [buffer.raw() for buffer in buffers]
        goes = SHARES_MEMORY and len(body) >= BIG_BODY and len(views) < MOST_BUFFERS
        if not (views or goes):
            return body, []
        try:
            put = [*views, memoryview(body)] if goes else views
            parcels = self._outbox.put(put, wait=self._patient)
        except OSError:  # no descriptor is left, say: then through the socket
            return b"".join([body, *views]), [Parcel(_INSIDE, len(view), -1) for view in views]
        return (b"" if goes else body), parcels

    def flush(self) -> None:
        """Send queued frames as far as the socket takes them."""
        while self._out:
            view, handles, _ = self._out[0]
            try:
                if handles:
                    sent = self._socket.sendmsg([view], [_carrying(handles)])
                else:
                    sent = self._socket.send(view)
            except BlockingIOError:
                return
            while handles:
                os.close(handles.pop())
            if sent == len(view):
                self._out.popleft()
            else:
                self._out[0] = (memoryview(view)[sent:], [], _ELSE)

    def read(self) -> Frame | None:
        """The next frame; ``None`` when it has not arrived yet and the socket does not wait.

        Raises:
            EOFError: the other side is gone.
            NoDescriptor: it sent memory, for which this process has no descriptor left.
        """
        while len(self._in) < HEAD:
            if not self._receive(AT_ONCE):
                return None
        kind, a, b, length, count = _HEADER.unpack_from(self._in)
        start = HEAD + count * _PARCEL.size
        while (missing := start + length - len(self._in)) > 0:
            if not self._receive(min(max(missing, AT_ONCE), MOST_AT_ONCE)):
                return None
        if not count and start + length == len(self._in):  # nearly always
            body, self._in = bytes(self._in[start:]), bytearray()
            return Frame(kind, a, b, body)
        parcels = [
            Parcel(slot, size, self._handles.pop(0) if fresh else -1)
            for slot, size, fresh in _PARCEL.iter_unpack(self._in[HEAD:start])
        ]
        body = bytes(memoryview(self._in)[start : start + length])
        del self._in[: start + length]
        if parcels and parcels[0].slot == _INSIDE:
            return Frame(kind, a, b, *_apart(body, parcels))
        buffers = self._inbox.get(parcels) if parcels else ()
        if buffers and not body:  # no pickle is empty: it came beside its frame, as the last one
            return Frame(kind, a, b, buffers[-1], buffers[:-1])
        return Frame(kind, a, b, body, buffers)

    def close(self) -> None:
        """Hang up; the other side reads EOF."""
        for handles in (self._handles, *(handles for _, handles, _ in self._out)):
            while handles:  # each is closed once, also where this is interrupted and called again
                os.close(handles.pop())
        self._out.clear()
        self._socket.close()
        self._outbox.close()
        self._inbox.close()

    def _receive(self, size: int) -> bool:
        """Add what has arrived to the bytes that wait; ``False`` when there is nothing now."""
        try:
            if self._lost:
                raise NoDescriptor
            if SHARES_MEMORY:
                data, extra, flags, _ = self._socket.recvmsg(size, _HANDLE_SPACE)
                if extra:
                    self._handles += _handles_in(extra)
                if flags & socket.MSG_CTRUNC:
                    self._lost = True
                    raise NoDescriptor
            else:
                data = self._socket.recv(size)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError("the other side of the channel is gone")
        self._in += data
        return True


def _apart(body: bytes, parcels: list[Parcel]) -> tuple[bytes, tuple[bytearray, ...]]:
    """A pickle, and the buffers behind it: writable, as those that come through memory are."""
    start = at = len(body) - sum(parcel.size for parcel in parcels)
    view, buffers = memoryview(body), []
    for parcel in parcels:
        buffers.append(bytearray(view[at : at + parcel.size]))
        at += parcel.size
    return body[:start], tuple(buffers)


def _carrying(handles: list[int]) -> tuple[int, int, bytes]:
    """A control message for a socket that takes descriptors along."""
    return socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(handles)}i", *handles)


def _handles_in(extra: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors in the control messages of a socket."""
    handles: list[int] = []
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            handles += struct.unpack_from(f"{len(data) // _HANDLE.size}i", data)
    return handles
