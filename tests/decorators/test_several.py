"""Several loop variables: ``for x, y in zip(xs, ys)``, and nothing dropped at the end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clustrix import LocalExecutor, LoopVariableError, parallel
from clustrix.decorators import foresee
from tests.strategies import (
    chunk_sizes,
    function_of,
    loop_names,
    returned,
    signatures,
    values,
    worker_counts,
)


def together(x, y, scale=1, *, offset=0):
    """Shows everything that it got."""
    return (x, y, scale, offset)


def weigh(x, y):
    """Fails where the second is nothing."""
    return x / y


ways = st.sampled_from(["list", "tuple", "generator", "set of keys"])


def as_given(values, way):
    """The same items in another shape."""
    shapes = {
        "list": list,
        "tuple": tuple,
        "generator": lambda items: (item for item in items),
        "set of keys": lambda items: dict(enumerate(items)).values(),
    }
    return shapes[way](values)


@given(
    pairs=st.lists(st.tuples(returned, returned), max_size=20),
    shapes=st.tuples(ways, ways),
    size=chunk_sizes,
    workers=worker_counts,
)
def test_the_loop_over_pairs(executor, pairs, shapes, size, workers):
    """Whatever the engine, the chunking, and the shape in which the items are given."""
    body = parallel(
        together, loop_var=("x", "y"), executor=executor, chunk_size=size, max_workers=workers
    )
    xs, ys = (as_given([pair[at] for pair in pairs], shapes[at]) for at in (0, 1))
    assert body(xs, ys, 3, offset=4) == [together(x, y, 3, offset=4) for x, y in pairs]


@given(signature=signatures(), data=st.data())
def test_any_parameters_by_position_or_by_keyword(engine, signature, data):
    """In any order of the names."""
    names = loop_names(signature)
    assume(len(names) > 1)
    plain = function_of(signature)
    chosen = data.draw(st.permutations(names))[: data.draw(st.integers(2, len(names)))]
    body = parallel(plain, loop_var=tuple(chosen), executor=engine, max_workers=2)
    rounds = data.draw(st.lists(st.tuples(*[values] * len(chosen)), max_size=4))
    constant = {name: data.draw(values) for name in names}
    positional = True
    where = {}
    for name in names:
        parameter = signature.parameters[name]
        if parameter.kind is parameter.POSITIONAL_ONLY:
            where[name] = True
        else:
            positional = positional and parameter.kind is not parameter.KEYWORD_ONLY
            positional = positional and data.draw(st.booleans())
            where[name] = positional

    def call(function, chosen_values):
        given = {**constant, **dict(zip(chosen, chosen_values, strict=True))}
        args = [given[name] for name in names if where[name]]
        return function(*args, **{name: given[name] for name in names if not where[name]})

    columns = [[one[at] for one in rounds] for at in range(len(chosen))]
    assert call(body, columns) == [call(plain, one) for one in rounds]


@pytest.mark.parametrize("shape", [list, iter], ids=["list", "iterator"])
@pytest.mark.parametrize(("many", "few"), [("x", "y"), ("y", "x")])
def test_lengths_that_differ_are_an_error_before_anything_runs(shape, many, few):
    """With names and numbers, as far as they are known."""
    ran = []

    @parallel(loop_var=("x", "y"))
    def body(x, y):
        ran.append((x, y))

    with pytest.raises(ValueError, match=r"the loop over x, y needs as many") as caught:
        body(**{many: shape([1, 2, 3]), few: shape([1, 2])})
    assert f"{few} has 2 items" in str(caught.value)
    assert f"{many} has 3 items" in str(caught.value) or shape is iter
    assert "body()" in str(caught.value)
    assert ran == []


def test_an_endless_one_beside_one_that_ends():
    """It is read no further than to see that it goes on."""
    body = parallel(together, loop_var=("x", "y"), executor="serial")
    count = itertools.count()
    with pytest.raises(ValueError, match="y has 3 items, x has more"):
        body(count, iter([1, 2, 3]))
    assert next(count) == 4


def test_iterables_that_break_off(executor):
    """The rounds in front of the break run, then its error is raised: as in the plain loop."""

    def broken():
        yield from (1, 2)
        raise LookupError("no more")

    body = parallel(weigh, loop_var=("x", "y"), executor=executor, max_workers=2)
    with pytest.raises(LookupError, match="no more"):
        body([1, 2, 3], broken())
    with pytest.raises(ZeroDivisionError):
        body([1, 2, 3], (number - 1 for number in broken()))


def test_one_item_of_each_is_an_ordinary_call():
    """Text is one item, as ever."""
    body = parallel(together, loop_var=("x", "y"))
    assert body(1, "two", 3) == together(1, "two", 3)
    assert body(y={}, x=None) == together(None, {})


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        (([1, 2], 3), {}, "x is a loop and y is one item, 3"),
        ((3, [1, 2]), {}, "y is a loop and x is one item, 3"),
        (([1, 2], "ab"), {}, "x is a loop and y is one item, 'ab'"),
        (([1, 2],), {}, "x is a loop and y is not given"),
    ],
)
def test_a_mixture_is_an_error(args, kwargs, words):
    """Never a guess; the message says what to do."""
    ran = []

    @parallel(loop_var=("x", "y"))
    def body(x, y=0):
        ran.append(x)

    with pytest.raises(TypeError, match=words) as caught:
        body(*args, **kwargs)
    assert "out of loop_var" in str(caught.value)
    assert ran == []


def test_wrong_calls_fail_in_pythons_words():
    """Whether or not the items are there."""
    body = parallel(weigh, loop_var=("x", "y"), executor="serial")
    for args, kwargs in [(([1],), {}), (([1], [2], 3), {}), (([1], [2]), {"z": 1})]:
        with pytest.raises(TypeError) as caught:
            body(*args, **kwargs)
        with pytest.raises(TypeError) as plain:
            weigh(*[1] * len(args), **kwargs)
        assert str(caught.value) == str(plain.value)


def test_errors_name_every_part_of_the_item(executor):
    """And are those of the first round that fails."""
    body = parallel(weigh, loop_var=("x", "y"), executor=executor, max_workers=2)
    with pytest.raises(ZeroDivisionError) as caught:
        body([1, 2, 3], [1, 0, 0])
    assert caught.value.__notes__[0] == "clustrix: item 1 (x=2, y=0) of weigh()"


def test_errors_are_collected(executor):
    """In the place of the value."""
    body = parallel(weigh, loop_var=("x", "y"), executor=executor, on_error="collect")
    one, two, three = body([1, 2, 3], [1, 0, 3])
    assert (one, type(two), three) == (1.0, ZeroDivisionError, 1.0)


class Shop:
    """Has methods with two loop variables."""

    tax = 2

    @parallel(loop_var=("price", "count"))
    def total(self, price, count):
        """Of one line."""
        return self.tax * price * count

    @classmethod
    @parallel(loop_var=["price", "count"], executor="threads")
    def taxed(cls, price, count):
        """The same for the class."""
        return cls.tax * price * count


def test_methods():
    """Bound, unbound, of a class; by position and by keyword."""
    assert Shop().total([1, 2], [3, 4]) == [6, 16]
    assert Shop.total(Shop(), [1, 2], count=[3, 4]) == [6, 16]
    assert Shop.taxed(count=[3, 4], price=[1, 2]) == [6, 16]


def test_batches_are_columns(executor):
    """With ``batched=True`` each variable gets the list of its items in the chunk."""

    @parallel(loop_var=("x", "y"), batched=True, chunk_size=2, executor=executor)
    def body(x, y):
        return [(len(x), a, b) for a, b in zip(x, y, strict=True)]

    assert body(range(3), ["a", "b", "c"]) == [(2, 0, "a"), (2, 1, "b"), (1, 2, "c")]


def test_plans():
    """Items are counted; an iterator is not used up."""
    body = parallel(together, loop_var=("x", "y"), executor="threads", max_workers=2)
    assert body.explain([1, 2, 3], (4, 5, 6)).chunk_size == 1
    with pytest.raises(TypeError, match="use up this iterator"):
        body.explain([1, 2, 3], iter([4, 5, 6]))


def test_one_name_in_a_tuple_is_that_name():
    """As in ``for x in xs``."""
    assert parallel(abs, loop_var=["x"])([-1, -2]) == [1, 2]
    assert parallel(loop_var=("scale",))(together)(1, 2, [3, 4])[1] == (1, 2, 4, 0)


@pytest.mark.parametrize(
    ("names", "kind", "words"),
    [
        (("x", "z"), LoopVariableError, "no parameter 'z'"),
        (("x", "x"), ValueError, "'x' twice"),
        ((), ValueError, "empty"),
        (("x", 1), TypeError, "tuple of names"),
    ],
)
def test_names_are_checked_where_the_decorator_stands(names, kind, words):
    """Each of them."""
    with pytest.raises(kind, match=words):
        parallel(weigh, loop_var=names)


def test_the_executor_itself_unpacks_pairs():
    """``for x, y in iterable``."""

    def place(x, a, /, y, *, z=0):
        return (x, a, y, z)

    with LocalExecutor(max_workers=2, use_threads=True) as executor:
        loop = executor.execute_loop_parallel
        assert loop(weigh, ("x", "y"), zip([4, 9], [2, 3], strict=True)) == [2.0, 3.0]
        assert loop(weigh, ("y", "x"), [[2, 4], (3, 9)], position=(1, 0)) == [2.0, 3.0]
        assert loop(place, ("x", "z"), [[1, 2], (3, 4)], (7,), {"y": 8}) == [
            (1, 7, 8, 2),
            (3, 7, 8, 4),
        ]
        with pytest.raises(ValueError, match="item 1 must have a value for each of x, y; it has 3"):
            loop(weigh, ("x", "y"), [(1, 2), (1, 2, 3)])
        with pytest.raises(TypeError, match="item 0 must have a value for each of x, y; not 1"):
            loop(weigh, ("x", "y"), [1, 2])
        with pytest.raises(LoopVariableError):
            loop(weigh, ("x", "z"), [(1, 2)])
        with pytest.raises(TypeError, match="an index for each"):
            loop(weigh, ("x", "y"), [(1, 2)], position=1)
        with pytest.raises(ValueError, match="from 0 to 1"):
            loop(weigh, ("x", "y"), [(1, 2)], position=(0, 2))


@pytest.mark.parametrize("shape", [list, iter], ids=["list", "iterator"])
def test_streams(executor, shape):
    """Side by side, as far as they are asked for; a difference shows when it is met."""
    body = parallel(together, loop_var=("x", "y"), executor=executor, max_workers=2)
    expected = [together(x, 2 * x, 7) for x in range(9)]
    assert list(body.stream(shape(range(9)), shape(range(0, 18, 2)), 7)) == expected
    with pytest.raises(ValueError, match="needs as many items"):
        list(body.stream(shape([1, 2, 3]), shape([1, 2])))
    endless = body.stream(itertools.count(), itertools.count(5))
    assert [next(endless)[:2] for _ in range(3)] == [(0, 5), (1, 6), (2, 7)]
    endless.close()
    with pytest.raises(TypeError, match="one item"):
        body.stream(1, 2)


def test_plans_for_loops_that_are_not_written_yet():
    """Any of the parameters, in any order."""

    def far(a, /, x, b, *, y):
        return (a, x, b, y)

    for names in [("x", "y"), ("y", "b"), ("a", "b")]:
        assert foresee(parallel(far, loop_var=names, executor="threads"), 10).engine == "threads"
    assert foresee(parallel(awaited), 10).engine == "asyncio"


async def awaited(x):
    """Its plan is another."""
