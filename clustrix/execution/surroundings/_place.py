"""A process in which loops of others run: kept where the caller of the present loop is.

    adopt(surroundings) ──> this process has the caller's folder, environment, filters, …
    an item: os.chdir(…) ──> changed = {"folder"} ──> before the next item: restore()

What an item changes is the item's own: the next one, which may come from the other end of the
loop or from another loop, finds what the caller has.
"""

from __future__ import annotations

import os
import sys
import time
import warnings

from clustrix.basis._native import Context, ContextVar, suppress
from clustrix.basis._typing import Any, Callable
from clustrix.execution.showing import _capture
from clustrix.execution.showing._recorder import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clustrix.execution.surroundings._surroundings import Surroundings

__all__ = ["BLAS_LIMITS", "Place"]

# Without a limit every worker would start a thread for every CPU.
BLAS_LIMITS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# Who changes what.  Modules that are not loaded yet are seen to when they are.
_SETTERS = {
    "os": {
        "chdir": "folder",
        "fchdir": "folder",
        "putenv": "environ",
        "unsetenv": "environ",
    },
    "sys": {"setrecursionlimit": "recursion", "set_int_max_str_digits": "digits"},
    "warnings": {"_filters_mutated": "filters"},
    "locale": {"setlocale": "locale"},
    "time": {"tzset": "zone"},
    "socket": {"setdefaulttimeout": "patience"},
    "logging": {},
    "numpy": {"seterr": "numpy"},
    "multiprocessing.process": {},
}

# What has to wait for a module, and is put in place when that is loaded.
_LATE = {
    "locale": "locale",
    "logging": "levels",
    "numpy": "numpy",
    "multiprocessing.process": "authkey",
    "socket": "patience",
}


# What says that a function is another one; `functools` takes longer to load than to do without.
_LOOKS = ("__module__", "__name__", "__qualname__", "__doc__")


