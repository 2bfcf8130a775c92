"""Words that may lead to something in the catalogue: for the quick look at compiled code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from clustrix.analysis.catalogue.innocent import HINTS
from clustrix.analysis.catalogue.types import PASSIVE
from clustrix.basis._typing import NamedTuple

__all__ = ["HINT_CUES", "Cues", "make_cues", "words_for"]


class Cues(NamedTuple):
    """What the quick look needs of the catalogue.

    Attributes:
        words: last part of each name -> the parts that may stand before it: ``get`` needs a
            ``requests`` or a ``Session`` nearby to mean anything; ``""`` for a built-in.
        sources: calls and classes that give an object with methods that wait, or memory.
        pure_modules: modules with nothing in the catalogue at all.
    """

    words: dict[str, set[str]]
    sources: frozenset[str]
    pure_modules: set[str]


def make_cues(
    names: Iterable[str], returns: Mapping[str, str], memory: Iterable[str], pure: Iterable[str]
) -> Cues:
    """Derive the cues from the catalogue: nothing to keep in step by hand."""
    parts = [name.rpartition(".") for name in names]
    tails = {owner: owner.rpartition(".")[2] for owner, _, _ in parts}
    results = {kind.strip("[]") for kind in returns.values()}
    types = {
        name for name in tails.keys() - PASSIVE if name in results or tails[name][:1].isupper()
    }
    given = {call for call, kind in returns.items() if kind.strip("[]") in types}
    sources = frozenset({*given, *memory})
    words: defaultdict[str, set[str]] = defaultdict(set)
    for owner, _, last in parts:
        words[last].add(tails[owner])
    for name in (*types, *sources):
        owner, _, last = name.rpartition(".")
        words[last].add(owner.rpartition(".")[2])
    stems: set[str] = set()
    for stem in tails:
        while stem and stem not in stems:
            stems.add(stem)
            stem = stem.rpartition(".")[0]
    pure_modules = set(pure).difference(stems, names)
    return Cues(dict(words), sources, pure_modules)


def words_for(name: str) -> dict[str, set[str]]:
    """The words that lead to one more name: its last part, and that of its class."""
    owner, _, last = name.rpartition(".")
    above, _, kind = owner.rpartition(".")
    found = {last: {kind}}
    if kind[:1].isupper():
        found[kind] = {above.rpartition(".")[2]}
    return found


# Method -> what its receiver must be called.
HINT_CUES: Final = {
    method: frozenset(
        word for words, methods in HINTS if method in methods for word in words.split()
    )
    for _, every in HINTS
    for method in every
}
