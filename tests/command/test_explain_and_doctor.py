"""`explain` and `doctor`, as programs of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clustrix.__main__ import main
from clustrix.command import _probes
from tests.scripts import environment

JOBS = """
import time
from clustrix import parallel

@parallel(max_workers=3)
def nap(seconds):
    time.sleep(seconds)

def square(x):
    return x * x

class Scale:
    def apply(self, x):
        return x

    @parallel(loop_var="x", executor="threads")
    def named(self, offset, x):
        return offset + x

    @staticmethod
    def alone(x):
        return x

    @classmethod
    def of(cls, x):
        return x

number = 7
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clustrix", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """A folder with a module in it, and in it is where we are."""
    (tmp_path / "jobs_to_explain.py").write_text(JOBS)
    (tmp_path / "broken_to_explain.py").write_text("import os\n\nnumber = 1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield tmp_path
    sys.modules.pop("jobs_to_explain", None)


def test_explain_prints_the_plan_with_its_evidence(jobs):
    """The folder it is called in is where modules are found."""
    done = run(jobs, "explain", "jobs_to_explain:nap")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nap(): threads, 3 workers, ")
    assert "jobs_to_explain.py:7: time.sleep sleeps (IO501)" in done.stdout
    assert "for 1,000 items of any kind" in done.stdout


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("square", "square(): "),
        ("Scale.apply", "Scale.apply(): "),
        ("Scale.named", "Scale.named(): threads, "),
        ("Scale.alone", "Scale.alone(): "),
        ("Scale.of", "Scale.of(): "),
    ],
)
def test_explain_finds_functions_and_methods(jobs, capsys, name, start):
    """Decorated or not."""
    assert main(["explain", f"jobs_to_explain:{name}", "--items", "10"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(start)
    assert "for 10 items" in out


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("jobs_to_explain", "not of the form package.module:function"),
        ("jobs_to_explain.py", "not as a file"),
        ("jobs_to_explian:nap", "did you mean 'jobs_to_explain'?"),
        ("jobs_to_explain:npa", "did you mean 'nap'?"),
        ("jobs_to_explain:Scale.aply", "did you mean 'apply'?"),
        ("jobs_to_explain:number", "is a int, which cannot be called"),
        ("jobs_to_explain.inner:nap", "there is no module 'jobs_to_explain.inner'"),
        ("broken_to_explain:number", "broken_to_explain.py:3: ZeroDivisionError"),
        ("os:getpid", "no parameters"),
    ],
)
def test_explain_says_what_was_asked_wrongly(jobs, capsys, target, said):
    """What, where, and what was probably meant."""
    assert main(["explain", target]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("clustrix explain: ")
    assert said in captured.err


def test_doctor_looks_at_everything(tmp_path):
    """And finds this machine well."""
    done = run(tmp_path, "doctor", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    subjects = {verdict["subject"] for verdict in report["verdicts"]}
    assert report["broken"] == []
    assert subjects >= {"Python", "GIL", "CPUs", "start-up", "round trip", "lifeline", "wrapt"}
    assert subjects >= {"cloudpickle", "BLAS threads", "memory files", "workers"}
    assert subjects >= set(_probes.EXTRAS)
    assert {verdict["level"] for verdict in report["verdicts"]} <= {"ok", "note"}


def test_doctor_fails_when_something_is_broken(monkeypatch, capsys):
    """A package that is too old, and a probe that fails itself."""

    def fails():
        yield from ()
        raise OSError("no such thing")

    from clustrix.command import _doctor

    monkeypatch.setattr(_doctor, "PROBES", (_probes.packages, fails))
    monkeypatch.setattr(_probes, "_version", {"wrapt": "1.16.3"}.get)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "1.16.3, older than 1.17" in out
    assert "pip install --upgrade 'cloudpickle>=3.0'" in out
    assert "no such thing" in out
    assert out.endswith("broken: wrapt, cloudpickle, fails\n")


def test_the_version_is_told(capsys):
    """As any command does."""
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("clustrix ")
