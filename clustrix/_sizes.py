"""How many lanes and how long the chunks: the arithmetic of a plan, whoever chose the engine.

    engine, items, options, machine ──> sizes ──> workers, items in a chunk

A call whose engine the user has named needs nothing else, so it is planned without reading any
source.
"""

from __future__ import annotations

from clustrix._model import Call, Machine, Options, Plan, cluster_kind, describe

__all__ = ["THREADS_PER_CPU", "as_said", "sizes"]

# Threads that wait need no processor, so there may be more of them; the module's guide says two
# to four for each CPU.
THREADS_PER_CPU = 4


def sizes(engine: str, items: int, options: Options, machine: Machine) -> tuple[int, int]:
    """Workers, and items in a chunk.

    The chunk size is the number of items divided by the number of workers, rounded down, at
    least 1; there are never more workers than chunks.  Of a cluster that nobody has asked yet the
    workers are not known: 0 stands for all of them, and for chunks that its engine cuts.
    """
    if engine != "serial" and cluster_kind(options.executor) is not None:
        return options.max_workers or 0, options.chunk_size or 0
    if engine == "serial" or (engine == "threads" and options.seed is not None):
        workers = 1  # with a seed, items take turns: threads share the generators
    elif options.max_workers is not None:
        workers = options.max_workers
    elif isinstance(options.executor, str):
        workers = machine.cpus * (THREADS_PER_CPU if engine == "threads" else 1)
    else:
        said = getattr(options.executor, "_max_workers", None)
        workers = said if isinstance(said, int) and said > 0 else machine.cpus
    size = options.chunk_size or max(1, items // workers)
    return max(1, min(workers, -(-items // size))), size


def as_said(call: Call, options: Options, machine: Machine) -> Plan:
    """The plan of a call whose engine the user has named; its findings are left out."""
    said = options.executor
    engine = said if isinstance(said, str) else cluster_kind(said) or type(said).__name__
    if machine.inside_worker:  # there are no further lanes, whatever was asked for
        engine = "serial"
    workers, size = sizes(engine, len(call.items), options, machine)
    return Plan(engine, workers, (), describe(call.function), call.batched, size, options.timeout)
