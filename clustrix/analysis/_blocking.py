"""Find the calls that wait: for files, the network, other programs, databases, locks.

    function ─> source ─> walk ─> call ─> in the catalogue?      finding
                  ^                 ├───> a Python helper?       read it, too
                  └─────────────────┘     known to compute?      nothing
                                          anything else?         its method name may tell

This is the door; `_walk` reads bodies, `_calls` judges calls, `_reading` follows helpers.
"""

from __future__ import annotations

import functools
import gc
import types

from clustrix._model import Finding
from clustrix.analysis._calls import Calls
from clustrix.analysis._identity import any_pure, entry_of, names_of, shown
from clustrix.analysis._names import parameters
from clustrix.analysis._plugins import load_plugins
from clustrix.analysis._reading import Enough
from clustrix.analysis._source import FunctionSource, NoSource, hops, layers, read_layer
from clustrix.analysis._static import class_qualname
from clustrix.analysis._values import Known, Value
from clustrix.analysis._walk import Walk
from clustrix.analysis.catalogue import BlockingCall
from clustrix.basis._typing import NamedTuple

__all__ = ["Look", "find_blocking_calls", "look_for_blocking_calls"]


class Look(NamedTuple):
    """What reading a function gave.

    Attributes:
        findings: the calls that wait.
        read: how many functions were looked at, helpers included.
        cause: why nothing could be read, or why not everything was.
        advice: the calls that let go of the GIL while they compute.
    """

    findings: tuple[Finding, ...]
    read: int = 0
    cause: str = ""
    advice: tuple[Finding, ...] = ()


def find_blocking_calls(function: object) -> tuple[Finding, ...]:
    """Find the calls in a function, and in the helpers it calls, that wait.

    Args:
        function: any object; what is not a function has no blocking calls.

    Returns:
        One finding for each call, in reading order.  ``file`` and ``line`` are those of the
        call, in the function itself or in the helper of the user's that makes it.

    Examples:
        >>> import time
        >>> find_blocking_calls(time.sleep)[0].code
        'IO501'
        >>> find_blocking_calls(len)
        ()
    """
    return look_for_blocking_calls(function).findings


def look_for_blocking_calls(function: object) -> Look:
    """`find_blocking_calls`, and how much was read to find them."""
    load_plugins()
    # The trees go away by themselves.  A collection that happens to fall into the reading would
    # walk the whole heap of the program for nothing: half a second, measured, beside pandas.
    collecting = gc.isenabled()
    gc.disable()
    reader = Calls()
    try:
        return _look(function, reader)
    except (Enough, RecursionError):
        cause = "there is more to read than the analysis takes on"
    except Exception as error:
        # A user's program must not fail because of what was said about it.
        cause = f"the analysis failed: {type(error).__name__}: {error}"
    finally:
        if collecting:
            gc.enable()
    return Look(reader.ledger.findings, len(reader.seen), cause, reader.ledger.advice)


def _look(function: object, reader: Calls) -> Look:
    """Read a function from outside, as nobody has called it yet."""
    names = names_of(function)
    entry = entry_of(names, function)
    if entry:
        return Look((_at_definition(entry, names, function),), 1)
    if any_pure(names):
        return Look((), 1)
    cause = f"{class_qualname(type(function))} object without Python code"
    for plain in reversed(layers(function)):
        source = read_layer(plain)
        if isinstance(source, NoSource):
            cause = source.cause
            continue
        reader.enter(plain)
        Walk(source, _first_names(function, source), reader, depth=0).run()
    cause = "" if reader.seen else cause
    return Look(reader.ledger.findings, len(reader.seen), cause, reader.ledger.advice)


def _first_names(function: object, source: FunctionSource) -> dict[str, Value]:
    """The parameters of the outermost function; methods and partials have bound some."""
    names = parameters(source, outermost=True)
    bound: list[object] = []
    for step in reversed(list(hops(function))):
        if type(step) is types.MethodType:
            bound.insert(0, step.__self__)
        elif type(step) is functools.partial:
            bound += step.args
            names.update({word: Known(value) for word, value in step.keywords.items()})
    spec = source.node.args
    slots = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    names.update({slot: Known(value) for slot, value in zip(slots, bound, strict=False)})
    return names


def _at_definition(entry: BlockingCall, names: list[str], function: object) -> Finding:
    """The function itself is in the catalogue: the finding stands where it is defined."""
    name = shown(entry, names)
    inside = layers(function)
    source = read_layer(inside[-1]) if inside else None
    if not isinstance(source, FunctionSource):
        return Finding(entry.code, entry.why, name)
    return Finding(entry.code, entry.why, name, source.file, source.node.lineno)
