"""The front door: binds a call, asks for a plan, hands over.

f(items, …) ──> _binding: which argument is the loop? ──> LocalExecutor.execute_loop_parallel
"""

from __future__ import annotations

from clustrix.basis._lazy import door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.decorators._foresight import foresee as foresee
    from clustrix.decorators._parallel import parallel as parallel
    from clustrix.decorators._several import tidy_loop_var as tidy_loop_var
    from clustrix.decorators._types import AsyncParallel as AsyncParallel
    from clustrix.decorators._types import Parallel as Parallel

_ROOMS = {
    "clustrix.decorators._foresight": ("foresee",),
    "clustrix.decorators._parallel": ("parallel",),
    "clustrix.decorators._several": ("tidy_loop_var",),
    "clustrix.decorators._types": ("AsyncParallel", "Parallel"),
}

__getattr__, __dir__, __all__ = door(__name__, _ROOMS)
