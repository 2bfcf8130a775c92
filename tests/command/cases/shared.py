"""Writes that outlive the call, and what the engine makes of them."""

import random
import threading

from clustrix import parallel

TOTAL = 0
SEEN = []
LOCK = threading.Lock()


@parallel
def counts(x):
    global TOTAL
    TOTAL += x  # expect: CK101
    return x


@parallel(executor="threads")
def races(x):
    global TOTAL
    TOTAL = TOTAL + x  # expect: CK101
    return x


@parallel(executor="serial")
def is_the_loop(x):
    global TOTAL
    TOTAL += x
    return x


@parallel
def collects(x):
    SEEN.append(x)  # expect: CK102
    return x


@parallel(executor="processes")
def collects_on_copies(x):
    SEEN.append(x)  # expect: CK102
    return x


@parallel
def marks_the_item(x):
    x.done = True
    return x


@parallel(executor="processes")
def marks_a_copy(x):
    x.done = True  # expect: CK102
    return x


@parallel
def rolls(x):
    return x + random.random()  # expect: CK103


@parallel
def makes_a_generator(x):
    return random.Random().sample(x, 3)  # expect: CK104


@parallel
def keeps_to_itself(x):
    found = []
    total = 0
    for part in x:
        found.append(part)
        total += part
    return found, total


class Counter:
    def __init__(self):
        self.count = 0

    @parallel
    def step(self, x):
        self.count += 1  # expect: CK101
        return x


@parallel
def known_to_be_so(x):
    global TOTAL
    TOTAL += x  # clustrix: ignore[CK101]
    SEEN.append(x)  # clustrix: ignore
    return x


@parallel
def another_code_is_ignored(x):
    SEEN.append(x)  # clustrix: ignore[CK101]  # expect: CK102
    return "# clustrix: ignore"
