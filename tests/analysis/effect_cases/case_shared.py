"""Writes to globals, closures, arguments, `self`: what outlives the call, and what does not."""

import collections
import copy
import functools
import heapq
import itertools
import threading

TOTALS = {}
SEEN = []
GROUPS = collections.defaultdict(list)
HEAP = []
NUMBERS = itertools.count()
LOCK = threading.Lock()
LOCAL = threading.local()
COUNT = 0
TABLE = None


def add_to_global(x):
    global COUNT
    COUNT += x  # SH201


def rebind_global(x):
    global COUNT
    COUNT = x  # SH202


def read_then_rebind(x):
    global COUNT
    COUNT = COUNT + x  # SH201


def delete_global(x):
    global COUNT
    del COUNT  # SH201


def fill_lazily(x):
    global TABLE
    if TABLE is None:
        TABLE = [n * n for n in range(100)]
    return TABLE[x]


def append_to_global(x):
    SEEN.append(x)  # SH101


def append_and_count(x):
    SEEN.append(x)  # SH201
    return len(SEEN)


def set_under_item(x):
    TOTALS[x] = x * x  # SH101


def set_under_constant(x):
    TOTALS["last"] = x  # SH202


def set_under_folded_key(x):
    TOTALS[x % 3] = x  # SH202


def check_then_set(x):
    if x not in TOTALS:
        TOTALS[x] = x  # SH201
    return TOTALS[x]


def add_to_entry(word):
    TOTALS[word] += 1  # SH201


def get_and_set(word):
    TOTALS[word] = TOTALS.get(word, 0) + 1  # SH201


def set_default(word):
    TOTALS.setdefault(word, []).append(word)  # SH203 SH101


def group(row):
    GROUPS[row[0]].append(row)  # SH101


def delete_entry(word):
    del TOTALS[word]  # SH201


def through_alias(x):
    seen = SEEN
    if x:
        seen.append(x)  # SH101


def through_bound_method(xs):
    add = SEEN.append
    for x in xs:
        add(x)  # SH101


def push(x):
    heapq.heappush(HEAP, x)  # SH203


def take_number(x):
    return next(NUMBERS), x  # SH203


def under_lock(x):
    global COUNT
    with LOCK:
        COUNT += 1  # SH103
    return x


def under_lock_and_used(x):
    global COUNT
    with LOCK:
        COUNT += 1  # SH201
        return COUNT, x


def under_own_lock(x):
    global COUNT
    with threading.Lock():
        COUNT += 1  # SH201


def thread_local(x):
    LOCAL.last = x
    return LOCAL.last


def through_globals(x):
    globals()["COUNT"] = x  # SH202


def in_place_list(x, seen):
    seen += [x]  # SH101


def number_argument(x, start):
    start += x
    return start


def in_handler(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        SEEN.append(x)  # SH101


def never_runs(x):
    if False:
        SEEN.append(x)
    return x
    SEEN.append(x)


def of_the_item(row):
    row.size = 3  # SH102


def entry_of_the_item(row):
    row["size"] = row["width"] * 2  # SH205


def counts_in_the_item(row):
    row.hits += 1  # SH205


def parent_of_the_item(row):
    row.parent.hits += 1  # SH201


def of_the_items(rows):
    for row in rows:
        row.seen = True  # SH102


def of_enumerated_items(rows):
    for _, row in enumerate(rows):
        row.seen = True  # SH102


def of_sorted_items(rows):
    for row in sorted(rows, key=lambda row: row.name):
        row.seen = True  # SH102


def in_mutable_default(x, seen=[]):  # noqa: B006
    seen.append(x)  # SH101
    return x


def in_optional(x, seen=None):
    if seen is None:
        seen = []
    seen.append(x)
    return seen


def of_argument(x, out):
    out.append(x)  # SH101


def slice_of_argument(x, out):
    out[:] = [x]  # SH202


def copy_of_argument(x, rows):
    rows = list(rows)
    rows.append(x)
    rows.sort()
    return rows


def deep_copy_of_argument(x, rows):
    rows = copy.deepcopy(rows)
    rows[0].seen = x
    return rows


def _record(target, value):
    target.append(value)  # SH101


def _pass_on(target, value):
    _record(target, value)


def in_helper(x):  # via SH101
    _pass_on(SEEN, x)


def in_helper_with_own(x):
    mine = []
    _pass_on(mine, x)
    return mine


def with_callback(rows):
    return list(map(SEEN.append, rows))  # SH101


def in_nested(rows):
    total = 0

    def add(row):
        nonlocal total
        total += row

    for row in rows:
        add(row)
    return total


def in_nested_with_global(rows):
    def add(row):
        SEEN.append(row)  # SH101

    for row in rows:
        add(row)


def own_objects(x):
    out, seen, table = [], set(), {}
    out.append(x)
    seen.add(x)
    table[x] = out
    table[x].append(seen)
    return table


@functools.cache
def memo(n):
    return n if n < 2 else memo(n - 1) + memo(n - 2)


def uses_memo(n):
    return memo(n) + 1


class Store:
    rows = []  # noqa: RUF012

    def __init__(self):
        self.total = 0
        self.cache = {}
        self.index = None

    def add(self, x):
        self.total += x  # SH201

    def set_last(self, x):
        self.last = x  # SH202

    def keep(self, x):
        cache = self.cache
        cache[x] = x  # SH101

    def through_method(self, x):  # via SH201
        self.add(x)

    def fill(self, x):
        if self.index is None:
            self.index = dict.fromkeys(range(10))
        return self.index.get(x)

    @classmethod
    def of_class(cls, x):
        cls.rows.append(x)  # SH101

    def by_setattr(self, x, name):
        setattr(self, name, x)  # SH201

    @functools.cached_property
    def size(self):
        return len(self.cache)

    def uses_cached(self, x):
        return self.size + x

    def makes_another(self, x):
        other = Store()
        other.total = x
        other.add(x)
        return other
