"""Which argument of a call is the loop.

    signature (x, *, scale)   call (range(9), scale=2)
           └── LoopParameter.find ──> Bound(items=range(9), args=(), kwargs={scale: 2}, position=0)
                                      or None: no loop here, an ordinary call

The parameter is found once, when the function is decorated; a call costs a look at its index.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping

from clustrix._model import describe
from clustrix.basis._typing import Any, NamedTuple
from clustrix.calling._calls import SEQUENCES
from clustrix.errors import LoopVariableError

__all__ = [
    "Bound",
    "LoopParameter",
    "as_loop",
    "check_function",
    "is_async",
    "loop_parameter",
]

_SINGLE = (str, bytes, bytearray, memoryview, Mapping)

# Ways of calling a function of which it is remembered whether they fit.
MOST_SHAPES = 64

AsLoop = Callable[[Any], Iterable[Any] | None]


def as_loop(value: Any) -> Iterable[Any] | None:
    """The value as something to loop over; ``None`` when it counts as one item.

    One item are text, bytes, mappings and whatever is not iterable.
    """
    if type(value) in SEQUENCES:
        return value  # type: ignore[no-any-return]
    if isinstance(value, _SINGLE):
        return None
    try:
        iter(value)
    except TypeError:
        return None
    return value  # type: ignore[no-any-return]


class Bound(NamedTuple):
    """A call with its loop taken out.

    Attributes:
        items: the iterable to loop over.
        args: the other positional arguments.
        kwargs: the keyword arguments, the loop variable's among them without its value.
        position: index at which an item goes among the positional arguments; ``None`` when it
            goes by keyword; a tuple of indices and names for several loop variables.
    """

    items: Iterable[Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    position: int | tuple[int | str, ...] | None


class LoopParameter:
    """The loop variable of a function as it is called: without ``self`` where that is bound.

    Args:
        name: its name.
        index: its index among the positional parameters; ``None`` when it is keyword-only.
        by_keyword: whether it may be passed by keyword.
        signature: of the function as it is called; ``None`` when the function tells none.
    """

    def __init__(
        self, name: str, index: int | None, by_keyword: bool, signature: inspect.Signature | None
    ) -> None:
        self.name = name
        self.index = index
        self.by_keyword = by_keyword
        self.signature = signature
        self._alone = signature is not None and index == 0 and _fits_alone(signature, name)
        self._fitting: dict[tuple[Any, ...], bool] = {}

    def find(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], as_loop: AsLoop = as_loop
    ) -> Bound | None:
        """Take the loop out of a call.

        Args:
            args: the positional arguments.
            kwargs: the keyword arguments.
            as_loop: tells a loop from one item.

        Returns:
            The parts; ``None`` when the call gives the loop variable no value, or gives it one
            item: then it is an ordinary call.
        """
        place = self.place(args, kwargs)
        if isinstance(place, str):
            items = as_loop(kwargs[place])
            if items is None:
                return None
            # The place is kept: Python's messages about wrong calls depend on the order.
            return Bound(items, args, {**kwargs, place: None}, None)
        if place is None or (items := as_loop(args[place])) is None:
            return None
        return Bound(items, args[:place] + args[place + 1 :], kwargs, place)

    def place(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str | None:
        """Where a call has it: index or keyword; ``None`` where it is left to its default."""
        if self.by_keyword and self.name in kwargs:
            return self.name
        return self.index if self.index is not None and self.index < len(args) else None

    def fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether the function can be called so at all."""
        if self.signature is None or (self._alone and len(args) == 1 and not kwargs):
            return True
        shape = (len(args), *kwargs)  # the values do not matter
        known = self._fitting.get(shape)
        if known is None:
            known = _binds(self.signature, args, kwargs)
            if len(self._fitting) < MOST_SHAPES:
                self._fitting[shape] = known
        return known


