"""The decorator itself: names, options, and functions that cannot be a loop's body."""

import clustrix
import clustrix as c
from clustrix import parallel
from clustrix import parallel as p

parallel = parallel
on_threads = c.parallel(executor="threads")


@parallel(loop_var="item")
def right(item, limit=10):
    return item[:limit]


@parallel(loop_var="itme")  # expect: CK201
def misspelt(item, limit=10):
    return item[:limit]


@clustrix.parallel(loop_var="rest")  # expect: CK201
def collects(first, *rest):
    return first, rest


@p  # expect: CK201
def nothing_to_loop_over():
    return 7


@p
def all_of_them(*items):
    return items


@c.parallel(loop_var=LOOP_VAR)  # noqa: F821
def known_later(item):
    return item


@parallel(max_wokers=3)  # expect: CK202
def unknown_option(x):
    return x


@parallel(max_workers=0, chunk_size="4", on_error="ignore")  # expect: CK203 CK203 CK203
def impossible_values(x):
    return x


@parallel("x")  # expect: CK203
def option_without_a_name(x):
    return x


@p(executor="thread")  # expect: CK203
def unknown_engine(x):
    return x


@parallel(**OPTIONS)  # noqa: F821
def spelled_out_elsewhere(x):
    return x


@parallel
async def waits_for_others(x):
    return await x


@parallel  # expect: CK204
async def yields_and_waits(x):
    yield await x


@parallel(loop_var=("x", "y"))
def of_two(x, y):
    return x, y


@parallel(loop_var=("x", "z"))  # expect: CK201
def of_one_and_none(x, y):
    return x, y


@parallel(loop_var=("x", "x"))  # expect: CK203
def of_the_same_twice(x, y):
    return x, y


@p()  # expect: CK204
def yields(x):
    yield x


@parallel
def yields_inside(x):
    def numbers():
        yield x

    return list(numbers())


@on_threads
def ready_made(x):
    return x


class Scale:
    @parallel(loop_var="x")
    def apply(self, offset, x):
        return offset + x

    @parallel(loop_var="y")  # expect: CK201
    def misspelt(self, offset, x):
        return offset + x

    @staticmethod
    @parallel(loop_var="x")
    def alone(x):
        return x


def somebody_elses(function):
    return lambda whatever: function(whatever)


@parallel(loop_var="whatever")
@somebody_elses
def renamed(x):
    return x


square = parallel(lambda x: x * x, loop_var="y")  # expect: CK201
later = parallel(max_workers=-1)(right)  # expect: CK203


@other.parallel(loop_var="nobody", executor="whatever")  # noqa: F821
def of_another_library(x):
    return x
