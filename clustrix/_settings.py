"""What holds where a call says nothing: `configure`, and the environment.

    @parallel(executor=…)    said for this function        ─┐
    with configure(…):       said for this block            │  the first that says something
    configure(…)             said for the whole process     │  wins, option by option
    CLUSTRIX_EXECUTOR=…      said in the environment        │
    Options()                the defaults                  ─┘

Blocks are kept in a context variable, so that threads and asyncio tasks do not disturb each other.
The environment is read when a loop starts; a look that finds nothing new costs a third of a
microsecond.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Final

from clustrix._model import Options
from clustrix.basis._typing import Any, NamedTuple

__all__ = [
    "AUTO",
    "RAISE",
    "Configuration",
    "Unsaid",
    "adopt",
    "configure",
    "in_force",
    "portable",
    "source",
    "what_was_said",
]

VARIABLES: Final = {"executor": "CLUSTRIX_EXECUTOR", "max_workers": "CLUSTRIX_MAX_WORKERS"}
SHIP: Final = "CLUSTRIX_SHIP"

# What belongs to one function, and has no sensible default for all of them.
_OF_ONE_FUNCTION = ("batched",)
_OF_ONE_PROCESS = ("executor", "progress", "ship")
_NAMES = (*(name for name in Options._fields if name not in _OF_ONE_FUNCTION), "ship")

# The variables as the system keeps them: os.environ.get decodes, and takes ten times as long.
_environ: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
*_KEYS, _SHIP_KEY = map(getattr(os.environ, "encodekey", str), (*VARIABLES.values(), SHIP))


class Unsaid(str):
    """The text of a default that nobody has said: equal to the text, of a type of its own."""

    __slots__ = ()


AUTO: Final = Unsaid("auto")
RAISE: Final = Unsaid("raise")


def what_was_said(**options: Any) -> dict[str, Any]:
    """The options without those that were left at their defaults."""
    open_ones = {name for name, default in Options._field_defaults.items() if default is None}
    return {
        name: value
        for name, value in options.items()
        if type(value) is not Unsaid and not (value is None and name in open_ones)
    }


class _Block(NamedTuple):
    """The blocks that the running code is in.

    Attributes:
        said: what they say together; ``None`` takes back what was said further out.
        outer: the blocks around the innermost one.
    """

    said: Mapping[str, Any]
    outer: _Block | None


class Configuration:
    """What `configure` gives: to be dropped, or used in a ``with`` statement.

    Args:
        options: what was said.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    def __enter__(self) -> None:
        """From here on it holds for this block only."""
        _process.take_back(self)
        outer = _process.block.get()
        _process.block.set(_Block({**(outer.said if outer else {}), **self.options}, outer))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """What held before holds again."""
        inner = _process.block.get()
        _process.block.set(inner.outer if inner else None)


class _Process:
    """What was said for the whole process.

    A plain call and the head of a ``with`` statement look the same until the block is entered.
    So the last call of each thread is kept apart from the rest, and can be taken back.
    """

    def __init__(self) -> None:
        self.said: Mapping[str, Any] = {}
        # Not a name of the module: variables that are travel to other processes with their values.
        self.block: ContextVar[_Block | None] = ContextVar("clustrix_block", default=None)
        self._settled: dict[str, Any] = {}
        self._last: dict[int, Configuration] = {}
        self._lock = threading.Lock()

    def add(self, configuration: Configuration) -> None:
        """Let it hold from now on."""
        thread = threading.get_ident()
        with self._lock:
            if (before := self._last.pop(thread, None)) is not None:
                self._settled.update(before.options)
            self._last[thread] = configuration
            self._join()

    def take_back(self, configuration: Configuration) -> None:
        """It was the head of a ``with`` statement."""
        thread = threading.get_ident()
        with self._lock:
            if self._last.get(thread) is configuration:
                del self._last[thread]
                self._join()

    def replace(self, options: Mapping[str, Any]) -> None:
        """Let nothing hold but this."""
        with self._lock:
            self._last.clear()
            self._settled = dict(options)
            self._join()

    def _join(self) -> None:
        said = dict(self._settled)
        for configuration in self._last.values():
            said.update(configuration.options)
        self.said = said  # a new one each time: who holds the old one may go on reading it


_process = _Process()
_known: tuple[tuple[Any, ...], Mapping[str, Any]] = (({}, None, *(None for _ in _KEYS)), {})


