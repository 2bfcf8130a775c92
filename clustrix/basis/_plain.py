"""Values that hold nothing but themselves: numbers, text, `None`.

Of exactly these types, since a subclass may hold, and do, whatever it likes.  They travel as they
are, they cannot change, and nothing has to be found out about them.
"""

from __future__ import annotations

from clustrix.basis._typing import Iterable

__all__ = ["PLAIN", "all_plain"]

PLAIN = frozenset((int, float, complex, bool, str, bytes, type(None)))


def all_plain(values: Iterable[object]) -> bool:
    """Whether there is nothing else among some values.

    Examples:
        >>> all_plain([1, "text", None]), all_plain([1, []])
        (True, False)
    """
    return PLAIN.issuperset(map(type, values))
