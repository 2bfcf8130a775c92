"""What cannot be pickled is named by its path; what can is left alone."""

from __future__ import annotations

import ast
import contextvars
import copy
import functools
import io
import pickle
import re
import socket
import sys
import threading
import time
import types
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix.analysis import check_picklable

LOCK = threading.Lock()


class Client:
    def __init__(self):
        self.name = "x"
        self.session = Session()


class Session:
    def __init__(self):
        self.lock = threading.Lock()


class Careful:
    """Leaves out what cannot travel."""

    def __init__(self):
        self.lock = threading.Lock()

    def __getstate__(self):
        return {"kept": 1}

    def __setstate__(self, state):
        self.__init__()


class Refusing:
    def __reduce__(self):
        raise ValueError("not today")


class Slotted:
    __slots__ = ("conn",)

    def __init__(self, conn):
        self.conn = conn


class Nosy:
    """Asking it for anything runs its own code."""

    def __init__(self, guard):
        self.guard = guard

    def __getattr__(self, name):
        raise AttributeError(name)


class Point(NamedTuple):
    x: int
    y: object


@dataclass(frozen=True)
class Frozen:
    __slots__ = ("guard",)
    guard: object


class Words(list):
    pass


def importable(x):
    return x


def uses_the_lock(x):
    with LOCK:
        return x


def wraps(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x)

    return wrapper


@wraps
def decorated(x):
    return x


@functools.lru_cache
def cached(x):
    return x


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Client(), "a.session.lock"),
        ([1, {"k": [LOCK]}], "a[1]['k'][0]"),
        ((1, 2, LOCK), "a[2]"),
        ({3: Slotted(LOCK)}, "a[3].conn"),
        (functools.partial(importable, 1, k=LOCK), "a.keywords['k']"),
        (Client().session.__init__, "a.__self__.lock"),
        (LOCK.acquire, "a.__self__"),
        (deque([1, LOCK]), "a[1]"),
        (defaultdict(list, {"x": LOCK}), "a['x']"),
        (OrderedDict(x=LOCK), "a['x']"),
        (ValueError("x", LOCK), "a.<args>[1]"),
        (np.array([1, LOCK], dtype=object), "a[1]"),
        (io.TextIOWrapper(io.BytesIO()), "a"),
        ((x for x in "ab"), "a"),
        ({LOCK: 1}, "a.<keys>[0]"),
        ({(1, 2): LOCK}, "a.<values>[0]"),
        ({LOCK}, "a.<elements>[0]"),
        (defaultdict(LOCK.acquire), "a.default_factory.__self__"),
        (Point(1, LOCK), "a[1]"),
        (Frozen(LOCK), "a.guard"),
        (Words([LOCK]), "a[0]"),
        (Counter({"x": LOCK}), "a['x']"),
        (np.array([[1, 2], [3, LOCK]], dtype=object), "a.flat[3]"),
        (np.array([(1, LOCK)], dtype=[("n", int), ("o", object)]), "a['o'][0]"),
        (types.SimpleNamespace(x=LOCK), "a.x"),
        (Nosy(LOCK), "a.guard"),
        (Refusing(), "a"),
    ],
)
@pytest.mark.parametrize("by_value", [False, True])
def test_the_path_leads_to_the_culprit(value, path, by_value):
    finding = check_picklable(value, "a", by_value=by_value)
    assert finding.name == path
    assert finding.code.startswith("PK1")


def test_the_message_says_what_and_how_to_mend_it():
    why = check_picklable(Client(), "args[0]").why
    assert why.startswith("is a _thread.lock, which cannot be pickled; ")
    assert "not today" in check_picklable(Refusing(), "x").why


PICKLABLE = [
    1, 2.5, None, "text", b"bytes", bytearray(3), range(3), ..., 1j, [], {}, {1, 2},
    frozenset("ab"),
    Decimal(1), datetime(2020, 1, 1), OrderedDict(a=1), np.arange(5), np.float64(2), Careful(),
    importable, Client, len, "a".join, functools.partial(importable, 1), ValueError("x"), int,
    deque([1]), io.StringIO("x"), iter([1]), threading.Event, np.zeros(2, dtype=[("a", int)]),
]  # fmt: skip


@pytest.mark.parametrize("value", PICKLABLE, ids=lambda value: type(value).__name__)
def test_what_can_be_pickled_is_silent(value):
    pickle.dumps(value)
    assert check_picklable(value, "x") is None
    assert check_picklable(value, "x", by_value=True) is None


