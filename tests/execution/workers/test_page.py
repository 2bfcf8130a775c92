"""The page that a worker and its parent share."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from clustrix.execution.workers._page import IN_ITEM, Page


def test_a_chunk_that_has_begun_cannot_be_taken_back(tmp_path: Path) -> None:
    """Also not in the moment in which the worker notes its next item."""
    path = tmp_path / "page"
    path.write_bytes(bytes(mmap.PAGESIZE))
    writer = """
        import mmap, sys
        from clustrix.execution.workers._page import Page
        with open(sys.argv[1], "r+b") as file:
            page = Page(mmap.mmap(file.fileno(), mmap.PAGESIZE))
        page.begin(7)
        print("begun", flush=True)
        while page.enter(3):
            pass
    """
    with open(path, "r+b") as file:
        page = Page(mmap.mmap(file.fileno(), mmap.PAGESIZE))
    command = [sys.executable, "-c", textwrap.dedent(writer), str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        seen = {page._words[0] for _ in range(400_000)}
        taken = sum(page.take_back(7) for _ in range(20_000))
        later = page.take_back(8)
        page.cancel(True)
    assert (taken, later) == (0, True)
    assert 0 not in seen  # "not up yet": it may be killed at any moment, and that must be true
    page.close()


def test_simple_items_are_seen_one_by_one() -> None:
    """Which one runs is known while it runs; what came before an error, or the end, is there."""
    page = Page(mmap.mmap(-1, mmap.PAGESIZE))
    seen: list[tuple[int, int]] = []
    values: list[str] = []

    def look(text: str) -> str:
        seen.append(page.where()[:2])
        if text == "d":
            page.cancel(True)
        return text * 2 if text != "f" else str(1 // 0)

    page.run(look, "abcd", 5, values)
    assert seen == [(IN_ITEM, index) for index in (5, 6, 7, 8)]
    page.run(look, "x", 9, values)  # the loop has been ended
    assert values == ["aa", "bb", "cc", "dd"]
    page.cancel(False)
    with pytest.raises(ZeroDivisionError):
        page.run(look, "efg", 9, values)
    assert (values[4:], page.where()[1]) == (["ee"], 10)
    page.close()


def test_an_item_that_goes_on_has_begun_when_it_did() -> None:
    """Its time limit does not start anew."""
    page = Page(mmap.mmap(-1, mmap.PAGESIZE))
    page.begin(1)
    page.enter(4)
    _, item, since, serial = page.where()
    page.phase(1)
    page.resume(item, since)
    assert page.where() == (IN_ITEM, 4, since, serial)
    page.close()


def test_no_mark_serves_two_chunks_at_once() -> None:
    """Who reads nothing for long must not find one for begun that was taken back long ago."""
    page = Page(mmap.mmap(-1, mmap.PAGESIZE))
    sent = 0
    while page.has_room(sent + 1):
        sent += 1
        page.send(sent)
        assert page.take_back(sent)
    assert all(page.taken_back(serial) for serial in range(1, sent + 1))
    page.open(1)
    assert page.has_room(sent + 1)
    assert not page.has_room(sent + 2)
    page.send(sent + 1)
    assert not page.taken_back(sent + 1)
    assert all(page.taken_back(serial) for serial in range(2, sent + 1))
    page.close()
