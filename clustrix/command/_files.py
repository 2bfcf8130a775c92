"""Which files there are, and what one of them holds.  Nothing is imported or run.

PATH… ─> every .py file below, once, in a certain order
file  ─> bytes ─> Source(tree, lines)      or the Finding that says why not
"""

from __future__ import annotations

import ast
import io
import os
import stat
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from clustrix._model import Finding

__all__ = ["Loaded", "Source", "files_below", "load", "parse"]

_ENDINGS = (".py", ".pyw")
_SKIPPED = frozenset({"__pycache__", "node_modules", "__pypackages__"})
_MOST_BYTES = 5_000_000  # a tree takes fifty times as much memory as its source


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read; no tuple, because one of these is one item.

    Attributes:
        file: its path, as it is shown.
        content: its bytes; or the finding that says why there are none.
    """

    file: str
    content: bytes | Finding


class Source(NamedTuple):
    """A file that parses.

    Attributes:
        file: its path, as it is shown.
        tree: the module.
        text: the decoded source.
        lines: its lines, as the parser counts them.
    """

    file: str
    tree: ast.Module
    text: str
    lines: list[str]

    def column(self, node: ast.expr | ast.stmt) -> int:
        """The column of a node in characters, from 1; the parser counts bytes, from 0."""
        return self.characters(node.lineno, node.col_offset) + 1

    def characters(self, line: int, offset: int) -> int:
        """How many characters the first so many bytes of a line are."""
        if not 0 < line <= len(self.lines):
            return offset
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    def finding(self, code: str, node: ast.expr | ast.stmt, name: str, why: str) -> Finding:
        """A finding at the place of a node."""
        return Finding(code, why, name, self.file, node.lineno, self.column(node))


def files_below(paths: Iterable[str]) -> list[str]:
    """The files to check: those named, and the Python files below the folders named.

    Args:
        paths: files and folders, which exist.

    Returns:
        Each file once, folders in alphabetical order.  Hidden folders, virtual environments and
        caches are left out unless they are named themselves; a link that leads back is not
        followed.
    """
    found: dict[str, None] = {}
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if os.path.isdir(path):
            found.update(dict.fromkeys(_walk(path, seen)))
        else:
            found[path] = None
    return list(found)


def _walk(folder: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        try:
            state = os.stat(folder)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # no permission, or gone meanwhile
            continue
        if (state.st_dev, state.st_ino) in seen:
            continue
        seen.add((state.st_dev, state.st_ino))
        inner = []
        for entry in entries:
            if _is_folder(entry):
                if not _is_skipped(entry):
                    inner.append(entry.path)
            elif entry.name.endswith(_ENDINGS) and _is_file(entry):
                yield os.path.normpath(entry.path)
        waiting += reversed(inner)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A pipe or a device could be waited for until the end of days."""
    try:
        return entry.is_file() or entry.is_symlink()
    except OSError:
        return True  # what it is will be said when it is read


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.startswith(".") or name in _SKIPPED:
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def load(file: str) -> Loaded:
    """The bytes of a file, or why there are none."""
    try:
        state = os.stat(file)
        if not stat.S_ISREG(state.st_mode):  # a pipe could be waited for for ever
            return Loaded(file, _unread("CK902", "is not a regular file", file))
        if (size := state.st_size) > _MOST_BYTES:
            return Loaded(file, _unread("CK903", f"has {size:,} bytes", file))
        with open(file, "rb") as stream:
            return Loaded(file, stream.read())
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
        return Loaded(file, _unread("CK902", why, file))


def parse(loaded: Loaded) -> Source | Finding:
    """The source that was loaded; or the finding that says why there is none."""
    if isinstance(loaded.content, Finding):
        return loaded.content
    tree = _parse(loaded.content, loaded.file)
    if isinstance(tree, Finding):
        return tree
    text = _decode(loaded.content)
    return Source(loaded.file, tree, text, text.split("\n"))


def _parse(raw: bytes, file: str) -> ast.Module | Finding:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old escapes in old files are no concern of ours
            return ast.parse(raw)
    except SyntaxError as error:
        if isinstance(error.__context__, LookupError | UnicodeError) or _is_coding(error):
            return _unread("CK902", f"cannot be decoded: {error.msg}", file)
        line = error.lineno or 1
        return _unread("CK901", f"does not parse: {error.msg}", file, line, error.offset or 1)
    except ValueError as error:  # null bytes, on Python 3.10 and 3.11
        return _unread("CK901", f"does not parse: {error}", file)
    except (RecursionError, MemoryError):
        return _unread("CK903", "is nested too deeply", file)


def _is_coding(error: SyntaxError) -> bool:
    said = error.msg or ""
    return ("(unicode error)" in said and "escape" not in said) or said.startswith(
        ("unknown encoding", "encoding problem", "Non-UTF-8")
    )


def _decode(raw: bytes) -> str:
    """As the parser decoded it; lines end in newlines alone."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    text = raw.decode(encoding, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unread(code: str, why: str, file: str, line: int = 1, column: int = 1) -> Finding:
    return Finding(code, why, "", file, max(line, 1), max(column, 1))
