"""Everything that clustrix itself raises or warns about: the leaf that a user imports from.

    ClustrixError
     ├── LoopVariableError   (TypeError)        the decorator names no such parameter
     ├── NotPicklableError   (TypeError,        something cannot travel to a worker,
     │                        PicklingError)    or back
     ├── WorkerDied          (BrokenExecutor)   a worker process ended under an item
     └── TaskTimeout         (TimeoutError)     an item ran longer than its ``timeout``

What a decorated function raises is never wrapped in one of these: it arrives as it was raised.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor

from clustrix.basis._native import pickle

__all__ = [
    "ClustrixError",
    "LoopVariableError",
    "NotPicklableError",
    "SharedStateWarning",
    "TaskTimeout",
    "WorkerDied",
]


class ClustrixError(Exception):
    """Base of the errors that clustrix raises on its own account."""


class LoopVariableError(ClustrixError, TypeError):
    """The loop variable is not what a loop needs.

    It cannot be found among the parameters of the function: raised where the decorator stands, not
    at the first call.  Or the function cannot take single items, got whole chunks for that reason,
    and returned something else than a list: raised by the call, as the plain loop raises a
    `TypeError`.
    """


class NotPicklableError(ClustrixError, TypeError, pickle.PicklingError):
    """A function, an argument or a result cannot travel between processes.

    Attributes:
        path: where the culprit sits, for example ``args[0].session.lock``; ``""`` when unknown.
        item: index in the loop of the item concerned; ``None`` when it is not one item's fault.
    """

    def __init__(self, message: str = "", *, path: str = "", item: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.item = item


class WorkerDied(ClustrixError, BrokenExecutor):
    """A worker process ended while it ran an item: a crash, an exit, a kill.

    Attributes:
        item: index in the loop of the item that was running; ``None`` when none was.
        exitcode: the exit status; ``-N`` when signal ``N`` ended the process, as in
            `subprocess.Popen.returncode`; ``None`` when it is not known.
    """

    def __init__(
        self, message: str = "", *, item: int | None = None, exitcode: int | None = None
    ) -> None:
        super().__init__(message)
        self.item = item
        self.exitcode = exitcode


class TaskTimeout(ClustrixError, TimeoutError):
    """An item ran longer than ``timeout`` seconds, counted from its own start.

    Attributes:
        item: index in the loop of the item that ran out of time.
        timeout: the limit in seconds.
    """

    def __init__(
        self, message: str = "", *, item: int | None = None, timeout: float | None = None
    ) -> None:
        super().__init__(message)
        self.item = item
        self.timeout = timeout


class SharedStateWarning(UserWarning):
    """The function writes to something that outlives the call; the message names the line.

    Given once for each function, at the line that writes: when a plan has to give way to the
    writes, and when an engine was named on which they would be lost. With
    ``warnings.simplefilter("ignore", SharedStateWarning)`` they are taken as meant.
    """
