"""Classes of a script travel as code: they are in a worker what they are here, and stay it here."""

from __future__ import annotations

import enum
import functools
from pathlib import Path
from typing import ClassVar

import pytest

from clustrix.execution.travel._transport import dumps, loads
from tests.scripts import output_of

PROGRAM = """
    import dataclasses, enum, functools
    from clustrix import parallel

    twice = functools.partial(parallel, executor="processes", max_workers=2, chunk_size=1)
    made = []

    class Base:
        def __init_subclass__(cls):
            made.append(cls.__name__)

    class Thing(Base):
        seen, limit = [], 1

        def __init__(self, value):
            self.value = value

        def double(self):
            return 2 * self.value
"""


def told(tmp_path: Path, source: str) -> list[str]:
    """What a program with these classes prints."""
    return output_of(PROGRAM + source, tmp_path).splitlines()


def test_results_leave_the_class_as_it_is(tmp_path: Path) -> None:
    """Its registry is the same list, its methods the same functions; no class is made in vain."""
    source = """
    seen, double = Thing.seen, Thing.double
    things = twice(lambda x: Thing(x))(range(8))
    seen.append("one")
    print([thing.double() for thing in things], {type(thing) is Thing for thing in things})
    print(Thing.seen is seen, Thing.double is double, made)
    """
    assert told(tmp_path, source) == [
        f"{[2 * x for x in range(8)]} {{True}}",
        "True True ['Thing']",
    ]


def test_what_the_caller_changes_meanwhile_stays_changed(tmp_path: Path) -> None:
    """A stream yields values of a class whose attribute is assigned to between them."""
    source = """
    things = twice(lambda x: Thing(x)).stream(range(20))
    next(things)
    Thing.limit = 2
    print(len(list(things)), Thing.limit)
    """
    assert told(tmp_path, source) == ["19 2"]


def test_what_the_caller_changes_reaches_the_next_loop(tmp_path: Path) -> None:
    """Workers have made the class already; it gets the new state, time and again."""
    source = """
    limits = twice(lambda x: Thing.limit)
    for limit in (1, 2, 3):
        Thing.limit = limit
        print(set(limits(range(6))))
    """
    assert told(tmp_path, source) == ["{1}", "{2}", "{3}"]


def test_what_the_caller_deletes_is_gone_in_the_next_loop(tmp_path: Path) -> None:
    """As behind a patch: what was there before, in a base class say, is found again."""
    source = """
    class Sub(Thing):
        pass

    limits = twice(lambda x: (Sub.limit, getattr(Sub, "extra", None)))
    Thing.limit = 1
    print(set(limits(range(6))))
    Sub.limit, Sub.extra = 3, 4
    print(set(limits(range(6))))
    del Sub.limit, Sub.extra
    print(set(limits(range(6))))
    """
    assert told(tmp_path, source) == ["{(1, None)}", "{(3, 4)}", "{(1, None)}"]


def test_a_class_with_cached_properties_goes_along(tmp_path: Path) -> None:
    """Each of them has a lock in some versions of Python."""
    source = """
    import functools

    class Circle:
        def __init__(self, radius):
            self.radius = radius

        @functools.cached_property
        def area(self):
            return 3 * self.radius ** 2

    areas = twice(lambda circle: (circle.area, vars(circle)["area"]))
    print(areas([Circle(1), Circle(2)]))
    """
    assert told(tmp_path, source) == ["[(3, 3), (12, 12)]"]


SLOTS = {
    "names": "__slots__ = ('value', 'other')",
    "one name": "__slots__ = 'value'",
    "documented": "__slots__ = {'value': 'what it holds'}",
    "weak": "__slots__ = ('value', '__weakref__')",
    "private": "__slots__ = ('value', '__other')",
    "and a dict": "__slots__ = ('value', '__dict__')",
}


@pytest.mark.parametrize("slots", SLOTS.values(), ids=SLOTS)
def test_instances_with_slots_come_back(tmp_path: Path, slots: str) -> None:
    """And have no other attributes in a worker than here."""
    source = f"""
    class Slim:
        {slots}

    class Slimmer(Slim):
        __slots__ = ("more",)

    def both(x):
        slim, slimmer = Slim(), Slimmer()
        slim.value = slimmer.value = slimmer.more = x
        try:
            slim.unheard = 1
        except AttributeError:
            slim.value = -x
        return slim, slimmer

    print([(a.value, b.value, b.more, type(b) is Slimmer) for a, b in twice(both)(range(1, 4))])
    print([(a.value, b.value, b.more, type(b) is Slimmer) for a, b in map(both, range(1, 4))])
    """
    shared, plain = told(tmp_path, source)
    assert shared == plain


