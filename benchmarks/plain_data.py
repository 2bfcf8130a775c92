"""What does it cost to move lists of numbers and words, and texts, to the workers and back?"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from benchmarks._measure import compare, median_ms
from clustrix import LocalExecutor

ITEMS, CHUNKS = 400, 20


def gone(item: Any) -> None:
    """Next to nothing to compute: what is measured is the way there."""


def same(item: Any) -> Any:
    """The way there, and back."""
    return item


def kinds() -> dict[str, Callable[[], Any]]:
    """What is moved: each a function that makes an item."""
    draw = random.Random(7)
    words = ["".join(draw.choices("abcdefgh", k=draw.randint(3, 10))) for _ in range(2000)]
    return {
        "a number": draw.random,
        "10 words": lambda: draw.choices(words, k=10),
        "300 words": lambda: draw.choices(words, k=300),
        "300 floats": lambda: [draw.random() for _ in range(300)],
        "a dict of 3": lambda: {"a": draw.random(), "b": words[0], "c": [1, 2, 3]},
        "text of 2 kB": lambda: "".join(draw.choices("abcdefgh ", k=2_000)),
        "text of 20 kB": lambda: "".join(draw.choices("abcdefgh ", k=20_000)),
    }


def main() -> None:
    """Measure each beside a range of as many items."""
    with LocalExecutor(max_workers=2, use_threads=False) as executor:

        def moving(function: Callable[[Any], Any], items: Any) -> Callable[[], object]:
            return lambda: executor.execute_loop_parallel(
                function, "item", items, position=0, chunk_size=ITEMS // CHUNKS
            )

        print("What does it cost to move an item?  us there, and there and back")
        for name, make in kinds().items():
            items = [make() for _ in range(ITEMS)]
            taken = compare(
                {
                    "nothing": moving(gone, range(ITEMS)),
                    "there": moving(gone, items),
                    "back": moving(same, items),
                },
                rounds=21,
                warmup=3,
            )
            there, back = (
                (median_ms(taken[way]) - median_ms(taken["nothing"])) / ITEMS * 1e3
                for way in ("there", "back")
            )
            print(f"  {name:14} {there:6.1f} {back:6.1f}")


if __name__ == "__main__":
    main()
