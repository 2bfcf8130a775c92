"""A worker's first moments: simple work is done with little loaded, and as the rest would do it.

a parent's channel ──> TASK, SIMPLE … ──> Early.serve() ──> answers, and what it leaves
"""

from __future__ import annotations

import locale
import math
import mmap
import os
import pickle
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix._model import Plan
from clustrix._records import Call
from clustrix.execution.chunking._schedule import Schedule
from clustrix.execution.chunking._taper import Taper
from clustrix.execution.surroundings._surroundings import surroundings
from clustrix.execution.workers import _birth
from clustrix.execution.workers._arena import SHARES_MEMORY, Inbox, Outbox
from clustrix.execution.workers._channel import Channel, Frame, Packed, pack, unpack
from clustrix.execution.workers._early import Early
from clustrix.execution.workers._frames import HEAD, Kind
from clustrix.execution.workers._page import IDLE, Page
from clustrix.execution.workers._pool import Pool
from clustrix.execution.workers._process_loop import ProcessLoop
from clustrix.execution.workers._tasks import Tasks
from tests.execution.workers.test_broken_conversations import Player
from tests.execution.workers.test_lifetime import gone
from tests.scripts import output_of, soon, start_script

pytestmark = [
    pytest.mark.usefixtures("nothing_by_value"),
    pytest.mark.skipif(sys.platform != "linux", reason="nothing is run early there"),
]

Function = Callable[..., Any]


class Parent:
    """A parent of a worker that has just begun."""

    def __init__(self) -> None:
        ours, self.end = socket.socketpair()
        ours.setblocking(False)
        memory = mmap.mmap(-1, mmap.PAGESIZE)
        self.page = Page(memory)
        self.channel = Channel(
            ours,
            Outbox(lambda: self.page.emptied("worker")),
            Inbox(lambda: self.page.note_emptied("parent")),
            patient=False,
        )
        self.serial = 0

    def send_task(self, function: Function, items: Sequence[Any], **call: Any) -> None:
        """What stays the same for a loop."""
        task = Tasks().make(Call(function, items, **call))
        assert task.simple
        self.channel.send(Kind.TASK, 1, packed=task.packed)

    def send_chunk(self, start: int, items: Sequence[Any], kind: int = Kind.SIMPLE) -> None:
        """Some items."""
        self.serial += 1
        body = pickle.dumps((1, 0, False, items), protocol=5)
        self.channel.send(kind, start, self.serial, Packed(body))

    def send(self, function: Function, items: Sequence[Any], **call: Any) -> None:
        """A loop of one chunk."""
        self.send_task(function, items, **call)
        self.send_chunk(0, items)

    def serve(self) -> bytes:
        """What the worker does at once; returns what it leaves to its other part."""
        return Early(self.end.fileno(), self.page).serve()

    def answers(self) -> list[Frame]:
        """What the worker has said."""
        return list(iter(self.channel.read, None))

    def values(self) -> list[Any]:
        """The values of its answers; there is nothing else among them."""
        frames = self.answers()
        assert {frame.kind for frame in frames} <= {Kind.DONE}
        return [value for frame in frames for value in unpack(frame)]

    def close(self) -> None:
        """Hang up."""
        self.channel.close()
        self.end.close()
        self.page.close()


@pytest.fixture
def parent() -> Iterator[Parent]:
    """A parent, and the end of its worker."""
    made = Parent()
    yield made
    made.close()


def kinds(heard: bytes) -> list[int]:
    """The frames in what was left."""
    found = []
    while heard:
        kind, _, _, length, _ = memoryview(heard[:HEAD]).cast("q")
        found.append(kind)
        heard = heard[HEAD + length :]
    return found


def cube(x: int) -> int:
    """A simple function."""
    return x**3


def shifted(x: int, by: int, times: int = 1) -> float:
    """One with other arguments."""
    return math.sqrt(times) * (x + by)


