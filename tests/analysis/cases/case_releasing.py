"""C code that lets go of the GIL: nothing here waits, and the plan has a hint."""

import bz2
import hashlib
import zlib

import numpy as np


def checksum(data):
    return hashlib.sha256(data).hexdigest()  # GL101


def checksum_of_parts(parts):
    found = hashlib.sha256()  # GL101
    for part in parts:
        found.update(part)  # GL101
    return found.hexdigest()


def key(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password, salt, 100_000)  # GL102


def pack(data):
    return bz2.compress(data)  # GL103


def guard(data):
    return zlib.crc32(data)  # GL104


def middle(numbers: np.ndarray):
    numbers.sort()  # GL201
    return np.median(numbers)  # GL201


def product(a, b):
    return np.dot(a, b)  # GL202


def values(a):
    return np.linalg.svd(a)  # GL202


def waves(x):
    return np.exp(np.sin(x))  # GL203


def noise(rng: np.random.Generator, count):
    return rng.normal(size=count)  # GL204


def small(name):
    from PIL import Image

    image = Image.Image()
    return image.resize((10, 10))  # GL301


def words(text):
    import json
    import re

    return json.dumps(re.findall("a", text))


def broken(data):
    if not data:
        raise ValueError(hashlib.md5(b"no data").hexdigest())
    return data
