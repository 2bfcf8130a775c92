"""Entry points of the group ``clustrix.catalogue``: what installed libraries say of themselves.

    sys.path ──> *.dist-info/entry_points.txt ──> has our group? ──> import it, call it, once

Looked for when the first function is analysed.  `importlib.metadata` takes 20 ms to import; a
look at the few files it would read takes 1 to 3.  A plugin that fails costs a warning, no plan.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator

__all__ = ["GROUP", "advertised", "load_plugins"]

GROUP = "clustrix.catalogue"

_lock = threading.RLock()
_state = "unknown"


def load_plugins() -> None:
    """Call every plugin that is installed; the first time only.

    Warns:
        RuntimeWarning: a plugin could not be imported, or raised.
    """
    global _state
    if _state == "loaded":
        return
    with _lock:  # other threads wait until the catalogue is complete
        if _state != "unknown":  # a plugin may itself ask for an analysis
            return
        _state = "loading"
        failed = [said for said in map(_load, advertised(sys.path)) if said]
        _state = "loaded"
    for said in failed:
        warnings.warn(said, RuntimeWarning, stacklevel=2)


def _load(entry: tuple[str, str, str]) -> str:
    """Import a plugin and call it; what went wrong, if something did."""
    name, value, file = entry
    module, _, attribute = value.partition("[")[0].strip().partition(":")
    try:
        found: object = importlib.import_module(module.strip())
        for part in filter(None, attribute.strip().split(".")):
            found = getattr(found, part)
        if attribute:
            found()  # type: ignore[operator]
    except Exception as error:
        return (
            f"the entry point {name} = {value} ({GROUP}, in {file}) was left out: "
            f"{type(error).__name__}: {error}"
        )
    return ""


def advertised(path: list[str]) -> Iterator[tuple[str, str, str]]:
    """Name, value and file of each entry point of our group; of each distribution the first."""
    seen: set[str] = set()
    for folder in path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:  # not there, or an archive
            continue
        for name in sorted(names):
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            project = name.partition("-")[0].lower()
            if project in seen:
                continue
            seen.add(project)
            file = os.path.join(folder, name, "entry_points.txt")
            try:
                with open(file, encoding="utf-8") as stream:
                    text = stream.read()
            except (OSError, UnicodeDecodeError):
                continue
            if GROUP in text:
                yield from ((key, value, file) for key, value in _section(text))


def _section(text: str) -> Iterator[tuple[str, str]]:
    """The lines of our group in an entry_points.txt."""
    here = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            here = line == f"[{GROUP}]"
        elif here and "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()
