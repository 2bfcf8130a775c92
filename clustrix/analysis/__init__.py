"""Reads functions and says how to run them.  Runs none of them, never raises at users.

    _selection    findings ─> Plan
      _batching     the proof that a function wants chunks
      _effects      what outlives the call and is changed  _touched     from writes to findings
        _writes       statements                           _guards     locks, lazy filling, keys
        _targets      what assignments write               _passing    from a call to its code
        _touching     what calls change
        _following    the code behind a call               _operators  methods that nobody names
        _referring    what expressions refer to            _refs       and whether it is shared
        _live, _trees where names are looked up: real objects, or one module's tree
      _refusal      what an engine could not send
      _pickling     the part that cannot travel
        _reduction    what a class makes of its objects      _parts       what is in an object
        _travel       how functions travel
      _blocking     the calls that wait
        _calls        what a call means                      _methods     what is known of a method
        _fields       what `self.x` holds
        _reading      helpers, within a budget               _ledger      what was found
        _walk         statements, in running order           _conditions  decided beforehand
        _expressions  what an expression means               _values      what it may mean
        _scan         which helpers are worth reading        _identity    canonical names
    _imports      the calls that wait, in a tree that nobody imported
    _names        name ─> object, dotted name or type
    _source       function ─> tree and file lines            _blocks      lines ─> one tree
    _static       objects, looked at without running them
    catalogue     what is known about calls: data
      _register     what users add to it                     _plugins     what libraries add to it

Each file imports only from those beside and below it.
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.analysis._batching import needs_batches as needs_batches
    from clustrix.analysis._blocking import find_blocking_calls as find_blocking_calls
    from clustrix.analysis._effects import effects_in as effects_in
    from clustrix.analysis._effects import effects_of as effects_of
    from clustrix.analysis._effects import find_effects as find_effects
    from clustrix.analysis._imports import Names as Names
    from clustrix.analysis._imports import blocking_calls_in as blocking_calls_in
    from clustrix.analysis._imports import dotted as dotted
    from clustrix.analysis._imports import imported_names as imported_names
    from clustrix.analysis._imports import is_known_call as is_known_call
    from clustrix.analysis._pickling import check_picklable as check_picklable
    from clustrix.analysis._refusal import explain_refusal as explain_refusal
    from clustrix.analysis._register import register as register
    from clustrix.analysis._selection import make_plan as make_plan
    from clustrix.analysis._source import FunctionSource as FunctionSource
    from clustrix.analysis._source import NoSource as NoSource
    from clustrix.analysis._source import read_source as read_source
    from clustrix.analysis.catalogue import blocking as blocking

_ROOMS = {
    "clustrix.analysis._batching": ("needs_batches",),
    "clustrix.analysis._blocking": ("find_blocking_calls",),
    "clustrix.analysis._effects": ("effects_in", "effects_of", "find_effects"),
    "clustrix.analysis._imports": (
        "Names",
        "blocking_calls_in",
        "dotted",
        "imported_names",
        "is_known_call",
    ),
    "clustrix.analysis._pickling": ("check_picklable",),
    "clustrix.analysis._refusal": ("explain_refusal",),
    "clustrix.analysis._register": ("register",),
    "clustrix.analysis._selection": ("make_plan",),
    "clustrix.analysis._source": ("FunctionSource", "NoSource", "read_source"),
    "clustrix.analysis.catalogue": ("blocking",),
}

__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
