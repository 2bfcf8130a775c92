"""Tasks as people write them; the first word of a name is the label: ``io_`` or ``cpu_``.

Helpers and everything else begin with another word.
"""

from __future__ import annotations

import abc
import argparse
import base64
import bz2
import collections
import concurrent.futures
import configparser
import contextlib
import copy
import csv
import dataclasses
import enum
import fnmatch
import functools
import glob
import gzip
import hashlib
import heapq
import http.client
import io
import itertools
import json
import logging
import math
import operator
import os
import os.path as osp
import pickle
import queue
import random
import re
import shelve
import shlex
import shutil
import smtplib
import socket
import sqlite3
import statistics
import string
import struct
import subprocess as sp
import sys
import tarfile
import tempfile
import textwrap
import threading
import time
import typing as t
import urllib.parse as up
import urllib.request
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections import Counter, defaultdict, namedtuple
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cached_property, lru_cache, partial, reduce, singledispatch
from http.client import HTTPSConnection as Https
from pathlib import Path, PurePath
from time import sleep as nap
from urllib.request import Request
from urllib.request import urlopen as fetch

log = logging.getLogger(__name__)
VERBOSE = False
DB = ":memory:"

# ---- aliases ------------------------------------------------------------------------------

u = fetch
ls = os.listdir
slurp = lambda name: open(name).read()  # noqa: E731, SIM115
shout = str.upper
rd = getattr(os, "read")  # noqa: B009
pause = partial(time.sleep, 0.1)
load_latin = partial(open, encoding="latin-1")
power = partial(pow, 2)
by_second = operator.itemgetter(1)
write_all = methodcaller = operator.methodcaller("strip")


def io_alias_of_an_import(url):
    return u(url).status


def io_alias_of_a_function(folder):
    return len(ls(folder))


def io_alias_of_a_lambda(name):
    return slurp(name).splitlines()


def io_alias_made_by_getattr(fd):
    return rd(fd, 100)


def io_local_alias(names):
    exists = osp.exists
    return [name for name in names if exists(name)]


def io_alias_by_tuple(name):
    make, drop = os.mkdir, os.rmdir
    make(name)
    drop(name)


def io_import_as(host):
    conn = Https(host, timeout=3)
    conn.request("GET", "/")
    return conn.getresponse().status


def io_sleeps_under_another_name(n):
    for _ in range(n):
        nap(0.01)


def io_partial(n):
    pause()
    return n


def io_partial_of_open(name):
    with load_latin(name) as f:
        return f.readline()


def io_partial_inside(names):
    look = functools.partial(os.path.getsize)
    return sum(map(look, names))


def cpu_partial(n):
    return [power(i) for i in range(n)]


def cpu_alias_of_method(words):
    return [shout(word) for word in words]


def cpu_itemgetter(rows):
    return sorted(rows, key=by_second)[::-1]


def cpu_methodcaller(rows):
    return list(map(write_all, rows))


# ---- defaults -----------------------------------------------------------------------------


def io_default_function(path, opener=open):
    with opener(path) as f:
        return sum(1 for _ in f)


def io_keyword_default(url, *, get=fetch):
    return get(url).read()


def io_default_partial(n, wait=pause):
    wait()
    return n


def cpu_default_function(values, key=len, agg=statistics.mean):
    return agg(key(v) for v in values)


def cpu_default_none(data, cache=None):
    cache = {} if cache is None else cache
    if data not in cache:
        cache[data] = hashlib.sha256(data).hexdigest()
    return cache[data]


# ---- dispatch -----------------------------------------------------------------------------


def read_json(name):
    with open(name) as f:
        return json.load(f)


def read_ini(name):
    parser = configparser.ConfigParser()
    parser.read(name)
    return {s: dict(parser[s]) for s in parser.sections()}


def double(x):
    return x * 2


def square(x):
    return x * x


READERS = {".json": read_json, ".ini": read_ini}
OPERATIONS = {"double": double, "square": square, "neg": operator.neg}
STAGES = [str.strip, str.lower, shlex.split]


def io_dispatch_by_suffix(name):
    return READERS[osp.splitext(name)[1]](name)


