"""What does a stream cost beside the plain generator, and does its memory stay flat?"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from clustrix import LocalExecutor, parallel

ROUNDS = 5


def add_one(x: int) -> int:
    """As cheap as it gets."""
    return x + 1


def some_microseconds(x: int) -> int:
    """Worth sharing, just so."""
    return sum(range(x % 7 + 3000))


def plain(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The loop."""
    for item in items:
        yield function(item)


def seconds(values: Iterable[Any]) -> float:
    """Until all values have been taken."""
    start = time.perf_counter()
    for _ in values:
        pass
    return time.perf_counter() - start


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside(
    name: str, function: Any, stream: Any, make: Callable[[], Iterable[Any]], rounds: int
) -> None:
    """Print both times, the best of some rounds, taken in turns."""
    for _ in stream(itertools.islice(make(), 1000)):  # nothing is new any more
        pass
    before, loops, streams = peak(), [], []
    for _ in range(rounds):
        loops.append(seconds(plain(function, make())))
        streams.append(seconds(stream(make())))
    ratio = min(streams) / min(loops)
    print(
        f"  {name:44} loop {min(loops):6.2f} s   stream {min(streams):6.2f} s   x {ratio:.2f}"
        f"   peak memory +{peak() - before:.1f} MB"
    )


def main() -> None:
    """Ten million cheap items, and a tenth of a million that are worth sharing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000_000)
    count = parser.parse_args().items
    cheap, dear = parallel(add_one), parallel(some_microseconds)
    few = count // 200
    print(f"{__doc__} ({count:,} cheap items, {few:,} of 30 us)")
    beside("cheap, a range", add_one, cheap.stream, lambda: range(count), ROUNDS)
    beside("cheap, a generator", add_one, cheap.stream, lambda: (i for i in range(count)), ROUNDS)
    beside(
        "cheap, of an endless generator",
        add_one,
        cheap.stream,
        lambda: itertools.islice(itertools.count(), count),
        ROUNDS,
    )
    beside("30 us, a generator", some_microseconds, dear.stream, lambda: iter(range(few)), 3)
    with LocalExecutor() as executor:
        beside(
            "30 us, on processes because it was said",
            some_microseconds,
            lambda items: executor.stream_loop_parallel(some_microseconds, "x", items),
            lambda: iter(range(few)),
            3,
        )


if __name__ == "__main__":
    main()
