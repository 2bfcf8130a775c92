"""Nesting: loops inside loops."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clustrix import parallel
from clustrix.testing.conformance._model import Theme
from clustrix.testing.conformance._subjects import Subject, same

theme = Theme("nesting", "loops inside loops")


@parallel(executor="threads", max_workers=2)
def _inner(x: int) -> int:
    print("inner", x)
    if x == 33:
        raise ValueError("inner", x)
    return x * x


def _outer(x: int) -> Any:
    print("outer", x)
    return _inner(range(x * 10, x * 10 + 3))


@theme.behaviour
def a_loop_in_an_item(subject: Subject) -> None:
    """An item may run a parallel loop: values and output in the order of two plain loops."""
    same(subject, lambda loop: loop(_outer, range(3), chunk_size=1), shows="outer 2\ninner 20")


def _outer_to_error(x: int) -> Any:
    return _inner(range(x * 10, x * 10 + 5))


@theme.behaviour
def an_error_from_the_inner_loop(subject: Subject) -> None:
    """An error in an inner loop reaches the outer caller, after the output in front of it."""
    same(subject, lambda loop: loop(_outer_to_error, range(5), chunk_size=1), shows="'inner', 33")


@parallel(loop_var="tree")
def _leaves(tree: Any) -> int:
    if isinstance(tree, int):
        return 1
    return sum(_leaves(tree.kids) or [0])


class _Tree:
    def __init__(self, *kids: Any) -> None:
        self.kids = kids


def _count(tree: _Tree) -> int:
    return int(_leaves(tree))


@theme.behaviour
def a_function_that_calls_its_own_loop(subject: Subject) -> None:
    """A decorated function that runs its own loop over the parts of an item, any depth.

    A pool's ``map`` keeps this too; an engine whose workers wait for its own workers hangs.
    """
    small = _Tree(1, _Tree(2, 3), 4)
    trees = [small, _Tree(small, small), _Tree(_Tree(_Tree(small, 1), small), 2)]
    same(subject, lambda loop: loop(_count, trees, chunk_size=1), shows="8")


def _own_threads(x: int) -> list[int]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(abs, range(-x, 0)))


@theme.behaviour
def threads_of_the_function(subject: Subject) -> None:
    """An item may use a thread pool of its own.

    A pool's ``map`` keeps this too; an engine with locks around its items does not.
    """
    same(subject, lambda loop: loop(_own_threads, range(4)), shows="list[3, 2, 1]")


@theme.behaviour
def loops_from_several_threads(subject: Subject) -> None:
    """Loops that run at the same time in several threads of the caller get their own results."""
    factors = range(1, 5)

    def program(loop: Subject) -> Any:
        found: dict[int, Any] = {}

        def work(factor: int) -> None:
            found[factor] = loop(lambda x: x * factor, range(12), chunk_size=2)

        threads = [threading.Thread(target=work, args=(factor,)) for factor in factors]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return [found.get(factor) for factor in factors]

    same(subject, program, shows="44")


@theme.behaviour
def a_loop_over_results_of_a_loop(subject: Subject) -> None:
    """The results of a loop are the items of the next one.

    A pool's ``map`` keeps this too; an engine that returns something lazy may not.
    """

    def program(loop: Subject) -> Any:
        return loop(abs, loop(abs, range(-4, 0)))

    same(subject, program, shows="4")