def io_dispatch_with_get(kind, arg):
    handler = {"ls": os.listdir, "rm": os.remove}.get(kind)
    return handler(arg) if handler else None


def io_dispatch_by_match(kind, arg):
    match kind:
        case "file":
            return Path(arg).read_text()
        case "text":
            return arg
    return None


def io_dispatch_by_loop(name):
    for reader in READERS.values():
        try:
            return reader(name)
        except ValueError:
            continue
    return None


def cpu_dispatch(kind, x):
    return OPERATIONS[kind](x)


def cpu_stages(text):
    for stage in STAGES:
        text = stage(text)
    return text


@singledispatch
def shape(value):
    return value


@shape.register
def _(value: list):
    return [shape(v) for v in value]


def cpu_single_dispatch(value):
    return shape(value)


class Op(enum.Enum):
    ADD = "+"
    SUB = "-"

    def apply(self, a, b):
        return a + b if self is Op.ADD else a - b


def cpu_enum(tokens):
    return Op(tokens[1]).apply(int(tokens[0]), int(tokens[2]))


# ---- helpers several calls deep -----------------------------------------------------------


def first(name):
    return second(name.strip())


def second(name):
    return [third(part) for part in name.split(",")]


def third(part):
    return fourth(part) or ""


def fourth(part):
    return fifth(Path(part))


def fifth(path: Path):
    return path.read_bytes()


def io_five_calls_deep(name):
    return first(name)


def clean(text):
    return squeeze(strip_tags(text))


def strip_tags(text):
    return re.sub(r"<[^>]+>", "", text)


def squeeze(text):
    return " ".join(text.split())


def cpu_helpers(text):
    return Counter(clean(text).split()).most_common(3)


def with_retries(function, *args, times=3):
    for attempt in range(times):
        try:
            return function(*args)
        except OSError:
            if attempt == times - 1:
                raise
    return None


def io_function_passed_to_a_helper(name):
    return with_retries(os.stat, name)


def io_lambda_passed_to_a_helper(name):
    return with_retries(lambda: sp.check_output(["file", name]))


def cpu_function_passed_to_a_helper(text):
    return with_retries(json.loads, text)


def make_reader(encoding):
    def read(name):
        with open(name, encoding=encoding) as f:
            return f.read()

    return read


def make_scaler(factor):
    def scale(x):
        return x * factor

    return scale


read_utf8 = make_reader("utf-8")
twice = make_scaler(2)


def io_closure_made_elsewhere(name):
    return read_utf8(name)


def io_closure_made_here(name):
    reader = make_reader("latin-1")
    return reader(name)


def io_closure_called_at_once(name):
    return make_reader("ascii")(name)


def cpu_closure(xs):
    return [twice(x) + make_scaler(3)(x) for x in xs]


def io_nested(names):
    def one(name):
        return os.path.getmtime(name)

    return max(one(name) for name in names)


def io_recursive(folder, depth=0):
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            total += io_recursive(entry.path, depth + 1) if entry.is_dir() else 1
    return total


def cpu_recursive(n):
    return n if n < 2 else cpu_recursive(n - 1) + cpu_recursive(n - 2)


# ---- decorated ----------------------------------------------------------------------------


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            log.debug("%s took %.3f", function.__name__, time.perf_counter() - start)

    return wrapper


def retried(times=3, delay=1.0):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for _ in range(times):
                try:
                    return function(*args, **kwargs)
                except ConnectionError:
                    time.sleep(delay)
            return None

        return wrapper

    return decorate