def _fits_alone(signature: inspect.Signature, name: str) -> bool:
    """Whether nothing but one argument must be given; nearly always."""
    return all(
        one.name == name
        or one.default is not one.empty
        or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        for one in signature.parameters.values()
    )


def _binds(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def loop_parameter(function: Callable[..., Any], loop_var: str | None) -> LoopParameter:
    """Find the loop variable in a function's signature.

    Args:
        function: as it is called: a method already bound.
        loop_var: its name; ``None`` for the first parameter.

    Raises:
        LoopVariableError: there is no such parameter.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        if loop_var is None:
            return LoopParameter("", 0, False, None)
        raise LoopVariableError(
            f"@parallel(loop_var={loop_var!r}): {describe(function)}() does not tell its "
            "parameters; leave loop_var out to loop over the first one"
        ) from None
    parameters = list(signature.parameters.values())
    usable = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if loop_var is None and usable:
        loop_var = usable[0].name
    elif loop_var is None and any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return LoopParameter(parameters[0].name, 0, False, signature)
    positional = [p.name for p in usable if p.kind is not p.KEYWORD_ONLY]
    for parameter in usable:
        if parameter.name == loop_var:
            index = positional.index(loop_var) if loop_var in positional else None
            by_keyword = parameter.kind is not parameter.POSITIONAL_ONLY
            return LoopParameter(loop_var, index, by_keyword, signature)
    raise LoopVariableError(_no_such_parameter(function, loop_var, parameters))


def check_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function inside a staticmethod or classmethod, if it can be the body of a loop.

    Raises:
        TypeError: not a function, or one whose calls give no values.
    """
    inner = getattr(function, "__func__", function)  # inside staticmethod and classmethod
    if not callable(inner):
        raise TypeError(f"@parallel decorates functions, not {type(function).__name__} objects")
    kind = _refused_kind(inner)
    if kind is not None:
        raise TypeError(
            f"@parallel cannot run {describe(inner)}(): it is {kind}, whose calls give no values "
            "to collect. Decorate a plain function that does the work for one item."
        )
    return inner


def is_async(function: Callable[..., Any]) -> bool:
    """Whether its calls give coroutines, however it is wrapped."""
    return any(map(inspect.iscoroutinefunction, _plain(function)))


def _plain(function: Callable[..., Any]) -> tuple[Any, ...]:
    """The function inside of all wrappers; and for an object that is called, its method."""
    plain = inspect.unwrap(function)
    while isinstance(plain, functools.partial):
        plain = inspect.unwrap(plain.func)
    return plain, vars(type(plain)).get("__call__")


def _refused_kind(function: Callable[..., Any]) -> str | None:
    for candidate in _plain(function):
        if inspect.isasyncgenfunction(candidate):
            return "an async generator function"
        if inspect.isgeneratorfunction(candidate):
            return "a generator function"
    return None


def _no_such_parameter(
    function: Callable[..., Any], loop_var: str | None, parameters: list[inspect.Parameter]
) -> str:
    """What is wrong, where, and what was probably meant."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = f" at {code.co_filename}:{code.co_firstlineno}" if code else ""
    option = "" if loop_var is None else f"(loop_var={loop_var!r})"
    if not parameters:
        return f"@parallel{option} on {describe(function)}(){place}: it has no parameters"
    names = ", ".join(str(p.replace(annotation=p.empty, default=p.empty)) for p in parameters)
    import difflib  # only a mistake needs it

    close = difflib.get_close_matches(loop_var or "", [p.name for p in parameters], n=1)
    hint = f"\n  Did you mean loop_var={close[0]!r}?" if close and close[0] != loop_var else ""
    collects = any(p.name == loop_var for p in parameters)
    what = (
        f"{loop_var!r} collects several arguments; name one parameter"
        if collects
        else f"there is no parameter {loop_var!r}"
    )
    if loop_var is None:
        what = "there is no parameter to loop over"
    return f"@parallel{option} on {describe(function)}(){place}:\n  {what}; it has: {names}.{hint}"
