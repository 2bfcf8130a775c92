"""The loop of an async function: many items under way in one event loop, in the calling thread.

    items ──> feeder task ──> one task an item, so many at a time ──> values, by position
                  ▲                        │ an error at item k
                  └── nothing from behind k, what runs there is cancelled; what runs in front
                      of k goes on, since it may fail too and would be the first then

Every task that is started here has ended before the call ends, however it ends.  An item has a
copy of the caller's context variables to itself.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import sys
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from typing import Any

from clustrix._records import Call
from clustrix.errors import TaskTimeout
from clustrix.execution.lanes._lane import Raised, add_note, item_note

__all__ = ["MOST_AWAITED", "run_async"]

# Items under way where nobody says otherwise: as many as threads that wait (`_cost.MOST_WAITING`).
# Clients such as httpx and aiohttp keep 100 connections at most.
MOST_AWAITED = 32


async def run_async(
    call: Call,
    items: Iterable[Any] | AsyncIterable[Any],
    width: int,
    timeout: float | None,
    tell: Callable[[int], object] | None = None,
) -> list[Any]:
    """Await the function for each item.

    Args:
        call: the loop; its own ``items`` are not looked at.
        items: read as room for more comes up.
        width: items under way at most.
        timeout: seconds that one item may take.
        tell: is told how many items more are done; what it raises ends the loop.

    Returns:
        The results in loop order.

    Raises:
        BaseException: the error of the first item in loop order that failed.
    """
    return await _AsyncLoop(call, width, timeout, tell).run(items)


class _Running:
    """An item under way."""

    __slots__ = ("expired", "index", "item", "task", "timer")

    def __init__(self, index: int, item: Any) -> None:
        self.index = index
        self.item = item
        self.expired = False
        self.task: asyncio.Task[Any] | None = None
        self.timer: asyncio.TimerHandle | None = None


class _AsyncLoop:
    def __init__(
        self,
        call: Call,
        width: int,
        timeout: float | None,
        tell: Callable[[int], object] | None,
    ) -> None:
        self._call = call
        self._function = call.per_item()
        self._width = width
        self._timeout = timeout
        self._tell = tell
        self._values: list[Any] = []
        self._running: dict[int, _Running] = {}
        self._end: float = math.inf  # items from here on do not matter any more
        self._error: BaseException | None = None
        self._context = contextvars.copy_context()
        self._loop = asyncio.get_running_loop()
        self._eager = sys.version_info >= (3, 12) and self._loop.get_task_factory() is None
        self._room: asyncio.Future[None] | None = None
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._feeder: asyncio.Task[None] | None = None

    async def run(self, items: Iterable[Any] | AsyncIterable[Any]) -> list[Any]:
        self._feeder = self._loop.create_task(self._feed(items))
        self._feeder.add_done_callback(lambda _: self._look())
        try:
            await self._over
        finally:  # all is done, or the caller was cancelled
            if not self._over.done() or self._over.cancelled():
                self._stop(0, None)
            await self._wait_for_all()
        if self._error is not None:
            try:
                raise self._error
            finally:  # an exception that refers to its own frame would keep the results alive
                del self
        return self._values

    # ---- starting -------------------------------------------------------------------------

    async def _feed(self, items: Iterable[Any] | AsyncIterable[Any]) -> None:
        try:
            if isinstance(items, AsyncIterable):
                async for item in items:
                    await self._start(item)
            else:
                for item in items:
                    await self._start(item)
        except BaseException as error:
            # What comes from the source itself ends the loop behind the items that it gave.
            if len(self._values) < self._end:
                self._stop(len(self._values), error)

    async def _start(self, item: Any) -> None:
        while len(self._running) >= self._width:
            self._room = self._loop.create_future()
            await self._room
        one = _Running(len(self._values), item)
        self._values.append(None)
        started = self._loop.time() if self._timeout is not None else 0.0
        task = one.task = self._make_task(self._await(item))
        if task.done():
            self._settle(one)
            if self._end <= one.index:
                await asyncio.sleep(0)  # the feeder was cancelled just now: here it ends
            return
        self._running[one.index] = one
        task.add_done_callback(lambda _: self._ended(one))
        if self._timeout is not None:
            one.timer = self._loop.call_at(started + self._timeout, self._expire, one)

    def _make_task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task in a copy of the caller's context.

        Where Python can, the first step is taken at once: an item that waits for nothing costs
        no turn of the event loop.
        """
        context = self._context.copy()
        if self._eager:
            kind: Any = asyncio.Task
            made: asyncio.Task[Any] = kind(work, loop=self._loop, context=context, eager_start=True)
            return made
        return context.run(self._loop.create_task, work)

    async def _await(self, item: Any) -> Any:
        try:
            return await self._function(item)
        except BaseException as error:  # SystemExit must leave through the call, not the event loop
            return Raised(error)

    # ---- ending ---------------------------------------------------------------------------

    def _ended(self, one: _Running) -> None:
        del self._running[one.index]
        if one.timer is not None:
            one.timer.cancel()
        self._settle(one)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._look()

    def _settle(self, one: _Running) -> None:
        """Keep what came of an item."""
        task, index = one.task, one.index
        assert task is not None
        value = Raised(asyncio.CancelledError()) if task.cancelled() else task.result()
        if index >= self._end:
            return
        if one.expired:
            value = Raised(self._too_late(one, value))
        if type(value) is Raised:
            if not one.expired:
                add_note(value.error, item_note(self._call, index, one.item))
            if not self._call.collect or not isinstance(value.error, Exception):
                self._stop(index, value.error)
                return
            value = value.error
        self._values[index] = value
        if self._tell is not None:
            try:
                self._tell(1)
            except BaseException as error:  # of the caller's own
                self._stop(0, error)

    def _expire(self, one: _Running) -> None:
        one.expired = True
        assert one.task is not None
        one.task.cancel()

    def _too_late(self, one: _Running, value: Any) -> TaskTimeout:
        note = item_note(self._call, one.index, one.item)
        error = TaskTimeout(
            f"{note} took longer than {self._timeout} s and was cancelled",
            item=one.index,
            timeout=self._timeout,
        )
        if type(value) is Raised and not isinstance(value.error, asyncio.CancelledError):
            error.__cause__ = value.error  # what it raised instead of coming to its end
        return error

    def _stop(self, end: int, error: BaseException | None) -> None:
        """Nothing from ``end`` on matters any more."""
        self._end, self._error = end, error
        if self._feeder is not None:
            self._feeder.cancel()
        for index, one in list(self._running.items()):
            if index >= end and one.task is not None:
                one.task.cancel()

    def _look(self) -> None:
        """Is it over?"""
        done = self._feeder is not None and self._feeder.done() and not self._running
        if done and not self._over.done():
            self._over.set_result(None)

    async def _wait_for_all(self) -> None:
        """Leave no task behind, also when the caller is cancelled once more meanwhile."""
        again: BaseException | None = None
        while tasks := [task for task in self._tasks() if not task.done()]:
            try:
                await asyncio.wait(tasks)
            except asyncio.CancelledError as error:
                again = error
                self._stop(0, None)
        if again is not None:
            raise again

    def _tasks(self) -> Iterable[asyncio.Task[Any]]:
        if self._feeder is not None:
            yield self._feeder
        yield from [one.task for one in self._running.values() if one.task is not None]
