"""NumPy's one global generator: set for an item, put back behind the last one.

    numpy.random is loaded  ──> Legacy(numpy.random)           .seed(…) … .restore()
    an item imports it      ──> Imports.listeners ──> the same, at that moment

NumPy is never imported here on its own account: most functions do without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["NAME", "Legacy", "imports", "numpy_random"]

NAME = "numpy.random"


def numpy_random() -> Any:
    """The module, for what needs it.

    Raises:
        ModuleNotFoundError: NumPy is not installed.
    """
    try:
        import numpy.random
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "clustrix.rng() gives a numpy.random.Generator, and NumPy is not installed; "
            "the functions of the random module are seeded as well",
            name=error.name,
        ) from error
    return numpy.random


class Legacy:
    """The generator behind ``numpy.random.normal()`` and its like, as it was found.

    Args:
        module: `numpy.random`.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._state = module.get_state(legacy=False)
        self._others: Any = None
        if self._state["bit_generator"] != "MT19937":  # the program has chosen another kind
            self._others = module.get_bit_generator()
            module.set_bit_generator(module.MT19937(0))

    def seed(self, key: int) -> None:
        """Start a stream.

        Args:
            key: 256 bits.
        """
        self._module.seed([key >> shift & 0xFFFFFFFF for shift in range(0, 256, 32)])

    def restore(self) -> None:
        """Put back what was found."""
        if self._others is not None:
            self._module.set_bit_generator(self._others)
        self._module.set_state(self._state)


class Imports:
    """Tells when `numpy.random` is imported; sits in front of the finders of the interpreter."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[ModuleType], None]] = []

    def listen(self, listener: Callable[[ModuleType], None]) -> None:
        """From now on tell this one, too."""
        self.listeners.append(listener)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget(self, listener: Callable[[ModuleType], None]) -> None:
        """Tell it no more."""
        if listener in self.listeners:
            self.listeners.remove(listener)
        if not self.listeners and self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What another finder finds, with a word to the listeners when it has been loaded."""
        if name != NAME:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (one.find_spec(name, path, target) for one in others)), None)
        if spec is not None and spec.loader is not None:
            self._wrap(spec.loader)
        return spec

    def _wrap(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # once
            execute(module)
            for listener in list(self.listeners):
                listener(module)

        loader.exec_module = exec_module


imports = Imports()