def test_simple_chunks_are_answered_in_order(parent: Parent) -> None:
    """And the task is left for the other part of the worker, which may need it later."""
    parent.send_task(cube, range(7))
    for start in (4, 0, 2):
        parent.send_chunk(start, range(start, start + 2))
    assert kinds(parent.serve()) == [Kind.TASK]
    answers = [(frame.a, frame.b, unpack(frame)) for frame in parent.answers()]
    assert answers == [(4, 2, [64, 125]), (0, 2, [0, 1]), (2, 2, [8, 27])]


def test_how_long_items_take_adds_up(parent: Parent) -> None:
    """Known before the parent hears of them; without what it takes to move them."""
    assert parent.page.spent() == 0.0
    parent.send(cube, range(1000))
    parent.serve()
    once = parent.page.spent()
    assert once > 0.0
    parent.send(cube, range(1000))
    parent.serve()
    assert parent.page.spent() > once


@pytest.mark.parametrize("taken", [False, True])
def test_a_worker_that_ends_between_two_chunks_is_not_blamed_on_the_next(
    parent: Parent, taken: bool
) -> None:
    """The page says that nothing is under way."""
    parent.send(cube, range(3))
    if taken:
        parent.page.take_back(parent.serial)
    parent.serve()
    phase, item, *_ = parent.page.where()
    assert (phase, item) == (IDLE, -1)
    assert parent.page.awake()


VALUES = st.one_of(st.integers(), st.floats(), st.text(), st.binary(), st.none(), st.booleans())


def wrapped(x: Any) -> Any:
    """Containers of what it gets."""
    return [x, (x, {str(x): x}), {1, 2}, bytearray(3)]


@given(st.lists(VALUES, min_size=1))
def test_values_are_those_of_the_loop(items: list[Any]) -> None:
    """Of the same types, down to the sign of a zero."""
    parent = Parent()
    try:
        parent.send(wrapped, items)
        parent.serve()
        assert repr(parent.values()) == repr([wrapped(item) for item in items])
    finally:
        parent.close()


@pytest.mark.parametrize("slot", [0, "x"])
def test_constant_arguments_are_there(parent: Parent, slot: int | str) -> None:
    """By position and by name."""
    call = {"args": (2,), "slot": slot} if slot == 0 else {"kwargs": {"by": 2}, "slot": slot}
    call["kwargs"] = {**call.get("kwargs", {}), "times": 4}  # type: ignore[dict-item]
    parent.send(shifted, range(3), **call)
    parent.serve()
    assert parent.values() == [4.0, 6.0, 8.0]


def fails(x: int) -> float:
    """One that fails in the middle."""
    return 1 / (x - 1)


def leaves(x: int) -> None:
    """One that ends the program."""
    raise SystemExit(x)


def prints(x: int) -> int:
    """One that shows something."""
    print(x)
    return x


def flushes(x: int) -> int:
    """One that shows all that was shown before."""
    print(end="", flush=True)
    return x


def gives_a_function(x: int) -> Any:
    """Its caller has the same one."""
    return lambda: x


def gives_a_class(x: int) -> Any:
    """A class of its own."""

    class Number(int):
        pass

    return Number(x)


def deep(x: int) -> int:
    """One that needs a deep stack."""
    return deep(x - 1) + 1 if x else 0


LEFT = [fails, leaves, prints, flushes, gives_a_function, gives_a_class]


