"""The parts of an exception, as pickle takes them, and an exception made of them again.

    error ──> (make, what it is made of) · arguments, slots, attributes · links ──> error
                 the type itself, or                                       cause, context
                 a stand-in for it

The class of an exception has no say in this: constructors ask for other arguments than they pass
on, and a frozen class refuses to be given anything.  So everything is read and written by way of
`BaseException`, which all of them are.  Only who defines ``__reduce__`` is asked, and gets what
that leaves out, too.
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, MemberDescriptorType

from clustrix.basis._typing import Any

__all__ = [
    "alone",
    "blank",
    "candidates",
    "elsewhere",
    "leads_to",
    "name_of",
    "peek",
    "put",
    "safe_repr",
]

Reduction = tuple[Any, ...]
Keep = Callable[[Any], Any]

# What a reduction consists of; the first two are always there.
_PARTS = ("make", "args", "state", "items", "pairs", "restore")

_BASE = vars(BaseException)
_Group: Any = getattr(builtins, "BaseExceptionGroup", ())  # Python 3.10 has none

# What these keep is known by name; most exceptions are of one that keeps nothing else.
_DEALT_WITH = frozenset(map(id, (object, BaseException, _Group, Exception)))


def peek(error: BaseException, name: str) -> Any:
    """What `BaseException` keeps under that name, whatever the class says."""
    return _BASE[name].__get__(error)


def put(error: BaseException, name: str, value: Any) -> None:
    """Set what `BaseException` keeps under that name, whatever the class says."""
    _BASE[name].__set__(error, value)


def leads_to(error: BaseException) -> list[BaseException]:
    """The exceptions right behind one: the members of a group, its context and its cause."""
    behind = peek(error, "__context__"), peek(error, "__cause__")
    return [*_members(error), *(one for one in behind if one is not None)]


def candidates(error: BaseException, keep: Keep) -> Iterator[Reduction]:
    """Reductions of an exception, each of which asks less than the one before.

    Args:
        error: the exception.
        keep: gives a value that can travel for one that may not.
    """
    own = _own_reduction(error)
    for portable in (_as_it_is, keep):
        if own is not None:
            yield _completed(own, error, portable)
    for portable in (_as_it_is, keep):
        yield _reduction(error, portable)
    yield _plain(error)


def elsewhere(error: BaseException) -> Reduction:
    """The reduction of an exception that is part of something else: a value, an argument."""
    return _own_reduction(error) or _reduction(error, _as_it_is)


def alone(reduction: Reduction) -> Reduction:
    """The same exception, without the ones that led to it."""
    make, args, (*state, (_, _, suppress)), *rest = reduction
    return make, args, (*state, (None, None, suppress)), *rest


def blank(error: BaseException) -> Reduction:
    """Something that can be linked to, or be a member of a group, where that exception is."""
    return (Exception if issubclass(type(error), Exception) else BaseException), ()


def safe_repr(value: object) -> str:
    """The repr, or at least the type: code of the value's class runs, and may raise anything."""
    try:
        return "".join([repr(value)])  # a plain string, if it was one of a class of its own
    except BaseException:
        return f"<{name_of(value)} object>"


def name_of(value: object) -> str:
    """The name of a value's type, even if the type of that has other ideas."""
    name: str = vars(type)["__qualname__"].__get__(type(value))
    return name


def _as_it_is(value: Any) -> Any:
    return value


def _members(error: BaseException) -> tuple[BaseException, ...]:
    found: tuple[BaseException, ...] = ()
    if issubclass(type(error), _Group):
        found = vars(_Group)["exceptions"].__get__(error)
    return found


def _links(error: BaseException) -> tuple[Any, ...]:
    return tuple(peek(error, name) for name in ("__cause__", "__context__", "__suppress_context__"))


def _native(kind: type[BaseException]) -> Any:
    """The nearest ancestor that is built in."""
    return next(base for base in kind.__mro__ if getattr(builtins, base.__name__, None) is base)


def _reduction(error: BaseException, keep: Keep) -> Reduction:
    """Type, arguments and state: nothing that the class has to be asked for."""
    kind, native = type(error), _native(type(error))
    if members := _members(error):
        given: tuple[Any, ...] = (vars(_Group)["message"].__get__(error), list(members))
    else:
        given = native.__reduce__(error)[1]  # an OSError names its files there, not in its args
    state = (
        tuple(map(keep, peek(error, "args"))),
        {name: keep(value) for name, value in _fields(error).items()},
        {name: keep(value) for name, value in peek(error, "__dict__").items()},
        _links(error),
    )
    return _make_error, (kind, tuple(map(keep, given))), state, None, None, _restore_error


