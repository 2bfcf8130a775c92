"""A stream of random numbers for every item, whichever lane runs it.

    seed, index ─┬─ blake2b ────────────────────────────────> `random`, `numpy.random`
                 └─ SeedSequence(seed, spawn_key=(index,)) ──> `clustrix.rng()`

An item's stream depends on the seed and on the item's index alone, so engines, workers and chunks
make no difference.  `random` and `numpy.random` keep one generator for the whole process: it is
set for each item of a chunk and put back behind the last one, and one chunk at a time does that.

The keys of the streams are made by a keyed hash, as counter-based generators make their numbers
(Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11), and by NumPy's SeedSequence,
whose `spawn` has the same purpose and the same tree of indices.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from clustrix._records import Call, Chunk, Outcome
from clustrix.execution.lanes._lane import Unwatched, Watch, lane
from clustrix.execution.lanes._numpy_state import NAME, Legacy, imports, numpy_random

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Stream", "Streams", "path_inside", "rng", "run_seeded", "seeded"]

Path = tuple[int, ...]

# Each thread runs one item at a time.
_state = threading.local()

# Who sets the generators of this process; the same thread may do so again, for an inner loop.
_turn = threading.RLock()


def _running() -> Stream | None:
    return getattr(_state, "stream", None)


def _renew_after_fork() -> None:
    global _turn
    _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


class Stream:
    """The random numbers of one item.

    Args:
        path: the seed, and behind it the indices that lead to the item.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._loops = 0
        self._generator: Generator | None = None

    def loop(self) -> Path:
        """The path of the next loop inside of this item that has no seed of its own."""
        self._loops += 1
        return (*self.path, self._loops - 1)

    def key(self, use: bytes) -> int:
        """A number of 256 bits for a generator."""
        from hashlib import blake2b  # a worker without seeds does without it

        text = ",".join(map(str, self.path)).encode()
        return int.from_bytes(blake2b(text, digest_size=32, person=use).digest(), "big")

    def generator(self) -> Generator:
        """The same object each time, for as long as the item runs."""
        if self._generator is None:
            numpy = numpy_random()
            seed, *indices = self.path
            sequence = numpy.SeedSequence(seed, spawn_key=tuple(indices))
            self._generator = numpy.Generator(numpy.PCG64(sequence))
        return self._generator


def rng() -> Generator:
    """The random generator of the running item.

    In a loop with ``seed=`` each item has a generator of its own, the same one for all calls
    while the item runs. Item ``i`` gets the stream of
    ``numpy.random.SeedSequence(seed).spawn(n)[i]``. Everywhere else each call gives a new
    generator that is seeded by the operating system.

    Returns:
        A `numpy.random.Generator`.

    Raises:
        ModuleNotFoundError: NumPy is not installed.

    Examples:
        >>> from clustrix import parallel, rng
        >>> @parallel(seed=7)
        ... def throw(dice):
        ...     return sum(int(n) for n in rng().integers(1, 7, size=dice))
        >>> throw([1, 2, 3]) == throw([1, 2, 3])
        True
    """
    stream = _running()
    if stream is not None:
        return stream.generator()
    made: Generator = numpy_random().default_rng()
    return made


def path_inside() -> Path | None:
    """The path of a loop without a seed: that of the item which it is in, if that has one."""
    stream = _running()
    return None if stream is None else stream.loop()


def run_seeded(
    call: Call, chunk: Chunk, watch: Watch, run: Callable[[Call, Chunk, Watch], Outcome]
) -> Outcome:
    """Run a chunk, each of its items with the stream of its index.

    Args:
        call: the loop, with a seed.
        chunk: the items.
        watch: told before each item.
        run: runs a chunk of a loop that has no seed.
    """
    assert call.seed is not None
    with Streams(call.seed, watch) as streams:
        return run(call._replace(seed=None), chunk, streams)


def seeded(call: Call, index: Callable[[], int]) -> Callable[[Any], Any]:
    """The function of one item, which runs it with its stream in the calling thread.

    Args:
        call: a loop with a seed.
        index: tells the position of the item that runs next.
    """
    assert call.seed is not None
    path, function = call.seed, call.per_item()

    def one(item: Any) -> Any:
        with lane(), Streams(path, Unwatched()) as streams:
            streams.enter(index(), [])
            return function(item)

    return one


class Streams:
    """The generators of this process, on loan to one chunk; as its watch they learn of each item.

    Args:
        seed: the path of the loop.
        watch: who else wants to know.
    """

    def __init__(self, seed: Path, watch: Watch) -> None:
        self._seed = seed
        self._watch = watch
        self._mine = False
        self._outer: Stream | None = None
        self._stream: Stream | None = None
        self._state: Any = None
        self._numpy: Legacy | None = None

    def enter(self, index: int, values: list[Any]) -> bool:
        """Give the item at ``index`` its stream."""
        if not self._watch.enter(index, values):
            return False
        if not self._mine:
            self._borrow()
        self._stream = stream = Stream((*self._seed, index))
        _state.stream = stream
        sys.modules["random"].seed(stream.key(b"random"))
        if self._numpy is not None:
            self._numpy.seed(stream.key(b"numpy.random"))
        return True

    def __enter__(self) -> Streams:
        """Nothing yet: the time that is spent waiting for others belongs to the first item."""
        self._outer = _running()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Put the generators back as they were."""
        _state.stream = self._outer
        if not self._mine:
            return
        try:
            imports.forget(self._found)
            if self._numpy is not None:
                self._numpy.restore()
            sys.modules["random"].setstate(self._state)
        finally:
            _turn.release()

    def _borrow(self) -> None:
        import random

        _turn.acquire()
        self._mine = True
        self._state = random.getstate()
        if NAME in sys.modules:
            self._numpy = Legacy(sys.modules[NAME])
        else:
            imports.listen(self._found)

    def _found(self, module: ModuleType) -> None:
        """The item has imported NumPy just now."""
        if self._numpy is None and self._stream is not None:
            self._numpy = Legacy(module)
            self._numpy.seed(self._stream.key(b"numpy.random"))
