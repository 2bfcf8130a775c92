"""Run the suite: ``python -m clustrix.testing.conformance [ENGINE …] [--only ID]``.

ENGINE is a name of the table or ``package.module:make_executor``; without one all engines of the
table run, and a naive one beside them, to show what the suite can see.  ``dask ray`` have a table
of their own, since their libraries are extras.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from clustrix.testing.conformance import _table
from clustrix.testing.conformance._model import Behaviour, Result
from clustrix.testing.conformance._programs import hear_interrupts
from clustrix.testing.conformance._registry import behaviours
from clustrix.testing.conformance._running import PATIENCE
from clustrix.testing.conformance._subjects import CLUSTERS, ENGINES
from clustrix.testing.conformance._watchdog import run_suite

__all__ = ["main"]

LIMIT = 360.0  # seconds; what has not run by then has failed
NAIVE_PATIENCE = 8.0  # seconds; some of its behaviours hang, and more of them prove no more
NAIVE_FAILS = 25  # behaviours at least that tell a naive engine from the loop
_FORMATS = {"text": _table.as_text, "json": _table.as_json, "markdown": _table.as_markdown}


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m clustrix.testing.conformance",
        description="Is a loop on this engine the plain loop, for all that a person can see?",
    )
    parser.add_argument(
        "engines",
        nargs="*",
        metavar="ENGINE",
        help=f"package.module:make_executor, plain, naive, "
        f"{', '.join((*CLUSTERS, *ENGINES))}; default: all but plain, naive and the clusters",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="ID", help="a behaviour or a theme; repeat"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text")
    parser.add_argument("--list", action="store_true", help="the behaviours; nothing runs")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, metavar="SECONDS", help="for one behaviour"
    )
    parser.add_argument(
        "--limit", type=float, default=LIMIT, metavar="SECONDS", help="for everything"
    )
    parser.add_argument(
        "--render-docs", action="store_true", help="put the table into the reference pages"
    )
    return parser.parse_args(given)


def _chosen(only: Sequence[str]) -> list[Behaviour]:
    every = behaviours()
    names = {one.id for one in every} | {one.theme for one in every}
    if unknown := sorted({*only} - names):
        raise SystemExit(f"no behaviour {', '.join(unknown)}; see --list")
    return [one for one in every if not only or one.id in only or one.theme in only]


def _run(engine: str, ids: Sequence[str], patience: float, end: float) -> list[Result]:
    """One engine; says on standard error how far it is."""
    left = max(0.0, end - time.monotonic())
    results = []
    try:
        for result in run_suite(engine, ids, patience, left):
            results.append(result)
            print(f"\r{engine}: {len(results)} of {len(ids)} ", end="", file=sys.stderr, flush=True)
    except ValueError as mistake:
        raise SystemExit(f"{mistake}") from None
    finally:
        print(file=sys.stderr)
    return results


def main(given: Sequence[str] | None = None) -> int:
    """Run what was asked for.

    Returns:
        The exit status: 0 when all engines behave as the plain loop, known limits aside.
    """
    hear_interrupts()
    arguments = _arguments(given)
    chosen = _chosen(arguments.only)
    if arguments.list:
        for one in chosen:
            print(f"{one.id:50} {one.sentence}")
        return 0
    start = time.monotonic()
    ids = [one.id for one in chosen]
    engines = arguments.engines or ENGINES
    end = start + arguments.limit
    results = {engine: _run(engine, ids, arguments.patience, end) for engine in engines}
    whole = not arguments.engines and not arguments.only
    naive = _run("naive", ids, NAIVE_PATIENCE, end) if whole else []
    print(_FORMATS[arguments.format](results))
    bad = any(one.status in ("FAIL", "gone") for column in results.values() for one in column)
    if arguments.render_docs and whole:
        _table.write_page({**results, "naive": naive})
        print(f"wrote {_table.PAGE}", file=sys.stderr)
    if arguments.render_docs and tuple(engines) == CLUSTERS and not arguments.only:
        _table.write_page(results, _table.CLUSTER_PAGE)
        print(f"wrote {_table.CLUSTER_PAGE}", file=sys.stderr)
    if arguments.format == "text":
        if whole:
            print("", _table.naive_line(naive), sep="\n")
        print("", _table.last_line(results, time.monotonic() - start), sep="\n")
    blind = whole and sum(one.status == "FAIL" for one in naive) < NAIVE_FAILS
    return 1 if bad or blind else 0


if __name__ == "__main__":
    sys.exit(main())
