"""What counts as one item and what as a loop."""

from __future__ import annotations

import array
import collections
import io
import types

import pytest

from clustrix import parallel


@parallel(loop_var="x", executor="serial")
def seen(x):
    """Shows what the function got."""
    return [type(x).__name__, x]


@pytest.mark.parametrize(
    "item",
    [
        0,
        2.5,
        1j,
        None,
        True,
        "text",
        "",
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        {"a": 1},
        {},
        collections.OrderedDict(a=1),
        collections.Counter("abc"),
        types.MappingProxyType({"a": 1}),
        object(),
        print,
        int,
        ValueError("x"),
    ],
    ids=lambda item: type(item).__name__,
)
def test_one_item(item):
    """Text, bytes, mappings and whatever is not iterable: an ordinary call."""
    name, got = seen(item)
    assert name == type(item).__name__
    assert got is item


class OldStyle:
    """Iterable by index alone."""

    def __getitem__(self, index):
        return [10, 20, 30][index]


class Lazy:
    """Iterable, without a length."""

    def __iter__(self):
        return iter((1, 2, 3))


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, 2, 3],
        lambda: (1, 2, 3),
        lambda: range(3),
        lambda: {3, 1, 2},
        lambda: frozenset({3, 1}),
        lambda: (i for i in range(3)),
        lambda: iter([1, 2]),
        lambda: map(abs, [-1, -2]),
        lambda: zip("ab", "cd", strict=True),
        lambda: enumerate("ab"),
        lambda: {"a": 1, "b": 2}.keys(),
        lambda: {"a": 1, "b": 2}.values(),
        lambda: {"a": 1, "b": 2}.items(),
        lambda: collections.deque([1, 2]),
        lambda: collections.UserList([1, 2]),
        lambda: array.array("i", [1, 2]),
        lambda: io.StringIO("one\ntwo\n"),
        lambda: Point(1, 2),
        OldStyle,
        Lazy,
    ],
    ids=lambda make: type(make()).__name__,
)
def test_a_loop(make, executor):
    """Everything else that can be iterated over."""
    body = parallel(lambda x: [x], executor=executor, max_workers=2, chunk_size=1)
    assert body(make()) == [[x] for x in make()]


def test_a_numpy_array_is_a_loop_over_its_first_axis():
    """As in ``for row in array``; an array without axes is one item."""
    numpy = pytest.importorskip("numpy")
    grid = numpy.arange(6).reshape(3, 2)
    results = parallel(lambda x: x, executor="threads")(grid)
    assert [row.tolist() for row in results] == grid.tolist()
    assert [type(x) for x in seen.__wrapped__(grid)[1:]] == [numpy.ndarray]
    assert seen(numpy.array(5))[1].shape == ()
    assert seen(numpy.float64(5))[1] == 5.0


def test_a_text_in_a_list_is_an_item(executor):
    """Only the argument itself is looked at."""
    body = parallel(lambda x: x, executor=executor, max_workers=2)
    assert body(["ab", b"cd", {"e": 1}, [1, 2], None]) == ["ab", b"cd", {"e": 1}, [1, 2], None]


def test_a_class_is_one_item_even_if_its_instances_are_loops():
    """`list` is not iterable; `[]` is."""
    assert seen(list)[1] is list


def test_an_iterator_is_used_up_once():
    """And entirely: the loop runs over what it gave."""
    items = iter([1, 2, 3])
    assert [x for _, x in seen(items)] == [1, 2, 3]
    assert list(items) == []


def test_an_iterable_that_fails_in_the_middle(executor, tmp_path):
    """The items in front of the failure have run, then its error comes."""
    trace = tmp_path / "trace"

    def items():
        yield 1
        yield 2
        raise LookupError("no third item")

    @parallel(loop_var="x", executor=executor, max_workers=2, chunk_size=1)
    def body(x):
        with open(trace, "a") as file:
            file.write(f"{x}\n")

    with pytest.raises(LookupError, match="no third item"):
        body(items())
    assert sorted(trace.read_text().split()) == ["1", "2"]


def test_an_item_that_fails_in_front_of_a_failing_iterable(executor):
    """The plain loop would not have got there."""

    def items():
        yield 1
        yield 0
        raise LookupError("never reached by the loop")

    body = parallel(lambda x: 1 / x, executor=executor, max_workers=2, chunk_size=1)
    with pytest.raises(ZeroDivisionError):
        body(items())


def test_an_iterable_that_fails_at_once(executor):
    """Its own error, whatever it is."""

    class Broken:
        def __iter__(self):
            raise OSError("not today")

    body = parallel(lambda x: x, executor=executor)
    with pytest.raises(OSError, match="not today"):
        body(Broken())


def test_a_length_that_lies_is_not_believed(executor):
    """The loop asks for items until there are none."""

    class Liar:
        def __iter__(self):
            return iter((1, 2, 3))

        def __len__(self):
            return 100

    body = parallel(lambda x: x, executor=executor, max_workers=2)
    assert body(Liar()) == [1, 2, 3]


def test_subclasses_of_list_keep_their_way_of_iterating(executor):
    """``for x in items`` calls ``__iter__``, so the parallel loop does."""

    class Backwards(list):
        def __iter__(self):
            return reversed(list(range(len(self))))

    body = parallel(lambda x: x, executor=executor, max_workers=2)
    assert body(Backwards([7, 7, 7])) == [2, 1, 0]
