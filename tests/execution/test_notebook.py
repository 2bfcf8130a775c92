"""In the kernel of a notebook: functions of cells, what they print, the stop button."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FIRST = """
from clustrix import parallel
factor = 3
@parallel(loop_var="x", executor="processes", max_workers=2)
def f(x):
    print("item", x)
    return x * factor
print(f(range(4)))
factor = 5
print(f(range(4)))
"""

AGAIN = """
class Value:
    def __init__(self, x):
        self.x = x
@parallel(loop_var="x", executor="processes", max_workers=2)
def f(x):
    return Value(x)
print([(type(value) is Value, value.x) for value in f(range(3))])
"""

ENDLESS = """
import time
@parallel(loop_var="x", executor="processes", max_workers=2)
def endless(x, path):
    open(path, "w").close()
    while True:
        time.sleep(0.1)
try:
    endless(range(4), {path!r})
except KeyboardInterrupt:
    print("stopped")
"""


def run(cells: list[str], press_stop: dict[int, Path]) -> list[str]:
    """What the cells print; some are interrupted as soon as a file is there."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(book, timeout=120, kernel_name="python3")

    async def execute() -> None:
        async with client.async_setup_kernel():
            for index, cell in enumerate(book.cells):
                running = asyncio.ensure_future(client.async_execute_cell(cell, index))
                if index in press_stop:
                    while not press_stop[index].exists():
                        await asyncio.sleep(0.01)
                    await client.km.interrupt_kernel()
                await running

    asyncio.run(execute())
    return ["".join(part.get("text", "") for part in cell.outputs) for cell in book.cells]


def test_a_notebook(tmp_path: Path, monkeypatch: Any) -> None:
    """Defined, defined again, stopped, and used once more."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    begun = tmp_path / "begun"
    cells = [FIRST, AGAIN, ENDLESS.format(path=str(begun)), AGAIN]
    first, again, stopped, after = run(cells, {2: begun})
    shown = "".join(f"item {x}\n" for x in range(4))
    assert first == f"{shown}[0, 3, 6, 9]\n{shown}[0, 5, 10, 15]\n"
    assert stopped == "stopped\n"
    assert again == after == "[(True, 0), (True, 1), (True, 2)]\n"
