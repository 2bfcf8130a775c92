"""The catalogue is data: its codes are stable and unique, its names are in step."""

from __future__ import annotations

import builtins
import importlib.util
import re
from collections import Counter
from pathlib import Path

from clustrix.analysis import catalogue
from clustrix.analysis._selection import PLAN_CODES
from clustrix.analysis.catalogue import CATALOGUE, TELLING, blocking, canonical_names, is_pure
from clustrix.analysis.catalogue.effects import EFFECT_CODES
from clustrix.analysis.catalogue.evidence import EVIDENCE
from clustrix.analysis.catalogue.travel import PICKLE_CODES
from clustrix.command._codes import CODES

GROUPS = {
    "IO1": "files",
    "IO2": "network",
    "IO3": "processes",
    "IO4": "databases",
    "IO5": "waiting",
}


def test_codes_are_unique_and_sorted_into_groups():
    codes = [entry.code for entry in CATALOGUE]
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes)
    assert {code[:3] for code in codes} == set(GROUPS)
    assert all(re.fullmatch(r"IO\d{3}", code) for code in codes)


def test_a_name_stands_under_one_code():
    counts = Counter(name for entry in CATALOGUE for name in set(entry.names))
    assert [name for name, count in counts.items() if count > 1] == []


def test_reasons_are_verb_phrases():
    """`requests.get` + reason reads as a sentence."""
    for entry in CATALOGUE:
        assert re.match(r"[a-z]+s\b", entry.why), entry


def test_what_waits_is_not_pure_by_name():
    assert [name for entry in CATALOGUE for name in entry.names if name in catalogue.PURE] == []


def cases():
    return "".join(p.read_text() for p in (Path(__file__).parent / "cases").glob("*.py"))


def told_codes():
    hints = {code for _, group in catalogue.innocent.HINTS for code, _ in group.values()}
    tables = (
        TELLING, catalogue.COMMON_TELLING, catalogue.FILLED_TELLING, catalogue.KEYWORD_TELLING
    )  # fmt: skip
    return hints | {catalogue.AWAITED[0]} | {code for table in tables for code, _ in table.values()}


def test_every_code_has_a_case():
    """A line of a case file that shows it."""
    codes = {entry.code for entry in (*CATALOGUE, *catalogue.RELEASING)} | told_codes()
    shown = set(re.findall(r"\b(?:IO|GL)\d{3}\b", cases()))
    assert codes - shown == set()


def test_every_refusal_of_a_pickler_has_a_test():
    tests = "".join(p.read_text() for p in Path(__file__).parents[1].rglob("test_*.py"))
    assert [code for code in PICKLE_CODES if f'"{code}"' not in tests] == []


def test_evidence_is_for_codes_that_exist():
    codes = {entry.code for entry in CATALOGUE} | told_codes()
    assert set(EVIDENCE) <= codes


def test_the_page_is_up_to_date():
    """`make catalogue` writes it."""
    root = Path(__file__).parents[2]
    spec = importlib.util.spec_from_file_location("make_catalogue", root / "docs/make_catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: make catalogue"
    text = module.page()
    for code in [entry.code for entry in (*CATALOGUE, *catalogue.RELEASING)] + list(PICKLE_CODES):
        assert f"| {code} |" in text


def test_codes_in_cases_are_known():
    known = {entry.code for entry in (*CATALOGUE, *catalogue.RELEASING)} | told_codes()
    assert set(re.findall(r"\b(?:IO|GL)\d{3}\b", cases())) <= known


def test_names_of_the_standard_library_exist():
    """On one Python version or another: at most a few are gone or not there yet."""
    modules = ("os", "shutil", "socket", "subprocess", "tempfile", "queue", "time")
    names = [
        name
        for entry in CATALOGUE
        for name in entry.names
        if name.partition(".")[0] in modules and not name.endswith("*")
    ]
    missing = [name for name in names if not _exists(name)]
    assert len(missing) <= 0.1 * len(names), missing


def _exists(name):
    parts = name.split(".")
    found = importlib.import_module(parts[0])
    for part in parts[1:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def test_canonical_names():
    assert canonical_names("posix", "listdir") == ("os.listdir",)
    assert canonical_names("requests.api", "get") == ("requests.api.get", "requests.get")
    assert canonical_names("builtins", "open") == ("open",)
    assert blocking("redis.Redis.get").code == "IO404"
    assert blocking("redis.Redis") is None
    assert is_pure("urllib.parse.urlsplit")
    assert not is_pure("urllib.request.urlopen")
    assert not hasattr(builtins, "listdir")


def test_the_page_of_codes_has_them_all():
    """And none that nothing gives."""
    known = {entry.code for entry in (*CATALOGUE, *catalogue.RELEASING)} | told_codes()
    known |= {*EFFECT_CODES, *PICKLE_CODES, *PLAN_CODES, *CODES}
    known |= {"PL103", "PL601", "PL602", "BA101", "USER101", "USER201"}
    page = (Path(__file__).parents[2] / "docs/reference/codes.md").read_text()
    assert set(re.findall(r"^\| ([A-Z]+\d+) \|", page, re.M)) == known
