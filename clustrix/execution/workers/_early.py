"""How a worker begins: simple work that waits for it is done before most of it is loaded.

    interpreter ──> CONTEXT, TASK, SIMPLE, SIMPLE … ──> function(item) … ──> DONE
                         │ something else; an error, or output; nothing for a moment
                         └──> `_worker.main`, with all that it has to know of what was heard

What relays output, keeps surroundings and sends arrays takes 5 ms to load, in a first loop of 30
(benchmarks/small.py: 1.03 of the plain loop so, 0.91 like this).  A simple function reaches nothing
of that.  Where one shows something after all, or fails, its chunk is run again by the rest: it has
changed nothing, so nobody can tell.
"""

from __future__ import annotations

import _warnings
import marshal
import mmap
import os
import sys
import time

from clustrix.basis._native import pickle
from clustrix.execution.workers._frames import HEAD, Kind
from clustrix.execution.workers._lifeline import ask_kernel, show_stacks_on_request
from clustrix.execution.workers._page import BUSY, IDLE, Page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Early", "main"]

_mutated: Any = getattr(_warnings, "_filters_mutated", None)

# Behind the work that was there already, the next chunk may follow while others compute theirs.
PATIENCE = 0.001


def main(end: int, page_handle: int, lifeline: int) -> None:
    """Serve until the parent hangs up.

    Args:
        end: descriptor of this side of the socket pair.
        page_handle: descriptor of the shared page.
        lifeline: read end of a pipe that closes when the parent is gone.
    """
    tied = ask_kernel(lifeline)
    show_stacks_on_request()
    page = Page(mmap.mmap(page_handle, mmap.PAGESIZE))
    os.close(page_handle)
    heard = Early(end, page).serve() if tied and _mutated is not None else b""
    from clustrix.execution.workers._worker import main

    main(end, page, lifeline, heard)


class Early:
    """The part of a worker that runs simple work.

    Args:
        end: descriptor of this side of the socket pair.
        page: where the worker is in the loop.
    """

    def __init__(self, end: int, page: Page) -> None:
        self._end = end
        self._page = page
        self._heard = b""
        self._tasks: dict[int, bytes] = {}
        self._function: tuple[int, Callable[[Any], Any]] | None = None

    def serve(self) -> bytes:
        """Run what is simple, until something else comes, or nothing for a moment.

        Returns:
            What has been heard and not been dealt with.
        """
        os.set_blocking(self._end, False)
        try:
            with _Aside() as aside:
                while (head := self._next_head()) is not None and self._dealt_with(head, aside):
                    pass
        except OSError:  # the parent is gone: the rest will see that, too
            pass
        os.set_blocking(self._end, True)
        return self._heard

    def _next_head(self) -> bytes | None:
        until = time.perf_counter() + PATIENCE
        while True:
            try:
                return self._read(HEAD)
            except BlockingIOError:
                if time.perf_counter() > until:
                    return None
            os.sched_yield()

    def _dealt_with(self, head: bytes, aside: _Aside) -> bool:
        """Whether a frame is no matter for the rest; else it is heard once more."""
        kind, a, b, length, parcels = memoryview(head).cast("q")
        if kind not in (Kind.CONTEXT, Kind.TASK, Kind.SIMPLE) or parcels:
            self._heard += head
            return False
        body = self._read(length) if length else b""
        if kind == Kind.SIMPLE:
            if self._answered(a, b, body, aside):
                self._page.phase(IDLE)
                return True
            self._heard += head + body
            return False
        self._heard += head + body  # the rest needs these, too
        if kind == Kind.TASK:
            self._tasks[a] = body
            return True
        return _as_here(pickle.loads(body))

    def _answered(self, start: int, serial: int, body: bytes, aside: _Aside) -> bool:
        """Run a chunk, and answer; ``False`` if it is not as simple as it looked."""
        page = self._page
        page.open(serial)
        try:
            task_id, _, _, items = pickle.loads(body)
            function = self._made(task_id)
            if not page.begin(serial):
                if not page.knows(serial):
                    self._send(Kind.SKIPPED, start, serial)
                return True
            values: list[Any] = []
            began = time.perf_counter()
            page.run(function, items, start, values)
            page.spend(time.perf_counter() - began)
            page.phase(BUSY)
            marshal.dumps(values)  # is it plain?  Else to pickle it may run code, and load modules
            answer = pickle.dumps(values, protocol=5)
        except BaseException:
            return False
        if aside.shown:
            return False
        self._send(Kind.DONE, start, len(values), answer)
        return True

    def _made(self, task_id: int) -> Callable[[Any], Any]:
        """The function of one item; it holds nothing that loops could change."""
        if self._function is None or self._function[0] != task_id:
            parts, _ = pickle.loads(self._tasks[task_id])
            function, args, kwargs, slot, *_ = parts
            if args or kwargs or slot != 0:
                from clustrix._records import Call  # takes 0.5 ms, and most loops have no others

                function = Call.from_task(parts).per_item()
            self._function = task_id, function
        return self._function[1]

    def _read(self, size: int) -> bytes:
        """So many bytes, once the first of them are there."""
        data = os.read(self._end, size)
        if len(data) < size:
            os.set_blocking(self._end, True)
            while data and len(data) < size:
                more = os.read(self._end, size - len(data))
                data = data + more if more else b""
            os.set_blocking(self._end, False)
        if not data:
            raise BrokenPipeError
        return data

    def _send(self, kind: int, a: int, b: int, body: bytes = b"") -> None:
        words = (kind, a, b, len(body), 0)
        head = b"".join(word.to_bytes(8, sys.byteorder, signed=True) for word in words)
        rest = memoryview(head + body)
        os.set_blocking(self._end, True)
        while rest:
            rest = rest[os.write(self._end, rest) :]
        os.set_blocking(self._end, False)


def _as_here(wanted: dict[str, Any]) -> bool:
    """Be where the caller is, as far as plain data can tell; ``False`` if that is elsewhere."""
    try:
        sys.setrecursionlimit(wanted["recursion"])
        if wanted["digits"] is not None:
            sys.set_int_max_str_digits(wanted["digits"])
        if wanted["locale"] is None:
            return True
        import _locale

        return bool(_locale.setlocale(_locale.LC_ALL, None) == wanted["locale"])
    except (ImportError, RecursionError, ValueError):  # we are deeper than the limit, say
        return False


class _Aside:
    """In a ``with`` block: sees whether something is printed, or warned of, and keeps nothing.

    Attributes:
        shown: whether there was something.
    """

    def __init__(self) -> None:
        self.shown = False

    def write(self, text: str) -> None:
        """As a stream."""
        self.shown = True

    def flush(self) -> None:
        """As a stream."""
        self.shown = True

    def __enter__(self) -> _Aside:
        self._streams: Any = sys.stdout, sys.stderr
        self._depth = sys.getrecursionlimit()
        sys.stdout = sys.stderr = self
        # The list that C code looks at, and `warnings`, which an environment may have loaded.
        self._filters: Any = _warnings.filters
        self._before = self._filters[:]
        self._filters[:] = [("always", None, Warning, None, 0)]
        _mutated()
        return self

    def __exit__(self, *_: object) -> None:
        sys.setrecursionlimit(self._depth)  # the rest may need more to load
        sys.stdout, sys.stderr = self._streams
        self._filters[:] = self._before
        _mutated()
