"""clustrix: decorate a function, call it as before, and the loop runs in parallel.

    decorators      binds a call, asks for a plan, hands over
        │
    local_executor  the class; calling: from a call to its results, by the two rooms below
        │      └──────────────┐
    analysis                execution
    reads functions         obeys plans
        └──────┬──────────────┘
    functions       what compiled code shows; basis: what every room may use

    command, __main__  the command line, above all of them

Records in `_model` travel downwards, results upwards; `errors` holds all that a user may catch.
Names load when first used, so ``import clustrix`` costs next to nothing.
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix._model import (
        Finding as Finding,
    )
    from clustrix._model import (
        Plan as Plan,
    )
    from clustrix._progress import Progress as Progress
    from clustrix._settings import configure as configure
    from clustrix.decorators import parallel as parallel
    from clustrix.errors import (
        ClustrixError as ClustrixError,
    )
    from clustrix.errors import (
        LoopVariableError as LoopVariableError,
    )
    from clustrix.errors import (
        NotPicklableError as NotPicklableError,
    )
    from clustrix.errors import (
        SharedStateWarning as SharedStateWarning,
    )
    from clustrix.errors import (
        TaskTimeout as TaskTimeout,
    )
    from clustrix.errors import (
        WorkerDied as WorkerDied,
    )
    from clustrix.execution import rng as rng
    from clustrix.local_executor import (
        LocalExecutor as LocalExecutor,
    )
    from clustrix.local_executor import (
        choose_executor_type as choose_executor_type,
    )
    from clustrix.local_executor import (
        create_local_executor as create_local_executor,
    )

__version__ = "0.1.0"

_ROOMS = {
    "clustrix._model": ("Finding", "Plan"),
    "clustrix._progress": ("Progress",),
    "clustrix._settings": ("configure",),
    "clustrix.decorators": ("parallel",),
    "clustrix.errors": (
        "ClustrixError",
        "LoopVariableError",
        "NotPicklableError",
        "SharedStateWarning",
        "TaskTimeout",
        "WorkerDied",
    ),
    "clustrix.execution": ("rng",),
    "clustrix.local_executor": (
        "LocalExecutor",
        "choose_executor_type",
        "create_local_executor",
    ),
}


__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
