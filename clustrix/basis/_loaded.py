"""Modules that are there already: what nobody has loaded can hold nothing that matters.

loaded("decimal") ──> the module, or None while another thread is only loading it
"""

from __future__ import annotations

import sys

from clustrix.basis._typing import Any

__all__ = ["loaded"]


def loaded(name: str) -> Any:
    """A module, if all of it has been loaded.

    `sys.modules` also has those that some thread is just loading, with half of their names.

    Examples:
        >>> loaded("sys").__name__, loaded("no_such_module")
        ('sys', None)
    """
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return None if getattr(spec, "_initializing", False) else module
