"""The records of the suite: what a behaviour is, and what became of it on an engine.

@theme.behaviour                       Behaviour(id="errors.cause", sentence=…, check=…)
def cause(subject): …        ──>           │ run on a subject
                                       Result(id, "pass" | "limit" | "FAIL" | "gone" | "n/a")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from clustrix.testing.conformance._subjects import Subject

__all__ = ["HERE", "THERE", "Behaviour", "Check", "Difference", "Result", "Theme", "expect"]

# Where an engine runs items: in the caller's process, or in another one.
HERE, THERE = "in the caller's process", "in other processes"

Check = Callable[["Subject"], None]


class Difference(AssertionError):
    """An engine did not do what the plain loop does; the message says what differed."""


def expect(condition: object, difference: str) -> None:
    """Raise a `Difference` unless the condition holds."""
    if not condition:
        raise Difference(difference)


@dataclass(frozen=True)
class Behaviour:
    """One thing that a person can observe of a loop.

    Attributes:
        id: ``"theme.name"``; never used for something else later.
        theme: what it belongs to.
        sentence: its line in the table.
        reason: why it belongs although an engine that takes no care passes; ``""`` when such an
            engine fails.
        check: raises a `Difference` when the subject behaves otherwise.
        needs: what a subject must be able to do, such as ``"timeout"``, to be asked at all.
        where: the kinds of engines that are asked.
    """

    id: str
    theme: str
    sentence: str
    reason: str
    check: Check
    needs: frozenset[str]
    where: frozenset[str]


@dataclass(frozen=True)
class Result:
    """What became of a behaviour on an engine.

    Attributes:
        id: of the behaviour.
        status: ``"pass"``; ``"limit"``, it differs as is known; ``"gone"``, a known limit that
            is none any more; ``"FAIL"``; ``"n/a"``, the engine was not asked.
        detail: what differed, or the reason.
        seconds: how long it took.
    """

    id: str
    status: str
    detail: str = ""
    seconds: float = 0.0


@dataclass
class Theme:
    """Behaviours of one kind; each of its functions becomes a `Behaviour`.

    Attributes:
        name: the first part of the ids.
        about: what they are about, in a few words.
        behaviours: those registered so far.
    """

    name: str
    about: str
    behaviours: list[Behaviour] = field(default_factory=list)

    @overload
    def behaviour(self, check: Check, /) -> Check: ...
    @overload
    def behaviour(
        self, /, *, needs: Iterable[str] = (), where: Iterable[str] = (HERE, THERE)
    ) -> Callable[[Check], Check]: ...

    def behaviour(
        self,
        check: Check | None = None,
        /,
        *,
        needs: Iterable[str] = (),
        where: Iterable[str] = (HERE, THERE),
    ) -> Check | Callable[[Check], Check]:
        """Register a function: the first paragraph of its docstring is the sentence."""

        def register(check: Check) -> Check:
            paragraphs = (inspect.getdoc(check) or "").split("\n\n")
            sentence, reason = (" ".join(part.split()) for part in (*paragraphs, "")[:2])
            name = f"{self.name}.{check.__name__.rstrip('_')}"
            made = Behaviour(
                name, self.name, sentence, reason, check, frozenset(needs), frozenset(where)
            )
            self.behaviours.append(made)
            return check

        return register if check is None else register(check)
