"""The front door: binds a call, asks for a plan, hands over.

f(items, …) ──> _binding: which argument is the loop? ──> LocalExecutor.execute_loop_parallel
"""

from __future__ import annotations

from clustrix.decorators._foresight import foresee
from clustrix.decorators._parallel import AsyncParallel, Parallel, parallel
from clustrix.decorators._several import tidy_loop_var

__all__ = ["AsyncParallel", "Parallel", "foresee", "parallel", "tidy_loop_var"]
