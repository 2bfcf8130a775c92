"""The calling thread by itself, by clocks that the items turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustrix._model import Call, Machine, Plan
from clustrix.execution._engines import Engines
from clustrix.execution.adapting import _alone, _meter
from clustrix.execution.adapting._adaptive import AdaptiveLoop
from clustrix.execution.adapting._alone import BATCH, LOOK, LOOKS
from clustrix.execution.adapting._meter import Clocks
from clustrix.execution.adapting._slow_start import MANY
from clustrix.execution.deciding._cost import Decision
from clustrix.execution.deciding._figures import NOTHING_KNOWN
from clustrix.execution.deciding._memory import Known


class Trial:
    """A loop whose items take what is said, by clocks of its own.

    Attributes:
        looks: at which item it was decided what to do, and what an item had cost then.
        compared: whether a decision to finish was one between several ways.
    """

    def __init__(self, patch: Any, cost: Callable[[int], float], known: float | None) -> None:
        self.now = 0.0
        self.cost = cost
        self.known = known
        self.compared = False
        self.looks: list[tuple[int, float]] = []
        patch.setattr(
            _meter, "read_clocks", lambda: Clocks(self.now, self.now, self.now, 0.0, 0.0, 0.0)
        )

    def run(self, count: int, **more: Any) -> Any:
        def work(x: int) -> int:
            self.now += self.cost(x)
            return -x

        loop = AdaptiveLoop(
            Call(work, range(count), **more),
            None,
            None,
            lambda: Plan("serial", 1),
            Engines(1),
            machine=Machine(cpus=2),
        )
        loop.known, loop.figures = None, NOTHING_KNOWN  # other trials have left something
        if self.known is not None:
            wall = self.known
            figures = NOTHING_KNOWN._replace(wall=wall, cpu=wall, process_cpu=wall)
            loop.known, loop.figures = Known(figures, ""), figures

        def decide(left: int | None = None) -> Decision:
            self.looks.append((loop.next, loop.figures.wall))
            return Decision("finish", 1, "", seconds=float(self.compared))

        loop.decide = decide  # type: ignore[method-assign]
        return loop.run()


@pytest.fixture
def trial(monkeypatch: Any) -> Callable[..., Trial]:
    """Makes trials."""
    return lambda cost, known=None: Trial(monkeypatch, cost, known)


@given(
    costs=st.lists(st.sampled_from([1e-8, 1e-6, 1e-4, 1e-2]), min_size=1, max_size=60),
    known=st.none() | st.sampled_from([1e-8, 1e-5, 1e-2]),
)
def test_every_item_runs_once_and_in_order(costs, known):
    """However cheap they are, and whatever was known before."""
    with pytest.MonkeyPatch.context() as patch:
        trial = Trial(patch, lambda x: costs[x], known)
        assert trial.run(len(costs)) == [-x for x in range(len(costs))]


def test_a_change_is_noticed_within_the_call(trial):
    """Items become a thousand times dearer: it is looked at within a few batches' work."""
    loop = trial(lambda x: 1e-6 if x < 10_000 else 1e-3, known=1e-6)
    loop.run(20_000)
    first = next(at for at, wall in loop.looks if wall > 1e-4)
    assert first < 10_000 + 2 * BATCH / 1e-6


def test_what_was_not_worth_sharing_is_decided_once(trial):
    """Fewer items of the same kind are not worth it either."""
    loop = trial(lambda x: 1e-5)
    loop.compared = True
    loop.run(20_000)
    assert len(loop.looks) == 1


