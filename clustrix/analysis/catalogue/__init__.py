"""What is known about calls.  Data only: nothing here knows of trees.

    files IO1xx   network IO2xx   processes IO3xx   databases IO4xx   waiting IO5xx
    types         what calls give back; what is memory
    innocent      what only computes; method names that tell (IO9xx)
    releasing     what lets go of the GIL (GL1xx)
    travel        what cannot be pickled, and what helps (PK1xx)

Adding an entry touches no logic; `learn` adds one while a program runs.  A name is canonical:
where the thing is imported from by those who use it, ``os.listdir`` and ``requests.Session.get``,
not ``posix.listdir``.
"""

from __future__ import annotations

import builtins
import functools
import threading
from typing import Final

from clustrix.analysis.catalogue._cues import HINT_CUES, make_cues, words_for
from clustrix.analysis.catalogue._entry import BlockingCall, ReleasingCall
from clustrix.analysis.catalogue.databases import DATABASES
from clustrix.analysis.catalogue.documents import DOCUMENTS
from clustrix.analysis.catalogue.files import FILES
from clustrix.analysis.catalogue.innocent import (
    AWAITED,
    COMMON_TELLING,
    DEBUG_WORDS,
    FILLED_TELLING,
    GIVEN_BY_NAME,
    HINTS,
    INCIDENTAL,
    KEYWORD_TELLING,
    ON_FILES,
    PURE,
    TELLING,
    Telling,
)
from clustrix.analysis.catalogue.libraries import MORE_NAMES
from clustrix.analysis.catalogue.network import NETWORK
from clustrix.analysis.catalogue.processes import PROCESSES
from clustrix.analysis.catalogue.releasing import RELEASING
from clustrix.analysis.catalogue.types import MEMORY, PASSES_ON, RETURNS, STREAMS
from clustrix.analysis.catalogue.waiting import WAITING

__all__ = [
    "AWAITED",
    "CATALOGUE",
    "COMMON_TELLING",
    "DEBUG_WORDS",
    "FILLED_TELLING",
    "GIVEN_BY_NAME",
    "HINT_CUES",
    "INCIDENTAL",
    "KEYWORD_TELLING",
    "KINDS",
    "MEMORY",
    "METHODS",
    "ON_FILES",
    "RELEASING",
    "RETURNS",
    "STREAMS",
    "TELLING",
    "BlockingCall",
    "ReleasingCall",
    "Telling",
    "blocking",
    "canonical_names",
    "hinted",
    "is_known_type",
    "is_pure",
    "is_type",
    "learn",
    "passes_on",
    "releasing",
    "times_learnt",
]

CATALOGUE: Final = tuple(
    entry._replace(also=entry.also + MORE_NAMES.get(entry.code, ()))
    for entry in (*FILES, DOCUMENTS, *NETWORK, *PROCESSES, *DATABASES, *WAITING)
)

_TYPES: Final = {name.rpartition(".")[0] for entry in CATALOGUE for name in entry.names}
_BUILTINS: Final = frozenset(dir(builtins))
_BY_NAME: Final = {name: entry for entry in CATALOGUE for name in entry.names}
CUES: Final = make_cues(_BY_NAME, RETURNS, MEMORY, PURE)
METHODS: Final = {name.rpartition(".")[2] for name in _BY_NAME}

# What users say of their own libraries; it goes before everything else.
KINDS: Final = ("blocking", "releases_gil", "pure")
_RELEASING_BY_NAME: Final = {name: entry for entry in RELEASING for name in entry.names}
_SAID_PURE: Final = set[str]()
_learning = threading.Lock()
_learnt = 0

# Where C code says it lives -> where people import it from.
_HOMES: Final = {
    "posix": "os",
    "nt": "os",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "genericpath": "os.path",
    "_io": "io",
    "_pyio": "io",
    "_socket": "socket",
    "_ssl": "ssl",
    "_sqlite3": "sqlite3",
    "_queue": "queue",
    "_thread": "threading",
    "_bz2": "bz2",
    "_lzma": "lzma",
    "_pickle": "pickle",
    "_signal": "signal",
    "_operator": "operator",
    "_functools": "functools",
    "_collections": "collections",
    "_random": "random",
    "_winapi": "subprocess",
    "multiprocessing.context": "multiprocessing",
}


