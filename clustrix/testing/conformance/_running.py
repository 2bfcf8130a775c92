"""One behaviour on one engine: is it asked at all, does it end, and was a difference known?

needs, where ──> n/a                       check ──> pass, or gone where a limit is known
                                            └─ Difference, any error, time ──> FAIL or limit
"""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clustrix.testing.conformance._limits import SOMETIMES
from clustrix.testing.conformance._model import Behaviour, Difference, Result
from clustrix.testing.conformance._subjects import Subject
from clustrix.testing.conformance._transcript import Hung

__all__ = ["PATIENCE", "not_asked", "run_behaviour"]

PATIENCE = 15.0  # seconds for one behaviour; most take less than a tenth of one


def not_asked(behaviour: Behaviour, subject: Subject) -> str:
    """Why a behaviour makes no sense on an engine; ``""`` where it does."""
    if missing := sorted(behaviour.needs - subject.can):
        return f"the engine does not offer: {', '.join(missing)}"
    if subject.where not in behaviour.where and not (subject.where is None and _both(behaviour)):
        return f"only for items {' or '.join(sorted(behaviour.where))}"
    return ""


def _both(behaviour: Behaviour) -> bool:
    return len(behaviour.where) > 1


def run_behaviour(behaviour: Behaviour, subject: Subject, patience: float = PATIENCE) -> Result:
    """Run one behaviour on one engine.

    Args:
        behaviour: what to look at.
        subject: the engine.
        patience: seconds after which it counts as hung. The main thread of a program is
            interrupted then; in another thread nothing can be done about it.

    Returns:
        What became of it; never raises for what the engine does.
    """
    reason = not_asked(behaviour, subject)
    if reason:
        return Result(behaviour.id, "n/a", reason)
    start = time.monotonic()
    found = _differs(behaviour, subject, patience)
    seconds = round(time.monotonic() - start, 3)
    limit = subject.limits.get(behaviour.id)
    if found is None:
        strict = limit is not None and not limit.startswith(SOMETIMES)
        status, detail = ("gone", f"no limit any more: {limit}") if strict else ("pass", "")
    else:
        status, detail = ("FAIL", found) if limit is None else ("limit", limit)
    return Result(behaviour.id, status, detail, seconds)


def _differs(behaviour: Behaviour, subject: Subject, patience: float) -> str | None:
    """What differed; ``None`` when nothing did."""
    try:
        with _alarm(patience):
            behaviour.check(subject)
    except Difference as found:
        return str(found) or "it differs"
    except Hung:
        return f"it did not end within {patience:g} s"
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:300]
        return f"{type(error).__name__}: {said} ({last.name}, line {last.lineno})"
    return None


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `Hung` in the main thread when time is up; once a second, in case it is caught."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
