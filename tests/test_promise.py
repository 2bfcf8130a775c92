"""The promise: ``f(items, *others) == [f.__wrapped__(item, *others) for item in items]``.

Whatever the items, the engine, the number of workers, the chunking and the signature.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix import parallel
from tests.jobs import TwoArguments, affine, double, fail_at, same
from tests.strategies import (
    chunk_sizes,
    failures,
    function_of,
    int_lists,
    loop_names,
    loops,
    ranges,
    returned,
    signatures,
    values,
    worker_counts,
)

N = 40
options = {"size": chunk_sizes, "workers": worker_counts}


def plain_loop(function, items, *others, **keywords):
    """What must come out."""
    return [function(item, *others, **keywords) for item in items]


@given(items=loops, **options)
def test_parallel_equals_the_plain_loop(executor, items, size, workers):
    """Whatever the engine and the chunking, the answer is the loop's answer."""
    body = parallel(same, executor=executor, chunk_size=size, max_workers=workers)
    assert body(items) == plain_loop(same, items)


@given(items=int_lists | ranges, **options)
def test_the_choice_of_the_analysis_changes_no_answer(items, size, workers):
    """``executor="auto"`` is free to choose anything."""
    body = parallel(double, chunk_size=size, max_workers=workers)
    assert body(items) == plain_loop(double, items)


@given(items=int_lists, scale=values, offset=values, **options)
def test_other_arguments_are_the_same_for_every_item(engine, items, scale, offset, size, workers):
    """By position and by keyword."""
    body = parallel(affine, executor=engine, chunk_size=size, max_workers=workers)
    expected = plain_loop(affine, items, scale, offset=offset)
    assert body(items, scale, offset=offset) == expected
    assert body(offset=offset, x=items, scale=scale) == expected


@given(signature=signatures(), items=st.lists(values, max_size=5), data=st.data(), **options)
def test_any_shape_of_signature(engine, signature, items, data, size, workers):
    """Every kind of parameter, any of them the loop variable."""
    plain = function_of(signature)
    name = data.draw(st.sampled_from(loop_names(signature)))
    body = parallel(plain, loop_var=name, executor=engine, chunk_size=size, max_workers=workers)
    args, keywords = [], {}
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(name if parameter.name == name else data.draw(values))
        elif parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            keywords[parameter.name] = data.draw(values)

    def call(function, value):
        return function(
            *[value if argument is name else argument for argument in args],
            **{key: value if key == name else other for key, other in keywords.items()},
        )

    assert call(body, items) == [call(plain, item) for item in items]


@given(results=st.lists(returned, max_size=20), **options)
def test_flattening_touches_no_result(engine, results, size, workers):
    """Lists, nested lists, None and nothing at all: one result for each item, as returned."""

    def pick(index):
        return results[index]

    body = parallel(pick, executor=engine, chunk_size=size, max_workers=workers, batched=False)
    assert body(range(len(results))) == results


@given(items=st.lists(st.lists(values, max_size=3), max_size=12), **options)
def test_functions_of_lists_get_their_lists(engine, items, size, workers):
    """An item that is a list is one item, and a list result is one result."""
    body = parallel(
        lambda xs: [2 * x for x in xs], executor=engine, chunk_size=size, max_workers=workers
    )
    assert body(items) == [[2 * x for x in xs] for xs in items]


@given(bad=failures, **options)
def test_errors_are_the_loops_errors(executor, bad, size, workers):
    """The first failing item in loop order: same type, same arguments, and a note that names it."""
    body = parallel(fail_at, executor=executor, chunk_size=size, max_workers=workers)
    with pytest.raises(ValueError, match="bad item") as caught:
        body(range(N), bad)
    assert type(caught.value) is ValueError
    assert caught.value.args == ("bad item", min(bad))
    first = min(bad)
    assert f"clustrix: item {first} (x={first}) of fail_at()" in caught.value.__notes__


@given(bad=failures, size=chunk_sizes)
def test_errors_with_constructors_of_their_own(engine, bad, size):
    """Same type, same arguments, same attributes."""

    def body(x):
        if x in bad:
            raise TwoArguments(x, reason="bad")
        return x

    with pytest.raises(TwoArguments) as caught:
        parallel(body, executor=engine, chunk_size=size, max_workers=2)(range(N))
    assert caught.value.args == (f"[{min(bad)}] bad",)
    assert (caught.value.code, caught.value.reason) == (min(bad), "bad")


@given(bad=failures, **options)
def test_every_item_in_front_of_the_error_has_run(bad, size, workers):
    """As in the plain loop; what stands behind it may have run or not."""
    ran = []

    def body(x):
        ran.append(x)
        if x in bad:
            raise LookupError(x)

    for engine in ("serial", "threads"):
        ran.clear()
        with pytest.raises(LookupError):
            parallel(body, executor=engine, chunk_size=size, max_workers=workers)(range(N))
        assert set(range(min(bad) + 1)) <= set(ran)
        assert len(ran) == len(set(ran)), "and none has run twice"
        if engine == "serial":
            assert ran == list(range(min(bad) + 1))


@given(bad=failures, **options)
def test_collected_errors_stand_where_the_values_would(executor, bad, size, workers):
    """``on_error="collect"``: everything runs, nothing is raised, the order stays."""
    body = parallel(
        fail_at, executor=executor, chunk_size=size, max_workers=workers, on_error="collect"
    )
    results = body(range(N), bad)
    assert len(results) == N
    for index, result in enumerate(results):
        if index in bad:
            assert type(result) is ValueError
            assert result.args == ("bad item", index)
        else:
            assert result == index


@given(items=loops, **options)
def test_plans_are_deterministic(items, size, workers):
    """The same call, the same plan, in the same words."""
    for choice in ("auto", "serial", "threads", "processes"):
        body = parallel(same, executor=choice, chunk_size=size, max_workers=workers)
        plan = body.explain(items)
        assert body.explain(items) == plan
        assert str(body.explain(items)) == str(plan)
        assert choice in ("auto", plan.engine) or len(items) <= 1


@settings(max_examples=15)
@given(items=st.lists(int_lists, max_size=6), size=chunk_sizes)
def test_a_loop_in_a_loop(engine, items, size):
    """The inner one keeps the promise, too."""

    @parallel(executor=engine, chunk_size=size, max_workers=2)
    def inner(x, plus):
        return x + plus

    @parallel(executor=engine, chunk_size=size, max_workers=2)
    def outer(xs):
        return inner(xs, 1)

    assert outer(items) == [[x + 1 for x in xs] for xs in items]


@given(items=int_lists, size=chunk_sizes)
def test_an_iterator_is_as_good_as_a_list(engine, items, size):
    """Generators, maps and sets without a length or an order of their own."""
    body = parallel(double, executor=engine, chunk_size=size, max_workers=2)
    assert body(item for item in items) == plain_loop(double, items)
    assert body(map(same, items)) == plain_loop(double, items)
    assert body(set(items)) == plain_loop(double, set(items))
    assert body(dict.fromkeys(items).keys()) == plain_loop(double, dict.fromkeys(items))