def _own_reduction(error: BaseException) -> Reduction | None:
    """What a Python class in the ancestry says of how it is pickled, if it does and can."""
    own = any(
        hook in vars(base)
        for base in type(error).__mro__
        if base.__module__ != "builtins"
        for hook in ("__reduce__", "__reduce_ex__")
    )
    with contextlib.suppress(BaseException):
        reduced: Any = error.__reduce_ex__(4) if own else None
        if isinstance(reduced, tuple) and 2 <= len(reduced) <= len(_PARTS):
            return reduced
    return None


def _completed(own: Reduction, error: BaseException, keep: Keep) -> Reduction:
    """A class's own reduction, and what is in the exception although the class knows nothing of it.

    Such as notes, the exceptions that led to it, and attributes set by whoever caught it.
    """
    given: dict[str, Any] = dict(zip(_PARTS, own, strict=False))
    state = (given.get("state"), given.get("restore"))
    fields = {name: keep(value) for name, value in _fields(error).items()}
    attributes = {name: keep(value) for name, value in peek(error, "__dict__").items()}
    everything = (*state, fields, attributes, _links(error))
    return *own[:2], everything, given.get("items"), given.get("pairs"), _complete


def _plain(error: BaseException) -> Reduction:
    """For a type that cannot travel: its nearest ancestor that is built in, with its repr."""
    args: tuple[Any, ...] = (f"{name_of(error)}: {safe_repr(error)}",)
    if members := _members(error):
        args += (list(members),)
    notes = peek(error, "__dict__").get("__notes__")
    kept = [note for note in notes if type(note) is str] if type(notes) is list else []
    state: tuple[Any, ...] = (args, {}, {"__notes__": kept} if kept else {}, _links(error))
    return _make_error, (_native(type(error)), args), state, None, None, _restore_error


def _fields(error: BaseException) -> dict[str, Any]:
    """Attributes that are not in the ``__dict__``: slots, and what C code keeps."""
    found: dict[str, Any] = {}
    for base in type(error).__mro__:
        if id(base) in _DEALT_WITH:
            continue
        for name, member in vars(base).items():
            if type(member) is MemberDescriptorType and name not in found:
                with contextlib.suppress(AttributeError):  # an empty slot
                    found[name] = member.__get__(error)
    return found


def _make_error(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception of that type; no code of its class runs."""
    found = [vars(base).get("__new__") for base in kind.__mro__]
    makers: list[Any] = [new for new in found if type(new) is BuiltinFunctionType]
    made: Any = None
    for new, given in [(new, given) for given in (args, ()) for new in makers]:
        with contextlib.suppress(Exception):  # other arguments, or another layout, are asked for
            made = new(kind, *given)
        if type(made) is kind:  # an OSError may become a FileNotFoundError, by its number
            break
    if not isinstance(made, kind):
        raise TypeError(f"cannot make a {kind.__qualname__}")
    # Fills what C code keeps, such as OSError.errno and StopIteration.value.
    with contextlib.suppress(Exception):
        _native(kind).__init__(made, *args)
    return made


def _restore_error(error: BaseException, state: tuple[Any, ...]) -> None:
    args, fields, attributes, links = state
    put(error, "args", args)
    for name, value in fields.items():
        _set_field(error, name, value, replacing=True)
    peek(error, "__dict__").update(attributes)
    _link(error, links)


def _complete(error: Any, state: tuple[Any, ...]) -> None:
    """Give an exception the state that its class wants, and then what it still lacks."""
    own, restore, fields, attributes, links = state
    if restore is not None:
        restore(error, own)
    elif own is not None:
        error.__setstate__(own)
    for name, value in fields.items():
        _set_field(error, name, value, replacing=False)
    inside = peek(error, "__dict__")
    for name, value in attributes.items():
        if name not in inside or name == "__notes__":
            inside[name] = value
    _link(error, links)


def _set_field(error: BaseException, name: str, value: Any, *, replacing: bool) -> None:
    """Set what is empty, or else: C code keeps `None` there in a way of its own, so that stays."""
    for base in type(error).__mro__:
        if type(member := vars(base).get(name)) is MemberDescriptorType:
            with contextlib.suppress(AttributeError):
                now = member.__get__(error)
                if now is value or (now is not None and not replacing):
                    return
            with contextlib.suppress(AttributeError, TypeError):  # it may be read-only
                member.__set__(error, value)
            return


def _link(error: BaseException, links: tuple[Any, ...]) -> None:
    for name, value in zip(
        ("__cause__", "__context__", "__suppress_context__"), links, strict=True
    ):
        put(error, name, value)
