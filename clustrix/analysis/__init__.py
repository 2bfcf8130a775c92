"""Reads functions and says how to run them.  Runs none of them, never raises at users.

_source      function ─> tree and file lines          _static     objects, without running them
_names       name ─> object, dotted name or type      _values     what an expression may mean
_walk        the body, in the order in which it runs  _tests      conditions decided beforehand
_blocking    the calls that wait                      catalogue   what is known about calls
_pickling    the part that cannot travel              _travel     how functions travel
_batching    the proof that a function wants chunks
_selection   findings ─> Plan
"""

from ._batching import needs_batches
from ._blocking import find_blocking_calls
from ._pickling import check_picklable
from ._selection import make_plan
from ._source import FunctionSource, NoSource, read_source

__all__ = [
    "FunctionSource",
    "NoSource",
    "check_picklable",
    "find_blocking_calls",
    "make_plan",
    "needs_batches",
    "read_source",
]