@pytest.mark.parametrize("function", LEFT)
def test_what_is_not_so_simple_is_left_to_the_other_part(
    parent: Parent, function: Function, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing of it is answered or shown, and everything is as it was."""
    streams, filters = (sys.stdout, sys.stderr), list(warnings.filters)
    parent.send(function, range(3))
    assert kinds(parent.serve()) == [Kind.TASK, Kind.SIMPLE]
    assert parent.answers() == []
    assert capfd.readouterr() == ("", "")
    assert (sys.stdout, sys.stderr) == streams
    assert warnings.filters == filters


def test_what_was_answered_before_is_not_left(parent: Parent) -> None:
    """The chunk that fails is the first that the other part runs."""
    parent.send_task(fails, range(4))
    for start in (2, 0, 2):
        parent.send_chunk(start, range(start, start + 2))
    heard = parent.serve()
    assert kinds(heard) == [Kind.TASK, Kind.SIMPLE]
    assert [frame.a for frame in parent.answers()] == [2]
    rest = Channel(parent.end.dup(), Outbox(int), Inbox(int), patient=True, heard=heard)
    frames = [rest.read() for _ in range(3)]
    assert [frame and (frame.kind, frame.a) for frame in frames] == [
        (Kind.TASK, 1),
        (Kind.SIMPLE, 0),
        (Kind.SIMPLE, 2),
    ]
    rest.close()


def context(**changed: Any) -> Packed:
    """The caller's surroundings."""
    return Packed(pickle.dumps({**surroundings(), **changed}))


def test_the_callers_limits_hold_and_are_lifted_for_the_other_part(parent: Parent) -> None:
    """The other part loads modules, in which a low limit would be in the way."""
    limit = sys.getrecursionlimit()
    parent.channel.send(Kind.CONTEXT, packed=context(recursion=limit - 100))
    parent.send_task(deep, range(9))
    parent.send_chunk(0, [limit - 400])
    parent.send_chunk(1, [limit - 90])
    assert kinds(parent.serve()) == [Kind.CONTEXT, Kind.TASK, Kind.SIMPLE]
    assert parent.values() == [limit - 400]
    assert sys.getrecursionlimit() == limit


def test_a_limit_below_where_the_worker_is_is_left_to_the_other_part(parent: Parent) -> None:
    """So is one of which the interpreter knows nothing."""
    parent.channel.send(Kind.CONTEXT, packed=context(recursion=5))
    parent.send(cube, range(3))
    assert kinds(parent.serve()) == [Kind.CONTEXT]
    assert parent.answers() == []


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="no such limit here")
def test_numbers_have_as_many_digits_as_the_caller_allows(parent: Parent) -> None:
    """As text."""

    def as_text(x: int) -> str:
        return str(10**x)

    before = sys.get_int_max_str_digits()
    try:
        parent.channel.send(Kind.CONTEXT, packed=context(digits=9000))
        parent.send_task(as_text, [1])
        parent.send_chunk(0, [8000])
        parent.send_chunk(1, [9500])
        assert kinds(parent.serve())[-1] == Kind.SIMPLE
        assert list(map(len, parent.values())) == [8001]
    finally:
        sys.set_int_max_str_digits(before)


def test_another_locale_is_left_to_the_other_part(parent: Parent) -> None:
    """Numbers may look different there; the same one is no reason to leave."""
    here = locale.setlocale(locale.LC_ALL, None)
    for wanted, run in ((here, True), (f"not {here}", False)):
        parent.channel.send(Kind.CONTEXT, packed=context(locale=wanted))
        parent.send(cube, [2])
        assert (Kind.TASK in kinds(parent.serve())) == run
        assert parent.values() == [8] * run


def test_a_chunk_that_was_taken_back_is_not_run(parent: Parent) -> None:
    """The parent hears of it unless it knows that already."""
    for begun in (False, True):  # as it looked to the parent
        parent.send(fails, [1])
        if begun:
            parent.page.begin(parent.serial)
        assert parent.page.take_back(parent.serial) != begun
        assert kinds(parent.serve()) == [Kind.TASK]
        heard = [(frame.kind, frame.b) for frame in parent.answers()]
        assert heard == [(Kind.SKIPPED, parent.serial)] * begun


def test_a_loop_that_has_been_ended_runs_no_further_item(parent: Parent) -> None:
    """What has been done is answered."""
    parent.page.cancel(True)
    parent.send(fails, [1])
    parent.serve()
    assert parent.values() == []


