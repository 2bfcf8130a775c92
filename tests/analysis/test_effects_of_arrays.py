"""Arrays have many names: views, parts, outputs.  What is written by one of them is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clustrix._model import Call
from clustrix.analysis import effects_of
from clustrix.functions._stores import may_write

np = pytest.importorskip("numpy")


def _reshaped(row: Any) -> None:
    row.reshape(-1)[0] = 5


def _raveled(row: Any) -> None:
    row.ravel()[0] = 5


def _transposed(row: Any) -> None:
    np.transpose(row)[0] = 5


def _as_array(row: Any) -> None:
    np.asarray(row)[0] = 5


def _in_memory(row: Any) -> None:
    memoryview(row)[0] = 5


def _viewed(row: Any) -> None:
    row.view("uint8")[0] = 5


def _by_iterator(row: Any) -> None:
    for cell in np.nditer(row, op_flags=["readwrite"]):
        cell[...] = 5


def _of_a_part(row: Any) -> None:
    row[1:].fill(5)


def _into_a_part(row: Any) -> None:
    np.copyto(row[:1], 5)


def _by_place(row: Any) -> None:
    np.add(row, 1, row)


def _by_place_of_one(row: Any) -> None:
    np.sqrt(row, row)


def _by_word(row: Any) -> None:
    np.multiply(row, 2, out=row)


def _in_place_at(row: Any) -> None:
    np.add.at(row, [0], 1)


def _named_view(row: Any) -> None:
    part = row[1:]
    part[:] = 5


def _bytes(row: Any) -> None:
    view = memoryview(row)
    view[:1] = b"x"


WRITES = [
    *(_reshaped, _raveled, _transposed, _as_array, _in_memory, _viewed, _by_iterator),
    *(_of_a_part, _into_a_part, _by_place, _by_place_of_one, _by_word, _in_place_at, _named_view),
]


def codes(function: Callable[..., Any], items: list[Any]) -> set[str]:
    """Of the writes that are found in a loop."""
    call = Call(function, items, loop_var="row")
    return {finding.code for finding in effects_of(call) if finding.code.startswith("SH")}


@pytest.mark.parametrize("function", WRITES, ids=lambda f: f.__name__)
def test_a_write_by_any_name_is_seen(function: Callable[[Any], Any]) -> None:
    """The array is the caller's."""
    rows = [np.ones(4), np.ones(4)]
    assert may_write(function, rows[:1])
    assert codes(function, rows)


def test_bytes_are_written_through_a_view() -> None:
    """No NumPy needed."""
    assert codes(_bytes, [bytearray(4), bytearray(4)])


def _copied(row: Any) -> Any:
    mine = np.array(row)
    mine[0] = 5
    other = row.copy()
    other[:] = 5
    both = row + other
    both.reshape(-1)[0] = 5
    np.add(row, 1, both)
    return mine, np.sqrt(row), both


def _listed(row: Any) -> Any:
    part = row[1:]
    part[0] = 5
    part.append(6)
    return part


def test_copies_are_nobodys() -> None:
    """What is made here is nobody else's; and a part of a list is a new list."""
    assert not codes(_copied, [np.ones(4), np.ones(4)])
    assert not codes(_listed, [[1, 2, 3], [4, 5, 6]])
