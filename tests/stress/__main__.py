"""Break workers at random, for hundreds of rounds, and count what is lost.

    watchdog (this process) ──> subject (the same file, --subject): one line for each round
         │ no line for a minute? that is a hang: stacks, kill, go on with a new subject
         └ at the end: is any worker of any subject still there? an orphan

``python -m tests.stress [rounds] [seed]``; the exit status is 0 when nothing was lost.
"""

from __future__ import annotations

import faulthandler
import os
import random
import selectors
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clustrix.execution.workers._processes import ProcessEngine
    from tests.stress.faults import Tally

PATIENCE = 60.0  # seconds without a finished round that count as a hang
LIMIT = 480.0  # seconds for everything


def main(rounds: int, seed: int) -> int:
    """The watchdog."""
    started = time.monotonic()
    done = injected = lost = hangs = 0
    workers: set[int] = set()
    while done < rounds and time.monotonic() - started < LIMIT:
        command = [sys.executable, "-m", "tests.stress", "--subject", str(rounds - done)]
        subject = subprocess.Popen(
            [*command, str(seed + done)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        ended = False
        for line in _lines(subject, started + LIMIT):
            what, *figures = line.split()
            ended = what == "end"
            if what == "round":
                done += 1
                injected += int(figures[0])
                lost += int(figures[1])
                workers.update(map(int, figures[2:]))
        if subject.poll() is None:
            hangs += 1
            subject.send_signal(signal.SIGUSR1)  # its stacks, on standard error
            time.sleep(1)
            subject.kill()
        if subject.wait() and not ended and not hangs:
            print(f"the subject ended with status {subject.returncode}", file=sys.stderr)
            lost += 1
            break
    orphans = sum(_outlives(pid) for pid in workers)
    print(
        f"stress: seed {seed}, {time.monotonic() - started:.0f} s: rounds {done}, "
        f"faults injected {injected}, results lost {lost}, hangs {hangs}, orphans {orphans}"
    )
    return 0 if done >= rounds and not (lost or hangs or orphans) else 1


def _lines(subject: subprocess.Popen[str], end: float) -> Iterator[str]:
    """The subject's lines, until it ends, hangs, or time is up."""
    assert subject.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(subject.stdout, selectors.EVENT_READ)
        while selector.select(min(PATIENCE, max(0.0, end - time.monotonic()))):
            line = subject.stdout.readline()
            if not line:
                subject.wait(PATIENCE)
                return
            yield line


def _outlives(pid: int) -> bool:
    """Whether a worker is still there two seconds after its parent."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        if b"clustrix.execution.workers._early" not in command:
            return False
        time.sleep(0.05)
    return True


def subject(rounds: int, seed: int) -> None:
    """Run the rounds, under load, on executors that live for some of them."""
    from clustrix import LocalExecutor
    from tests.stress.faults import FAULTS, Tally

    faulthandler.register(signal.SIGUSR1, all_threads=True)
    threading.Thread(target=_load, daemon=True).start()
    chance = random.Random(seed)
    executor = LocalExecutor(max_workers=3)
    story: deque[str] = deque(maxlen=10)
    for number in range(rounds):
        if number % 25 == 24:
            executor.shutdown()
            executor = LocalExecutor(max_workers=chance.randint(1, 4))
        tally = Tally()
        fault = chance.choice(FAULTS)
        story.append(fault.__name__)
        try:
            fault(executor, chance, tally)
        except BaseException:
            traceback.print_exc()
            tally.lost += 1
        engine = executor._engines._processes
        if tally.lost:
            print(_report(seed, story, tally, engine), file=sys.stderr, flush=True)
        pids = [process.pid for process in engine.pool.processes()] if engine else []
        print("round", tally.injected, tally.lost, *pids, flush=True)
    print("end", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)  # no good-bye: the workers must notice by themselves


def _report(seed: int, story: Iterable[str], tally: Tally, engine: ProcessEngine | None) -> str:
    """What can be known of a round that went wrong: what led to it, and where each worker is."""
    workers = list(engine.pool._holders.items()) if engine else []
    return "\n".join(
        [
            f"subject of seed {seed}, rounds up to this one: {', '.join(story)}",
            f"  loops of this round: {'; '.join(tally.loops)}",
            f"  lost {tally.lost}, faults injected {tally.injected}, workers afterwards:",
            *(
                f"  {worker.process.pid}: {'idle' if holder is None else 'held by a loop'}, "
                f"status {worker.process.poll()}, chunks {worker.chunks}, sent {worker.serial}, "
                f"whole {worker.whole}, page {worker.page.where()}"
                for worker, holder in workers
            ),
        ]
    )


def _load() -> None:
    """Something else that wants the processor, and the GIL."""
    while True:
        sum(i * i for i in range(20_000))
        time.sleep(0.005)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--subject"]:
        subject(int(sys.argv[2]), int(sys.argv[3]))
    else:
        given = [int(value) for value in sys.argv[1:3]]
        sys.exit(main(*given, *(300, random.randrange(10**6))[len(given) :]))
