"""Comments that say: not here.

total += x   # clustrix: ignore            nothing is said of this line
total += x   # clustrix: ignore[CK101]     only this code is not
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Container

__all__ = ["Everything", "ignored_codes"]

_SAID = re.compile(r"#\s*clustrix:\s*ignore\b(?:\s*\[([^\]]*)\])?", re.IGNORECASE)


class Everything:
    """Contains every code."""

    def __contains__(self, code: object) -> bool:
        return True


def ignored_codes(text: str) -> dict[int, Container[str]]:
    """For each line with such a comment, the codes that it silences.

    Args:
        text: a source that parses.

    Examples:
        >>> ignored = ignored_codes("x = 1  # clustrix: ignore[CK101, CK501]")
        >>> "CK101" in ignored[1], "CK102" in ignored[1]
        (True, False)
        >>> ignored_codes("x = '# clustrix: ignore'")
        {}
    """
    if not _SAID.search(text):
        return {}
    found: dict[int, Container[str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            said = _SAID.search(token.string) if token.type == tokenize.COMMENT else None
            if said and said[1] is None:
                found[token.start[0]] = Everything()
            elif said:
                codes = re.split(r"[\s,]+", said[1].strip().upper())
                found[token.start[0]] = frozenset(codes)
    except (tokenize.TokenError, SyntaxError):  # what parses, tokenizes, but for odd line ends
        pass
    return found
