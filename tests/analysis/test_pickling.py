"""What cannot be pickled is named by its path; what can is left alone."""

from __future__ import annotations

import copy
import functools
import io
import pickle
import sys
import threading
import time
import types
from collections import OrderedDict, defaultdict, deque
from datetime import datetime
from decimal import Decimal

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
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
        ({LOCK: 1}, "a.<key>"),
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
    assert check_picklable([Local()], "c").name == "c[0]"
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


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary() | st.just(LOCK) | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=20,
    )
)
def test_it_agrees_with_the_picklers(value):
    """Silent exactly when pickling works."""
    for by_value, dumps in ((False, pickle.dumps), (True, cloudpickle.dumps)):
        try:
            dumps(value)
        except TypeError:
            assert check_picklable(value, "x", by_value=by_value)
        else:
            assert check_picklable(value, "x", by_value=by_value) is None
