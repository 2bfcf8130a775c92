"""What users say of their own libraries goes before what is known."""

from __future__ import annotations

import threading

import pytest

from clustrix.analysis import find_blocking_calls, register
from clustrix.analysis._blocking import look_for_blocking_calls
from clustrix.analysis.catalogue import blocking, is_pure, releasing


def by_name(key):
    from zz_archive.client import Archive

    return Archive("here").fetch(key)


def by_wildcard(key):
    import zz_store

    return zz_store.Store().anything(key)


def misleading(key):
    from zz_memory import Buffer

    return Buffer().readline(key)


def computing(key):
    import zz_fast

    return zz_fast.crunch(key)


class Oracle:
    def ask(self, question):
        return self._think(question)

    def _think(self, question):
        return question


def asks(oracle: Oracle, question):
    return oracle.ask(question)


def codes(function):
    return [(finding.code, finding.why) for finding in find_blocking_calls(function)]


def test_what_waits():
    """Seen from then on, also by who has asked before."""
    assert codes(by_name) == []
    register(
        "zz_archive.client.Archive.fetch", kind="blocking", why="asks the archive", code="ARC1"
    )
    assert codes(by_name) == [("ARC1", "asks the archive")]


def test_every_method_of_a_class():
    register("zz_store.Store.*", kind="blocking")
    assert codes(by_wildcard) == [("USER101", "waits, as was registered")]
    register("zz_store.Store.anything", kind="pure")
    assert codes(by_wildcard) == []


def test_what_only_looks_as_if_it_waited():
    assert [code for code, _ in codes(misleading)] == ["IO901"]
    register("zz_memory.Buffer.*", kind="pure")
    assert codes(misleading) == []


def test_what_lets_go_of_the_gil():
    register("zz_fast.crunch", kind="releases_gil", why="crunches in C")
    look = look_for_blocking_calls(computing)
    assert look.findings == ()
    assert [(hint.code, hint.why) for hint in look.advice] == [("USER201", "crunches in C")]


def test_methods_of_real_classes():
    """Their source is not looked at any more: it is said what they do."""
    name = f"{__name__}.Oracle.ask"
    assert codes(asks) == []
    register(name, kind="blocking", why="asks the oracle", code="ORACLE7")
    assert codes(asks) == [("ORACLE7", "asks the oracle")]
    register(name, kind="pure")
    assert codes(asks) == []


def test_the_last_word_counts():
    """The same again changes nothing; something else takes its place; the catalogue gives way."""
    for kind in ("blocking", "blocking", "releases_gil", "pure", "blocking"):
        register("zz_moody.f", kind=kind)
        assert (blocking("zz_moody.f") is not None) == (kind == "blocking")
        assert (releasing("zz_moody.f") is not None) == (kind == "releases_gil")
        assert is_pure("zz_moody.f") == (kind == "pure")
    before = blocking("telnetlib.Telnet.open")
    register("telnetlib.Telnet.open", kind="pure")
    assert blocking("telnetlib.Telnet.open") is None
    register("telnetlib.Telnet.open", kind="blocking", why=before.why)
    assert blocking("telnetlib.Telnet.open").why == before.why


@pytest.mark.parametrize(
    ("name", "options", "error", "said"),
    [
        (3, {}, TypeError, "name must be a string, not 3"),
        ("fetch", {}, ValueError, "must be like 'package.function'"),
        ("a..b", {}, ValueError, "is no canonical name"),
        ("a.b()", {}, ValueError, "is no canonical name"),
        ("*.fetch", {}, ValueError, "is no canonical name"),
        ("a.b", {"kind": "slow"}, ValueError, "one of 'blocking', 'releases_gil', 'pure'"),
        ("a.b", {"kind": None}, TypeError, "kind must be a string"),
        ("a.b", {"why": "one\ntwo"}, ValueError, "one line"),
        ("a.b", {"code": "IO201"}, ValueError, "clustrix's own"),
        ("a.b", {"code": "lib1"}, ValueError, "three to twelve capital letters"),
        ("a.b", {"kind": "pure", "code": "LIB1"}, ValueError, "so it has no code"),
    ],
)
def test_mistakes_are_said(name, options, error, said):
    with pytest.raises(error, match=said):
        register(name, **{"kind": "blocking", **options})
    assert not isinstance(name, str) or blocking(name) is None


def test_from_many_threads():
    names = [f"zz_crowd.C{i % 7}.m{i}" for i in range(300)]
    start = threading.Barrier(6)

    def work(part):
        start.wait()
        for name in names[part::6]:
            register(name, kind="blocking")
            assert blocking(name)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(blocking(name) for name in names)