@pytest.mark.parametrize("kind", [Kind.CHUNK, Kind.DROP, Kind.EXIT])
def test_everything_else_is_left(parent: Parent, kind: int) -> None:
    """Unread: its body may be anything."""
    parent.channel.send(kind, 7, 8, Packed(b"no pickle"))
    heard = parent.serve()
    assert len(heard) == HEAD
    assert list(memoryview(heard).cast("q")) == [kind, 7, 8, 9, 0]


@pytest.mark.skipif(not SHARES_MEMORY, reason="no descriptors travel here")
def test_descriptors_reach_the_other_part(parent: Parent) -> None:
    """They come behind the head of their frame, which says that there are some."""
    array = bytearray(b"x") * (1 << 19)
    body = pack(pickle.PickleBuffer(array), partial(pickle.dumps, protocol=5))
    parent.channel.send(Kind.CHUNK, 3, 4, body)
    heard = parent.serve()
    inbox = Inbox(lambda: None)
    rest = Channel(parent.end.dup(), Outbox(int), inbox, patient=True, heard=heard)
    frame = rest.read()
    assert frame is not None
    assert (frame.a, frame.b, bytes(unpack(frame))) == (3, 4, bytes(array))
    rest.close()


def test_a_frame_that_comes_in_pieces_is_waited_for(parent: Parent) -> None:
    """A parent sends what the socket takes, and the rest when it has time."""
    parent.send_task(size, ["x"])
    while not parent.channel.wants_to_write:
        parent.send_chunk(parent.serial, [f"{parent.serial:<16384}"])
    helper = threading.Thread(target=flush_all, args=(parent.channel,))
    helper.start()
    parent.serve()
    helper.join()
    assert parent.values() == [1 << 14] * parent.serial


def size(text: str) -> int:
    """How long a text is."""
    return len(text)


def flush_all(channel: Channel) -> None:
    """Send all there is."""
    while channel.wants_to_write:
        channel.flush()


def test_a_parent_that_is_gone_is_left_to_the_other_part(parent: Parent) -> None:
    """Which leaves, too."""
    parent.send(cube, range(3))
    parent.channel.close()
    assert kinds(parent.serve())[:1] == [Kind.TASK]


def test_a_worker_to_which_nobody_speaks_loads_the_rest(parent: Parent) -> None:
    """And its parent does not take it for one that has come up."""
    assert parent.serve() == b""
    assert not parent.page.awake()


@pytest.mark.parametrize(
    "call",
    [{"batched": True}, {"collect": True}, {"seed": (3,)}],
    ids=lambda call: next(iter(call)),
)
def test_loops_of_other_kinds_are_not_simple(call: dict[str, Any]) -> None:
    """They need what is loaded later."""
    assert not Tasks().make(Call(cube, range(3), **call)).simple


@pytest.mark.usefixtures("main_module")
def test_the_same_task_is_another_one_where_items_are_not_plain() -> None:
    """A worker that has it from a simple loop must not take these for simple, too."""
    tasks, function = Tasks(), from_nowhere()
    simple, other = tasks.make(Call(function, [1])), tasks.make(Call(function, [object()]))
    assert simple.packed == other.packed
    assert (simple.simple, other.simple) == (True, False)
    assert simple.id != other.id


def from_nowhere() -> Function:
    """A function of a program, which travels as code with any items."""

    def program(x: Any) -> Any:
        return x

    program.__module__ = "__main__"
    return program


