"""After a pickler has refused: find the part that it did not name.

    "work() cannot be sent ...: cannot pickle '_thread.lock' object"      what the engine knows
      args[0].session.lock: _thread.lock, which cannot be pickled; ...    what is added here

The engine knows that something cannot travel, and of an item which one it is.  Now there is time
to look at all of it, and to ask the objects what they would ask of themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from clustrix._model import Call, describe
from clustrix.analysis._pickling import find_culprit
from clustrix.errors import NotPicklableError

__all__ = ["explain_refusal", "parts_of_call"]


def explain_refusal(error: NotPicklableError, call: Call) -> None:
    """Add the path to the culprit, and what usually helps, to the error of an engine.

    Args:
        error: changed in place, unless it has a path already or nothing is found.
        call: what was to be sent.
    """
    if error.path:
        return
    for path, part in _suspects(error, call):
        culprit = find_culprit(part, path, by_value=True, thorough=True)
        if culprit is not None:
            error.path = culprit.path
            error.args = (f"{error}\n  {culprit}", *error.args[1:])
            return


def _suspects(error: NotPicklableError, call: Call) -> Iterator[tuple[str, object]]:
    if error.item is None:
        yield from parts_of_call(call)
    elif error.item < len(call.items):
        item = call.items[error.item]
        if call.slot is not None:
            yield f"items[{error.item}]", item
        else:  # a task of its own: the item is all its arguments
            task = Call(call.function, (), item.get("args", ()), item.get("kwargs", {}))
            yield from parts_of_call(task)


def parts_of_call(call: Call) -> Iterator[tuple[str, object]]:
    """The function and the constant arguments of a call, with what messages call them."""
    yield describe(call.function), call.function
    for index, value in enumerate(call.args):
        yield f"args[{index}]", value
    for key, value in call.kwargs.items():
        yield f"kwargs[{key!r}]", value
