"""What a call gives its function counts, too: methods of its arguments, its items and its self."""

from __future__ import annotations

import abc
import dataclasses
import functools
import io
import itertools
from typing import Any, ClassVar

import pytest

from clustrix import parallel
from clustrix._model import Call
from clustrix.analysis import effects_of


class Counter:
    """Whatever is done with it changes it."""

    def __init__(self) -> None:
        self.n = 0
        self.seen: list[Any] = []

    def tick(self) -> None:
        self.n += 1

    def look(self) -> int:
        return self.n

    def __call__(self, x: Any) -> None:
        self.seen.append(x)

    def __enter__(self) -> Counter:
        self.n += 1
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Base(abc.ABC):
    """A method that others fill in."""

    @abc.abstractmethod
    def handle(self, x: Any) -> None: ...

    def run(self, x: Any) -> Any:
        self.handle(x)
        return x


class Notes(Base):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def handle(self, x: Any) -> None:
        self.seen.append(x)


class Silent(Base):
    def handle(self, x: Any) -> None:
        sum(range(x))


class Outer:
    class Inner:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def note(self, x: Any) -> None:
            self.seen.append(x)

        def run(self, x: Any) -> Any:
            self.note(x)
            return x


def local() -> Any:
    class Local(Outer.Inner):
        def note(self, x: Any) -> None:
            self.seen.append(2 * x)

    return Local()


counter, kept, made, out = Counter(), [], [], io.StringIO()  # type: ignore[var-annotated]


def noted(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*args: Any) -> Any:
        kept.append(args)
        return function(*args)

    return inner


@noted
def quiet(x: Any) -> Any:
    return x


@dataclasses.dataclass
class Registered:
    x: int

    def __post_init__(self) -> None:
        made.append(self.x)


def ticks(x, counter):
    counter.tick()


def looks(x, counter):
    return counter.look() + x


def calls(x, counter):
    counter(x)


def enters(x, counter):
    with counter:
        return x


def helps(x, counter):
    ticks(x, counter)


def ticks_itself(x):
    x.tick()


def ticks_a_part(pair):
    pair[0].tick()


def calls_a_global(x):
    counter(x)


def enters_a_global(x):
    with counter:
        return x


def calls_a_decorated_one(x):
    return quiet(x)


def registers(x):
    return Registered(x)


def prints(x):
    print(x, file=out)


def gets(x):
    getattr(kept, "append")(x)  # noqa: B009


def method(value: Any, name: str, *items: Any) -> Call:
    """A method as the decorator hands it on: the object is an argument."""
    return Call(getattr(type(value), name), items or (1, 2), (value,), slot=1, loop_var="x")


def with_counter(function: Any) -> Call:
    return Call(function, (1, 2), (Counter(),), loop_var="x")


def tells(x, done):
    done(x)


def told() -> Any:
    """A list, and the method that adds to it."""
    return [].append


CASES = {
    "a method that a subclass fills in": (method(Notes(), "run"), {("SH101", "self.seen")}),
    "one that is filled in without a trace": (method(Silent(), "run"), set()),
    "bound": (Call(Notes().run, (1, 2), loop_var="x"), {("SH101", "self.seen")}),
    "of a class in a class": (method(Outer.Inner(), "run"), {("SH101", "self.seen")}),
    "of a class in a function": (method(local(), "run"), {("SH101", "self.seen")}),
    "an object that is called": (Call(Counter(), (1, 2), loop_var="x"), {("SH101", "self.seen")}),
    "a method of an argument": (with_counter(ticks), {("SH201", "counter.n")}),
    "one that only looks": (with_counter(looks), set()),
    "an argument that is called": (with_counter(calls), {("SH101", "counter.seen")}),
    "an argument around a block": (with_counter(enters), {("SH201", "counter.n")}),
    "a method in a helper": (with_counter(helps), {("SH201", "counter.n")}),
    "by a keyword": (
        Call(ticks, (1, 2), kwargs={"counter": Counter()}, loop_var="x"),
        {("SH201", "counter.n")},
    ),
    "a method of the item": (
        Call(ticks_itself, (Counter(), Counter()), loop_var="x"),
        {("SH205", "x.n")},
    ),
    "a method of a part of it": (
        Call(ticks_a_part, [(Counter(), 1)], loop_var="pair"),
        {("SH205", "pair[...].n")},
    ),
    "a method of a list": (
        Call(tells, (1, 2), (told(),), loop_var="x"),
        {("SH101", "done.__self__")},
    ),
    "a method of an object": (
        Call(tells, (1, 2), (Counter(),), loop_var="x"),
        {("SH101", "done.seen")},
    ),
    "a bound method": (
        Call(tells, (1, 2), (Notes().handle,), loop_var="x"),
        {("SH101", "done.__self__.seen")},
    ),
    "print": (Call(tells, (1, 2), (print,), loop_var="x"), set()),
    "a global that is called": (Call(calls_a_global, (1, 2)), {("SH101", "counter.seen")}),
    "a global around a block": (Call(enters_a_global, (1, 2)), {("SH201", "counter.n")}),
    "what decorators do": (Call(calls_a_decorated_one, (1, 2)), {("SH101", "kept")}),
    "what a dataclass does": (Call(registers, (1, 2)), {("SH101", "made")}),
    "a file in memory": (Call(prints, (1, 2)), {("SH203", "out")}),
    "a method by its name": (Call(gets, (1, 2)), {("SH201", "kept")}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_call_gives_is_looked_into(name):
    """By the classes of the objects themselves, not by what their names suggest."""
    call, found = CASES[name]
    assert {(one.code, one.name) for one in effects_of(call)} == found


class Numbered:
    """Each object knows how many there were before."""

    made: ClassVar[list[Any]] = []
    ids = itertools.count()
    count = 0
    limit: Any = None

    def __init__(self) -> None:
        self.limit = []
        self.limit.append(1)


class ByLength(Numbered):
    def __init__(self) -> None:
        self.made.append(self)


class ByIterator(Numbered):
    def __init__(self) -> None:
        self.id = next(self.ids)


class ByType(Numbered):
    def __init__(self) -> None:
        type(self).count += 1


class ByClass(Numbered):
    def __init__(self) -> None:
        self.__class__.count += 1


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Numbered, set()),
        (ByLength, {("SH101", "made")}),
        (ByIterator, {("SH203", "ids")}),
        (ByType, {("SH201", "__class__.count")}),
        (ByClass, {("SH201", "__class__.count")}),
    ],
)
def test_objects_that_count_themselves(kind, found):
    """What a class holds is everybody's, though each item makes an object of its own."""

    def make(x):
        return kind()

    assert {(one.code, one.name) for one in effects_of(Call(make, (1, 2), loop_var="x"))} == found


