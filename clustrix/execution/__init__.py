"""Obeys plans: chunks, lanes, engines and what travels between them.  Knows no source code.

    execute(call, plan, engine) ──> cut into chunks ──> engine ──> outcomes ──> results

To add an engine, write a class with the one method of `Engine` and give it a name in `_engines`.
"""

from __future__ import annotations

from clustrix.execution._cpus import THREADS_PER_CPU, available_cpus, this_machine
from clustrix.execution._engine import Engine, execute
from clustrix.execution._engines import Engines, shared

__all__ = [
    "THREADS_PER_CPU",
    "Engine",
    "Engines",
    "available_cpus",
    "execute",
    "shared",
    "this_machine",
]
