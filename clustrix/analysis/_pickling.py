"""Say whether an object can travel to another process; if not, which part of it, and why.

    client ── .session ── .lock          check_picklable(client, "args[0]")
                            └ culprit ─> args[0].session.lock is a _thread.lock (PK101)

The walk goes where a pickler goes, without writing a byte.  `_parts` says what a pickler visits
in an object, `_reduction` what the pickling methods of its class make of it.  Every container
gets its turn, so that a lock beside a long list is found; big buffers are never copied, long
lists are sampled, and after a fixed number of steps the answer is "nothing found".
"""

from __future__ import annotations

import gc
import pickle
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from clustrix._model import Finding
from clustrix.analysis._parts import Look, Part, Stuck, is_atom, parts_of, shown_kind
from clustrix.analysis._reduction import reduced, runs_user_code
from clustrix.analysis._static import class_module, class_qualname, mro
from clustrix.analysis.catalogue.travel import DEFAULT_FIX, FIXES, ONE_THREAD, PICKLE_CODES, USUAL
from clustrix.basis._loaded import loaded
from clustrix.basis._typing import NamedTuple

__all__ = ["Culprit", "check_picklable", "find_culprit"]

_MAX_STEPS = 5_000  # objects looked at: about 10 ms
_MAX_THOROUGH = 3_000_000  # where a pickler has walked the whole of it in vain
_TURN = 64  # parts of one container before the next one has its turn
_DEEP = 200  # nesting that may be too much for a pickler: ask one
_LONG = 24  # steps of a path that are shown


class Culprit(NamedTuple):
    """The part of an object that cannot travel.

    Attributes:
        code: ``PK101`` to ``PK107``, or ``PK110``.
        path: where it sits, for example ``args[0].session.lock``.
        kind: what it is, for example ``_thread.lock``.
        reason: why it cannot travel, as the end of a sentence.
        fix: what usually helps; ``""`` where nothing does.
    """

    code: str
    path: str
    kind: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        """``args[0].lock: _thread.lock, which cannot be pickled; create it ... (PK101)``."""
        return f"{self.path}: {self.kind}, {self.reason}{self._help()} ({self.code})"

    def finding(self) -> Finding:
        """The same as evidence for a plan."""
        article = "an" if self.kind[:1] in "aeio" else "a"
        return Finding(
            self.code, f"is {article} {self.kind}, {self.reason}{self._help()}", self.path
        )

    def _help(self) -> str:
        return f"; {self.fix}" if self.fix else ""


def check_picklable(
    obj: object, name: str, *, by_value: bool = False, ask: bool = True
) -> Finding | None:
    """Find the part of an object that cannot be pickled.

    Args:
        obj: anything; it is left as it is.
        name: what the message calls it, for example ``args[0]``.
        by_value: ``False`` for the rules of the standard `pickle`; ``True`` for those of
            cloudpickle, which ships functions and classes by value.
        ask: whether to call the pickling methods that a class defines (``__reduce__``,
            ``__getstate__`` and their kin), as pickling itself does. ``False`` runs no code of
            the user's: what such a class says of itself is believed, and looked at by a pickler
            later.

    Returns:
        ``None`` when nothing was found that cannot travel; else a finding whose ``name`` is the
        path to the culprit and whose ``why`` says what it is and what usually helps.

    Examples:
        >>> import threading
        >>> check_picklable([1, {"a": 2.5}], "args[0]") is None
        True
        >>> print(check_picklable({"guard": threading.Lock()}, "args[0]").name)
        args[0]['guard']
    """
    culprit = find_culprit(obj, name, by_value=by_value, ask=ask)
    return None if culprit is None else culprit.finding()


def find_culprit(
    obj: object, name: str, *, by_value: bool = False, ask: bool = True, thorough: bool = False
) -> Culprit | None:
    """`check_picklable`, with the parts of the answer.

    Args:
        obj: as there.
        name: as there.
        by_value: as there.
        ask: as there.
        thorough: look at everything, however long it takes; for what a pickler has refused.
    """
    look = Look(by_value, ask, _MAX_THOROUGH if thorough else _MAX_STEPS, whole=thorough)
    # A collection that falls into the walk would go through the whole heap for nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _walk(obj, name, look)
    except Exception:  # another thread may change what is being looked at
        return None
    finally:
        if collecting:
            gc.enable()


