"""Nothing here waits, whatever it is called or mentions."""

import base64
import bisect
import builtins
import collections
import gzip
import hashlib
import heapq
import io
import itertools
import json
import logging
import math
import os
import os.path
import random
import re
import string
import subprocess
import sys
import textwrap
import urllib.parse
import warnings
import zipfile
from datetime import datetime, timedelta
from functools import reduce
from io import StringIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)
DEBUG = False


def mandelbrot(width):
    rows = []
    for y in range(width):
        c = complex(-2, y / width)
        z = 0
        for _ in range(50):
            z = z * z + c
        rows.append(abs(z))
    return rows


def words_in_comments(n):
    # open(name), requests.get(url), time.sleep(1), socket.recv
    return n * 2  # with open("file") as f: f.read()


def words_in_strings(n):
    """open() read() requests.get socket.connect subprocess.run time.sleep."""
    text = "requests.get('http://') open('x').read() os.listdir('.')"
    return text.count("open") + n


def words_in_names(open_count, read_total):
    file_size = open_count + read_total
    request_time = file_size * 2
    socket_sleep = request_time + 1
    return socket_sleep


def open(name):
    return name.upper()


def shadowed_builtin(name):
    return open(name)


def shadowed_by_parameter(input, print):
    return print(input(1))


def shadowed_locally(values):
    def sleep(x):
        return x + 1

    return [sleep(value) for value in values]


class requests_like:
    def get(self, key):
        return key


def look_alike_object(key):
    return requests_like().get(key)


def dictionary_get(options, key):
    return options.get(key, 1)


def session_is_a_dict(key):
    session = {"a": 1}
    return session.get(key)


def join_is_of_strings(parts):
    return ", ".join(part.strip() for part in parts)


def join_with_variable(separator, parts):
    return separator.join(parts)


def replace_is_of_strings(text):
    return text.replace("a", "b")


def remove_is_of_lists(items):
    items.remove(3)
    return items.copy()


def in_memory(rows):
    buffer = io.StringIO()
    for row in rows:
        buffer.write(str(row))
    return buffer.getvalue()


def in_memory_bytes(data):
    with io.BytesIO(data) as stream:
        return stream.read(4) + stream.readline()


def _write_all(stream, rows):
    for row in rows:
        stream.write(str(row))


def in_memory_through_helper(rows):
    buffer = StringIO()
    _write_all(buffer, rows)
    return buffer.getvalue()


def in_memory_by_keyword(rows):
    buffer = StringIO()
    _write_all(rows=rows, stream=buffer)
    return buffer.getvalue()


def in_memory_chosen(rows, binary):
    buffer = io.BytesIO() if binary else io.StringIO()
    _write_all(buffer, rows)
    return buffer


def _fresh():
    return StringIO()


def in_memory_from_helper(rows):
    buffer = _fresh()
    buffer.write("x")
    return rows


def in_memory_gzip(data):
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as packed:
        packed.write(data)
    return buffer.getvalue()


def in_memory_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("x")


def in_memory_csv(text):
    import csv

    return [row[0] for row in csv.reader(io.StringIO(text))]


def _dump(rows, stream=None):
    if stream is None:
        stream = StringIO()
    stream.write(repr(rows))
    return stream


def default_is_memory(rows):
    return _dump(rows).getvalue()


class Report:
    def __init__(self, out=None):
        self.out = out or StringIO()

    def add(self, text):
        self.out.write(text)
        return self

    def text(self):
        return self.out.getvalue()


def report(rows):
    page = Report()
    for row in rows:
        page.add(str(row))
    return page.text()


def memory_in_an_object(rows):
    page = Report(StringIO())
    page.add(str(rows))
    return page.text()


def parse_url(url):
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlencode(urllib.parse.parse_qs(parts.query))


def join_path(top, name):
    return os.path.join(os.path.dirname(top), os.path.basename(name))


def pure_path(name):
    return PurePosixPath(name).with_suffix(".txt").as_posix()


def quote_command(args):
    return subprocess.list2cmdline(args)


def checksum(data):
    return hashlib.sha256(data).hexdigest()


def encode(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def parse_text(text):
    return json.loads(text)["items"]


def match(text):
    return [found.group(1) for found in re.finditer(r"(\w+)=", text)]


def compiled(text, pattern=re.compile(r"\d+")):
    return [int(found) for found in pattern.findall(text)]


def count(words):
    return collections.Counter(words).most_common(3)


def pairs(items):
    return list(itertools.combinations(sorted(items), 2))


def folded(items):
    return reduce(lambda a, b: a * b, items, 1)


def smallest(items):
    return heapq.nsmallest(3, items), bisect.bisect(items, 3)


def dates(day):
    return (datetime.fromisoformat(day) + timedelta(days=1)).strftime("%Y")


def roots(n):
    return math.sqrt(n) + random.Random(n).random()


def wrapped(text):
    return textwrap.fill(string.capwords(text), 40)


def error_path(values):
    try:
        return sum(values)
    except TypeError:
        with builtins.open("errors.log", "a") as stream:
            stream.write("failed")
        raise


def before_raise(values):
    if not values:
        sys.stderr.write("nothing to do\n")
        print(builtins.open("help.txt").read())  # noqa: SIM115
        raise ValueError("empty")
    return max(values)


def debug_print(values):
    print("values:", values)
    return sorted(values)


def debug_branch(values):
    if DEBUG:
        with builtins.open("trace.log", "a") as stream:
            stream.write(repr(values))
    return sorted(values)


def logged(values):
    log.debug("values: %s", values)
    log.info("sorted")
    return sorted(values)


def warned(values):
    warnings.warn("slow", stacklevel=2)
    return values


def standard_error(values):
    sys.stderr.write(f"{len(values)}\n")
    return values


def other_platform(name):
    if sys.platform == "unheard-of":
        return os.stat(name)
    return name


def never_checked(response: "requests.Response"):
    return response.headers


def attributes_with_telling_names(obj):
    return obj.read + obj.write + obj.wait


def lock_around_work(lock, values):
    with lock:
        return sum(values)


def queue_in_memory(items):
    queue = collections.deque(items)
    total = 0
    while queue:
        total += queue.popleft()
    return total


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def arrays(n):
    import numpy as np

    return np.linalg.norm(np.random.default_rng(n).random((n, n)) @ np.ones(n))


def sieve(limit):
    marks = bytearray([1]) * (limit + 1)
    for i in range(2, math.isqrt(limit) + 1):
        if marks[i]:
            marks[i * i :: i] = bytes(len(marks[i * i :: i]))
    return [i for i in range(2, limit + 1) if marks[i]]


def tree_text(text):
    import ast

    return ast.dump(ast.parse(text))


def minimal_dom(text):
    from xml.dom.minidom import parseString

    document = parseString(text)
    title = document.documentElement.tagName
    document.unlink()
    return title


def matrix_product(a, b):
    columns = list(map(list, zip(*b, strict=True)))
    return [[sum(map(lambda x, y: x * y, row, column)) for column in columns] for row in a]


def levenshtein(a, b):
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def render(template, values):
    return string.Template(template).safe_substitute(values)


def environment(name):
    return os.environ.get(name, os.getcwd())


def memory_view(data):
    view = memoryview(data)
    return view.tobytes().find(b"open")


def select_columns(frame):
    return frame.select("a").collect()


def group_words(words):
    groups = {}
    for word in words:
        groups.setdefault(word[0], []).append(word)
    return groups


def sorted_by_get(scores):
    return sorted(scores, key=scores.get)
