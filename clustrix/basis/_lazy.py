"""Doors that open when somebody knocks: names of a package that load when first used.

    package.name ──> __getattr__ ──> import the module that has it ──> kept in the package

A worker process runs little of the package, and a program may only want one error class; neither
should wait for the rest.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # the typing module itself would be the most expensive import here
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["door"]


def door(
    package: str, rooms: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562).

    Args:
        package: name of the package.
        rooms: for each module, the names that it hands on.

    Returns:
        What to assign to the three names in the package.
    """
    origin = {name: module for module, names in rooms.items() for name in names}

    def __getattr__(name: str) -> Any:
        if name not in origin:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        __import__(origin[name])
        value = getattr(sys.modules[origin[name]], name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *origin})

    return __getattr__, __dir__, sorted(origin)
