"""The call stands in a helper, behind a wrapper, in a table, in a method."""

import functools
import os
import time
from contextlib import contextmanager


def _read(name):
    with open(name) as stream:  # IO101
        return stream.read()  # IO102


def _parse(text):
    return [line.split(",") for line in text.splitlines()]


def _load(name):
    return _parse(_read(name))


def _deeper(name):
    return _load(name)[1:]


def one_level(name):  # via IO101 IO102
    return _read(name)


def three_levels(name):  # via IO101 IO102
    return sum(len(row) for row in _deeper(name))


def only_computes(text):
    return _parse(text)


@functools.lru_cache
def cached(name):
    return os.stat(name)  # IO111


@functools.cache
def cached_and_pure(n):
    return n if n < 2 else cached_and_pure(n - 1) + cached_and_pure(n - 2)


def timed(function):
    @functools.wraps(function)
    def wrapper(*args):
        start = time.perf_counter()
        result = function(*args)
        return result, time.perf_counter() - start

    return wrapper


@timed
def decorated(name):
    return os.listdir(name)  # IO121


@timed
def decorated_and_pure(name):
    return name[::-1]


@contextmanager
def _opened(name):
    stream = open(name)  # IO101  # noqa: SIM115
    try:
        yield stream
    finally:
        stream.close()


def own_context_manager(name):  # via IO101
    with _opened(name) as stream:
        return len(stream.readline())  # IO102


HANDLERS = {"file": _read, "text": _parse}
PURE_HANDLERS = {"upper": str.upper, "rows": _parse}


def table(kind, value):  # via IO101 IO102
    return HANDLERS[kind](value)


def table_with_get(kind, value):  # via IO101 IO102
    return HANDLERS.get(kind, _parse)(value)


def pure_table(kind, value):
    return PURE_HANDLERS[kind](value)


def local_table(kind, value):
    return {"size": os.path.getsize, "name": os.path.basename}[kind](value)  # IO111


def nested(names):
    def size(name):
        return os.path.getsize(name)  # IO111

    return [size(name) for name in names]


def nested_but_handed_back(name):
    def later():
        return os.path.getsize(name)

    return later


def as_key(names):
    return sorted(names, key=os.path.getmtime)  # IO111


def as_lambda(names):
    return sorted(names, key=lambda name: os.stat(name).st_mtime)  # IO111


def recursive(top):
    found = []
    for name in os.listdir(top):  # IO121
        found.extend(recursive(name))
    return found


class Base:
    def __init__(self, name):
        self.stream = open(name)  # IO101  # noqa: SIM115

    def line(self):
        return self.stream.readline()  # IO102

    def describe(self):
        return f"{type(self).__name__}()"

    def __hidden(self, name):
        return os.stat(name)  # IO111

    def seen(self, name):  # via IO111
        return self.__hidden(name)

    @property
    def size(self):
        return os.path.getsize("x")  # IO111

    def doubled(self):  # via IO111
        return self.size * 2

    @staticmethod
    def sized(name):
        return os.path.getsize(name)  # IO111

    @classmethod
    def made(cls, name):  # via IO111
        return cls.sized(name)


class Derived(Base):
    def first(self):  # via IO102
        return self.line().strip()

    def title(self):
        return self.describe().title()

    def line(self):  # via IO102
        return super().line()


def makes_an_object(name):  # via IO101 IO102
    return Base(name).line()


class Callable:
    def __call__(self, name):
        return os.listdir(name)  # IO121


def called_object(name):  # via IO121
    return Callable()(name)


def returned_stream(name):  # via IO101
    return _opener(name).read()  # IO102


def _opener(name):
    return open(name)  # IO101


def cache_miss(name, cache={}):  # noqa: B006
    try:
        return cache[name]
    except KeyError:
        cache[name] = os.stat(name)  # IO111
        return cache[name]