def throttled(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        time.sleep(0.05)
        return function(*args, **kwargs)

    return wrapper


def plain_wrapper(function):
    def inner(*args):
        return function(*args)

    return inner


@timed
def io_timed(name):
    return os.stat(name).st_size


@timed
def cpu_timed(n):
    return sum(math.sqrt(i) for i in range(n))


@retried(times=2)
def io_retried(url):
    return fetch(url).read()


@retried()
def cpu_retried(n):
    return math.factorial(n)


@throttled
def io_throttled(n):
    return n * n


@plain_wrapper
def io_wrapped_without_wraps(name):
    return Path(name).stat().st_mtime


@plain_wrapper
def cpu_wrapped_without_wraps(n):
    return n**n


@functools.cache
def io_cached(name):
    with open(name) as f:
        return f.read()


@functools.cache
def cpu_cached(n):
    return n if n < 2 else cpu_cached(n - 1) + cpu_cached(n - 2)


@lru_cache
def cached_config(name):
    return read_ini(name)


def io_calls_a_cached_helper(name):
    return cached_config(name)["main"]


@contextlib.contextmanager
def timer(label):
    start = time.monotonic()
    yield
    log.info("%s: %s", label, time.monotonic() - start)


@contextlib.contextmanager
def working_directory(path):
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def cpu_in_a_context(n):
    with timer("sum"):
        return sum(range(n))


def io_in_a_context(path):
    with working_directory(path):
        return 1


class Registry:
    def __init__(self):
        self.known = {}

    def __call__(self, function):
        self.known[function.__name__] = function
        return function


register = Registry()


@register
def io_registered(name):
    return shutil.disk_usage(name).free


@register
def cpu_registered(n):
    return bin(n).count("1")


# ---- classes and objects ------------------------------------------------------------------


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.seen = set()

    def add(self, key):
        self.db.execute("insert into t values (?)", (key,))
        self.db.commit()

    def remember(self, key):
        self.seen.add(key)
        return len(self.seen)

    @property
    def size(self):
        return self.db.execute("select count(*) from t").fetchone()[0]


class Crawler:
    def __init__(self, base, timeout=5):
        self.base = base
        self.timeout = timeout
        self.opener = urllib.request.build_opener()

    def __call__(self, path):
        return self.opener.open(self.base + path, timeout=self.timeout).read()

    def url(self, path, **query):
        return up.urljoin(self.base, path) + "?" + up.urlencode(query)


class Scorer:
    def __init__(self, weights):
        self.weights = weights

    def __call__(self, row):
        return sum(w * x for w, x in zip(self.weights, row, strict=False))

    def __getitem__(self, i):
        return self.weights[i]


crawl = Crawler("http://localhost/")
score_row = Scorer([1, 2, 3])
store = None


def io_method_of_own_class(key):
    Store(DB).add(key)


def io_property_of_own_class(path):
    return Store(path).size


def io_callable_object(path):
    return crawl(path)


def io_bound_method_passed_on(rows):
    s = Store(DB)
    return list(map(s.add, rows))


def io_annotated_own_class(s: Store, key):
    s.add(key)


def io_unbound_method(s, key):
    return Store.add(s, key)


def cpu_callable_object(row):
    return score_row(row) * 2


def cpu_pure_method_of_a_crawler(path):
    return crawl.url(path, page=1)


@dataclasses.dataclass
class Job:
    name: str
    out: Path
    log: t.TextIO | None = None
    deps: list[str] = dataclasses.field(default_factory=list)

    def io_run(self):
        self.out.write_text(self.name)

    def cpu_key(self):
        return self.name.lower(), tuple(sorted(self.deps))


def io_field_of_a_dataclass(job: Job):
    return job.out.exists()


def cpu_field_of_a_dataclass(job: Job):
    return job.name.title() + ",".join(job.deps)


class Base(abc.ABC):
    @abc.abstractmethod
    def fetch_bytes(self, key): ...

    def load(self, key):
        return zlib.decompress(self.fetch_bytes(key))


class Disk(Base):
    def fetch_bytes(self, key):
        return Path(key).read_bytes()


class Ram(Base):
    def __init__(self):
        self.data = {}

    def fetch_bytes(self, key):
        return self.data[key]


def io_template_method(key):
    return Disk().load(key)


def cpu_template_method(key):
    ram = Ram()
    ram.data[key] = zlib.compress(b"x" * 100)
    return ram.load(key)


class Session:
    """Has the words of a network session and none of the network."""

    def __init__(self):
        self.items = {}

    def get(self, key):
        return self.items.get(key)

    def send(self, key, value):
        self.items[key] = value
        return value


def cpu_words_of_a_session(key):
    session = Session()
    session.send(key, 1)
    return session.get(key)


class Tape:
    def __init__(self, text):
        self.text, self.at = text, 0

    def read(self, n=1):
        part = self.text[self.at : self.at + n]
        self.at += n
        return part

    def write(self, part):
        self.text += part

    def close(self):
        self.at = 0


def cpu_own_class_with_read(text):
    tape = Tape(text)
    found = []
    while part := tape.read(2):
        found.append(part)
    tape.write("x")
    return found


class Lazy:
    @cached_property
    def io_table(self):
        with open("table.csv", newline="") as f:
            return list(csv.reader(f))

    @cached_property
    def cpu_primes(self):
        return [n for n in range(2, 1000) if all(n % d for d in range(2, n))]

    @staticmethod
    def io_static(name):
        return os.path.isfile(name)

    @classmethod
    def cpu_class(cls, text):
        return cls, text.split()


class Mixin:
    def io_inherited(self, name):
        return self._load(name)

    def _load(self, name):
        with gzip.open(name, "rt") as f:
            return f.read()


class Child(Mixin):
    def io_uses_inherited(self, name):
        return self._load(name).upper()

    def io_uses_super(self, name):
        return super()._load(name)


# ---- known types --------------------------------------------------------------------------


def io_annotated_path(p: Path) -> bytes:
    return p.read_bytes()


def io_annotated_list(paths: list[Path]) -> int:
    return sum(p.stat().st_size for p in paths)


def io_annotated_optional(sock: t.Optional[socket.socket]):  # noqa: UP045
    if sock is not None:
        sock.sendall(b"x")


def io_annotated_dict(open_files: dict[str, t.IO[str]]):
    for name, handle in open_files.items():
        handle.write(name)


def io_annotated_local(name):
    target: Path = Path(name)
    return target.is_file()


def open_database() -> sqlite3.Connection:
    return make_database()


def make_database():
    return sqlite3.connect(DB)


def find_config(name) -> Path:
    return Path(name) / "config.ini"


def io_return_annotation(sql):
    return open_database().execute(sql).fetchall()


def io_return_annotation_path(name):
    return find_config(name).read_text()


def io_database_in_with(rows):
    with contextlib.closing(sqlite3.connect(DB)) as db, db:
        db.executemany("insert into t values (?, ?)", rows)


def io_exit_stack(names):
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(n)) for n in names]
        return [f.readline() for f in files]