class Place:
    """The surroundings of this process.

    Attributes:
        changed: which of them are not as they should be any more; empty nearly always.
        path: what `sys.path` should be; whoever waits for changes compares it, too.
    """

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self._wanted: Surroundings = {}
        self.path: list[str] = []
        self._modules = 0
        self._context = Context()
        self._decimal: Any = None
        self._filters: list[Any] | None = None
        for module in _SETTERS:
            if module in sys.modules:
                self._watch(module)
            else:
                sys.meta_path.insert(0, _OnImport(module, self._watch))

    def adopt(self, wanted: Surroundings) -> None:
        """Put this process where a caller is."""
        before, self._wanted = self._wanted, wanted
        self.path = wanted["path"]
        sys.argv[:] = wanted["argv"]
        if wanted["settings"] or "clustrix._settings" in sys.modules:
            from clustrix import _settings  # most programs never configure

            _settings.adopt(wanted["settings"])
        self.changed.update(name for name in _PUT if not before or wanted[name] != before[name])
        self._filters = None
        self.restore()
        for stream, said in zip(_capture.streams(), wanted["streams"], strict=True):
            stream.said = said or {}

    def code_has_come(self) -> None:
        """Modules have been loaded: what could not be put in place before perhaps can be now."""
        if len(sys.modules) != self._modules or self._wanted.get("variables"):
            self._modules = len(sys.modules)
            self.changed.update(("filters", "variables"))
            self._filters = None
        if self.changed:
            self.restore()

    def restore(self) -> None:
        """Undo what has been changed since."""
        if not self._wanted:
            return
        with silence():
            self._restore()

    def _restore(self) -> None:
        if sys.path != self.path:
            sys.path[:] = self.path
        for name in [name for name in _PUT if name in self.changed]:
            with suppress(Exception):  # a folder that is gone, a locale not installed
                _PUT[name](self, self._wanted)
        self.changed.clear()

    def fresh(self, within: Context | None = None) -> Callable[[], Context]:
        """Makes contexts for items: the caller's variables, whatever other items did.

        Args:
            within: what holds besides: the variables of those to whom this process belongs.
        """
        context = self._context
        if within is not None:
            context = within.copy()
            for variable, value in self._context.items():
                context.run(variable.set, value)
        decimal: Any = sys.modules.get("decimal")
        if self._decimal is None and (within is None or decimal is None):
            return context.copy

        def with_decimal() -> Context:
            made = context.copy()  # what it holds is changed in place, so a copy of its own
            made.run(decimal.setcontext, (self._decimal or decimal.DefaultContext).copy())
            return made

        return with_decimal

    def _watch(self, module: str) -> None:
        """Let the setters of a module tell of their calls."""
        namespace = vars(sys.modules[module])
        for name, what in _SETTERS[module].items():
            if name in namespace:
                namespace[name] = self._telling(namespace[name], what)
        if module == "logging":
            kind = namespace["Manager"]
            if hasattr(kind, "_clear_cache"):
                kind._clear_cache = self._telling(kind._clear_cache, "levels", method=True)
            _capture.hold(self)
            _capture.release(self)  # somebody holds already; now loggers are seen, too
        if self._wanted and module in _LATE:
            self.changed.add(_LATE[module])
            self.restore()

    def _telling(self, function: Any, what: str, *, method: bool = False) -> Any:
        changed = self.changed

        if method:

            def tell_of(self: Any) -> Any:
                changed.add(what)
                return function(self)

            return tell_of

        def tell(*args: Any, **kwargs: Any) -> Any:
            changed.add(what)
            return function(*args, **kwargs)

        for name in _LOOKS:
            with suppress(AttributeError):
                setattr(tell, name, getattr(function, name))
        tell.__wrapped__ = function  # type: ignore[attr-defined]
        return tell

    # ---- putting things in place ----------------------------------------------------------

    def _put_folder(self, wanted: Surroundings) -> None:
        if wanted["folder"] is not None and _where() != wanted["folder"]:
            os.chdir(wanted["folder"])

    def _put_environ(self, wanted: Surroundings) -> None:
        # As the system keeps the variables, bytes on POSIX; decoding them here is off the fast
        # path.
        environ = {
            os.fsdecode(name): os.fsdecode(value) for name, value in wanted["environ"].items()
        }
        if wanted["blas"] is not None:
            for name in BLAS_LIMITS:
                environ.setdefault(name, wanted["blas"])
        if os.environ.copy() != environ:
            os.environ.clear()
            os.environ.update(environ)

    def _put_zone(self, wanted: Surroundings) -> None:
        """As the caller has it, who may have said so with the environment and `time.tzset`."""
        if wanted["zone"] != (time.timezone, time.altzone, time.tzname) and hasattr(time, "tzset"):
            time.tzset()

    def _put_recursion(self, wanted: Surroundings) -> None:
        if sys.getrecursionlimit() != wanted["recursion"]:
            sys.setrecursionlimit(wanted["recursion"])

    def _put_digits(self, wanted: Surroundings) -> None:
        if wanted["digits"] is not None:
            sys.set_int_max_str_digits(wanted["digits"])

    def _put_patience(self, wanted: Surroundings) -> None:
        socket = sys.modules.get("socket")
        if socket is not None and socket.getdefaulttimeout() != wanted["patience"]:
            socket.setdefaulttimeout(wanted["patience"])

    def _put_authkey(self, wanted: Surroundings) -> None:
        process = sys.modules.get("multiprocessing.process")
        if (
            process is not None and wanted["authkey"] is not None
        ):  # asked for by proxies of Managers
            process.current_process().authkey = wanted["authkey"]

    def _put_locale(self, wanted: Surroundings) -> None:
        if wanted["locale"] is None:
            return
        import _locale

        if _locale.setlocale(_locale.LC_ALL, None) != wanted["locale"]:
            _locale.setlocale(_locale.LC_ALL, wanted["locale"])

    def _put_filters(self, wanted: Surroundings) -> None:
        entries, default = wanted["filters"]
        if self._filters is None:
            self._filters = [made for entry in entries if (made := _filter(entry)) is not None]
        namespace = vars(warnings)
        if namespace["filters"] != self._filters:
            namespace["filters"][:] = self._filters
            namespace["_filters_mutated"]()
        namespace["defaultaction"] = default

    def _put_levels(self, wanted: Surroundings) -> None:
        if "logging" in sys.modules:
            from clustrix.execution.showing import _logs  # most workers never log

            _logs.adopt_levels(wanted["levels"])

    def _put_variables(self, wanted: Surroundings) -> None:
        self._context = Context()
        for module, name, packed in wanted["variables"]:
            variable = getattr(sys.modules.get(module), name, None)
            if isinstance(variable, ContextVar):
                with suppress(Exception):
                    self._context.run(variable.set, _loaded(packed))
        self._put_numpy(wanted)

    def _put_numpy(self, wanted: Surroundings) -> None:
        numpy = sys.modules.get("numpy")
        if wanted["numpy"] is not None and hasattr(numpy, "seterr"):
            numpy.seterr(**wanted["numpy"])  # type: ignore[union-attr]
            self._context.run(numpy.seterr, **wanted["numpy"])  # type: ignore[union-attr]

    def _put_decimal(self, wanted: Surroundings) -> None:
        self._decimal = None
        if wanted["decimal"] is not None:
            import decimal

            *parts, flags, traps = wanted["decimal"]
            signals = [[getattr(decimal, name) for name in names] for names in (flags, traps)]
            self._decimal = decimal.Context(*parts, *signals)


