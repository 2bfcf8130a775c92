"""Installed libraries that say of themselves what they do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import clustrix
from clustrix.analysis._plugins import advertised

PROGRAM = """
import sys, threading
sys.path[:0] = {path!r}
from clustrix.analysis import find_blocking_calls

def load(key):
    from zz_lib import fetch
    return fetch(key)

def other(x):
    return x

print(find_blocking_calls(other))
print([finding.code for finding in find_blocking_calls(load)])
print("zz_lib" in sys.modules, "importlib.metadata" in sys.modules)
"""


def install(folder, name, entry_points, **modules):
    """What installing a distribution leaves behind, as far as it matters."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)


def run(*path):
    program = path[0] / "program.py"
    program.write_text(PROGRAM.format(path=[str(folder) for folder in path]))
    command = [sys.executable, "-W", "always", str(program)]
    environ = {**os.environ, "PYTHONPATH": str(Path(clustrix.__file__).parents[1])}
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines(), done.stderr


PLUGIN = """
from clustrix.analysis import find_blocking_calls, register

def tell():
    find_blocking_calls(len)
    register("zz_lib.fetch", kind="blocking", code="ZZLIB1")
"""


def test_a_plugin_is_called_before_the_first_verdict(tmp_path):
    """It is imported; the library that it speaks of is not."""
    text = "[console_scripts]\nzz = zz:main\n\n[clustrix.catalogue]\nzz = zz_plugin:tell\n"
    install(tmp_path, "zz_lib", text, zz_plugin=PLUGIN)
    assert run(tmp_path) == (["()", "['ZZLIB1']", "False False"], "")


def test_importing_a_module_may_be_enough(tmp_path):
    install(tmp_path, "zz", "[clustrix.catalogue]\nzz = zz_plugin\n", zz_plugin=PLUGIN + "tell()")
    assert run(tmp_path)[0][1] == "['ZZLIB1']"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("zz_missing:tell", "ModuleNotFoundError"),
        ("zz_plugin:nothing", "AttributeError"),
        ("zz_broken", "ZeroDivisionError"),
        ("zz_plugin:register", "TypeError"),
    ],
)
def test_a_broken_plugin_costs_a_warning(tmp_path, value, said):
    """And neither the verdict nor the other plugins."""
    text = f"[clustrix.catalogue]\nbad = {value}\ngood = zz_plugin:tell\n"
    install(tmp_path, "zz_lib", text, zz_plugin=PLUGIN, zz_broken="1 / 0")
    out, err = run(tmp_path)
    assert out[:2] == ["()", "['ZZLIB1']"]
    assert f"RuntimeWarning: the entry point bad = {value} (clustrix.catalogue" in err
    assert said in err
    assert err.count("RuntimeWarning: ") == 1


def test_of_two_versions_the_first_counts(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    install(first, "zz", "[clustrix.catalogue]\none = m:f [extra]\n")
    install(second, "zz", "[clustrix.catalogue]\ntwo = m:g\n")
    found = list(advertised([str(tmp_path / "nowhere"), str(first), str(second)]))
    assert [(key, value) for key, value, _ in found] == [("one", "m:f [extra]")]


def test_what_cannot_be_read_is_left_out(tmp_path):
    install(tmp_path, "zz", "")
    file = tmp_path / "zz-1.0.dist-info" / "entry_points.txt"
    file.write_bytes(b"[clustrix.catalogue]\n\xff\xfe = x:y\n")
    (tmp_path / "archive.zip").write_bytes(b"")
    assert list(advertised([str(tmp_path), str(tmp_path / "archive.zip")])) == []
