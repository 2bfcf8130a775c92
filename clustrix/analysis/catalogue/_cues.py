"""Words that may lead to something in the catalogue: for the quick look at compiled code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from .innocent import HINTS

__all__ = ["HINT_CUES", "Cues", "make_cues"]


class Cues(NamedTuple):
    """What the quick look needs of the catalogue.

    Attributes:
        words: last part of each name -> the packages it may stand for.
        roots: the packages.
        pure_modules: modules with nothing in the catalogue at all.
    """

    words: dict[str, frozenset[str]]
    roots: frozenset[str]
    pure_modules: frozenset[str]


def make_cues(
    names: Iterable[str], returns: Mapping[str, str], memory: Iterable[str], pure: Iterable[str]
) -> Cues:
    """Derive the cues from the catalogue: nothing to keep in step by hand."""
    words: dict[str, set[str]] = {}
    types = {name.rpartition(".")[0] for name in names if name.count(".") > 1}
    given = {call for call, kind in returns.items() if "." in kind and "." in call}
    for name in (*names, *types, *given, *memory):
        root, _, _ = name.partition(".")
        words.setdefault(name.rpartition(".")[2], set()).add(root)
    roots = frozenset(root for found in words.values() for root in found)
    pure_modules = frozenset(name for name in pure if not any(n.startswith(name) for n in names))
    return Cues({word: frozenset(found) for word, found in words.items()}, roots, pure_modules)


# Method -> what its receiver must be called.
HINT_CUES: Final = {
    method: frozenset(word for words, methods in HINTS if method in methods for word in words.split())
    for _, every in HINTS
    for method in every
}
