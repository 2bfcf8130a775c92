"""Packages that travel as code, because the workers do not have them, or have another version.

    configure(ship=["mypackage"])            ──┐  while something is pickled
    a worker could not import mypackage      ──┴─> cloudpickle takes its functions and classes
                                                   by value, those of its submodules, too

What cloudpickle is told holds for a whole process, so it is told for the time of a pickle only.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from clustrix.basis._loaded import loaded
from clustrix.execution.lanes._lane import inside_lane

__all__ = ["by_value", "goes_by_value", "registered", "send_by_value", "shipped"]

_lock = threading.Lock()
_users: dict[str, int] = {}


def shipped() -> tuple[str, ...]:
    """The packages that the user wants to have sent, here and now; from a lane, none."""
    if inside_lane():  # what came by value goes back by value anyway
        return ()
    settings = loaded("clustrix._settings")  # workers that nobody configured do without
    names: tuple[str, ...] = () if settings is None else settings.shipped()
    return names


def goes_by_value(module: str) -> bool:
    """Whether functions of a module travel with their globals, as those of ``__main__`` do."""
    if not (modules := by_value()):
        return False
    parts = module.split(".")
    return any(".".join(parts[:count]) in modules for count in range(1, len(parts) + 1))


def by_value() -> frozenset[str]:
    """The modules of which somebody said so, to us or to cloudpickle."""
    cloudpickle = loaded("cloudpickle")
    registered = () if cloudpickle is None else cloudpickle.list_registry_pickle_by_value()
    return frozenset((*registered, *shipped()))


def send_by_value(module: str) -> bool:
    """From now on carry the code of a package that workers cannot import.

    Returns:
        Whether that changes anything: the package is here, and was not carried yet.
    """
    import cloudpickle  # type: ignore[import-untyped]

    top = module.partition(".")[0]
    if top not in sys.modules or goes_by_value(top):
        return False
    cloudpickle.register_pickle_by_value(sys.modules[top])
    return True


@contextmanager
def registered(names: Iterable[str]) -> Iterator[None]:
    """Let cloudpickle take packages by value meanwhile; other threads may want the same."""
    import cloudpickle

    ours = []
    with _lock:
        for name in names:
            if name not in _users and name in cloudpickle.list_registry_pickle_by_value():
                continue  # for good
            if name not in _users:
                cloudpickle.register_pickle_by_value(sys.modules[name])
            _users[name] = _users.get(name, 0) + 1
            ours.append(name)
    try:
        yield
    finally:
        with _lock:
            for name in ours:
                _users[name] -= 1
                if not _users[name]:
                    del _users[name]
                    cloudpickle.unregister_pickle_by_value(sys.modules[name])
