"""Random numbers: drawn from a state that the items share, or from a generator of their own."""

import random
import secrets
import uuid

import numpy as np
import numpy.random  # loaded only when somebody asks for it; what is loaded is looked at

RNG = random.Random(1)


def draws(x):
    return random.random() + x  # RN101


def picks(xs):
    return random.choice(xs)  # RN101


def shuffles(xs):
    random.shuffle(xs)  # RN101 SH205


def draws_by_alias(x):
    from random import gauss

    return gauss(0, x)  # RN101


def draws_numpy(x):
    return np.random.rand(x)  # RN101


def draws_from_global_generator(x):
    return RNG.random() + x  # SH203


def draws_from_argument(x, rng: random.Random):
    return rng.random() + x  # SH203


def seeds_all(x):
    random.seed(x)  # RN103
    return random.random()  # RN101


def seeded(x):
    rng = random.Random(x)
    return rng.random()


def seeded_numpy(x):
    return np.random.default_rng(x).normal()


def unseeded(x):
    return np.random.default_rng().normal(x)  # RN102


def unseeded_python(x):
    rng = random.Random()  # RN102
    return rng.random() + x


def meant_to_differ(x):
    return uuid.uuid4(), secrets.token_hex(x)