def test_it_is_decided_again_when_items_become_dearer(trial):
    """By a third, and for each time that they do."""
    loop = trial(lambda x: 1e-5 * 1.35 ** (x // 5_000))
    loop.compared = True
    loop.run(20_000)
    assert 2 <= len(loop.looks) <= 8
    assert loop.looks[-1][1] > 2e-5


def test_what_is_cheaper_than_it_was_is_not_believed_at_once(trial):
    """A first item that takes nothing says little of the others."""
    loop = trial(lambda x: 1e-7 if x == 0 else 5e-3, known=5e-3)
    loop.run(100)
    assert loop.looks[0][0] < 10


@pytest.mark.parametrize("wall", [1e-6, 3e-5, 1.3e-4, 2.4e-4, 2.6e-4, 3.4e-4, 4.5e-4, 4.9e-4])
@pytest.mark.parametrize("now", [0.7, 0.99, 1.3])
def test_a_loop_of_some_milliseconds_is_decided_upon_near_its_beginning(trial, wall, now):
    """However its items fit into a first look, and though they take a bit less than they did."""
    loop = trial(lambda x: now * wall, known=wall)
    count = int(0.009 / wall)
    loop.run(count)
    assert loop.looks
    assert loop.looks[0][0] <= count / 8


def test_one_slow_moment_decides_nothing(trial):
    """Another program had the processor for a while: it is looked at once more."""
    loop = trial(lambda x: 0.02 if x == 3000 else 1e-6, known=1e-6)
    loop.run(20_000)
    assert loop.looks
    assert all(wall < 4e-6 for _, wall in loop.looks)


def test_cheap_items_run_in_one_comprehension(trial):
    """Joining the values of batches would take longer than the items."""
    values = trial(lambda x: 1e-7, known=1e-7).run(200_000)
    assert values == [-x for x in range(200_000)]


def test_nothing_is_decided_before_there_is_anything_to_see(trial):
    """What items have taken counts, not what was done around them."""
    loop = trial(lambda x: 1e-6)
    loop.run(5_000)
    assert loop.looks[0][0] * 1e-6 >= LOOK / 2


@pytest.mark.parametrize("cost", [1e-7, 1e-3])
def test_trouble_between_batches_is_no_items_fault(trial, cost):
    """It carries no note that names one."""
    loop = trial(lambda x: cost, known=cost)
    loop.looks = None  # so that noting a look fails
    with pytest.raises(AttributeError) as caught:
        loop.run(100_000)
    assert not getattr(caught.value, "__notes__", [])


def test_the_tally_hears_of_every_batch(monkeypatch):
    """And of each item once."""
    heard: list[int] = []
    monkeypatch.setattr(AdaptiveLoop, "tally", staticmethod(heard.append))
    Trial(monkeypatch, lambda x: 1e-7, 1e-7).run(300_000)
    assert sum(heard) == 300_000
    assert len(heard) > 2


@pytest.mark.parametrize(("count", "helped"), [(MANY, True), (MANY + 1, False)])
def test_a_first_item_is_not_waited_for_where_it_counts(trial, monkeypatch, count, helped):
    """Of very many items one is nothing, and a helper takes longer to start than cheap ones do."""
    asked = []
    monkeypatch.setattr(_alone, "SlowStart", lambda owner: asked.append(owner) or _Nobody())
    trial(lambda x: 1e-7).run(count)
    assert bool(asked) == helped


class _Nobody:
    """A helper that has started nothing."""

    def over(self, *, cancel: bool) -> None:
        """The first item is done."""


@given(count=st.integers(20, 2000), share=st.floats(0.05, 0.95), known=st.none() | st.just(1e-3))
def test_dear_items_behind_cheap_ones_are_seen_when_they_begin(count, share, known):
    """Much of what is cheap is done already: the loop is not over in one piece with the others."""
    first = int(share * count)
    with pytest.MonkeyPatch.context() as patch:
        trial = Trial(patch, lambda x: 0.002 if x >= first else 1e-7, known)
        assert trial.run(count) == [-x for x in range(count)]
    seen = [done for done, wall in trial.looks if done > first]
    part = -(-count // LOOKS)
    # Two batches: behind the first one it may have been another program that had the processor.
    assert count - first <= 2 * part or seen[0] <= first + 2 * part


def test_a_known_loop_that_stays_cheap_is_cut_as_seldom_as_ever(trial):
    """Items that cost what they did are looked at as a batch of some milliseconds is done."""
    cheap = trial(lambda x: 1e-7, known=1e-7)
    cheap.run(10_000)
    assert len(cheap.looks) <= 2
