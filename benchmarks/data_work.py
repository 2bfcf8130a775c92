"""Work on what programs have in hand: texts, records, lists of words."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

__all__ = ["Body", "bodies", "counted", "known_words", "moved", "texts", "word_lists"]

_DRAW = random.Random(7)
_WORDS = [
    "".join(_DRAW.choices("abcdefghijklmnopqrst", k=_DRAW.randint(3, 10))) for _ in range(2000)
]
_PLACES = {word: place for place, word in enumerate(_WORDS)}
_PATTERN = re.compile(r"\b[a-f]\w+[rst]\b")


@dataclass
class Body:
    """A record with a state."""

    name: str
    place: float
    speed: float


def texts(count: int) -> list[str]:
    """Texts of some 20 kB each."""
    return [" ".join(_DRAW.choices(_WORDS, k=2_700)) for _ in range(count)]


def bodies(count: int) -> list[Body]:
    """Records, as a data base gives them."""
    return [Body(_DRAW.choice(_WORDS), _DRAW.random(), _DRAW.random()) for _ in range(count)]


def word_lists(count: int) -> list[list[str]]:
    """Lists of 300 words each."""
    return [_DRAW.choices(_WORDS, k=300) for _ in range(count)]


def counted(text: str) -> int:
    """Search a text; the work is ten times that of moving it."""
    return len(_PATTERN.findall(text))


def moved(body: Body) -> Body:
    """Some steps of a simulation."""
    place, speed = body.place, body.speed
    for _ in range(300):
        place, speed = place * 0.99 + speed * 0.01, speed * 0.98 - place * 0.02
    return Body(body.name, place, speed)


def known_words(words: list[str]) -> int:
    """Look each one up: next to nothing beside moving them."""
    return sum(_PLACES.get(word, 0) for word in words)
