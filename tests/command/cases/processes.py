"""What was forced onto processes: waiting, and what cannot travel."""

import queue
import socket
import sqlite3
import threading
import time
from pathlib import Path
from urllib.request import urlopen as fetch

from clustrix import parallel

LOCK = threading.Lock()
LOG = open("log.txt")  # noqa: SIM115
SQUARES = (n * n for n in range(10))


@parallel(executor="processes")
def downloads(url):
    with fetch(url) as answer:  # expect: CK401
        return answer.read()


@parallel(executor="threads")
def downloads_on_threads(url):
    return fetch(url).read()


@parallel
def left_to_itself(url):
    return fetch(url).read()


def pause():
    time.sleep(1)


@parallel(executor="processes")
def in_a_helper(x):
    pause()  # expect: CK401
    return x


@parallel(executor="processes")
def on_a_path(path: Path):
    return path.read_text()  # expect: CK401


@parallel(executor="processes")
def only_in_the_error_path(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        time.sleep(1)
        raise


@parallel(executor="processes")
def locks(x):
    with LOCK:  # expect: CK302
        return x


@parallel(executor="processes")
def its_own_name(x, LOCK):
    with LOCK:
        return x


@parallel(executor="processes")
def uses_up(x):
    return x, list(SQUARES)  # expect: CK101 CK302


def make(name):
    log = open(name)  # noqa: SIM115
    line = socket.create_connection(("127.0.0.1", 1))
    waiting = queue.Queue()
    numbers = (n for n in range(10))
    double = lambda n: 2 * n  # noqa: E731

    class Point:
        pass

    @parallel(executor="processes")
    def stuck(x):
        return x, log, waiting, numbers, line  # expect: CK301 CK301 CK301 CK301

    @parallel(executor="processes")
    def travels_by_value(x):
        return double(x), Point(), name

    @parallel
    def stays_here(x):
        return x, log

    return stuck, travels_by_value, stays_here


class Cache:
    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()  # expect: CK301
        self.database = sqlite3.connect(path)  # expect: CK301

    @parallel(executor="processes", loop_var="x")
    def look_up(self, x):
        return self.path, x


class Careful:
    def __init__(self):
        self.lock = threading.Lock()

    def __getstate__(self):
        return {}

    @parallel(executor="processes", loop_var="x")
    def look_up(self, x):
        return x
