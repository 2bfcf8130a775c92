"""What takes the place of a function for a while is gone from the workers when it is gone here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts import output_of

MODULE = """
def helper(x):
    return "original"

def work(x):
    return helper(x)

def missing(x):
    try:
        return len(x)
    except TypeError:
        return "builtin"
"""

PROGRAM = """
    from unittest import mock
    import jobs_here
    from clustrix import parallel

    said = {"executor": "processes", "max_workers": 2, "chunk_size": 1}
    work = parallel(**said)(jobs_here.work)
"""


def told(tmp_path: Path, source: str) -> list[str]:
    """What a program with that module prints."""
    (tmp_path / "jobs_here.py").write_text(MODULE)
    return output_of(PROGRAM + source, tmp_path).split()


def test_a_patch_ends_in_workers_when_it_ends_here(tmp_path: Path) -> None:
    """Time and again, and whatever replaces the function."""
    source = """
    def show():
        print(*{*work(range(8))})

    show()
    for patch in ("first", "second"):
        with mock.patch("jobs_here.helper", lambda x: patch):
            show()
        show()
    with mock.patch("jobs_here.helper", mock.Mock(return_value="mock")):
        show()
    show()
    """
    assert told(tmp_path, source) == [
        *("original", "first", "original", "second", "original", "mock", "original")
    ]


def test_a_name_that_was_not_there_is_not_there_any_more(tmp_path: Path) -> None:
    """What it hid is found again."""
    source = """
    lengths = parallel(**said)(jobs_here.missing)
    print(*{*lengths(range(8))})
    jobs_here.len = lambda x: "hidden"
    print(*{*lengths(range(8))})
    del jobs_here.len
    print(*{*lengths(range(8))})
    """
    assert told(tmp_path, source) == ["builtin", "hidden", "builtin"]


def test_another_loop_between_them_does_not_bring_it_back(tmp_path: Path) -> None:
    """Nor does the same function, patched once more."""
    source = """
    other = parallel(**said)(jobs_here.missing)
    with mock.patch("jobs_here.helper", lambda x: "patched"):
        print(*{*work(range(8))})
        print(*{*other(range(8))})
        print(*{*work(range(8))})
    print(*{*work(range(8))})
    """
    assert told(tmp_path, source) == ["patched", "builtin", "patched", "original"]


SETTINGS = """
LIMIT = 1
TABLE = {"a": 1}
ROWS = [1]
"""

READERS = {
    "by name": "lambda x: (settings_here.LIMIT, *settings_here.TABLE, *settings_here.ROWS)",
    "a default": "lambda x, it=settings_here: (it.LIMIT, *it.TABLE, *it.ROWS)",
    "a table": "lambda x: (HELD[0].LIMIT, *HELD[0].TABLE, *HELD[0].ROWS)",
    "a table of helpers": "lambda x: TABLE['helper']()",
    "a text": "lambda x: (getattr(settings_here, 'LIMIT'), *vars(settings_here)['TABLE'],"
    " *getattr(settings_here, 'ROWS'))",
    "nobody can tell": "lambda x: (__import__('settings_' + 'here').LIMIT,)",
}


@pytest.mark.parametrize("code", READERS.values(), ids=READERS)
def test_data_that_were_changed_for_a_while_are_back(tmp_path: Path, code: str) -> None:
    """Also where nobody can tell that a function reads them, when another one did meanwhile."""
    (tmp_path / "settings_here.py").write_text(SETTINGS)
    source = f"""
    import settings_here
    HELD = [settings_here]
    TABLE = {{"helper": lambda: (settings_here.LIMIT, *settings_here.TABLE, *settings_here.ROWS)}}
    other = parallel(**said)(lambda x: (settings_here.LIMIT, settings_here.TABLE,
                                        settings_here.ROWS))
    body = {code}
    read = parallel(**said)(body)

    def show():
        found = {{*read(range(8))}}
        print(found == {{body(0)}})

    show()
    settings_here.LIMIT = 5
    settings_here.TABLE["b"] = 2
    settings_here.ROWS = [1, 2]
    if "__import__" not in {code!r}:  # what a function does not name stays as it was imported
        show()
    other(range(8))
    settings_here.LIMIT = 1
    del settings_here.TABLE["b"]
    settings_here.ROWS = [1]
    show()
    """
    assert set(told(tmp_path, source)) == {"True"}


def test_what_was_replaced_by_another_kind_of_thing_is_back_as_it_was(tmp_path: Path) -> None:
    """Whatever became of what stood there meanwhile."""
    (tmp_path / "settings_here.py").write_text(SETTINGS)
    source = """
    import settings_here
    rows = parallel(**said)(lambda x: settings_here.ROWS)
    away = parallel(**said)(lambda x: __import__("settings_" + "here").ROWS)
    for now in ({"a": 1}, {"a": 2}):
        settings_here.ROWS = now
        print(rows(range(4)) == [now] * 4)
    settings_here.ROWS = [1]
    print(away(range(4)) == [[1]] * 4)
    """
    assert told(tmp_path, source) == ["True"] * 3
