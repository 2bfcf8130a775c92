"""`check`: what it says of the cases, and what it does with files that are not as they should be.

line of code  # expect: CK101 CK102      findings of these codes on this line
line of code                             silence
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from clustrix.__main__ import main
from clustrix.command._check import check_file
from clustrix.command._codes import CODES
from clustrix.command._files import files_below
from clustrix.command._report import severity
from tests.scripts import environment

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
EXPECTED = re.compile(r"# expect: ((?:CK\d{3} ?)+)")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command.md"

RIGHT = "def f(x):\n    return x\n"
WRONG = "from clustrix import parallel\n\n@parallel(loop_var='y')\ndef f(x):\n    return x\n"
SLOW = (
    "import time\nfrom clustrix import parallel\n\n"
    "@parallel(executor='processes')\ndef f(x):\n    time.sleep(x)\n"
)


def codes(path: Path) -> list[str]:
    return [finding.code for finding in check_file(str(path)).findings]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_findings_are_where_the_comments_say(path):
    """Every marked line has its findings; every other line is silent."""
    expected = Counter(
        (number, code)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for said in EXPECTED.findall(line)
        for code in said.split()
    )
    findings = check_file(str(path)).findings
    assert Counter((finding.line, finding.code) for finding in findings) == expected, findings
    assert all(finding.why and finding.column > 0 for finding in findings)


def test_every_code_has_a_case():
    """Those for unreadable files are shown below."""
    texts = [path.read_text() for path in CASES]
    shown = {code for text in texts for said in EXPECTED.findall(text) for code in said.split()}
    assert shown == {code for code in CODES if not code.startswith("CK9")}


def test_the_reference_has_every_code():
    """Title, severity, reason and remedy, word for word."""
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in PAGE.read_text().splitlines()
        if line.startswith("| CK")
    ]
    assert rows == [(code, *known) for code, known in CODES.items()]
    assert {known.severity for known in CODES.values()} == {"answers", "slow", "advice", "unread"}


def test_columns_count_characters(tmp_path):
    """Not bytes, as the parser does."""
    path = tmp_path / "wide.py"
    path.write_text(WRONG.replace("loop_var", "timeout=(len('äöü€'),)[0], loop_var"))
    (finding,) = check_file(str(path)).findings
    assert path.read_text().splitlines()[finding.line - 1][finding.column - 1 :].startswith("'y'")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("python2.py", b"print 'hello'\n", "CK901"),
        ("template.py", b"import {{ cookiecutter.name }}\n", "CK901"),
        ("null.py", b"x = 1\n\0\n", "CK901"),
        ("latin.py", "x = 'ä'\n".encode("latin-1"), "CK902"),
        ("unknown.py", b"# -*- coding: klingon -*-\n", "CK902"),
        ("indented.py", b"  if x:\ny\n", "CK901"),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000, "CK90"),
        ("minus.py", b"x = " + b"-" * 200_000 + b"1\n", "CK90"),
        ("digits.py", b"x = " + b"9" * 10_000 + b"\n", "CK90"),
        ("long.py", b"x = 1\n" * 1_000_000, "CK903"),
    ],
)
def test_files_that_cannot_be_read_are_findings(tmp_path, name, content, code):
    """Not errors, and the exit status is that of the others."""
    path = tmp_path / name
    path.write_bytes(content)
    (finding,) = check_file(str(path)).findings
    assert finding.code.startswith(code)
    assert severity(finding) == "unread"
    assert main(["check", str(path)]) == 0


def test_a_long_chain_of_calls_is_no_accident(tmp_path):
    """Whether it is too deep to read depends on the Python that reads it."""
    path = tmp_path / "chain.py"
    path.write_bytes(b"x = a" + b".b()" * 30_000 + b"\n")
    assert codes(path) in ([], ["CK903"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf" + WRONG.encode(),
        b"# -*- coding: latin-1 -*-\n# \xe4\n" + WRONG.encode(),
        WRONG.replace("\n", "\r\n").encode(),
        WRONG.encode().rstrip(),
    ],
)
def test_any_legal_encoding_is_read(tmp_path, content):
    """PEP 263, byte order marks, line ends of other systems, and no last line end."""
    path = tmp_path / "some.py"
    path.write_bytes(content)
    assert codes(path) == ["CK201"] * (b"parallel" in content)


def test_unreadable_and_missing_files(tmp_path, capsys):
    """What vanishes or is forbidden is said; what was never there is a mistake of the caller."""
    link = tmp_path / "gone.py"
    link.symlink_to(tmp_path / "nowhere.py")
    assert codes(link) == ["CK902"]
    assert main(["check", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path / "nothing")]) == 2
    captured = capsys.readouterr()
    assert "CK902" in captured.out
    assert "no such file or folder" in captured.err


def test_a_folder_without_python_files_is_said(tmp_path, capsys):
    """It may be a slip; no file is wrong, so the status is 0."""
    (tmp_path / "notes.txt").write_text(WRONG)
    assert main(["check", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("0 files, no findings")
    assert captured.err == f"clustrix check: no Python files in {tmp_path}\n"


def test_folders_are_walked_once_in_order(tmp_path):
    """Without caches, environments and hidden folders, and not in circles."""
    for name in ("b/two.py", "a/one.py", "c.py", "notes.txt", "b/.hidden/x.py", "x.pyw"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RIGHT)
    for folder in ("__pycache__", "node_modules", ".venv", "env"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "inner.py").write_text(RIGHT)
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    found = [os.path.relpath(path, tmp_path) for path in files_below([str(tmp_path)])]
    assert found == ["c.py", "x.pyw", "a/one.py", "b/two.py"]
    twice = files_below([str(tmp_path / "c.py"), str(tmp_path), str(tmp_path / "c.py")])
    assert Counter(twice).most_common(1)[0][1] == 1


def test_exit_status_says_whether_answers_change(tmp_path, capsys):
    """Slow code and advice are no failure."""
    for source, status in ((RIGHT, 0), (SLOW, 0), (WRONG, 1)):
        path = tmp_path / "code.py"
        path.write_text(source)
        assert main(["check", str(path)]) == status
    assert "1 file, 1 finding (CK201 1), " in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["check"])
    assert stopped.value.code == 2


def test_many_files_come_in_order(tmp_path, capsys):
    """However they are shared out."""
    for number in range(60):
        (tmp_path / f"m{number:02}.py").write_text(WRONG if number % 2 else RIGHT)
    assert main(["check", "--format", "json", str(tmp_path)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["files"] == 60
    assert report["counts"] == {"CK201": 30}
    names = [Path(finding["file"]).name for finding in report["findings"]]
    assert names == [f"m{number:02}.py" for number in range(1, 60, 2)]


def test_json_has_the_keys_of_the_reference(tmp_path, capsys):
    """They are a contract with other programs."""
    path = tmp_path / "code.py"
    path.write_text(WRONG)
    main(["check", "--format", "json", str(path)])
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"version", "files", "seconds", "counts", "ignored", "findings"}
    (finding,) = report["findings"]
    assert finding == {
        "code": "CK201",
        "severity": "answers",
        "file": str(path),
        "line": 3,
        "column": 20,
        "name": "loop_var='y'",
        "why": "is no parameter of f(); it has: x",
        "fix": CODES["CK201"].fix,
    }


def test_github_gets_workflow_commands(tmp_path, capsys):
    """With what would end a field escaped."""
    folder = tmp_path / "a,b:c%"
    folder.mkdir()
    (folder / "code.py").write_text(WRONG)
    main(["check", "--format", "github", str(folder)])
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("::error file=")
    assert "a%2Cb%3Ac%25" in first
    assert first.endswith("title=CK201::loop_var='y' is no parameter of f(); it has: x")


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour_is_for_terminals(tmp_path, capsys, monkeypatch, variables, coloured):
    """Or for those who ask for it."""
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "code.py").write_text(WRONG)
    main(["check", str(tmp_path)])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_the_program_runs_and_imports_nothing_of_what_it_reads(tmp_path):
    """A module that would end the program is only read."""
    (tmp_path / "code.py").write_text(f"raise SystemExit('imported')\n{WRONG}")
    done = subprocess.run(
        [sys.executable, "-m", "clustrix", "check", "."],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("code.py:4:20: CK201 ")


def test_an_error_of_ours_is_a_finding(tmp_path, capsys, monkeypatch):
    """It takes no other file with it."""
    from clustrix.command import _check
    from clustrix.command._files import Loaded, load

    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(WRONG)
    monkeypatch.setattr(
        _check, "load", lambda file: Loaded(file, 7) if file.endswith("b.py") else load(file)
    )
    assert main(["check", "--format", "json", str(tmp_path)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in report["findings"]] == ["CK201", "CK904", "CK201"]
