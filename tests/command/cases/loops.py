"""Loops worth decorating their function for, and loops that look like it."""

import functools
import json
import random
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from clustrix import parallel

SEEN = []


class Answer(NamedTuple):
    total: int


def collatz(n, most=1000):
    longest = 0
    for start in range(1, n):
        steps = 0
        while start != 1 and steps < most:
            start = start // 2 if start % 2 == 0 else 3 * start + 1
            steps += 1
        longest = max(longest, steps)
    return longest


def recorded(n):
    SEEN.append(n)
    return collatz(n)


def by_helper(n):
    return Answer(sum(collatz(k) for k in range(n)))  # expect: CK502


def cheap(n):
    return n * n + 1


def read(path):
    with open(path) as stream:
        return sum(len(line.split()) for line in stream)


def write(path):
    with open(path, "w") as stream:
        for line in range(10):
            stream.write(str(line))


def rolls(n):
    return sum(random.random() for _ in range(n) for _ in range(n))


def prints(n):
    print(collatz(n))


@functools.cache
def cached(n):
    return collatz(n)


@parallel
def decorated(n):
    return collatz(n)


def calls_what_it_is_given(function, n):
    return [function(k) for k in range(n) for _ in range(n)]


def tree(node):
    return [tree(child) for child in node for _ in child]  # recursive


def main(numbers, paths, urls, out):
    a = []
    for n in numbers:  # expect: CK501
        a.append(collatz(n))
    for n in numbers:  # expect: CK501
        longest = collatz(n, most=50)
        a.append(longest)
    b = {}
    for n in numbers:  # expect: CK501
        b[n] = by_helper(n)
    c = [collatz(n) for n in numbers]  # expect: CK502
    d = {n: collatz(n) for n in numbers}  # expect: CK502
    e = sum(collatz(n) for n in numbers)  # expect: CK502
    f = list(map(collatz, numbers))  # expect: CK503
    g = [urlopen(url) for url in urls]  # expect: CK502
    h = [subprocess.run([path]) for path in paths]
    i = [read(path) for path in paths]  # expect: CK502
    j = [decorated(n) for n in numbers]  # expect: CK504
    return a, b, c, d, e, f, g, h, i, j


def silent(numbers, paths, object, out):
    a = [cheap(n) for n in numbers]
    b = [collatz(n) for n in (1, 2, 3)]
    c = [collatz(n) for n in range(5)]
    d = [recorded(n) for n in numbers]
    e = [write(path) for path in paths]
    f = [rolls(n) for n in numbers]
    g = [prints(n) for n in numbers]
    h = [cached(n) for n in numbers]
    i = [object.collatz(n) for n in numbers]
    j = [calls_what_it_is_given(len, n) for n in numbers]
    k = [collatz(*pair) for pair in numbers]
    m = [collatz(n, n) for n in numbers]  # two arguments change
    o = [collatz(n, next(out)) for n in numbers]
    q = [json.loads(text) for text in paths]
    r = (collatz(n) for n in numbers)  # lazy: nobody knows how much of it is used
    return a, b, c, d, e, f, g, h, i, j, k, m, o, q, r


def dependent(numbers):
    out = [1]
    for _ in numbers:
        out.append(collatz(out[-1]))
    for n in numbers:
        if n in out:
            break
        out.append(collatz(n))
    total = 0
    for n in numbers:
        total = collatz(n + total)
    return out, total


def shadowed(collatz, numbers):
    return [collatz(n) for n in numbers]


@parallel
def inside_a_lane(n):
    return [collatz(k) for k in range(n)]


async def in_an_event_loop(numbers):
    return [collatz(n) for n in numbers]


def known(numbers):
    return [collatz(n) for n in numbers]  # clustrix: ignore[CK502]


def paths(folder):
    return [p for p in Path(folder).iterdir() if p.suffix]
