"""Tell the analysis what is known about libraries that it has never heard of.

    register("mylib.Client.fetch", kind="blocking")      what you say goes before the catalogue
    entry points of the group "clustrix.catalogue"       _plugins calls them; they register

Names are canonical: where the thing is imported from by those who use it.
"""

from __future__ import annotations

import re
from typing import Final

from clustrix.analysis.catalogue import KINDS, BlockingCall, ReleasingCall, learn

__all__ = ["register"]

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\.([^\W\d]\w*|\*)")
_CODE = re.compile(r"[A-Z]{3,12}[0-9]{1,4}")
_OURS: Final = ("IO", "PK")  # plans are made from these
_DEFAULTS: Final = {
    "blocking": ("USER101", "waits, as was registered"),
    "releases_gil": ("USER201", "lets go of the GIL, as was registered"),
}


def register(name: str, *, kind: str, why: str = "", code: str = "") -> None:
    """Say what a function or method does, so that plans are made accordingly.

    What is said here goes before the catalogue, and counts for every plan that is made from now
    on. Saying the same again changes nothing; saying something else of the same name replaces
    it. May be called from any thread.

    Args:
        name: the canonical dotted name, ``package.function`` or ``package.Class.method``; a
            name that ends in ``.*`` stands for every method of a class.
        kind: ``"blocking"``: it waits, so that threads serve it best. ``"releases_gil"``: it
            computes in C code without the GIL; plans mention it. ``"pure"``: it neither waits
            nor is worth looking into, whatever its name says or calls.
        why: a verb phrase for plans, such as ``"asks the licence server"``; by default a
            general one.
        code: a code of your own for findings: three to twelve capital letters and up to four
            digits. By default ``USER101`` for what waits and ``USER201`` for what lets go of
            the GIL.

    Raises:
        TypeError: an argument is not a string.
        ValueError: the name is no dotted name, the kind is not known, or the code cannot be
            used; the message says what would do.

    Examples:
        >>> from clustrix.analysis import find_blocking_calls, register
        >>> register("mylib.Client.fetch", kind="blocking", why="asks the archive", code="LIB1")
        >>> def load(key):
        ...     from mylib import Client
        ...     return Client().fetch(key)
        >>> print(find_blocking_calls(load)[0].code)
        LIB1
    """
    for what, value in (("name", name), ("kind", kind), ("why", why), ("code", code)):
        if not isinstance(value, str):
            raise TypeError(f"{what} must be a string, not {value!r}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"name={name!r} is no canonical name: it must be like 'package.function', "
            "'package.Class.method' or 'package.Class.*'"
        )
    if kind not in KINDS:
        known = ", ".join(map(repr, KINDS))
        raise ValueError(f"kind={kind!r} is not known; it is one of {known}")
    if "\n" in why:
        raise ValueError("why must be one line: a verb phrase such as 'asks the archive'")
    if kind == "pure":
        if code:
            raise ValueError(f"code={code!r}: what is pure gives no finding, so it has no code")
        learn(kind, BlockingCall("", name, why))
        return
    if code and (not _CODE.fullmatch(code) or code.startswith(_OURS)):
        raise ValueError(
            f"code={code!r} cannot be used: it must be three to twelve capital letters and up to "
            "four digits, such as 'MYLIB1'; those that begin with IO or PK are clustrix's own"
        )
    usual_code, usual_why = _DEFAULTS[kind]
    record = BlockingCall if kind == "blocking" else ReleasingCall
    learn(kind, record(code or usual_code, name, why or usual_why))
