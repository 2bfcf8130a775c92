"""What `python -m clustrix` does: three questions, each answered on standard output.

    explain  package.module:function   how would its loop run, and why?        imports the module
    check    PATH…                     what in this code is wrong, or missed?  imports nothing
    doctor                             is this machine fit for it?             measures

    _check       paths ─> files ─> one report each, in parallel ─> one text
      _files       which files, and the tree of one               _ignored    what is not to be said
      _survey      one walk: imports, functions, decorators, loops
      _decorated   rules for decorated functions                  _captured   what cannot travel
      _loops       loops worth decorating                         _worth      is the work worth it?
      _codes       every code, with reason and remedy: data
      _formats     text, JSON, GitHub                             _colours
    _explain     name ─> object ─> plan
    _doctor      probes ─> verdicts                               _probes

Everything may be used here, and nothing imports from here but the program itself.
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.command._check import check as check
    from clustrix.command._doctor import doctor as doctor
    from clustrix.command._explain import explain as explain

_ROOMS = {
    "clustrix.command._check": ("check",),
    "clustrix.command._doctor": ("doctor",),
    "clustrix.command._explain": ("explain",),
}

__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
