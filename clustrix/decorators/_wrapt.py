"""wrapt, without the half of its import time that wrappers of functions never need.

    import wrapt ──> asyncio, importlib.metadata   30 of 60 ms; asked only by its locks and hooks
                        └── stand-ins here, which turn into the modules when they are used

A program that decorates a function and runs for a second should not pay for an event loop.  The
stand-ins are seen by wrapt alone: they are in place for the time of its import, and only while
no other thread could be importing something.  Where the modules are loaded already, or other
threads run, wrapt is imported as ever.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

__all__ = ["wrapt"]

_SELDOM_USED = ("asyncio", "importlib.metadata")


def _stand_in(name: str) -> ModuleType:
    """A module that hands every question on to the one that it stands for."""
    module = ModuleType(name)

    def __getattr__(attribute: str) -> Any:
        if attribute.startswith("__"):  # the import system looks at these, and needs no answer
            raise AttributeError(attribute)
        return getattr(importlib.import_module(name), attribute)

    module.__getattr__ = __getattr__  # type: ignore[method-assign]
    return module


def _import_wrapt() -> Any:
    stand_ins: dict[str, ModuleType] = {}
    if "wrapt" not in sys.modules and threading.active_count() == 1:
        stand_ins = {name: _stand_in(name) for name in _SELDOM_USED if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module("wrapt")
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        if "importlib.metadata" in stand_ins and not hasattr(importlib, "metadata"):
            # wrapt finds it as an attribute of the package, where an import would have put it.
            importlib.metadata = stand_ins["importlib.metadata"]


wrapt = _import_wrapt()
