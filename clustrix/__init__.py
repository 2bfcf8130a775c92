"""clustrix: decorate a function, call it as before, and the loop runs in parallel.

    decorators      binds a call, asks for a plan, hands over
        │
    local_executor  joins the two rooms below
        │      └──────────────┐
    analysis                execution
    reads functions         obeys plans

Records in `_model` travel downwards, results upwards; `errors` holds all that a user may catch.
Names load when first used, so ``import clustrix`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clustrix._model import Finding, Plan
    from clustrix.decorators import parallel
    from clustrix.errors import (
        ClustrixError,
        LoopVariableError,
        NotPicklableError,
        SharedStateWarning,
        TaskTimeout,
        WorkerDied,
    )
    from clustrix.local_executor import (
        LocalExecutor,
        choose_executor_type,
        create_local_executor,
    )

__all__ = [
    "ClustrixError",
    "Finding",
    "LocalExecutor",
    "LoopVariableError",
    "NotPicklableError",
    "Plan",
    "SharedStateWarning",
    "TaskTimeout",
    "WorkerDied",
    "choose_executor_type",
    "create_local_executor",
    "parallel",
]

__version__ = "0.1.0"

_ROOMS = {
    "clustrix._model": ("Finding", "Plan"),
    "clustrix.decorators": ("parallel",),
    "clustrix.errors": (
        "ClustrixError",
        "LoopVariableError",
        "NotPicklableError",
        "SharedStateWarning",
        "TaskTimeout",
        "WorkerDied",
    ),
    "clustrix.local_executor": (
        "LocalExecutor",
        "choose_executor_type",
        "create_local_executor",
    ),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            value = globals()[name] = getattr(import_module(room), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