class _Place:
    """An object on the way, and the way to it."""

    __slots__ = ("depth", "obj", "outer", "parts", "step")

    def __init__(self, obj: object, step: str, outer: _Place | None) -> None:
        self.obj = obj
        self.step = step
        self.outer = outer
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.parts: Iterator[Part] = iter(())

    def way(self) -> list[_Place]:
        """From the outermost object to this one."""
        found, place = [], self
        while place is not None:
            found.append(place)
            place = place.outer  # type: ignore[assignment]
        return found[::-1]


def _walk(obj: object, name: str, look: Look) -> Culprit | None:
    seen: dict[int, object] = {}  # also keeps temporary parts alive, so that ids stay unique
    deepest = 0
    waiting: deque[_Place] = deque()
    arrived = [_Place(obj, name, None)]
    while True:
        for place in arrived:
            part = place.obj
            if is_atom(part) or id(part) in seen:
                continue
            seen[id(part)] = part
            parts = parts_of(part, look)
            if parts is None:
                parts = reduced(part, look)
            if type(parts) is Stuck:
                return _culprit(parts, place)
            if parts:
                place.parts = iter(parts)  # type: ignore[arg-type]
                waiting.append(place)
            look.left -= 1
            deepest = max(deepest, place.depth)
        if not waiting or look.left <= 0:
            break
        turn = waiting.popleft()
        arrived = [_Place(part, step, turn) for step, part in islice(turn.parts, _TURN)]
        if len(arrived) == _TURN:
            waiting.append(turn)
    return _too_deep(obj, name, look) if deepest > _DEEP else None


def _culprit(stuck: Stuck, place: _Place) -> Culprit:
    """Put what is wrong with an object together with the way to it."""
    way = place.way()
    steps = [one.step for one in way]
    if len(steps) > _LONG:
        steps = [*steps[: _LONG // 2], " ... ", *steps[-_LONG // 2 :]]
    code = "PK110" if stuck.code == "PK101" and any(map(_one_thread, way)) else stuck.code
    reason = stuck.reason or PICKLE_CODES[code]
    return Culprit(code, "".join(steps), stuck.kind, reason, _fix(stuck, way))


def _one_thread(place: _Place) -> bool:
    bases = mro(type(place.obj))
    return any(f"{class_module(base)}.{class_qualname(base)}" in ONE_THREAD for base in bases)


def _fix(stuck: Stuck, way: list[_Place]) -> str:
    """What usually helps: the advice for the outermost object of which something is known."""
    if stuck.code in USUAL:
        return USUAL[stuck.code]
    for place in way:
        kind = type(place.obj)
        for base in mro(kind):
            fix = FIXES.get(f"{class_module(base)}.{class_qualname(base)}")
            if fix:
                inner = place is way[-1]
                return fix if inner else f"it belongs to a {shown_kind(kind)}: {fix}"
    return "" if stuck.code == "PK104" else DEFAULT_FIX


class _Enough(Exception):
    """Raised by the sink to stop a pickler that has written enough: a signal, not an error."""


class _Sink:
    """A file that forgets what is written to it, and stops after a megabyte."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        if self.size > 1_000_000:
            raise _Enough
        return len(data)


def _too_deep(obj: object, name: str, look: Look) -> Culprit | None:
    """Only a pickler knows how much nesting a pickler can take; it gets no user code to run."""
    base: Any = pickle.Pickler
    if look.by_value:
        cloud = loaded("cloudpickle")
        base = cloud.Pickler if cloud is not None else base

    class Probe(base):  # type: ignore[misc]
        def persistent_id(self, part: object) -> str | None:
            return "" if not look.ask and runs_user_code(type(part)) else None

    try:
        Probe(_Sink(), protocol=5, buffer_callback=lambda buffer: None).dump(obj)
    except _Enough:
        return None
    except RecursionError:
        pass
    except Exception as error:
        if not isinstance(error.__context__, RecursionError) and "recursion" not in str(error):
            return None
    return Culprit("PK105", name, shown_kind(type(obj)), PICKLE_CODES["PK105"], USUAL["PK105"])
