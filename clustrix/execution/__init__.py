"""Obeys plans: chunks, lanes, engines and what travels between them.  Knows no source code.

    execute(call, plan, engine) ──> cut into chunks ──> engine ──> outcomes ──> results

To add an engine, write a class with the one method of `Engine` and give it a name in `_engines`.
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution._async import (
        MOST_AWAITED as MOST_AWAITED,
    )
    from clustrix.execution._async import (
        run_async as run_async,
    )
    from clustrix.execution._checkup import (
        BLAS_LIMITS as BLAS_LIMITS,
    )
    from clustrix.execution._checkup import (
        SHARES_MEMORY as SHARES_MEMORY,
    )
    from clustrix.execution._checkup import (
        cpu_limits as cpu_limits,
    )
    from clustrix.execution._checkup import (
        lifeline as lifeline,
    )
    from clustrix.execution._engine import (
        Engine as Engine,
    )
    from clustrix.execution._engine import (
        execute as execute,
    )
    from clustrix.execution._engine import (
        join as join,
    )
    from clustrix.execution._engines import (
        Engines as Engines,
    )
    from clustrix.execution._engines import (
        shared as shared,
    )
    from clustrix.execution._futures import (
        Tasks as Tasks,
    )
    from clustrix.execution._futures import (
        batches as batches,
    )
    from clustrix.execution._futures import (
        results_in_order as results_in_order,
    )
    from clustrix.execution._futures import (
        run_batch as run_batch,
    )
    from clustrix.execution.adapting._adaptive import AdaptiveLoop as AdaptiveLoop
    from clustrix.execution.adapting._short import (
        run_at_once as run_at_once,
    )
    from clustrix.execution.adapting._short import (
        run_here as run_here,
    )
    from clustrix.execution.adapting._short import (
        run_short as run_short,
    )
    from clustrix.execution.chunking._window import (
        Items as Items,
    )
    from clustrix.execution.chunking._window import (
        Settings as Settings,
    )
    from clustrix.execution.deciding._machine import (
        this_machine as this_machine,
    )
    from clustrix.execution.deciding._memory import remembered as remembered
    from clustrix.execution.lanes._lane import (
        inside_lane as inside_lane,
    )
    from clustrix.execution.lanes._lane import (
        seed_path as seed_path,
    )
    from clustrix.execution.lanes._random import rng as rng
    from clustrix.execution.machine._cpus import (
        available_cpus as available_cpus,
    )
    from clustrix.execution.streams._adaptive_stream import AdaptiveStream as AdaptiveStream
    from clustrix.execution.streams._stream import EngineStream as EngineStream

_ROOMS = {
    "clustrix.execution.adapting._adaptive": ("AdaptiveLoop",),
    "clustrix.execution._async": ("MOST_AWAITED", "run_async"),
    "clustrix.execution._checkup": ("BLAS_LIMITS", "SHARES_MEMORY", "cpu_limits", "lifeline"),
    "clustrix.execution.streams._adaptive_stream": ("AdaptiveStream",),
    "clustrix.execution.deciding._machine": ("this_machine",),
    "clustrix.execution.machine._cpus": ("available_cpus",),
    "clustrix.execution._engine": ("Engine", "execute", "join"),
    "clustrix.execution._engines": ("Engines", "shared"),
    "clustrix.execution.lanes._lane": ("inside_lane", "seed_path"),
    "clustrix.execution.deciding._memory": ("remembered",),
    "clustrix.execution.lanes._random": ("rng",),
    "clustrix.execution.adapting._short": ("run_at_once", "run_here", "run_short"),
    "clustrix.execution.streams._stream": ("EngineStream",),
    "clustrix.execution.chunking._window": ("Items", "Settings"),
    "clustrix.execution._futures": ("Tasks", "batches", "results_in_order", "run_batch"),
}

__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
