"""What lets go of the GIL: the hint stands where the call is, and the claim is true."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import hmac
import json
import lzma
import pickle
import re
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from test_blocking_cases import functions, load

from clustrix._model import Call, Machine, Options
from clustrix.analysis import make_plan
from clustrix.analysis._blocking import look_for_blocking_calls
from clustrix.analysis.catalogue import RELEASING, releasing

CASES = Path(__file__).parent / "cases" / "case_releasing.py"
ALL = list(functions(CASES))


@pytest.mark.parametrize(("name", "node"), ALL, ids=[name for name, _ in ALL])
def test_hints_are_where_the_comments_say(name, node):
    """Once for each name that is called; waiting for nothing."""
    lines = CASES.read_text().splitlines()
    expected = {
        (number, code)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for code in re.findall(r"GL\d{3}", lines[number - 1].partition("#")[2])
    }
    look = look_for_blocking_calls(getattr(load(CASES), name))
    assert {(hint.line, hint.code) for hint in look.advice} == expected
    assert look.findings == ()


def test_the_plan_shows_hints_and_stays_as_it_was():
    case = load(CASES)
    made = make_plan(Call(case.checksum, [b"a", b"b"]), Options(), Machine(cpus=2))
    assert made.engine == "processes"
    assert [finding.code for finding in made.findings] == ["PL501", "GL101"]
    assert "hashlib.sha256 lets go of the GIL while it hashes" in str(made)


def test_every_code_has_a_case_and_evidence():
    text = CASES.read_text()
    for entry in RELEASING:
        assert entry.code in text
        assert entry.evidence
        assert re.match(r"lets go of the GIL ", entry.why)


def lets_go(call, tries=300):
    """Whether another thread gets on while a call runs; it never gets the GIL otherwise."""
    before, counter, stop = sys.getswitchinterval(), [0], threading.Event()

    def count():
        while not stop.is_set():
            counter[0] += 1
            time.sleep(0)  # gives the GIL back

    thread = threading.Thread(target=count)
    sys.setswitchinterval(1000)  # before it starts: a thread that waits already has its own
    thread.start()
    try:
        for _ in range(tries):
            seen = counter[0]
            call()
            if counter[0] != seen:
                return True
        return False
    finally:
        sys.setswitchinterval(before)
        stop.set()
        thread.join()


DATA = np.random.default_rng(1).integers(0, 60, 1 << 20, dtype=np.uint8).tobytes()
PART = DATA[:100_000]
ZIPPED, BZIPPED = zlib.compress(DATA), bz2.compress(PART)
MANY = np.random.default_rng(2).random(1 << 19)
SQUARE = MANY[: 300 * 300].reshape(300, 300)
RNG, STATE = np.random.default_rng(3), np.random.RandomState(3)
LIST = list(range(100_000))

CLAIMED = {
    "hashlib.md5": lambda: hashlib.md5(DATA),
    "hashlib.sha256": lambda: hashlib.sha256(DATA),
    "hashlib.blake2b": lambda: hashlib.blake2b(DATA),
    "hashlib.sha3_256": lambda: hashlib.sha3_256(DATA),
    "hashlib._Hash.update": lambda: hashlib.sha256().update(DATA),
    "hmac.HMAC.update": lambda: hmac.new(b"k", digestmod="sha256").update(DATA),
    "hashlib.pbkdf2_hmac": lambda: hashlib.pbkdf2_hmac("sha256", b"x", b"y", 5000),
    "hashlib.scrypt": lambda: hashlib.scrypt(b"x", salt=b"y", n=1024, r=8, p=1),
    "zlib.compress": lambda: zlib.compress(PART),
    "zlib.decompress": lambda: zlib.decompress(ZIPPED),
    "gzip.compress": lambda: gzip.compress(PART),
    "bz2.compress": lambda: bz2.compress(PART),
    "bz2.decompress": lambda: bz2.decompress(BZIPPED),
    "lzma.compress": lambda: lzma.compress(PART[:50_000]),
    "zlib.crc32": lambda: zlib.crc32(DATA),
    "zlib.adler32": lambda: zlib.adler32(DATA),
    "numpy.sort": lambda: np.sort(MANY),
    "numpy.argsort": lambda: np.argsort(MANY),
    "numpy.partition": lambda: np.partition(MANY, 1000),
    "numpy.searchsorted": lambda: np.searchsorted(MANY[:1000], MANY),
    "numpy.unique": lambda: np.unique(MANY),
    "numpy.median": lambda: np.median(MANY),
    "numpy.dot": lambda: np.dot(SQUARE, SQUARE),
    "numpy.einsum": lambda: np.einsum("ij,jk->ik", SQUARE[:99, :99], SQUARE[:99, :99]),
    "numpy.convolve": lambda: np.convolve(MANY[:20_000], MANY[:300]),
    "numpy.linalg.inv": lambda: np.linalg.inv(SQUARE),
    "numpy.exp": lambda: np.exp(MANY),
    "numpy.sum": lambda: np.sum(MANY),
    "numpy.std": lambda: np.std(MANY),
    "numpy.where": lambda: np.where(MANY > 0.5, MANY, 0),
    "numpy.ndarray.copy": lambda: MANY.copy(),
    "numpy.ndarray.astype": lambda: MANY.astype("f4"),
    "numpy.take": lambda: np.take(MANY, np.arange(1 << 18)),
    "numpy.fft.fft": lambda: np.fft.fft(MANY),
    "numpy.random.Generator.normal": lambda: RNG.normal(size=300_000),
    "numpy.random.RandomState.normal": lambda: STATE.normal(size=300_000),
}
HELD = {
    "re.findall": lambda: re.findall(r"\w+\d", "ab1 " * 10_000),
    "json.dumps": lambda: json.dumps(LIST),
    "pickle.dumps": lambda: pickle.dumps(LIST),
    "base64.b64encode": lambda: base64.b64encode(DATA),
    "sorted": lambda: sorted(LIST),
    "struct.pack": lambda: struct.pack("1000d", *LIST[:1000]),
    "pow": lambda: pow(3, 20_000),
}
with_a_gil = pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is none"
)


@with_a_gil
@pytest.mark.parametrize("name", CLAIMED)
def test_another_thread_goes_on_while_it_runs(name):
    assert releasing(name)
    assert lets_go(CLAIMED[name])


@with_a_gil
@pytest.mark.parametrize("name", HELD)
def test_no_other_thread_goes_on_while_these_run(name):
    """They look as heavy, and are not in the catalogue."""
    assert not lets_go(HELD[name], tries=30)
    assert releasing(name) is None
