"""Reads functions and says how to run them.  Runs none of them, never raises at users.

    _selection    findings ─> Plan
      _batching     the proof that a function wants chunks
      _pickling     the part that cannot travel              _travel      how functions travel
      _blocking     the calls that wait
        _calls        what a call means                      _fields      what `self.x` holds
        _reading      helpers, within a budget               _ledger      what was found
        _walk         statements, in running order           _conditions  decided beforehand
        _expressions  what an expression means               _values      what it may mean
        _scan         which helpers are worth reading        _identity    canonical names
    _names        name ─> object, dotted name or type
    _source       function ─> tree and file lines            _blocks      lines ─> one tree
    _static       objects, looked at without running them
    catalogue     what is known about calls: data

Each file imports only from those beside and below it.
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