def test_functions_by_the_rules_of_the_standard_pickle():
    def local(x):
        return x

    class Local:
        pass

    assert check_picklable(lambda x: x, "f").code == "PK102"
    assert check_picklable(local, "f").code == "PK102"
    assert check_picklable(Local, "c").code == "PK103"
    assert check_picklable([Local()], "c").name == "c[0].__class__"
    assert check_picklable(np, "np").code == "PK101"


def test_functions_by_value():
    """What cloudpickle sends with a function decides."""
    held = threading.Lock()

    def closed(x):
        return held, x

    def clean(x, y=(1, 2)):
        return np.sum(x) + y[0]

    def default(x, lock=held):
        return x

    assert check_picklable(lambda x: x, "f", by_value=True) is None
    assert check_picklable(clean, "f", by_value=True) is None
    assert check_picklable(closed, "load", by_value=True).name == "load.<closure>.held"
    assert check_picklable(default, "load", by_value=True).name == "load.<defaults>[0]"
    assert check_picklable(np, "np", by_value=True) is None


def test_globals_by_value(monkeypatch):
    """A function that no worker can import takes the globals it mentions along."""
    assert check_picklable(uses_the_lock, "f", by_value=True) is None
    monkeypatch.setattr(uses_the_lock, "__module__", "nowhere")
    assert check_picklable(uses_the_lock, "f", by_value=True).name == "f.<globals>.LOCK"


def test_an_attribute_of_the_same_name_is_no_global(monkeypatch):
    def reads(x):
        return x.LOCK

    assert check_picklable(reads, "f", by_value=True) is None


def test_the_function_inside_a_decorator_goes_by_the_name_of_its_wrapper():
    """Standard pickle says "not the same object"; a worker unwraps what it imports."""
    assert check_picklable(decorated.__wrapped__, "f") is None
    assert check_picklable(decorated, "f") is None


def test_a_script_takes_its_globals_along(monkeypatch):
    """Its module has another meaning in a worker, so that names in it lead nowhere there."""
    main = types.ModuleType("__main__")
    exec("import threading\nlock = threading.Lock()\ndef f(x): return lock, x", vars(main))
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert check_picklable(main.f, "f") is None
    assert check_picklable(main.f, "f", by_value=True).name == "f.<globals>.lock"


def test_a_name_must_lead_back_to_the_object():
    """`lru_cache` reduces to a name, found or not."""

    @functools.lru_cache
    def local(x):
        return x

    for by_value in (False, True):
        assert check_picklable(local, "f", by_value=by_value).code == "PK107"
        assert check_picklable(cached, "f", by_value=by_value) is None


def test_cycles_end():
    loop = []
    loop.append(loop)
    node = Client.__new__(Client)
    node.me = node
    assert check_picklable([loop, node], "x") is None


def test_nesting_too_deep_for_a_pickler():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for by_value in (False, True):
        assert check_picklable(deep, "x", by_value=by_value).code == "PK105"


def test_big_objects_cost_nothing():
    """A gigabyte of numbers, a long list, a big dict: no copy, no walk."""
    big = [np.zeros(2**27), list(range(10**7)), b"x" * 2**28, dict.fromkeys(range(10**6), 1)]
    before = time.process_time()
    assert all(check_picklable(value, "x", by_value=True) is None for value in big)
    assert time.process_time() - before < 0.5


def test_the_object_is_left_as_it_is():
    value = {"a": [1, Client()], "b": io.StringIO("text")}
    value["b"].read(2)
    before = copy.copy(value["a"][1].__dict__)
    check_picklable(value, "x")
    assert value["a"][1].__dict__ == before
    assert value["b"].tell() == 2


class Node:
    def __init__(self, value):
        self.value = value


class Slots:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


@dataclass(frozen=True, slots=True)
class Record:
    value: object


class Sparse:
    """Leaves its lock at home."""

    def __init__(self, value):
        self.value, self.lock = value, LOCK

    def __getstate__(self):
        return {"value": self.value}


class Reduced:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Reduced, (self.value,)


class Hidden:
    """Its state has other names than its attributes."""

    def __init__(self, value):
        self._value = value

    def __getstate__(self):
        return [self._value]

    def __setstate__(self, state):
        self._value = state[0]


def hashable(value):
    return Slots(value, None)  # by identity


def closes_over(value):
    def inner(x):
        return value, x

    return inner


def defaults_to(value):
    return lambda x, y=value, *, z=value: (x, y, z)


def twins(value):
    return [value, value]


