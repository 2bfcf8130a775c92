"""Frames over a socket pair: complete or not at all, whatever the socket does."""

from __future__ import annotations

import collections
import os
import pickle
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix.execution.machine import _platform
from clustrix.execution.workers._arena import SHARES_MEMORY, Inbox, Outbox
from clustrix.execution.workers._channel import (
    BIG_BODY,
    BIG_BUFFER,
    MOST_BUFFERS,
    Channel,
    Packed,
    pack,
    unpack,
)
from clustrix.execution.workers._frames import Kind

shares_memory = pytest.mark.skipif(
    not SHARES_MEMORY, reason="buffers travel inside the pickles here"
)


def pickled(obj, buffer_callback=None):
    """The standard pickle, protocol 5."""
    return pickle.dumps(obj, protocol=5, buffer_callback=buffer_callback)


def open_files():
    """Descriptors that this process holds."""
    return sorted(os.listdir("/proc/self/fd"))


def connect(*, blocking=True):
    """Two channels: the parent's never blocks, the worker's may."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(blocking)
    emptied = collections.Counter()
    parent = Channel(
        ours,
        Outbox(lambda: emptied["worker"]),
        Inbox(lambda: emptied.update(["parent"])),
        patient=False,
    )
    worker = Channel(
        theirs,
        Outbox(lambda: emptied["parent"]),
        Inbox(lambda: emptied.update(["worker"])),
        patient=True,
    )
    return parent, worker


def alone(end):
    """A channel whose other end is a bare socket."""
    return Channel(end, Outbox(int), Inbox(lambda: None), patient=False)


@pytest.fixture
def pair():
    """A parent and a worker that talk to each other."""
    channels = connect()
    yield channels
    for channel in channels:
        channel.close()


def pump(sender, receiver, count):
    """Send what is queued and read so many frames."""
    frames = []
    while len(frames) < count:
        sender.flush()
        if _platform.wait_for([receiver.fileno()], [], 0 if sender.wants_to_write else 60):
            frames.append(receiver.read())
            assert frames[-1] is not None
    return frames


def read_all(sender, receiver, count):
    """Send what is queued, and read so many frames in another thread."""
    frames = []
    thread = threading.Thread(target=lambda: frames.extend(receiver.read() for _ in range(count)))
    thread.start()
    while sender.wants_to_write:
        _platform.wait_for([], [sender.fileno()], 60)
        sender.flush()
    thread.join()
    return frames


@pytest.mark.parametrize("size", [0, 1, 100, 1 << 16, 5 << 20])
def test_a_frame_arrives_as_it_was_sent(pair, size):
    """Small ones and ones that no socket buffer holds."""
    parent, worker = pair
    body = os.urandom(size)

    def send():
        worker.send(Kind.DONE, -3, 1 << 40, Packed(body))

    thread = threading.Thread(target=send)  # the worker's side blocks until it is read
    thread.start()
    frame = None
    while frame is None:
        _platform.wait_for([parent.fileno()], [], 60)
        frame = parent.read()
    thread.join()
    assert (frame.kind, frame.a, frame.b, bytes(frame.body)) == (Kind.DONE, -3, 1 << 40, body)


def test_the_parent_never_blocks(pair):
    """Frames that the worker does not take wait in a queue; both may talk at once."""
    parent, worker = pair
    body, count = Packed(b"x" * (BIG_BODY - 1)), 64
    for number in range(count):
        parent.send(Kind.CHUNK, number, packed=body)
    assert parent.wants_to_write
    answer = threading.Thread(
        target=lambda: [worker.send(Kind.PART, number, 0, body) for number in range(count)]
    )
    answer.start()
    heard = []
    while len(heard) < count:
        _platform.wait_for([parent.fileno()], [], 60)
        while (frame := parent.read()) is not None:
            heard.append((frame.a, len(frame.body)))
    answer.join()
    assert heard == [(number, BIG_BODY - 1) for number in range(count)]
    reader = []
    thread = threading.Thread(target=lambda: reader.extend(worker.read().a for _ in range(count)))
    thread.start()
    while parent.wants_to_write:
        _platform.wait_for([], [parent.fileno()], 60)
        parent.flush()
    thread.join()
    assert reader == list(range(count))


@pytest.mark.parametrize("size", [10, 1 << 14, BIG_BODY - 1])
def test_the_last_chunks_can_be_forgotten_while_nothing_of_them_has_left(pair, size):
    """What has left in part goes on, and what is no chunk stays; so does what is in front of it."""
    parent, worker = pair
    body = Packed(b"x" * size)
    parent.send(Kind.TASK, 1, packed=body)
    chunks = 0
    while not parent.wants_to_write:
        parent.send(Kind.CHUNK, 0, chunks, body)
        chunks += 1
    for _ in range(3):
        parent.send(Kind.CHUNK, 0, chunks, body)
        chunks += 1
    parent.send(Kind.TASK, 2, packed=body)
    assert parent.drop_chunks() == 0
    for number in range(3):
        parent.send(Kind.SIMPLE, 1, number, body)
    assert parent.drop_chunks() == 3
    parent.send(Kind.EXIT)
    heard = read_all(parent, worker, chunks + 3)
    assert [(frame.kind, frame.b) for frame in heard] == [
        (Kind.TASK, 0),
        *((Kind.CHUNK, number) for number in range(chunks)),
        (Kind.TASK, 0),
        (Kind.EXIT, 0),
    ]
    assert all(frame.body == body.body for frame in heard[:-1])


@shares_memory
def test_memory_beside_a_frame_is_not_forgotten(pair):
    """Both sides count what has been emptied."""
    parent, worker = pair
    array = pickle.PickleBuffer(bytearray(b"b") * BIG_BUFFER)
    sent = 0
    while not parent.wants_to_write:
        parent.send(Kind.CHUNK, 0, sent, Packed(b"x" * (BIG_BODY - 1)))
        sent += 1
    parent.send(Kind.CHUNK, 0, sent, pack([array], pickled))
    assert parent.drop_chunks() == 0
    parent.send(Kind.CHUNK, 0, sent + 1, Packed(b"x"))
    assert parent.drop_chunks() == 1
    assert [frame.b for frame in read_all(parent, worker, sent + 1)] == list(range(sent + 1))


@shares_memory
@pytest.mark.parametrize("call", ["memfd_create", "dup"])
@pytest.mark.parametrize("granted", [[False], [True, False, True]])
def test_all_goes_through_the_socket_where_there_is_no_memory(pair, monkeypatch, call, granted):
    """A program may have no descriptor left, at any step; the next frames find memory again."""
    parent, worker = pair
    came = []
    reader = threading.Thread(target=lambda: came.extend(worker.read() for _ in "xyz"))
    reader.start()
    real, answers = getattr(os, call), iter(granted)

    def scarce(*arguments):
        if not next(answers):
            raise OSError(24, "Too many open files")
        return real(*arguments)

    buffers = [pickle.PickleBuffer(bytearray(b"b") * BIG_BUFFER)] * (len(granted) > 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, scarce)
        parent.send(Kind.CHUNK, packed=pack(["x" * BIG_BODY, *buffers], pickled))
    for letter in "yz":
        parent.send(Kind.CHUNK, packed=pack([letter * BIG_BODY, *buffers], pickled))
    while parent.wants_to_write:
        _platform.wait_for([], [parent.fileno()], 60)
        parent.flush()
    reader.join()
    for letter, frame in zip("xyz", came, strict=True):
        text, *beside = unpack(frame)
        assert text == letter * BIG_BODY
        assert [bytes(one) for one in beside] == [b"b" * BIG_BUFFER] * len(buffers)


@shares_memory
@pytest.mark.parametrize("beside", [0, 3, MOST_BUFFERS - 1])
def test_a_big_body_leaves_at_once(pair, beside):
    """Beside its frame, like big buffers: who computes next could not send the rest of it."""
    parent, worker = pair
    arrays = [pickle.PickleBuffer(bytearray([n]) * BIG_BUFFER) for n in range(beside)]
    texts = ["x" * (BIG_BODY << turn) for turn in range(6)]
    for text in texts:
        parent.send(Kind.CHUNK, packed=pack([text, *arrays], pickled))
        assert not parent.wants_to_write
    for text in texts:
        frame = worker.read()
        assert len(frame.buffers) == beside
        found, *buffers = unpack(frame)
        assert found == text
        assert [bytes(one[:1]) for one in buffers] == [bytes([n]) for n in range(beside)]


@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_a_frame_may_arrive_in_pieces(cuts):
    """However the stream is cut, frames come out whole and in order."""
    wire, ours = socket.socketpair()
    recorder = alone(ours)
    recorder.send(Kind.PART, 1, packed=Packed(b"a" * 100))
    recorder.send(Kind.DONE, 2, packed=Packed(b""))
    recorder.send(Kind.FAILED, 3, 4, Packed(b"c" * 200))
    stream = wire.recv(1 << 16)
    recorder.close()
    wire.close()
    source, target = socket.socketpair()
    target.setblocking(False)
    receiver = alone(target)
    frames, at = [], 0
    for cut in [*sorted(min(c, len(stream)) for c in cuts), len(stream)]:
        source.sendall(stream[at:cut])
        at = cut
        while (frame := receiver.read()) is not None:
            frames.append(frame)
    source.close()
    receiver.close()
    assert [(f.kind, f.a, f.b, len(f.body)) for f in frames] == [
        (Kind.PART, 1, 0, 100),
        (Kind.DONE, 2, 0, 0),
        (Kind.FAILED, 3, 4, 200),
    ]


@pytest.mark.parametrize("sent", [0, 5, 40, 60])
def test_the_end_of_the_stream_is_an_error_wherever_it_comes(sent):
    """Before a frame, inside its header or inside its body."""
    ours, theirs = socket.socketpair()
    recorder, wire = alone(ours), theirs
    recorder.send(Kind.DONE, packed=Packed(b"z" * 100))
    stream = wire.recv(1000)
    recorder.close()
    wire.close()
    source, target = socket.socketpair()
    channel = alone(target)
    source.sendall(stream[:sent])
    source.close()
    with pytest.raises(EOFError):
        channel.read()
    channel.close()


def test_sending_to_nobody_is_an_os_error(pair):
    """The worker is gone."""
    parent, worker = pair
    worker.close()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        parent.send(Kind.CHUNK, packed=Packed(b"x" * (1 << 20)))


@shares_memory
def test_big_buffers_travel_outside_the_pickle(pair):
    """The pickle stays small, the data arrives, and can be written to."""
    numpy = pytest.importorskip("numpy")
    parent, worker = pair
    arrays = [numpy.full(BIG_BUFFER // 8 + 1, i, dtype="f8") for i in range(3)]
    packed = pack(arrays, pickled)
    assert len(packed.body) < 2000
    assert len(packed.buffers) == 3
    parent.send(Kind.CHUNK, packed=packed)
    (frame,) = pump(parent, worker, 1)
    received = unpack(frame)
    for array, copy in zip(arrays, received, strict=True):
        assert (copy == array).all()
        copy += 1  # writable, and nobody else's
    assert [array[0] for array in arrays] == [0, 1, 2]


@shares_memory
def test_more_buffers_than_a_frame_can_carry(pair):
    """The rest goes inside the pickle."""
    numpy = pytest.importorskip("numpy")
    parent, worker = pair
    count = MOST_BUFFERS + 6
    arrays = [numpy.full(BIG_BUFFER, i, dtype="u1") for i in range(count)]
    packed = pack(arrays, pickled)
    assert len(packed.buffers) == MOST_BUFFERS
    thread_frames = []
    thread = threading.Thread(target=lambda: thread_frames.append(worker.read()))
    thread.start()
    parent.send(Kind.CHUNK, packed=packed)
    while parent.wants_to_write:
        _platform.wait_for([], [parent.fileno()], 60)
        parent.flush()
    thread.join()
    assert [int(copy[-1]) for copy in unpack(thread_frames[0])] == list(range(count))


@shares_memory
def test_frames_with_buffers_back_to_back(pair):
    """Each frame gets its own buffers."""
    numpy = pytest.importorskip("numpy")
    parent, worker = pair
    for i in range(4):
        parent.send(Kind.CHUNK, i, packed=pack(numpy.full(BIG_BUFFER, i, dtype="u1"), pickled))
        parent.send(Kind.DROP, i)
    frames = pump(parent, worker, 8)
    assert [frame.a for frame in frames] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [int(unpack(frame)[0]) for frame in frames[::2]] == [0, 1, 2, 3]


def test_small_buffers_stay_inside():
    """A descriptor costs more than a small copy."""
    assert pack(pickle.PickleBuffer(b"x" * 100), pickled).buffers == ()


@shares_memory
def test_a_buffer_with_holes_stays_inside(pair):
    """Every second column has no memory of its own to hand over."""
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(BIG_BUFFER).reshape(-1, 64)[:, ::2]
    packed = pack(array, pickled)
    copy = pickle.loads(packed.body, buffers=packed.buffers)
    assert (copy == array).all()


@shares_memory
@pytest.mark.parametrize("state", ["unsent", "unread", "half read", "read"])
def test_descriptors_are_closed_in_every_state(state):
    """A frame that never arrives leaves nothing open on either side."""
    before = open_files()
    parent, worker = connect(blocking=False)
    while state == "unsent" and not parent.wants_to_write:
        parent.send(Kind.CHUNK, packed=Packed(b"x" * (BIG_BODY - 1)))
    if state == "half read":
        parent._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the least there is
    buffer = pickle.PickleBuffer(bytearray(BIG_BUFFER))
    body = b"x" * (BIG_BODY - 100) if state == "half read" else b""
    parent.send(Kind.CHUNK, packed=pack([buffer, body], pickled))
    if state == "half read":
        assert worker.read() is None  # the descriptors are here, the body is not
    if state == "read":
        frame = worker.read()
        assert len(frame.buffers) == 1
        del frame
    parent.close()
    worker.close()
    assert open_files() == before


@shares_memory
def test_memory_is_used_again(pair):
    """However many arrays of whatever sizes have passed, little stays mapped on either side."""
    numpy = pytest.importorskip("numpy")
    parent, worker = pair

    def mapped():
        with open("/proc/self/maps") as file:
            return sum("memfd:clustrix" in line for line in file)

    before = mapped()
    for turn in range(12):
        size = BIG_BUFFER if turn % 2 else 16 * BIG_BUFFER
        arrays = [numpy.full(size, turn, dtype="u1") for _ in range(16)]
        parent.send(Kind.CHUNK, turn, packed=pack(arrays, pickled))
        (frame,) = pump(parent, worker, 1)
        assert all(int(array[-1]) == turn for array in unpack(frame))
    assert mapped() - before <= 64


@shares_memory
def test_what_has_arrived_does_not_change_any_more(pair):
    """Memory that is used again is not the receiver's."""
    numpy = pytest.importorskip("numpy")
    parent, worker = pair
    received = []
    for turn in range(5):
        parent.send(
            Kind.CHUNK, packed=pack([numpy.full(2 * BIG_BUFFER, turn, dtype="u1")], pickled)
        )
        received.append(unpack(pump(parent, worker, 1)[0])[0])
    assert [int(array[0]) for array in received] == [0, 1, 2, 3, 4]
