"""One suite for every engine: whatever a person can observe of a plain loop, written down once.

    behaviour ──> same program, run twice ──┬── on the plain loop ──────> transcript ──┐
                                            └── on the engine in question > transcript ─┴─> equal?

``python -m clustrix.testing.conformance package.module:make_executor`` runs it on an executor that
you bring, and prints a table: behaviour by engine, pass, known limit with its reason, or what
differed.
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.testing.conformance._model import (
        Behaviour as Behaviour,
    )
    from clustrix.testing.conformance._model import (
        Result as Result,
    )
    from clustrix.testing.conformance._registry import (
        behaviours as behaviours,
    )
    from clustrix.testing.conformance._running import (
        run_behaviour as run_behaviour,
    )
    from clustrix.testing.conformance._subjects import (
        CLUSTERS as CLUSTERS,
    )
    from clustrix.testing.conformance._subjects import (
        ENGINES as ENGINES,
    )
    from clustrix.testing.conformance._subjects import (
        Subject as Subject,
    )
    from clustrix.testing.conformance._subjects import (
        make_subject as make_subject,
    )
    from clustrix.testing.conformance._watchdog import (
        run_suite as run_suite,
    )

_ROOMS = {
    "clustrix.testing.conformance._model": ("Behaviour", "Result"),
    "clustrix.testing.conformance._registry": ("behaviours",),
    "clustrix.testing.conformance._running": ("run_behaviour",),
    "clustrix.testing.conformance._subjects": ("CLUSTERS", "ENGINES", "Subject", "make_subject"),
    "clustrix.testing.conformance._watchdog": ("run_suite",),
}

__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