LEAVES = (
    st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=3) | st.floats()
    | st.sampled_from([importable, len, Node, OrderedDict, Decimal(1), 10**30, np.arange(3)])
)  # fmt: skip
CULPRITS = st.sampled_from(
    [
        threading.Lock,
        threading.RLock,
        lambda: (x for x in "ab"),
        lambda: sys._getframe(),
        lambda: io.BytesIO().getbuffer().__iter__(),
        lambda: types.CoroutineType.cr_frame and iter(int, 1),
        lambda: re.match("a", "a"),
        lambda: socket.socket.__new__(socket.socket),
        lambda: contextvars.ContextVar("x"),
    ]
)


def grown(inner):
    """Every way in which one thing holds another."""
    some = st.lists(inner, max_size=4)
    return (
        some
        | some.map(tuple)
        | some.map(deque)
        | some.map(Words)
        | st.lists(inner.map(hashable), max_size=3).map(set)
        | st.dictionaries(st.text(max_size=3) | st.tuples(st.integers()), inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(OrderedDict)
        | st.dictionaries(inner.map(hashable), st.integers(), max_size=3)
        | inner.map(lambda value: types.SimpleNamespace(it=value))
        | inner.map(lambda value: functools.partial(importable, value, key=value))
        | inner.map(lambda value: Node(value).__init__)
        | inner.map(twins)
        | st.builds(Point, inner, inner)
        | st.builds(Slots, inner, inner)
        | st.sampled_from([Node, Record, Sparse, Reduced, Hidden, Nosy]).flatmap(inner.map)
    )


def graphs(leaves):
    return st.recursive(leaves, grown, max_leaves=15)


FUNCTIONS = st.sampled_from([closes_over, defaults_to])


def pickles(value, dumps):
    try:
        dumps(value)
    except Exception:
        return False
    return True


STEP = re.compile(r"\.<(\w+)>(?:\.(\w+))?|\.(\w+)|\[((?:'(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\]])*)\]")


def arrive(value, path):
    """Go the way that a path describes."""
    ways = {
        "keys": list,
        "elements": list,
        "values": lambda held: list(getattr(held, "values", lambda: held)()),
        "closure": lambda f: dict(
            zip(f.__code__.co_freevars, (c.cell_contents for c in f.__closure__), strict=True)
        ),
        "globals": lambda f: f.__globals__,
        "defaults": lambda f: (f.__kwdefaults__ or {}) | dict(enumerate(f.__defaults__ or ())),
        "args": lambda held: held.__reduce_ex__(5)[1],
        "state": lambda held: held.__getstate__(),
    }
    place = 0
    while place < len(path):
        step = STEP.match(path, place)
        assert step, path[place:]
        way, name, attribute, index = step.groups()
        place = step.end()
        if way:
            value = ways[way](value)
            value = value[name] if name else value
        elif attribute:
            value = getattr(value, attribute)
        else:
            value = value[ast.literal_eval(index)]
    return value


@settings(max_examples=150)
@given(graphs(LEAVES | FUNCTIONS.flatmap(LEAVES.map)))
def test_it_agrees_with_the_picklers(value):
    """Silent exactly when pickling works."""
    for by_value, dumps in ((False, pickle.dumps), (True, cloudpickle.dumps)):
        found = check_picklable(value, "x", by_value=by_value)
        assert (found is None) == pickles(value, dumps), found


@settings(max_examples=150)
@given(CULPRITS.flatmap(lambda make: st.tuples(st.just(make()), st.just(None))), st.data())
def test_the_path_evaluates_to_the_culprit(culprit, data):
    """Wherever it was planted, and only if a pickler would come across it."""
    culprit = culprit[0]
    leaves = LEAVES | st.just(culprit)
    value = data.draw(graphs(leaves | FUNCTIONS.flatmap(leaves.map)))
    for by_value, dumps in ((False, pickle.dumps), (True, cloudpickle.dumps)):
        found = check_picklable(value, "", by_value=by_value)
        assert (found is None) == pickles(value, dumps), found
        if found is not None and found.code in ("PK101", "PK104"):
            assert arrive(value, found.name) is culprit
        elif found is not None:
            assert callable(arrive(value, found.name))


@settings(max_examples=150)
@given(graphs(LEAVES | st.just(LOCK)))
def test_believing_never_finds_more_than_asking(value):
    """What is not asked may be missed; nothing is made up."""
    for by_value in (False, True):
        if check_picklable(value, "x", by_value=by_value, ask=False):
            assert check_picklable(value, "x", by_value=by_value)
