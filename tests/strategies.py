"""What the properties range over: small named strategies that compose."""

from __future__ import annotations

import inspect
from typing import Any

from hypothesis import strategies as st

chunk_sizes = st.none() | st.integers(1, 50)
worker_counts = st.none() | st.integers(1, 4)

ranges = st.builds(range, st.integers(-5, 5), st.integers(-5, 40), st.sampled_from([1, 2, 3, -1]))
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5)
int_lists = st.lists(st.integers(), max_size=40)
mixed_lists = st.lists(scalars | st.lists(scalars, max_size=3), max_size=30)

# What a loop runs over; every one of these counts as a loop, never as one item.
loops = int_lists | ranges | mixed_lists | mixed_lists.map(tuple)

# What a function may return: flattening must not touch any of it.
returned = st.recursive(
    scalars | st.just([]) | st.just(()) | st.just({}),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(scalars, inner),
    max_leaves=6,
)

# Positions of failing items in a loop of forty.
failures = st.frozensets(st.integers(0, 39), min_size=1, max_size=8)

_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)


@st.composite
def signatures(draw: Any) -> inspect.Signature:
    """Any shape of signature over the names a, b, c, d, e, with at least one real parameter."""
    made: list[inspect.Parameter] = []
    names = iter("abcde")
    defaults = False
    for kind in _KINDS:
        most = 1 if kind in (_KINDS[2], _KINDS[4]) else 2
        for name, _ in zip(names, range(draw(st.integers(0, most))), strict=False):
            default = inspect.Parameter.empty
            if kind in (_KINDS[0], _KINDS[1]):
                defaults = defaults or draw(st.booleans())
                default = draw(st.integers(0, 9)) if defaults else default
            elif kind is _KINDS[3] and draw(st.booleans()):
                default = draw(st.integers(0, 9))
            made.append(inspect.Parameter(name, kind, default=default))
    if not any(p.kind not in (_KINDS[2], _KINDS[4]) for p in made):
        made.insert(0, inspect.Parameter("x", _KINDS[0]))
    return inspect.Signature(made)


def function_of(signature: inspect.Signature) -> Any:
    """A function with this signature that returns everything it was called with."""
    parts: list[str] = []
    parameters = list(signature.parameters.values())
    bare = inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
    for parameter in parameters:
        name = parameter.name
        stars = {_KINDS[2]: f"list({name})", _KINDS[4]: f"sorted({name}.items())"}
        parts.append(stars.get(parameter.kind, name))
    scope: dict[str, Any] = {"__name__": __name__}
    exec(f"def shaped{bare}: return [{', '.join(parts)}]", scope)
    return scope["shaped"]


def loop_names(signature: inspect.Signature) -> list[str]:
    """The parameters of a signature that can be a loop variable."""
    return [p.name for p in signature.parameters.values() if p.kind not in (_KINDS[2], _KINDS[4])]


values = st.integers(0, 9)
arguments = st.lists(values, max_size=4).map(tuple)
keywords = st.dictionaries(st.sampled_from("abcdexy"), values, max_size=3)

# What an item does that others can see; `tests.jobs.perform` does it.
steps = st.one_of(
    st.tuples(st.just("print"), st.text(max_size=3)),
    st.tuples(st.just("error text"), st.sampled_from(["e", "f\n"])),
    st.tuples(st.just("log"), st.sampled_from([10, 20, 40])),
    st.tuples(st.just("warn"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("warn elsewhere"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("catch"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("redirect"), st.just("x")),
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.001, 0.004])),
)
programs = st.lists(st.lists(steps, max_size=4), min_size=1, max_size=12)


def without_catching(programs: list[list[tuple[str, Any]]], action: str) -> list[Any]:
    """What threads can do as the loop does.

    The block of `warnings.catch_warnings` makes all modules of the process forget what they have
    warned of: the interpreter keeps one number for that, which threads cannot share in the order
    of the loop.
    """
    if action in ("always", "ignore", "error"):
        return programs
    return [[step for step in steps if step[0] != "catch"] for steps in programs]


filter_actions = st.sampled_from(["default", "always", "once", "module", "ignore", "error"])
