"""Where engines are known to differ from the loop, and why: data, kept strictly.

A behaviour that is listed here and passes is reported as ``gone``, so no line outlives its
reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from clustrix.testing.conformance._model import THERE

__all__ = ["limits_of"]

_EVERYWHERE = {
    "output.of_the_iterable": "the items are read to the end before the first one runs; "
    "stream() reads them as it goes",
}
_IN_OTHER_PROCESSES = {
    "values.identity": "what crosses a process boundary is a copy",
}
_OF_ENGINES: Mapping[str, Mapping[str, str]] = {}


def limits_of(spec: str, where: str | None) -> dict[str, str]:
    """The known limits of an engine.

    Args:
        spec: its name.
        where: in which processes its items run.

    Returns:
        From ids of behaviours to reasons.
    """
    shared = _IN_OTHER_PROCESSES if where == THERE else {}
    return {**_EVERYWHERE, **shared, **_OF_ENGINES.get(spec, {})}