def configure(**options: Any) -> Configuration:
    """Set defaults for the options of `parallel`.

    As a plain call it holds for the whole process from then on. In a ``with`` statement it holds
    inside the block only, for the thread or asyncio task that runs the block and the loops that
    start there. Blocks nest, and what they do not mention stays as it was outside.

    What is said at a decorator goes first, then the innermost block, then the process, then the
    environment variables ``CLUSTRIX_EXECUTOR`` and ``CLUSTRIX_MAX_WORKERS``, then the default.

    Args:
        **options: ``executor``, ``max_workers``, ``chunk_size``, ``timeout`` in seconds,
            ``on_error``, ``seed`` and ``progress``, each as for `parallel`; and ``ship``, the
            names of packages whose code travels with a loop, because the workers do not have
            them or have another version. ``None`` takes back what was said further out, so that
            the environment and the default stand again.

    Returns:
        A context manager; a plain call has no use for it.

    Raises:
        TypeError: an option that does not exist or has the wrong type.
        ValueError: an option out of range.
        ModuleNotFoundError: a package to ship is not here either.

    Examples:
        >>> from clustrix import configure, parallel
        >>> @parallel
        ... def square(x):
        ...     return x * x
        >>> with configure(executor="threads", max_workers=2):
        ...     square.explain(range(10)).engine
        'threads'
    """
    _check(options)
    configuration = Configuration(options)
    _process.add(configuration)
    return configuration


def in_force() -> Mapping[str, Any]:
    """What holds here and now for options that a decorator leaves open.

    The same object, until something changes.

    Raises:
        ValueError: a variable of the environment has a value that makes no sense.
    """
    global _known
    known = _known
    state = (_process.said, _process.block.get(), *map(_environ.get, _KEYS))
    if known[0] == state:
        return known[1]
    said = {name: value for name, value in _said().items() if value is not None}
    said.pop("ship", None)  # of no call, but of what it sends
    found = {**_read_environment(), **said}
    _known = (state, found)
    return found


def shipped() -> tuple[str, ...]:
    """Names of the packages whose code travels here and now.

    Raises:
        ValueError: the variable of the environment names something that cannot be imported.
    """
    if not _process.said and _process.block.get() is None and _SHIP_KEY not in _environ:
        return ()  # nearly always
    if (said := _said().get("ship")) is not None:
        return tuple(said)
    text = os.environ.get(SHIP, "")
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    try:
        _check_ship(names)
    except (ImportError, ValueError) as error:
        raise ValueError(f"environment variable {SHIP}={text!r}: {error}") from None
    return names


def source(name: str, value: object) -> str:
    """Who said an option that is in force, in the words in which it was said."""
    if _said().get(name) is not None:
        return f"configure({name}={value!r})"
    return f"{VARIABLES[name]}={value}"


def portable() -> dict[str, Any]:
    """What was configured, for the loops inside of an item that runs in another process.

    What has a meaning here alone stays here: those loops are serial, and nobody watches them.
    """
    if not _process.said and _process.block.get() is None:
        return {}
    return {name: value for name, value in _said().items() if name not in _OF_ONE_PROCESS}


def adopt(options: Mapping[str, Any]) -> None:
    """In another process: let hold what holds in the caller."""
    _process.replace(options)


def _said() -> dict[str, Any]:
    block = _process.block.get()
    return {**_process.said, **(block.said if block else {})}


def _check(options: Mapping[str, Any]) -> None:
    for name in options:
        if name in _NAMES:
            continue
        import difflib  # only a mistake needs it

        close = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        what = f"belongs to one function: say @parallel({name}=...)"
        known = f"is not known; there are: {', '.join(_NAMES)}.{hint}"
        one = name in ("loop_var", *_OF_ONE_FUNCTION)
        raise TypeError(f"configure(): {name!r} {what if one else known}")
    given = {name: value for name, value in options.items() if value is not None}
    ship = given.pop("ship", ())
    Options(**given)
    _check_ship(ship)


def _check_ship(names: Any) -> None:
    many = isinstance(names, (list, tuple, set, frozenset))
    if not many or not all(isinstance(name, str) for name in names):
        raise TypeError(f"ship must be a list of names of packages, not {names!r}")
    for name in names:
        if name.partition(".")[0] == "clustrix":
            raise ValueError("ship: clustrix itself must be installed on the workers")
        try:
            importlib.import_module(name)
        except Exception as error:
            raise ModuleNotFoundError(
                f"ship: {name!r} cannot be imported here, so its code cannot be sent: "
                f"{type(error).__name__}: {error}",
                name=name,
            ) from error


def _read_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, variable in VARIABLES.items():
        text = os.environ.get(variable, "").strip()
        if not text:
            continue
        try:
            found[name] = int(text) if name == "max_workers" else text
            Options(**{name: found[name]})
        except ValueError as error:
            reason = str(error)
            if reason.startswith("invalid literal"):
                reason = f"{name} must be an integer"
            raise ValueError(f"environment variable {variable}={text!r}: {reason}") from None
    return found
