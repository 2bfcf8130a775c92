"""What takes the place of a function for a while is gone from the workers when it is gone here."""

from __future__ import annotations

from pathlib import Path

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