def io_zip_member(name, member):
    with zipfile.ZipFile(name) as z, z.open(member) as f:
        return zlib.crc32(f.read())


def io_tar_in_loop(name):
    with tarfile.open(name) as tar:
        return [m.name for m in tar if m.isfile()]


def io_write_csv(rows, name):
    with open(name, "w", newline="") as f:
        writer = csv.writer(f)
        writer.writerows(rows)


def io_pickle(obj, name):
    with open(name, "wb") as f:
        pickle.dump(obj, f)


def io_print_to_file(rows, name):
    out = open(name, "w")  # noqa: SIM115
    for row in rows:
        print(row, file=out)
    out.close()


def io_queue(n):
    q: queue.Queue[int] = queue.Queue()
    for i in range(n):
        q.put(i)
    return q.get()


def io_thread(n):
    t1 = threading.Thread(target=square, args=(n,))
    t1.start()
    t1.join()


def io_event(done: threading.Event):
    return done.wait(1)


def io_pool(names):
    with concurrent.futures.ThreadPoolExecutor(4) as ex:
        return list(ex.map(os.path.getsize, names))


def io_futures(names):
    ex = concurrent.futures.ThreadPoolExecutor()
    jobs = [ex.submit(square, n) for n in names]
    return [job.result() for job in concurrent.futures.as_completed(jobs)]


