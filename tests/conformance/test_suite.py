"""The suite itself: its records, its watchdog, its table, its command."""

from __future__ import annotations

import json

import pytest

from clustrix.testing.conformance import (
    CLUSTERS,
    ENGINES,
    Result,
    behaviours,
    make_subject,
    run_suite,
)
from clustrix.testing.conformance.__main__ import NAIVE_FAILS, main
from clustrix.testing.conformance._limits import limits_of
from clustrix.testing.conformance._model import THERE, Difference
from clustrix.testing.conformance._subjects import PLAIN, same
from clustrix.testing.conformance._table import (
    BEGIN,
    CLUSTER_PAGE,
    END,
    PAGE,
    as_markdown,
    as_text,
    write_page,
)

IDS = [one.id for one in behaviours()]
HERE = "tests.conformance.brought"


def test_each_behaviour_has_a_sentence_of_its_own():
    """It is its line in the table."""
    assert len(IDS) >= 100
    assert len({*IDS}) == len(IDS)
    sentences = [one.sentence for one in behaviours()]
    assert [text for text in sentences if not text.endswith(".")] == []
    assert [text for text in sentences if "|" in text] == []


@pytest.mark.parametrize("engine", [*ENGINES, "plain", "naive"])
def test_limits_are_limits_of_something(engine):
    """Each names a behaviour, and says why."""
    subject = make_subject(engine)
    assert {*subject.limits} <= {*IDS}
    assert all(subject.limits.values())
    subject.close()


def test_a_naive_engine_is_told_from_the_loop():
    """By many behaviours; each that does not tell says why it belongs all the same."""
    results = {one.id: one for one in run_suite("naive", IDS, patience=4.0)}
    failed = [name for name, one in results.items() if one.status == "FAIL"]
    print("\n".join(failed))
    assert len(failed) >= NAIVE_FAILS
    silent = [
        one.id
        for one in behaviours()
        if results[one.id].status == "pass" and not one.reason and not one.needs
    ]
    assert silent == [], "these pass on a naive engine and do not say why they belong"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_limits_of_clusters_are_limits_of_something(cluster):
    """They are known without the libraries."""
    limits = limits_of(cluster, THERE)
    assert {*limits} <= {*IDS}
    assert all(limits.values())


@pytest.mark.parametrize(
    "program",
    [
        lambda loop: [*loop(abs, [1, 2]), loop is PLAIN],
        lambda loop: print("loop" if loop is PLAIN else "engine"),
        lambda loop: {}["loop" if loop is PLAIN else "engine"],
    ],
    ids=["values", "output", "errors"],
)
def test_a_difference_is_seen(program):
    """In what is returned, printed and raised."""
    serial = make_subject("serial")
    with pytest.raises(Difference):
        same(serial, program)
    same(PLAIN, program)


def test_a_program_that_shows_nothing_is_no_comparison():
    """The plain loop must show what the behaviour is about."""
    with pytest.raises(Difference, match="does not show 'item'"):
        same(PLAIN, lambda loop: loop(abs, [1]), shows="item")


def test_an_executor_that_is_brought():
    """It is known by its place in a module, and may bring limits of its own."""
    ids = ["values.odd_values", "functions.lambdas", "output.of_the_iterable", "workers.a_kill"]
    results = {one.id: one for one in run_suite(f"{HERE}:make_threads", ids)}
    assert [results[name].status for name in ids] == ["gone", "pass", "limit", "n/a"]
    assert results["output.of_the_iterable"].detail == "a limit with a reason of its own"


@pytest.mark.parametrize(("made", "said"), [("hanging", "did not end"), ("deadly", "status 5")])
def test_a_hang_or_a_crash_is_a_result(made, said):
    """And the behaviours behind it run all the same."""
    ids = ["functions.lambdas", "functions.closures"]
    results = [*run_suite(f"{HERE}:make_{made}", ids, patience=1.0)]
    assert [(one.id, one.status) for one in results] == [(name, "FAIL") for name in ids]
    assert all(said in one.detail for one in results), results


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("unknown", "is no engine"),
        ("nowhere.at_all:make", "cannot be imported"),
        (f"{HERE}:make_nothing", "returned str"),
    ],
)
def test_a_mistake_is_said_before_anything_runs(engine, said):
    """In one line."""
    with pytest.raises(SystemExit, match=said):
        main([engine, "--only", "functions.lambdas"])
    with pytest.raises(SystemExit, match="no behaviour mistyped"):
        main(["serial", "--only", "mistyped"])


def test_the_command_prints_a_table(capsys):
    """The exit status says whether all is well."""
    assert main(["serial", "plain", "--only", "functions.lambdas", "--only", "nesting"]) == 0
    out = capsys.readouterr().out
    assert "functions.lambdas" in out
    assert "nesting.a_loop_in_an_item" in out
    last = out.splitlines()[-1]
    assert last.startswith("conformance: 7 behaviours, 2 engines")
    assert "14 pass" in last
    arguments = [f"{HERE}:make_deadly", "--only", "functions.lambdas", "--format", "json"]
    assert main(arguments) == 1
    (column,) = json.loads(capsys.readouterr().out).values()
    assert column[0]["status"] == "FAIL"
    assert column[0]["sentence"] == "A lambda."


def test_the_list_runs_nothing(capsys):
    """It shows every behaviour with its sentence."""
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == IDS


def test_the_table_goes_between_the_markers(tmp_path):
    """And leaves the rest of the page alone."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nbehind\n")
    results = {"threads": [Result(IDS[0], "limit", "it | is so")]}
    write_page(results, page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("behind\n")
    assert "old" not in text
    assert as_markdown(results) in text
    assert "it \\| is so" in text
    assert "it | is so" in as_text(results)
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has no lines"):
        write_page(results, page)


@pytest.mark.parametrize(
    ("page", "columns"), [(PAGE, (*ENGINES, "naive")), (CLUSTER_PAGE, CLUSTERS)]
)
def test_the_page_shows_the_behaviours_that_there_are(page, columns):
    """``make conformance-docs`` brings them together again."""
    text = page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert [row.split("`")[-2] for row in rows] == IDS
    header = next(line for line in text.splitlines() if line.startswith("| behaviour"))
    assert header == f"| behaviour | {' | '.join(columns)} |"
