"""The rows of the benchmark, in the order of the table; each file asks one question."""

from __future__ import annotations

import importlib

from benchmarks._row import Row

__all__ = ["FILES", "find", "question", "rows"]

FILES = (
    "tiny",
    "few",
    "small",
    "heavy",
    "skewed",
    "giant",
    "waiting",
    "mixed",
    "arrays_in",
    "arrays_out",
    "gil_free",
    "blas",
    "real_data",
    "warm_call",
    "pauses",
    "cold_start",
    "import_time",
    "memory_peak",
    "growth",
)


def rows() -> list[tuple[str, Row]]:
    """All of them, each with the name of its file."""
    return [
        (file, row) for file in FILES for row in importlib.import_module(f"benchmarks.{file}").ROWS
    ]


def question(file: str) -> str:
    """What a file asks: the first line of its docstring."""
    return (importlib.import_module(f"benchmarks.{file}").__doc__ or "").partition("\n")[0]


def find(name: str) -> Row:
    """The row of that name.

    Raises:
        KeyError: there is none.
    """
    return {row.name: row for _, row in rows()}[name]