def io_socket(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.connect((host, port))
    s.settimeout(2)
    data = b""
    while chunk := s.recv(4096):
        data += chunk
    return data


def io_mail(to, body):
    msg = EmailMessage()
    msg["To"] = to
    msg.set_content(body)
    with smtplib.SMTP("localhost") as server:
        server.send_message(msg)


def io_popen(cmd):
    p = sp.Popen(shlex.split(cmd), stdout=sp.PIPE)
    out, _ = p.communicate()
    return out.decode()


def io_run(cmd):
    return sp.run(cmd, capture_output=True, check=False, text=True).stdout


def io_temp(data):
    with tempfile.TemporaryDirectory() as folder:
        return osp.join(folder, data)


def io_shelve(name, key):
    with shelve.open(name) as db:
        return db[key]


def io_glob(pattern):
    return sorted(glob.glob(pattern))


def io_input(prompt):
    return int(input(prompt))


def io_stdin(n):
    return [line.split() for line in sys.stdin][:n]


def io_log_handler(name):
    handler = logging.FileHandler(name)
    log.addHandler(handler)
    return handler


def io_requests(url):
    import requests

    with requests.Session() as s:
        s.headers["x"] = "y"
        return s.get(url).json()


def io_httpx(urls):
    import httpx

    client = httpx.Client(timeout=3)
    return [client.get(url).text for url in urls]


def io_pandas(name):
    import pandas as pd

    return pd.read_csv(name).groupby("a").sum()


def io_boto(bucket, key):
    import boto3

    s3 = boto3.client("s3")
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def io_redis(key):
    from redis import Redis

    r = Redis()
    r.incr(key)
    return r.get(key)


def io_mongo(name):
    from pymongo import MongoClient

    return MongoClient()["db"]["things"].find_one({"name": name})


def io_image(name):
    from PIL import Image

    img = Image.open(name)
    img.thumbnail((64, 64))
    img.save(name + ".png")


async def io_async(session, url):
    async with session.get(url) as response:
        return await response.text()


async def io_gather(urls):
    import asyncio

    return await asyncio.gather(*(io_async(None, url) for url in urls))


async def io_async_for(stream):
    return [chunk async for chunk in stream]


async def io_await_argument(future):
    return await future


# ---- unknown receivers --------------------------------------------------------------------


def io_unknown_stream(stream, n):
    return [stream.read(n) for _ in range(3)]


def io_unknown_cursor(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchall()


def io_unknown_session(session, url):
    r = session.get(url, timeout=3)
    r.raise_for_status()
    return r.json()


def io_unknown_connection(conn):
    conn.sendall(b"ping")
    return conn.recv(4)


def io_unknown_lock(worker):
    worker.join()


def io_unknown_field(self_like, sql):
    return self_like.db.cursor().execute(sql)


def io_unknown_element(browser, url):
    browser.get(url)
    return browser.page_source


def cpu_unknown_join(sep, parts):
    return sep.join(parts)


def cpu_unknown_get(mapping, key):
    return mapping.get(key, {}).get("x")


def cpu_unknown_update(state, key):
    state.update(key)
    return state.copy().pop(key)


def cpu_unknown_send(gen, values):
    return [gen.send(v) for v in values]


def cpu_unknown_fetch(matrix, i):
    return matrix.select(i).filter(len).search("x")


def cpu_unknown_load(loader, text):
    return loader.loads(text), loader.dumps(text)


def cpu_unknown_open(account):
    return account.open_date, account.closed, account.read_only


# ---- look-alikes --------------------------------------------------------------------------


def cpu_words_everywhere(text):
    """Calls open() and requests.get() and time.sleep(): not at all."""
    # subprocess.run(["ls"]); socket.recv(10)
    opened = text.replace("open(", "close(")
    urlopen = "urlopen"
    read = len(opened)
    return f"{urlopen}: sleep({read}) wait()", opened.find("read")


def cpu_shadowed_open(rows):
    def open(row):
        return row[::-1]

    return [open(row) for row in rows]


def cpu_parameter_called_open(open, read):
    return open + read


def cpu_pure_paths(name):
    p = PurePath(name)
    return p.with_suffix(".bak").name, osp.join(name, "x"), p.parent / "y"


def cpu_concrete_paths(name):
    p = Path(name)
    return [(p / str(i)).with_suffix(".txt").as_posix() for i in range(10)]


def cpu_request_object(url):
    r = Request(url, headers={"a": "b"})
    r.add_header("c", "d")
    return r.get_method(), r.host


def cpu_urls(url):
    return up.parse_qs(up.urlsplit(url).query)


def cpu_command_line(args):
    return sp.list2cmdline(args), shlex.join(args)


def render(rows, out):
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(row)
    out.write("end")
    out.seek(0)
    return out.read()


def cpu_csv_in_memory(rows):
    return render(rows, io.StringIO())


def cpu_csv_in_memory_by_keyword(rows):
    return render(rows=rows, out=io.StringIO(newline=""))


def io_csv_in_a_file(rows):
    with open("x.csv", "w+") as f:
        return render(rows, f)


def cpu_zip_in_memory(names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        for name in names:
            z.writestr(name, name * 10)
    return buffer.getvalue()


def cpu_gzip_in_memory(data):
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as f:
        return f.read()


def cpu_compress(data):
    return bz2.compress(gzip.compress(data))


def cpu_redirected(n):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print(n)
    return out.getvalue()


def cpu_printed(n):
    print("read", n, file=sys.stderr)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    return n


def cpu_logged(n):
    log.info("open %s", n)
    log.exception("read")
    return n


def cpu_error_path(text):
    try:
        return json.loads(text)
    except ValueError:
        with open("errors.log", "a") as f:
            f.write(text)
        raise


def cpu_debug_dump(rows):
    total = sum(rows)
    if VERBOSE:
        Path("dump.txt").write_text(str(total))
    return total


def cpu_environment(name):
    return os.environ.get(name, os.getenv("HOME")), os.cpu_count(), os.sep


def cpu_argparse(args):
    parser = argparse.ArgumentParser()
    parser.add_argument("--open", action="store_true")
    return parser.parse_args(args)


def cpu_config_from_text(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser.get("a", "b")


def cpu_template(rows):
    return string.Template("$a wait").substitute(a=textwrap.fill(str(rows)))


def cpu_xml(text):
    root = ET.fromstring(text)
    return [(e.tag, e.get("href")) for e in root.iter()], ET.tostring(root)


def cpu_struct(data):
    return struct.unpack("<4I", data[:16]), base64.b64encode(data)


def cpu_dates(text):
    day = datetime.strptime(text, "%Y-%m-%d")
    return (day + timedelta(days=1)).isoformat(), day.timetuple()


def cpu_collections(words):
    groups = defaultdict(list)
    for w in words:
        groups[w[0]].append(w)
    Point = namedtuple("Point", "x y")
    d = collections.deque(words, maxlen=3)
    d.rotate(1)
    return {k: heapq.nsmallest(2, v) for k, v in groups.items()}, Point(1, 2), copy.deepcopy(d)


def cpu_itertools(xs):
    return list(itertools.accumulate(reduce(operator.add, xs, []))), fnmatch.filter(xs, "*.py")


def cpu_random_walk(n):
    rng = random.Random(n)
    return sum(rng.choice((-1, 1)) for _ in range(n)) + rng.gauss(0, 1)


def cpu_numpy(n):
    import numpy as np

    a = np.random.default_rng(0).normal(size=(n, n))
    return np.linalg.svd(a)[1].sum(), a.T.dot(a).flatten().tolist()


def cpu_numpy_with_seed(rng, n):
    return rng.normal(size=n).mean()


def cpu_in_memory_database_words(rows):
    table = {row["id"]: row for row in rows}
    cursor = 0
    for key in table:
        cursor += key
    return cursor


def cpu_soup(html):
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    return [a.get("href") for a in soup.find_all("a")]


def cpu_frames(df):
    return df.groupby("a").agg("sum").join(df, on="a").reset_index().to_dict()


def cpu_sql_text(sql):
    import sqlparse

    return sqlparse.format(sql, reindent=True)


def cpu_response_headers(response):
    return {k.lower(): v for k, v in response.headers.items()}, response.status_code


def cpu_http_names(code):
    return http.client.responses.get(code, "unknown")


def cpu_lock_around_arithmetic(n):
    lock = threading.Lock()
    with lock:
        return n * n


def cpu_generator_sent(n):
    def counter():
        got = 0
        while True:
            got += yield got

    g = counter()
    next(g)
    return [g.send(i) for i in range(n)]
