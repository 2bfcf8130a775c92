"""What a cluster costs: tiny items, long items, and from when on it pays.

    100,000 x 1 us    clustrix on Dask | client.map | clustrix on Ray | a loop of .remote
    40 x 20 ms        the processes of clustrix | Dask | Ray
    40 x t            the plain loop | Dask | Ray, for longer and longer t

Peers that would take minutes are measured on a part of the items and counted up; the table says
on how many.  Two local workers each, warm, the best of some rounds.  The last line says whether the
figures that are promised hold; the exit status does, too.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from clustrix import parallel

TINY = 100_000
PART = 5_000  # items on which the peers are measured
ROUNDS = 3

# What is promised: tiny items so many times faster than the cluster's own loop, and long ones at
# most so many times as long as on our own processes.
FASTER, LONGER = 20.0, 1.15


def tiny(x: int) -> int:
    """Next to nothing."""
    return x * 2 + 1


def rest(x: int, seconds: float = 0.02) -> int:
    """Waits, so that every engine is compared by what it adds."""
    time.sleep(seconds)
    return x


def compute(x: int, seconds: float) -> int:
    """Computes for about so long, whatever the machine."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        x += 1
    return 0


def best(run: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of the fastest round."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def client_map(items: range) -> list[int]:
    """Dask's own loop: a task for each item."""
    from distributed import Client

    from clustrix.execution.foreign._dask import dask_cluster

    client: Client = dask_cluster("dask")._client
    return list(client.gather(client.map(tiny, items, pure=False)))


def remote_loop(items: range) -> list[int]:
    """Ray's own loop: a task for each item."""
    import ray

    remote = ray.remote(tiny)
    return list(ray.get([remote.remote(x) for x in items]))


def installed() -> Iterator[tuple[str, str, Callable[[range], list[int]]]]:
    """The clusters that are there, and their own loops."""
    if importlib.util.find_spec("distributed"):
        yield "dask", "client.map", client_map
    if importlib.util.find_spec("ray"):
        yield "ray", "a loop of .remote", remote_loop


def beside(run: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the fastest rounds of two that take turns, so that both meet the same machine."""
    rounds = [(best(run, 1), best(other, 1)) for _ in range(ROUNDS)]
    return min(one for one, _ in rounds), min(two for _, two in rounds)


def measure(name: str, peer: str, run: Callable[[range], list[int]]) -> list[str]:
    """Measure one cluster, and print it; what does not hold of that which is promised."""
    broken = []
    loop = parallel(tiny, executor=name)
    assert loop(range(TINY)) == [tiny(x) for x in range(TINY)]
    fast = best(lambda: loop(range(TINY)))
    run(range(100))
    slow = best(lambda: run(range(PART)), 1) * TINY / PART
    print(
        f"100,000 tiny items: clustrix on {name} {fast:.3f} s; {peer} {slow:.1f} s "
        f"(counted up from {PART:,} items); {slow / fast:.0f} times faster"
    )
    if slow / fast < FASTER:
        broken.append(f"tiny items on {name} are only {slow / fast:.1f} times faster than {peer}")
    processes, there = parallel(rest, executor="processes"), parallel(rest, executor=name)
    processes(range(8))
    ours, theirs = beside(lambda: processes(range(40)), lambda: there(range(40)))
    print(f"40 x 20 ms: processes {ours:.3f} s, {name} {theirs:.3f} s, {theirs / ours:.2f} of it")
    if theirs / ours > LONGER:
        broken.append(f"40 x 20 ms on {name} take {theirs / ours:.2f} times as long")
    work = parallel(compute, executor=name)
    for item in (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1):
        plain = best(lambda item=item: [compute(x, item) for x in range(40)], 1)  # type: ignore[misc]
        there_too = best(lambda item=item: work(range(40), item), 2)  # type: ignore[misc]
        print(f"40 x {1000 * item:g} ms of computing: plain loop {plain:.4f} s, "
              f"{name} {there_too:.4f} s")  # fmt: skip
    return broken


def main() -> int:
    """Measure, and print what came out.

    Returns:
        The exit status: 0 where all that is promised holds.
    """
    clusters = list(installed())
    broken = [line for one in clusters for line in measure(*one)]
    if not clusters:
        broken.append('neither Dask nor Ray is installed: pip install "clustrix[dask,ray]"')
    for line in broken:
        print("NOT AS PROMISED:", line)
    print(f"figures: {'as promised' if not broken else 'NOT as promised'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
