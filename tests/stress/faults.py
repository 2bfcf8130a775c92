"""The faults: each is one loop in which something goes wrong, and what must come of it.

    fault(executor, random) ──> how many results were lost or wrong (0), having injected n faults

Every fault checks each position of its loop: the value of the plain loop, or exactly the error
that was provoked there.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from random import Random
from typing import Any

from clustrix import LocalExecutor, NotPicklableError, TaskTimeout, WorkerDied

ITEMS = 24


class Tally:
    """What a round did.

    Attributes:
        injected: how many faults.
        lost: how many results were lost or wrong.
        loops: what was asked for, in words.
    """

    def __init__(self) -> None:
        self.injected = 0
        self.lost = 0
        self.loops: list[str] = []

    def run(
        self, executor: LocalExecutor, function: Callable[..., object], items: Any, **how: Any
    ) -> list[Any]:
        """A loop over the items, noted down."""
        said = ", ".join(f"{name}={value}" for name, value in how.items())
        self.loops.append(f"{function.__name__} over {len(items)} items, {said}")
        return executor.execute_loop_parallel(function, "x", items, **how)

    def check(self, condition: bool) -> None:
        """Count a result that is not what it must be."""
        self.lost += not condition


def work(x: int) -> int:
    """A little honest computing."""
    return sum(i * x for i in range(200 + x))


def calm(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Nothing goes wrong: what the faults of other rounds left behind must not show."""
    size = random.choice((None, 1, 5))
    items = range(random.randint(0, 60))
    got = tally.run(executor, work, items, chunk_size=size)
    tally.check(got == [work(x) for x in items])


def crash(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Items end their worker, each in its own way; all the others must have their values."""
    ways: list[Callable[[], object]] = [
        lambda: os._exit(3),
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: os.kill(os.getpid(), signal.SIGSEGV),
        lambda: os.abort(),
    ]
    culprits = {i: random.choice(ways) for i in random.sample(range(ITEMS), random.randint(1, 3))}

    def fragile(x: int) -> int:
        if x in culprits:
            culprits[x]()
        return work(x)

    tally.injected += len(culprits)
    size = random.choice((None, 1, 4))
    got = tally.run(executor, fragile, range(ITEMS), chunk_size=size, on_error="collect")
    for x, value in enumerate(got):
        if x in culprits:
            tally.check(isinstance(value, WorkerDied) and value.item == x)
        else:
            tally.check(value == work(x))


def crash_first(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """With on_error="raise" the first failing item in loop order is the one that is named."""
    dies, raises = random.sample(range(ITEMS), 2)

    def fragile(x: int) -> int:
        if x == dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == raises:
            raise LookupError(x)
        return work(x)

    tally.injected += 1
    try:
        tally.run(executor, fragile, range(ITEMS), chunk_size=3)
    except WorkerDied as error:
        tally.check(dies < raises and error.item == dies)
    except LookupError as error:
        tally.check(raises < dies and error.args == (raises,))
    else:
        tally.check(False)


def murder(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Somebody kills workers from outside; only what ran in them may be missing."""
    stop = threading.Event()
    killed: list[int] = []

    def kill_some() -> None:
        for _ in range(random.randint(1, 3)):
            if stop.wait(random.random() * 0.02):
                return
            processes = executor._engines._processes.pool.processes()
            if processes:
                victim = random.choice(processes)
                victim.kill()
                killed.append(victim.pid)

    tally.run(executor, work, range(2))
    killer = threading.Thread(target=kill_some)
    killer.start()
    got = tally.run(
        executor, slow_work, range(ITEMS), chunk_size=random.choice((1, 4)), on_error="collect"
    )
    stop.set()
    killer.join()
    tally.injected += len(killed)
    dead = [value for value in got if isinstance(value, WorkerDied)]
    tally.check(len(dead) <= len(killed))
    for x, value in enumerate(got):
        tally.check(isinstance(value, WorkerDied) or value == work(x))


def slow_work(x: int) -> int:
    """Long enough for a killer to find it at work."""
    time.sleep(0.002)
    return work(x)


def hang(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Items that never end, with signals blocked; exactly they run out of time."""
    stuck = set(random.sample(range(ITEMS), random.randint(1, 2)))

    def sticky(x: int) -> int:
        if x in stuck:
            signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
            while True:
                threading.Event().wait(1)
        return work(x)

    tally.injected += len(stuck)
    got = tally.run(executor, sticky, range(ITEMS), chunk_size=4, timeout=1.0, on_error="collect")
    for x, value in enumerate(got):
        if x in stuck:
            tally.check(isinstance(value, TaskTimeout) and value.item == x)
        else:
            tally.check(value == work(x))


def unsendable(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Items and results that do not pickle, or do not unpickle, are named; the rest arrives."""
    bad_item, bad_result, bad_arrival = random.sample(range(ITEMS), 3)

    class Poison:
        def __reduce__(self) -> object:
            return int, ("not a number",)

    def answer(x: object) -> object:
        return threading.Lock() if x == bad_result else x

    items: list[object] = list(range(ITEMS))
    items[bad_item], items[bad_arrival] = threading.Lock(), Poison()
    tally.injected += 3
    got = tally.run(executor, answer, items, chunk_size=random.choice((1, 6)), on_error="collect")
    for x, value in enumerate(got):
        if x in (bad_item, bad_result, bad_arrival):
            tally.check(isinstance(value, NotPicklableError) and value.item == x)
        else:
            tally.check(value == x)


def interrupt(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Ctrl-C at any moment: KeyboardInterrupt or the full result, never half of one."""
    timer = threading.Timer(random.random() * 0.03, signal.raise_signal, (signal.SIGINT,))
    tally.injected += 1
    try:
        try:
            timer.start()
            got = tally.run(executor, slow_work, range(ITEMS), chunk_size=2)
            tally.check(got == [work(x) for x in range(ITEMS)])
        finally:
            timer.join()
            time.sleep(0)  # a place for a late interrupt to strike
    except KeyboardInterrupt:
        pass


def futures(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Submitted tasks that work, raise, die and are cancelled: every future ends as it should."""

    def task(x: int, way: str) -> int:
        if way == "die":
            os._exit(9)
        if way == "raise":
            raise LookupError(x)
        return work(x)

    ways = [random.choice(("work", "work", "raise", "die")) for _ in range(12)]
    submitted = [executor.submit(task, x, way) for x, way in enumerate(ways)]
    cancelled = {x for x in range(12) if random.random() < 0.3 and submitted[x].cancel()}
    tally.injected += ways.count("die") + len(cancelled)
    wait(submitted)
    for x, (way, future) in enumerate(zip(ways, submitted, strict=True)):
        if x in cancelled:
            tally.check(future.cancelled())
            continue
        try:
            value = future.result()
        except LookupError as error:
            tally.check(way == "raise" and error.args == (x,))
        except WorkerDied:
            tally.check(way == "die")
        except CancelledError:
            tally.check(False)
        else:
            tally.check(way == "work" and value == work(x))


def together(executor: LocalExecutor, random: Random, tally: Tally) -> None:
    """Two loops in two threads, one of which loses a worker; neither may notice the other."""

    def other() -> None:
        calm(executor, Random(random.random()), tally)

    thread = threading.Thread(target=other)
    thread.start()
    crash(executor, random, tally)
    thread.join()


FAULTS = (calm, crash, crash_first, murder, hang, unsendable, interrupt, futures, together)