STATS = {"a": Counter(), "b": Counter()}
COUNTERS = [Counter(), Counter()]
TABLE = {"tick": COUNTERS[0].tick, "print": print}
LISTS = {0: kept.append, 1: made.append}


def ticks_in_a_table(x):
    STATS["a"].tick()


def ticks_them_all(x):
    for one in COUNTERS:
        one.tick()


def calls_out_of_a_table(x):
    TABLE["tick"]()


def adds_out_of_a_table(x):
    LISTS[x % 2](x)


def test_methods_of_lists_in_a_table():
    """Any of them may be called."""
    found = effects_of(Call(adds_out_of_a_table, (1, 2), loop_var="x"))
    assert [one.code for one in found] == ["SH101"]


@pytest.mark.parametrize("function", [ticks_in_a_table, ticks_them_all, calls_out_of_a_table])
def test_what_containers_hold_is_looked_into(function):
    """Its methods are those of the objects that are there when the loop is planned."""
    assert [one.code for one in effects_of(Call(function, (1, 2), loop_var="x"))] == ["SH201"]


def slow(x: Any) -> Any:
    """Work that is worth sharing."""
    sum(range(300_000))
    return x


class Job(Base):
    """The loop is in the base class, the write in this one."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @parallel(loop_var="x")
    def loop(self, x: Any) -> Any:
        self.handle(slow(x))
        return x

    def handle(self, x: Any) -> None: ...


class Noting(Job):
    def handle(self, x: Any) -> None:
        self.seen.append(x)


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_nothing_is_lost_where_a_subclass_writes():
    """Also where the same function was shared before, for a class that writes nothing."""
    for _ in range(2):
        assert Job().loop(range(60)) == [*range(60)]
    job = Noting()
    assert Job().loop.explain(range(60)).engine == "processes"
    assert job.loop.explain(range(60)).engine == "threads"
    for _ in range(2):
        job.loop(range(60))
    assert sorted(job.seen) == sorted([*range(60)] * 2)


@parallel(loop_var="pair")
def tick_first(pair: tuple[Counter, int]) -> int:
    slow(pair[1])
    pair[0].tick()
    return pair[1]


@pytest.mark.filterwarnings("ignore::clustrix.SharedStateWarning")
def test_items_that_hold_the_same_object_take_turns():
    """Two threads that count on it at once would lose some."""
    shared = Counter()
    pairs = [(shared, i) for i in range(60)]
    assert tick_first.explain(pairs).engine == "serial"
    assert tick_first.explain([(Counter(), i) for i in range(60)]).engine == "threads"
    for _ in range(2):
        tick_first(pairs)
    assert shared.n == 120


class Shy:
    """Whose attributes nobody may ask for."""

    def __call__(self, x: Any) -> Any:
        return x

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


def test_no_code_of_an_object_runs():
    """Whether it is called, passed, or an item."""
    assert effects_of(Call(Shy(), (1, 2), loop_var="x")) == ()
    assert effects_of(Call(tells, (1, 2), (Shy(),), loop_var="x")) == ()
    assert effects_of(Call(ticks_itself, (Shy(), Shy()), loop_var="x")) == ()
