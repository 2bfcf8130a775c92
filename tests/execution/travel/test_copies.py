"""Items that a loop's constants hold, too, are the same objects in the function as in the loop."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.scripts import output_of

PROGRAM = """
    import enum, os
    from clustrix import parallel

    here = os.getpid()

    def busy():
        for _ in range(100_000):
            pass

    class Node:
        pass

    class Colour(enum.Enum):
        RED, BLUE = "red", "blue"

    nodes = [Node() for _ in range(40)]
    weights = {node: number for number, node in enumerate(nodes)}
    numbers = list(range(40))
"""

PROGRAMS = {
    "an argument": """
        @parallel
        def weigh(node, weights):
            busy()
            return weights.get(node)

        print(weigh(nodes, weights) == numbers, list(weigh.stream(nodes, weights)) == numbers)
    """,
    "a global": """
        @parallel
        def place(node):
            busy()
            return nodes.index(node)

        print(place(nodes) == numbers, list(place.stream(nodes)) == numbers)
    """,
    "a closure": """
        def make(first):
            @parallel
            def is_first(node):
                busy()
                return node is first
            return is_first

        is_first = make(nodes[30])
        print(*(is_first(nodes) == [node is nodes[30] for node in nodes] for _ in range(2)))
    """,
    "self": """
        class House:
            def __init__(self):
                self.rooms = nodes

            @parallel
            def others(self, room):
                busy()
                return sum(other is not room for other in self.rooms)

        print(*(House().others(nodes) == [39] * 40 for _ in range(2)))
    """,
    "several variables": """
        @parallel(loop_var=("one", "other"))
        def both(one, other, weights):
            busy()
            return weights.get(one), weights.get(other)

        pairs = [(number, 39 - number) for number in numbers]
        print(*(both(nodes, nodes[::-1], weights) == pairs for _ in range(2)))
    """,
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_function_knows_it_finds(tmp_path: Path, source: str) -> None:
    """Copies in a worker would be two objects, so such a loop stays in its process."""
    assert output_of(dedent(PROGRAM) + dedent(source), tmp_path) == "True True\n"


def test_what_items_merely_mention_does_not_keep_them_here(tmp_path: Path) -> None:
    """Nor what is found by its value, or its name: those go to workers."""
    source = """
    @parallel(executor="processes", max_workers=2)  # workers that have come up
    def warm(x):
        return os.getpid()

    class Job:
        def __init__(self, number, shared):
            self.number, self.shared = number, shared

    @parallel
    def work(job, shared, colour):
        for _ in range(10):
            busy()
        return os.getpid()

    warm(range(8))
    shared = Node()
    for items in ([Job(n, shared) for n in numbers], [Colour.RED] * 40, [(1, 2)] * 40):
        pids = set()
        for _ in range(20):  # at some time a worker is there
            pids.update(work(items, shared, Colour.RED))
        print(len(pids) > 1)
    """
    assert output_of(PROGRAM + source, tmp_path).split() == ["True"] * 3
