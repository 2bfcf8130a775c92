"""Randomness: no two items share a stream; with a seed each item has its own, always the same."""

from __future__ import annotations

import importlib.util
import random
import uuid
from typing import Any

from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._subjects import COLLECT, SEED, Subject, make_subject
from clustrix.testing.conformance._transcript import observe

theme = Theme("randomness", "random numbers in items")
_NUMPY = [] if importlib.util.find_spec("numpy") else ["numpy"]


def _draw(x: int) -> float:
    return random.random()


@theme.behaviour
def no_two_items_share_a_stream(subject: Subject) -> None:
    """Without a seed no two items draw the same number, in one loop and over several.

    Python starts this generator afresh in a fork; a worker that is copied otherwise does not.
    """
    drawn = [value for _ in range(3) for value in subject(_draw, range(20), chunk_size=1)]
    expect(len({*drawn}) == 60, f"{60 - len({*drawn})} of 60 numbers were drawn before")


def _draw_numpy(x: int) -> float:
    import numpy

    return float(numpy.random.random())


@theme.behaviour(needs=_NUMPY)
def no_two_items_share_a_stream_of_numpy(subject: Subject) -> None:
    """The same for NumPy's global generator."""
    import numpy

    numpy.random.seed(5)  # the caller has used it; a fork inherits that
    drawn = [value for _ in range(3) for value in subject(_draw_numpy, range(20), chunk_size=1)]
    expect(len({*drawn}) == 60, f"{60 - len({*drawn})} of 60 numbers were drawn before")


def _seeded_caller(x: int) -> float:
    return random.random() + random.gauss(0, 1)


@theme.behaviour
def a_seed_of_the_caller_is_no_trap(subject: Subject) -> None:
    """Where the caller has seeded `random` itself, items still draw different numbers.

    Python starts this generator afresh in a fork; an engine that carries the state over does not.
    """
    state = random.getstate()
    try:
        random.seed(1)
        drawn = subject(_seeded_caller, range(20), chunk_size=1)
    finally:
        random.setstate(state)
    expect(len({*drawn}) == 20, f"{20 - len({*drawn})} of 20 numbers were drawn before")


def _name(x: int) -> str:
    return uuid.uuid4().hex


@theme.behaviour
def unique_names(subject: Subject) -> None:
    """`uuid.uuid4` gives each item another name.

    A pool's ``map`` keeps this too: the names come from the system.
    """
    made = subject(_name, range(20), chunk_size=1)
    expect(len({*made}) == 20, "two items got the same name")


def _streams(x: int) -> Any:
    import clustrix

    rng: Any = clustrix.rng()  # type: ignore[attr-defined, unused-ignore]
    values = [random.random(), random.randint(0, 10**9), rng.random()]
    if not _NUMPY:
        import numpy

        values.append(float(numpy.random.random()))
        values.append(float(numpy.random.normal()))
    return values[: 2 + x % 2] + values[3:]  # an item may draw more than another


_LAYOUTS: tuple[dict[str, Any], ...] = (
    {"max_workers": 1},
    {"max_workers": 2, "chunk_size": 1},
    {"max_workers": 2, "chunk_size": 7},
    {"max_workers": 3},
)


@theme.behaviour(needs=[SEED])
def the_same_for_any_layout(subject: Subject) -> None:
    """With ``seed=`` the results are the same for every number of workers and every chunk size."""
    made = [subject(_streams, range(15), seed=42, **layout) for layout in _LAYOUTS]
    for layout, values in zip(_LAYOUTS, made, strict=True):
        expect(values == made[0], f"{layout} gives other numbers than {_LAYOUTS[0]}")


@theme.behaviour(needs=[SEED])
def the_same_on_every_engine(subject: Subject) -> None:
    """With ``seed=`` the results are those of ``executor="serial"``."""
    wanted = make_subject("serial")(_streams, range(15), seed=42)
    got = subject(_streams, range(15), seed=42, chunk_size=2)
    expect(got == wanted, f"item 0 drew {got[0]}, on the serial engine {wanted[0]}")


@theme.behaviour(needs=[SEED])
def each_item_its_own(subject: Subject) -> None:
    """With ``seed=`` items differ from each other, and another seed gives other numbers."""
    made = [subject(_streams, range(15), seed=seed) for seed in (1, 2)]
    drawn = [value for values in made for item in values for value in item]
    expect(len({*drawn}) == len(drawn), "a number was drawn twice")


@theme.behaviour(needs=[SEED])
def the_stream_of_the_index(subject: Subject) -> None:
    """With ``seed=`` an item's numbers depend on its place alone, not on its value or on others."""
    long, short = subject(_streams, range(0, 20, 2), seed=3), subject(_streams, range(0, 6), seed=3)
    expect(long[0] == short[0] and long[4][:2] == short[4][:2], "the place does not decide")


@theme.behaviour(needs=[SEED])
def the_callers_state_stays(subject: Subject) -> None:
    """With ``seed=`` the caller's generators stand where they stood."""

    def program(loop: Subject) -> Any:
        states = []
        for _ in range(2):
            states.append([random.getstate(), *_numpy_state()])
            loop(_streams, range(10), seed=7)
        return states[0] == states[1]

    expect(observe(program, subject).value == "True", "the caller's generators have moved")


def _numpy_state() -> list[str]:
    if _NUMPY:
        return []
    import numpy

    return [repr(numpy.random.get_state())]


def _draw_and_fail(x: int) -> float:
    drawn = random.random()
    if x % 3 == 0:
        raise ValueError(drawn)
    return drawn


@theme.behaviour(needs=[SEED, COLLECT])
def with_collected_errors(subject: Subject) -> None:
    """With ``seed=`` and ``on_error="collect"``, too."""
    made = [
        [str(one) for one in subject(_draw_and_fail, range(9), seed=1, on_error="collect", **one)]
        for one in _LAYOUTS
    ]
    expect(all(values == made[0] for values in made), "the layout changes the numbers")