def blocking(name: str) -> BlockingCall | None:
    """The entry for a canonical name, or ``None``."""
    if _SAID_PURE and not _SAID_PURE.isdisjoint((name, name.rpartition(".")[0])):
        return None
    entry = _BY_NAME.get(name)
    owner, _, last = name.rpartition(".")
    if entry is None and owner and not last.startswith("_"):
        entry = _BY_NAME.get(f"{owner}.*")
    return entry


def is_pure(name: str) -> bool:
    """Whether the name, or something it is part of, is known to only compute.

    A function made inside another calls what it was given: a decorator's wrapper is never pure.
    """
    return _is_pure(name, _learnt)


@functools.lru_cache(maxsize=8192)
def _is_pure(name: str, learnt: int) -> bool:
    if "<locals>" in name:
        return False
    while name:
        if name in PURE or name in _SAID_PURE:
            return True
        name = name.rpartition(".")[0]
    return False


def is_known_type(name: str) -> bool:
    """Whether the methods of a type are known: those not in the catalogue do not wait."""
    return name in _TYPES or name in _BUILTINS or name == "sys.stdout" or is_pure(name)


def is_type(name: str) -> bool:
    """Whether the catalogue knows methods of a type of this name."""
    return name in _TYPES


def passes_on(names: list[str]) -> bool:
    """Whether a call gives back what it is given first, perhaps in another wrapping."""
    return any(name in PASSES_ON for name in names)


@functools.lru_cache(maxsize=4096)
def canonical_names(module: str, qualname: str) -> tuple[str, ...]:
    """The names under which a thing may be known, from its module and qualified name.

    ``requests.api`` and ``get`` give ``requests.api.get`` and ``requests.get``: packages hand
    on from their front door what they define inside.
    """
    if module == "builtins":
        return (qualname,)
    parts = _HOMES.get(module, module).split(".")
    return tuple(".".join([*parts[:size], qualname]) for size in range(len(parts), 0, -1))


def hinted(receiver: str, method: str) -> tuple[str, str] | None:
    """Code and reason if a receiver of this name surely waits in this method."""
    word = receiver.lstrip("_").lower()
    for names, methods in HINTS:
        if method in methods and word in names.split():
            return methods[method]
    return None


def releasing(name: str) -> ReleasingCall | None:
    """The entry of a call that lets go of the GIL, or ``None``."""
    entry = _RELEASING_BY_NAME.get(name)
    while entry is None and "." in name:
        name = name.rpartition(".")[0]
        entry = _RELEASING_BY_NAME.get(f"{name}.*")
    return entry


def times_learnt() -> int:
    """How often something was registered: a part of the key under which verdicts are kept."""
    return _learnt


def learn(kind: str, entry: BlockingCall | ReleasingCall) -> None:
    """Take over what a user says of one name, in the place of what was known of it."""
    global _learnt
    name, owner = entry.name, entry.name.rpartition(".")[0]
    plain = owner if name.endswith(".*") else name
    with _learning:
        _SAID_PURE.discard(plain)
        _BY_NAME.pop(name, None)
        _RELEASING_BY_NAME.pop(name, None)
        if isinstance(entry, ReleasingCall):
            _RELEASING_BY_NAME[name] = entry
        elif kind == "pure":
            _SAID_PURE.add(plain)
        else:
            _BY_NAME[name] = entry
            _TYPES.add(owner)
            METHODS.add(name.rpartition(".")[2])
            CUES.pure_modules.difference_update(
                name[:dot] for dot, char in enumerate(name) if char == "."
            )
            for word, before in words_for(name).items():
                CUES.words[word] = CUES.words.get(word, set()) | before
        _learnt += 1
