"""The records of the catalogue, and the helpers that write families of names."""

from __future__ import annotations

from clustrix.basis._typing import NamedTuple

__all__ = ["BlockingCall", "ReleasingCall", "of", "words"]


class BlockingCall(NamedTuple):
    """One thing that waits, under one stable code.

    Attributes:
        code: stable and unique; appears in plans, documents and tests.
        name: canonical dotted name, after imports and aliases are resolved.
        why: what it does, as a verb phrase.
        also: further canonical names of the same family; ``Type.*`` means every method.
    """

    code: str
    name: str
    why: str
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that this entry stands for."""
        return (self.name, *self.also)


class ReleasingCall(NamedTuple):
    """One family of C code that lets go of the GIL while it computes.

    Attributes:
        code: stable and unique.
        name: canonical dotted name.
        why: when it lets go, as a verb phrase.
        also: further canonical names of the same family; ``Type.*`` means every method,
            ``package.*`` everything in a package.
        evidence: how this is known.
    """

    code: str
    name: str
    why: str
    also: tuple[str, ...] = ()
    evidence: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that this entry stands for."""
        return (self.name, *self.also)


def of(prefix: str, names: str) -> tuple[str, ...]:
    """``of("os", "stat lstat")`` is ``("os.stat", "os.lstat")``."""
    return tuple(f"{prefix}.{name}" for name in names.split())


def words(text: str) -> frozenset[str]:
    """The words of a text: long lists of names are easier to read without their quotes."""
    return frozenset(text.split())
