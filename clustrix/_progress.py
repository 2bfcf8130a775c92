"""How far a loop is: counted in items, told now and then, and never in the way.

    outcomes ──> Tally ──> ten times a second ──> a callable of the user's,
                                                  tqdm, where it is installed,
                                                  or a line on a terminal's standard error

What is told is told in the calling thread.  Where standard error is no terminal, there is nobody
to look at a line, and nothing is written.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from clustrix._model import Call, Options
from clustrix._records import describe

__all__ = ["Progress", "Tally", "make_tally", "run_told", "told"]

# Seconds between two reports.
INTERVAL = 0.1

# The rate is the mean at first, then that of the last seconds, older ones fading.
MEMORY = 5.0

# Values of a stream between two looks at the clock: so many at most, and so many seconds.
MOST_UNSEEN, SECONDS_UNSEEN = 1000, 0.02


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a loop is.

    Attributes:
        done: items that are finished.
        total: items altogether; ``None`` when nobody knows.
        seconds: since the loop began.
        rate: items for each second of late; 0.0 until one is finished.
        remaining: seconds that the rest will take at that rate; ``None`` when nobody knows.

    Examples:
        >>> print(Progress(30, 120, seconds=6.0, rate=5.0, remaining=18.0))
        30 of 120 items (25 %), 5.0/s, 18 s left
        >>> print(Progress(30, None, seconds=6.0, rate=5.0, remaining=None))
        30 items, 5.0/s
    """

    done: int
    total: int | None
    seconds: float
    rate: float
    remaining: float | None

    def __str__(self) -> str:
        if self.total is None:
            head = f"{self.done} item{'' if self.done == 1 else 's'}"
        else:
            share = 100 * self.done // self.total if self.total else 100
            head = f"{self.done} of {self.total} items ({share} %)"
        left = "" if not self.remaining else f", {_span(self.remaining)} left"
        return f"{head}, {_rate(self.rate)}/s{left}"


class Display(Protocol):
    """Something that shows progress."""

    def show(self, progress: Progress) -> object:
        """Show how far it is."""

    def clear(self) -> object:
        """Make room for other text; the next `show` comes back."""

    def close(self, progress: Progress | None) -> object:
        """Leave the end on display; with ``None`` leave nothing."""


class Tally:
    """Counts the items of one loop.

    Args:
        display: what shows it.
        total: items altogether; ``None`` when nobody knows.
    """

    def __init__(self, display: Display, total: int | None) -> None:
        self._display = display
        self._total = total
        self._done = 0
        self._running = 0
        self._start = self._last = time.perf_counter()
        self._shown = 0
        self._rate = 0.0

    def __enter__(self) -> Tally:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running = 0
        self._display.close(None if kind is not None else self._progress(time.perf_counter()))

    def add(self, count: int) -> int:
        """So many items more are finished.

        Returns:
            How many more may pass before it is worth saying so again.
        """
        self._done += count
        self._running = max(0, self._running - count)
        self._look()
        return 1 + min(MOST_UNSEEN, int(self._rate * SECONDS_UNSEEN))

    def running(self, count: int) -> None:
        """So many items are finished in chunks that are not."""
        self._running = count
        self._look()

    def clear(self) -> None:
        """Make room for text that is about to be written."""
        self._display.clear()

    def _look(self) -> None:
        now = time.perf_counter()
        if now - self._last >= INTERVAL:
            self._display.show(self._progress(now))

    def _progress(self, now: float) -> Progress:
        done = max(self._shown, self._done + self._running)
        if self._total is not None:
            done = min(done, self._total)
        since, seconds = now - self._last, now - self._start
        if since > 0 and done > self._shown:
            latest = (done - self._shown) / since
            self._rate += since / min(seconds, MEMORY) * (latest - self._rate)
            self._shown, self._last = done, now
        rest = None if self._total is None or not self._rate else self._total - done
        remaining = None if rest is None else rest / self._rate
        return Progress(done, self._total, seconds, self._rate, remaining)


def make_tally(said: object, total: int | None, name: str) -> Tally | None:
    """What counts a loop, if anybody wants to know.

    Args:
        said: ``True`` for a display, a callable that gets each `Progress`, else nothing.
        total: items altogether; ``None`` when nobody knows.
        name: of the function that runs.
    """
    if callable(said):
        return Tally(_Told(said), total)
    if not said or sys.stderr is None or not sys.stderr.isatty():
        return None
    try:
        tqdm: Any = importlib.import_module("tqdm").tqdm
    except ImportError:
        return Tally(_Line(name), total)
    return Tally(_Bar(tqdm(total=total, desc=name, unit="item", file=sys.stderr)), total)


def run_told(run: Callable[..., list[Any]], call: Call, options: Options) -> list[Any]:
    """The results of a loop that is counted: ``run(call, options, tally)``."""
    tally = make_tally(options.progress, len(call.items), describe(call.function))
    if tally is None:
        return run(call, options)
    with tally:
        return run(call, options, tally)


def told(values: Generator[Any, None, None], tally: Tally) -> Generator[Any, None, None]:
    """The values of a stream, counted as they leave."""
    unseen, most = 0, 1
    with tally, closing(values):
        for value in values:
            yield value
            unseen += 1
            if unseen >= most:
                most = tally.add(unseen)
                unseen = 0
        tally.add(unseen)


class _Told:
    """A callable of the user's; what it raises ends the loop, as an error of the caller's own."""

    def __init__(self, report: Callable[[Progress], object]) -> None:
        self.show = report

    def clear(self) -> None:
        """There is nothing on display."""

    def close(self, progress: Progress | None) -> None:
        """Tell the end."""
        if progress is not None:
            self.show(progress)


class _Line:
    """One line on standard error, written again and again."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._width = 0

    def show(self, progress: Progress) -> None:
        import shutil  # brings all kinds of archives; most programs show no line

        columns = shutil.get_terminal_size().columns or 80  # some terminals say 0
        text = f"{self._name}(): {progress}"[: max(0, columns - 1)]
        # Carriage returns and spaces work on every terminal.
        self._write(f"\r{text:<{self._width}}")
        self._width = len(text)

    def clear(self) -> None:
        if self._width:
            self._write(f"\r{'':<{self._width}}\r")
            self._width = 0

    def close(self, progress: Progress | None) -> None:
        if progress is None:
            self.clear()
        else:
            self.show(progress)
            self._write("\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class _Bar:
    """The bar of tqdm."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def show(self, progress: Progress) -> None:
        self._bar.update(progress.done - self._bar.n)

    def clear(self) -> None:
        self._bar.clear()

    def close(self, progress: Progress | None) -> None:
        if progress is None:
            self._bar.leave = False
        else:
            self.show(progress)
        self._bar.close()


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.2g}" if rate < 1 else f"{rate:.1f}"


def _span(seconds: float) -> str:
    """A time that a person reads: ``1 h 05 min``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 1 else "1 s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