FIRST_CALLS = """
    import sys, warnings
    from clustrix import parallel
    from clustrix.execution.deciding import _cost

    _cost.COLD = _cost.COLD_CALLER = 0.0  # however fast this machine is

    def burn(x):
        for _ in range(2000):
            x = (x * 5 + 3) & 0xFFFF
        return x

    {function}

    items = list(range(1500))

    def outcome(call):
        try:
            return call()
        except BaseException as error:
            return type(error), error.args

    with warnings.catch_warnings(record=True) as there:
        warnings.simplefilter("always")
        parallel_outcome = outcome(lambda: parallel(f)(items))
    print("---")
    with warnings.catch_warnings(record=True) as here:
        warnings.simplefilter("always")
        plain_outcome = outcome(lambda: [f(x) for x in items])
    assert parallel_outcome == plain_outcome
    assert [str(one.message) for one in there] == [str(one.message) for one in here]
    assert "clustrix.execution.workers._pool" in sys.modules
"""
FUNCTIONS = {
    "values": "def f(x): return burn(x)",
    "errors": "def f(x): return 1 // (x - 1300) + burn(x)",
    "output": "def f(x): print('item', x) if x % 200 > 190 else None; return burn(x)",
    "warnings": """
    def f(x):
        async def never():
            pass
        if x % 500 == 499:
            never()
        return burn(x)
    """,
    "warnings that would be caught as errors": """
    def f(x):
        async def never():
            pass
        try:
            never() if x % 500 == 499 else None
        except Exception:
            return -1
        return burn(x)
    """,
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_a_first_call_is_the_loop(tmp_path: Path, what: str) -> None:
    """Its first chunks are run early; what they show and raise is the loop's own."""
    source = FIRST_CALLS.format(function=FUNCTIONS[what].strip())
    parallel_output, plain_output = output_of(source, tmp_path).split("---\n")
    assert parallel_output == plain_output


ENDLESS = """
    import pickle
    import sys
    import threading
    from clustrix.execution.workers._birth import Newborn
    from clustrix.execution.workers._channel import Packed
    from clustrix.execution.workers._frames import Kind
    from clustrix.execution.workers._pool import Worker
    from clustrix.execution.workers._tasks import Tasks
    from clustrix._records import Call

    def endless(x):
        while True:
            x += 1

    worker = Worker(Newborn())
    worker.channel.send(Kind.TASK, 1, packed=Tasks().make(Call(endless, [1])).packed)
    worker.channel.send(Kind.SIMPLE, 0, 1, Packed(pickle.dumps((1, 0, False, [1]))))
    print(worker.process.pid, flush=True)
    threading.Event().wait()
"""


def test_a_worker_in_its_first_moments_ends_with_its_parent(tmp_path: Path) -> None:
    """While it computes; no thread looks after it by then."""
    with start_script(ENDLESS, tmp_path) as program:
        assert program.stdout is not None
        worker = int(program.stdout.readline())
        assert soon(lambda: cpu_seconds(worker) > 0.2)  # it does not wait for anything
        assert not loaded_by(worker, "_socket.")
        program.kill()
        assert soon(lambda: gone(worker))


def cpu_seconds(pid: int) -> float:
    """What a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def loaded_by(pid: int, name: str) -> bool:
    """Whether a process has loaded a C module."""
    return name in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize(
    ("wall", "size", "items", "simple"),
    [
        (1e-4, None, range(40), True),
        (1e-2, None, range(40), False),  # an item that shows something at its end would take twice
        (1e-4, 20, range(40), False),  # so many items may take as long as they like
        (1e-4, None, [object()] * 40, False),
    ],
    ids=["brief", "items take long", "chunks of a size", "items are not plain"],
)
def test_only_brief_chunks_of_plain_items_are_sent_as_simple(
    monkeypatch: pytest.MonkeyPatch, wall: float, size: int | None, items: Any, simple: bool
) -> None:
    """Whoever runs them early runs them twice, if they are not as simple as they look."""
    monkeypatch.setattr(_birth, "start_interpreter", Player)
    call, taper, pool = Call(cube, items), Taper(items, 0, wall, size), Pool(1)
    schedule, plan = Schedule(call, taper), Plan("processes", 1)
    loop = ProcessLoop(pool, call, plan, schedule, surroundings(), Tasks().make)
    loop.taper = taper
    assert list(loop.hand_out()) == []
    worker: Any = pool.processes()[0]
    kinds = [worker.channel.read().kind for _ in range(3)]
    assert kinds == [Kind.CONTEXT, Kind.TASK, Kind.SIMPLE if simple else Kind.CHUNK]
    pool.kill()