def test_named_tuples_come_back(tmp_path: Path) -> None:
    """Of either kind, with methods and defaults, and classes that are made of them."""
    source = """
    import collections, typing

    class Pair(typing.NamedTuple):
        left: int
        right: int = 2

        def total(self):
            return self.left + self.right

    Old = collections.namedtuple("Old", "one other")

    class Slim(Pair):
        __slots__ = ()

    def make(x):
        return Pair(x), Old(x, 1), Slim(x), Pair(x).total()

    print(twice(make)(range(3)) == [make(x) for x in range(3)])
    print({type(one) for one in twice(make)(range(3))[1]} == {Pair, Old, Slim, int})
    """
    assert told(tmp_path, source) == ["True", "True"]


KINDS = {
    "typed dictionary": "class Made(typing.TypedDict):\n        value: int",
    "protocol": "class Made(typing.Protocol):\n        value: int = 1",
    "generic": "class Made(typing.Generic[T]):\n        __slots__ = ('value',)",
    "abstract": "class Made(abc.ABC):\n        __slots__ = ('value',)",
    "of a metaclass": "class Made(metaclass=Meta):\n        __slots__ = ('value',)",
    "flag": "class Made(enum.Flag):\n        ONE = 1",
    "text": "class Made(str):\n        __slots__ = ()",
    "error": "class Made(Exception):\n        __slots__ = ('value',)",
    "generic dataclass": "@dataclasses.dataclass(slots=True)\n    class Made(typing.Generic[T]):"
    "\n        value: T",
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_classes_of_all_kinds_go_along(tmp_path: Path, kind: str) -> None:
    """There and back, they are the caller's."""
    source = f"""
    import abc, typing
    T = typing.TypeVar("T")

    class Meta(type):
        def __new__(meta, name, bases, space, **more):
            return super().__new__(meta, name, bases, space)

    {kind}

    print({{*twice(lambda x: Made)(range(4))}} == {{Made}}, made)
    """
    assert told(tmp_path, source) == ["True ['Thing']"]


def test_dataclasses_with_slots_come_back(tmp_path: Path) -> None:
    """They are made twice, the second time with slots; frozen ones have a state of their own."""
    source = """
    @dataclasses.dataclass(slots=True)
    class Point:
        x: int
        y: int = 2

    @dataclasses.dataclass(slots=True, frozen=True)
    class Fixed(Point.__base__):
        z: int

    @dataclasses.dataclass(slots=True)
    class Deeper(Point):
        z: int = 3

    print(twice(lambda x: (Point(x), Fixed(x), Deeper(x)))(range(2)))
    """
    assert told(tmp_path, source) == [
        str(
            [f"(Point(x={x}, y=2), Fixed(z={x}), Deeper(x={x}, y=2, z=3))" for x in range(2)]
        ).replace("'", "")
    ]


@pytest.mark.parametrize(
    "how", ["functools.lru_cache", "functools.lru_cache(maxsize=2, typed=True)"]
)
@pytest.mark.parametrize(
    "options", ["executor='processes', max_workers=2", "executor='threads'", ""]
)
def test_functions_with_a_cache_go_along(tmp_path: Path, how: str, options: str) -> None:
    """Those of a script, too, to which no name leads in a worker; they may call themselves."""
    source = f"""
    @{how}
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    @parallel({options})
    def item(n):
        for _ in range(20_000):
            pass
        return fibonacci(n % 30)

    print(item(range(100)) == [fibonacci(n % 30) for n in range(100)])
    """
    assert told(tmp_path, source) == ["True"]


def test_a_cache_is_as_big_there_as_here() -> None:
    """With a name of its own, and nothing in it."""

    @functools.lru_cache(maxsize=7, typed=True)
    def local(x: int) -> int:
        """Documented."""
        return x + 1

    assert local(1) == 2
    copy = loads(dumps(local))
    assert copy.cache_parameters() == {"maxsize": 7, "typed": True}
    assert copy.cache_info().currsize == 0
    assert (copy.__name__, copy.__doc__, copy(2)) == ("local", "Documented.", 3)
    assert loads(dumps(cached)) is cached


@functools.lru_cache
def cached(x: int) -> int:
    """To this one its name leads."""
    return x


def test_a_class_that_is_made_in_an_item_keeps_its_name(tmp_path: Path) -> None:
    """Where it was made is a part of it."""
    source = """
    def local(x):
        @dataclasses.dataclass
        class Point:
            x: int
        return Point(x)

    print(twice(local)(range(2)), list(map(local, range(2))))
    """
    (line,) = told(tmp_path, source)
    points = [f"local.<locals>.Point(x={x})" for x in range(2)] * 2
    assert line == "[{}, {}] [{}, {}]".format(*points)


def test_a_class_that_is_here_is_found() -> None:
    """With its members, and what it holds."""

    class Colour(enum.Enum):
        RED = 1

    class Local:
        kept: ClassVar[list[int]] = []

    assert loads(dumps(Colour)) is Colour
    assert loads(dumps(Colour.RED)) is Colour.RED
    kept = Local.kept
    assert loads(dumps(Local())).kept is kept