def _where() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _loaded(packed: bytes) -> Any:
    import pickle

    return pickle.loads(packed)


def _filter(entry: Any) -> Any:
    """A warning filter; ``None`` when its category is of a module that is not loaded here."""
    action, message, category, module, lineno = entry
    if isinstance(category, bytes):
        kind: Any = _loaded(category)
    else:
        kind = sys.modules.get(category[0])
        for part in category[1].split("."):
            kind = getattr(kind, part, None)
        if kind is None:
            return None
    return action, _compiled(message), kind, _compiled(module), lineno


def _compiled(pattern: Any) -> Any:
    if type(pattern) is not tuple:
        return pattern
    import re  # takes 5 ms to load, and the interpreter's own filters have no patterns

    return re.compile(*pattern)


_PUT: dict[str, Callable[[Place, Surroundings], None]] = {
    "authkey": Place._put_authkey,
    "folder": Place._put_folder,
    "environ": Place._put_environ,
    "zone": Place._put_zone,  # which is in the environment
    "recursion": Place._put_recursion,
    "digits": Place._put_digits,
    "patience": Place._put_patience,
    "locale": Place._put_locale,
    "filters": Place._put_filters,
    "levels": Place._put_levels,
    "variables": Place._put_variables,
    "numpy": Place._put_numpy,  # in one of the variables
    "decimal": Place._put_decimal,
}


class _OnImport:
    """Does something as soon as a module has been loaded."""

    def __init__(self, name: str, then: Callable[[str], None]) -> None:
        self._name = name
        self._then = then
        self._asking = False  # the other finders

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Let the other finders find it, and their loader call back."""
        if name != self._name or self._asking:
            return None
        from importlib.util import find_spec

        self._asking = True
        try:
            spec = find_spec(name)
        finally:
            self._asking = False
        loader: Any = None if spec is None else spec.loader
        if loader is not None:  # who only asks whether there is such a module loads nothing
            run, then = loader.exec_module, self._then

            def exec_module(module: Any) -> None:
                with suppress(ValueError):  # another thread has done it
                    sys.meta_path.remove(self)
                run(module)
                then(name)

            loader.exec_module = exec_module
        return spec
