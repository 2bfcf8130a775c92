"""Where engines are known to differ from the loop, and why: data, kept strictly.

A behaviour that is listed here and passes is reported as ``gone``, so no line outlives its
reason, unless the reason says that luck decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from clustrix.testing.conformance._model import THERE

__all__ = ["SOMETIMES", "limits_of"]

# How a reason begins where luck decides.
SOMETIMES = "not always:"

_EVERYWHERE = {
    "output.of_the_iterable": "the items are read to the end before the first one runs; "
    "stream() reads them as it goes",
}
_FILTERS = (
    "a lane lets through what may be shown, so that the caller's filters decide in loop order"
)
_IN_OTHER_PROCESSES = {
    "surroundings.warning_filters": _FILTERS,
    "surroundings.mode_of_new_files": "Python cannot read the umask without changing it for all "
    "threads",
    "values.identity": "what crosses a process boundary is a copy",
}
_ON_THREADS = {
    "surroundings.warning_filters": _FILTERS,
    "output.from_threads_of_the_function": "Python does not say for whom a thread was started",
    "scripts.streams_kept_at_import": "what is written to another object than sys.stdout "
    "goes past it",
}
_THEIR_THREADS = "the workers are somebody else's, and so are the streams of their other threads"
_BEGUN = f"{SOMETIMES} an executor of somebody else's ends the chunks that it has begun"
_ON_CLUSTERS = {
    "streams.closing_it_within_a_chunk": _BEGUN,
    "output.from_threads_of_the_function": _THEIR_THREADS,
    "workers.an_exit_without_a_word": "schedulers do not tell with which status a worker ended",
    "workers.a_kill": "schedulers do not tell by which signal a worker ended",
}
_OF_ENGINES: Mapping[str, Mapping[str, str]] = {
    "threads": _ON_THREADS,
    "futures-threads": {
        **_ON_THREADS,
        "interrupts.it_ends_the_program": "Python waits at its end for the threads of a "
        "ThreadPoolExecutor",
    },
    "futures-processes": {
        "output.from_threads_of_the_function": _THEIR_THREADS,
        "scripts.functions_and_classes": "multiprocessing imports the script again where it "
        "starts interpreters, so the script needs a guard",
        "streams.closing_it_within_a_chunk": _BEGUN,
        "interrupts.it_ends_the_program": f"{SOMETIMES} a worker of a ProcessPoolExecutor takes "
        "its next chunk just then, and runs it to the end",
        "functions.modules_in_memory": f"{SOMETIMES} its workers import modules, and find none "
        "that exists only in memory",
    },
    "dask": _ON_CLUSTERS,
    "ray": _ON_CLUSTERS,
}


def limits_of(spec: str, where: str | None) -> dict[str, str]:
    """The known limits of an engine.

    Args:
        spec: its name.
        where: in which processes its items run.

    Returns:
        From ids of behaviours to reasons.
    """
    shared = _IN_OTHER_PROCESSES if where == THERE else {}
    return {**_EVERYWHERE, **shared, **_OF_ENGINES.get(spec, {})}
