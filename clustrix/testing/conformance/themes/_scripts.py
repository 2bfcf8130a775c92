"""Scripts: programs of their own, as a person would save and start them."""

from __future__ import annotations

from clustrix.testing.conformance._model import Theme, expect
from clustrix.testing.conformance._programs import output_of
from clustrix.testing.conformance._subjects import PLAIN, Subject
from clustrix.testing.conformance._waiting import folder

theme = Theme("scripts", "programs of their own")


@theme.behaviour
def functions_and_classes(subject: Subject) -> None:
    """Functions and classes of a script, without any guard; its top level runs once.

    A pool that forks needs no guard either; one that starts interpreters does.
    """
    source = """
        print("top level", flush=True)
        SCALE = 3
        class Pair:
            def __init__(self, x): self.x = x
        def work(x):
            return Pair(x * SCALE)
        made = loop(work, range(4))
        print([type(one) is Pair for one in made], [one.x for one in made])
    """
    said = output_of(subject, source, guarded=False)
    wanted = "top level\n[True, True, True, True] [0, 3, 6, 9]\n"
    expect(said == wanted, f"it printed {said[-300:]!r}")


@theme.behaviour
def output(subject: Subject) -> None:
    """A script prints to a file, through both streams, what it prints with the plain loop.

    A pool may keep this by luck, where one of its workers happens to take all items.
    """
    source = """
        import sys, warnings, logging
        def work(x):
            print("out", x)
            print("err", x, file=sys.stderr, flush=True)
            logging.warning("log %s", x)
            sys.stdout.write("no end")
            sys.stdout.flush()
            return x
        print("before", flush=True)
        loop(work, range(6), chunk_size=2)
        print("after")
    """
    wanted, got = (output_of(one, source) for one in (PLAIN, subject))
    expect("err 5" in wanted, f"the plain loop printed {wanted!r}")
    expect(got == wanted, f"it printed {got!r} where the loop prints {wanted!r}")


@theme.behaviour
def streams_kept_at_import(subject: Subject) -> None:
    """What is written to a `sys.stdout` that a module took at its start keeps its order, too."""
    source = """
        from sys import stdout, stderr
        from clustrix.testing.conformance._waiting import leave_mark, wait_for
        def work(x, place):
            if place and x == 0:
                wait_for(place, 1)
            print("kept", x, file=stdout)
            print("kept", x, file=stderr)
            stdout.write("no end")
            stdout.flush()
            if place:
                leave_mark(place, x)
        loop(work, range(6), {place} if loop.together else None, chunk_size=1)
    """
    with folder() as place:
        source = source.replace("{place}", repr(place))
        wanted, got = (output_of(one, source) for one in (PLAIN, subject))
    expect("kept 5" in wanted, f"the plain loop printed {wanted!r}")
    expect(got == wanted, f"it printed {got!r} where the loop prints {wanted!r}")
