"""Random numbers belong to the item: the same on every engine, and the caller's stay unmoved."""

from __future__ import annotations

import functools
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import choice as captured_choice
from random import getrandbits
from random import random as captured

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import normal as captured_normal

from clustrix import LocalExecutor, TaskTimeout, configure, parallel, rng
from clustrix.execution.lanes import _random
from clustrix.execution.lanes._random import Stream
from tests.strategies import chunk_sizes, worker_counts

seeds = st.integers(0, 2**80)


def draw(x, count=2):
    """From every generator there is, as a program may have imported it."""
    numbers = [captured(), random.random(), random.gauss(0, 1), getrandbits(64)]
    numbers += [captured_choice(range(1000)), *random.sample(range(1000), 3)]
    numbers += [float(captured_normal()), int(numpy.random.randint(1 << 30))]
    numbers += rng().integers(1 << 30, size=count).tolist()
    return [x, *numbers]


def draw_all(xs):
    """For one item, or for a chunk."""
    return draw(xs) if isinstance(xs, int) else [draw(x) for x in xs]


def draw_plain(x):
    """From the standard library alone."""
    return captured(), random.random()


def draw_unseeded(x):
    """Numbers that hardly ever come twice, with a moment for other lanes."""
    time.sleep(0.001)
    return [captured(), captured_choice(range(1 << 60)), float(captured_normal()), random.random()]


def draw_inside(x):
    """From loops in the item, from the item itself, and from an ordinary call."""
    first = [inner(range(3)), random.random(), inner(range(3)), inner(7)]
    return [*first, seeded(range(3)), float(rng().random()), draw(x)]


inner = parallel(draw, max_workers=2, executor="threads")
seeded = parallel(draw, max_workers=2, seed=1)


@pytest.fixture(autouse=True)
def _nothing_moves():
    """Whatever a test does, the caller's generators are where they were."""
    random.seed(5)
    random.gauss(0, 1)
    numpy.random.seed(5)
    numpy.random.normal()
    before = random.getstate(), numpy.random.get_state(legacy=False)
    yield
    after = random.getstate(), numpy.random.get_state(legacy=False)
    assert after[0] == before[0]
    assert repr(after[1]) == repr(before[1])
    assert after[1]["state"]["key"].tolist() == before[1]["state"]["key"].tolist()


def plainly(seed, function, items):
    """One item after the other, each in a loop that skips all others."""

    def one(x):
        return function(x) if x == wanted else None

    run = parallel(one, seed=seed, executor="serial")
    results = []
    for wanted in items:  # noqa: B007 - read by the function
        results += [value for value in run(items) if value is not None]
    return results


@given(seed=seeds, count=st.integers(0, 12), size=chunk_sizes, workers=worker_counts)
def test_the_same_numbers_however_it_runs(executor, seed, count, size, workers):
    """Any engine, any number of workers, any chunks: the stream of the index."""
    body = parallel(draw, executor=executor, seed=seed, chunk_size=size, max_workers=workers)
    expected = plainly(seed, draw, range(count))
    assert body(range(count)) == expected
    assert body(range(count)) == expected


def test_the_same_numbers_where_the_loop_measures_itself():
    """Here, and on worker processes."""

    def slow(x):
        time.sleep(0.002)
        return sum(k * k for k in range(20000)), draw(x)

    expected = parallel(slow, executor="serial", seed=3)(range(60))
    assert parallel(slow, seed=3)(range(60)) == expected
    assert parallel(draw, seed=3)(range(60)) == [value for _, value in expected]


def test_the_generator_is_what_numpy_would_spawn(engine):
    """So that an item can be computed again without us."""
    children = numpy.random.SeedSequence(42).spawn(5)
    expected = [numpy.random.Generator(numpy.random.PCG64(one)).random() for one in children]
    body = parallel(lambda x: rng().random(), executor=engine, seed=42, max_workers=2)
    assert body(range(5)) == expected


def test_no_two_items_share_numbers(executor):
    """With a seed; not even a stream of one generator with that of another."""
    body = parallel(draw, executor=executor, seed=0, max_workers=2)
    numbers = [number for _, *numbers in body(range(50)) for number in (*numbers[:3], numbers[8])]
    assert len(set(numbers)) == len(numbers)


def test_without_a_seed_no_two_items_share_numbers(executor):
    """As in the plain loop: a worker does not begin where the caller or another worker is."""

    def fresh(x):
        time.sleep(0.001)
        numbers = [random.random(), float(numpy.random.random()), rng().random(), captured()]
        return [*numbers, captured_choice(range(1 << 60)), float(captured_normal())]

    def importable(x):
        return draw_unseeded(x)

    for function in (fresh, importable):  # by value, and by name
        body = parallel(function, executor=executor, max_workers=2, chunk_size=1)
        with _moving():
            numbers = [number for item in [*body(range(30)), *body(range(30))] for number in item]
        assert len(set(numbers)) == len(numbers)


class _moving:
    """Lets a test use the caller's generators."""

    def __enter__(self):
        self.states = random.getstate(), numpy.random.get_state()

    def __exit__(self, *_):
        random.setstate(self.states[0])
        numpy.random.set_state(self.states[1])


def test_other_seeds_other_numbers():
    """Also neighbours."""
    found = [parallel(draw_plain, executor="serial", seed=seed)([0])[0] for seed in range(100)]
    assert len(set(found)) == 100


@given(seed=seeds, size=chunk_sizes, workers=worker_counts)
def test_loops_in_loops(executor, seed, size, workers):
    """One without a seed goes by the item that it is in."""
    body = parallel(draw_inside, executor=executor, seed=seed, chunk_size=size, max_workers=workers)
    results = body(range(3))
    assert results == parallel(draw_inside, executor="serial", seed=seed)(range(3))
    for first, _, second, *_ in results:
        assert [row[1:] for row in first] != [row[1:] for row in second]


def test_an_ordinary_call_has_nothing_to_do_with_it():
    """One item called directly is the function itself."""
    body = parallel(draw, seed=3)
    with _moving():
        random.seed(9)
        numpy.random.seed(9)
        expected = draw(1)[:-2]
        random.seed(9)
        numpy.random.seed(9)
        assert body(1)[:-2] == expected


def test_failures_leave_the_generators_alone(executor):
    """And the streams of the other items as well."""

    def body(x):
        if x % 3 == 1:
            raise LookupError(draw(x))
        return draw(x)

    collected = parallel(body, executor=executor, seed=8, on_error="collect", max_workers=2)
    found = [one.args[0] if isinstance(one, LookupError) else one for one in collected(range(9))]
    assert found == parallel(draw, executor="serial", seed=8)(range(9))
    with pytest.raises(LookupError) as caught:
        parallel(body, executor=executor, seed=8, max_workers=2)(range(9))
    assert caught.value.args[0] == found[1]


def test_loops_of_several_threads_at_the_same_time():
    """The generators are lent to one chunk at a time."""
    ready = threading.Barrier(4)

    def run(seed):
        ready.wait(60)
        return parallel(draw, executor="serial", seed=seed, max_workers=2, chunk_size=2)(range(20))

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(run, range(4)))
    assert results == [plainly(seed, draw, range(20)) for seed in range(4)]


def test_an_item_that_is_out_of_time_on_threads():
    """Those behind it are run when it lets go; it counts as their time, and nothing hangs."""
    release, drawn = threading.Event(), threading.Event()

    def body(x):
        if x == 0:
            release.wait(60)
        value = draw(x)
        if x == 1:
            drawn.set()
        return value

    run = parallel(body, executor="threads", seed=1, timeout=0.2, on_error="collect")
    try:
        first, second = run(range(2))
    finally:
        release.set()
        assert drawn.wait(60)
        with _random._turn:  # both have let go
            pass
    assert type(first) is TaskTimeout
    assert type(second) is TaskTimeout
    expected = plainly(1, draw, range(2))
    assert parallel(draw, executor="threads", seed=1)(range(2)) == expected


def test_a_program_with_another_kind_of_global_generator():
    """NumPy lets it be exchanged; it is put back."""
    kept = numpy.random.get_bit_generator()
    body = parallel(draw, executor="serial", seed=4)
    expected = body(range(3))
    try:
        numpy.random.set_bit_generator(numpy.random.PCG64(1))
        before = numpy.random.get_state(legacy=False)
        assert body(range(3)) == expected
        assert numpy.random.get_state(legacy=False) == before
    finally:
        numpy.random.set_bit_generator(kept)
        numpy.random.seed(5)
        numpy.random.normal()


LATE = """
import sys
from clustrix import parallel

@parallel(executor={executor!r}, seed=6, max_workers=2, chunk_size={size})
def late(x):
    from numpy.random import random
    first = float(random())
    return first, inner([x])

@parallel
def inner(x):
    import numpy
    return float(numpy.random.random())

assert "numpy" not in sys.modules
print(late(range(4)))
import numpy
assert not any(type(one).__name__ == "Imports" for one in sys.meta_path)
print(numpy.random.random())
"""


def test_an_item_that_imports_numpy():
    """Its stream begins when NumPy is there; the generator that it finds is put back."""

    def printed(executor, size):
        program = LATE.format(executor=executor, size=size)
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    runs = [printed(*how) for how in (("serial", 4), ("threads", 1), ("processes", 1))]
    assert len({numbers for numbers, _ in runs}) == 1
    assert len({left for _, left in runs}) == len(runs)


@pytest.mark.parametrize("how", ["said", "proved"])
def test_whole_chunks(engine, how):
    """They have the stream of their first item; so it must be said where they are cut."""

    def body(xs):
        return [(x, random.random()) for x in xs]

    said = {"batched": True} if how == "said" else {}
    run = parallel(body, executor=engine, seed=2, chunk_size=3, max_workers=2, **said)
    results = run(range(7))
    assert results == parallel(body, executor="serial", seed=2, chunk_size=3, **said)(range(7))
    assert [x for x, _ in results] == list(range(7))
    with pytest.raises(ValueError, match="say chunk_size="):
        parallel(body, executor=engine, seed=2, max_workers=2, **said)(range(7))


def test_plans_keep_off_threads():
    """Unless they were asked for; then items take turns, and the plan says so."""

    def waits(x):
        time.sleep(0)
        return draw(x)

    lock = threading.Lock()

    def stuck(x):
        with lock:
            return draw(x)

    assert parallel(waits).explain(range(9)).engine == "threads"
    assert parallel(waits, seed=1).explain(range(9)).engine == "processes"
    assert parallel(stuck).explain(range(9)).engine == "threads"
    assert parallel(stuck, seed=1).explain(range(9)).engine == "serial"
    plan = parallel(waits, seed=1, executor="threads", max_workers=4).explain(range(9))
    assert (plan.engine, plan.workers) == ("threads", 1)
    assert "items take turns there (PL301)" in str(plan)
    assert parallel(stuck, seed=1)(range(9)) == plainly(1, draw, range(9))
    codes = {finding.code for finding in parallel(draw).explain(range(9)).findings}
    assert "RN101" in codes
    codes = {finding.code for finding in parallel(draw, seed=1).explain(range(9)).findings}
    assert "RN101" not in codes


def test_seeds_are_integers_from_nothing_up():
    """NumPy's, too; anything else is an error where the decorator stands."""
    one = parallel(draw, executor="serial", seed=numpy.int64(7))
    assert one([1]) == parallel(draw, executor="serial", seed=7)([1])
    for bad in ("7", b"7", 7.0, True, [7]):
        with pytest.raises(TypeError, match="seed must be an integer"):
            parallel(draw, seed=bad)
    with pytest.raises(ValueError, match="seed must be 0 or greater"):
        parallel(draw, seed=-1)


def test_a_seed_may_be_configured(executor):
    """Then every loop without one goes by it."""
    expected = parallel(draw, executor="serial", seed=11)(range(4))
    with configure(seed=11):
        assert parallel(draw, executor=executor, max_workers=2)(range(4)) == expected
        assert parallel(draw, executor="serial", seed=12)(range(4)) != expected


def test_the_executor_takes_a_seed():
    """As a keyword, like the other options of a loop."""
    with LocalExecutor(max_workers=2) as executor:
        found = executor.execute_loop_parallel(draw, "x", range(4), seed=11)
    assert found == parallel(draw, executor="serial", seed=11)(range(4))


def test_streams_are_spread_well():
    """Neighbouring items of neighbouring seeds: every bit is as often set as not."""
    keys = [Stream((seed, index)).key(b"random") for seed in range(40) for index in range(40)]
    assert len(set(keys)) == 1600
    for bit in range(256):
        ones = sum(key >> bit & 1 for key in keys)
        assert 600 < ones < 1000  # ten standard deviations


def test_a_worker_that_knows_the_function_gets_the_new_seed():
    """What is kept for the next loop is kept by its seed, too."""
    seeds = (1, 1, 2, None, 1, None, 2)
    with LocalExecutor(max_workers=1) as executor:
        loop = functools.partial(executor.execute_loop_parallel, draw_plain, "x", range(4))
        found = [loop(seed=seed) for seed in seeds]
    for seed, numbers in zip(seeds, found, strict=True):
        if seed is not None:
            assert numbers == parallel(draw_plain, executor="serial", seed=seed)(range(4))
    assert len({tuple(numbers) for numbers in found}) == 4


@given(
    seed=seeds,
    count=st.integers(0, 12),
    size=chunk_sizes.filter(lambda size: size is None or size < 9),
    ordered=st.booleans(),
)
def test_streams_draw_the_same_numbers(executor, seed, count, size, ordered):
    """Also while the consumer draws numbers of its own."""
    run = parallel(draw, executor=executor, seed=seed, chunk_size=size, max_workers=2)
    found = []
    for value in run.stream(range(count), ordered=ordered):
        found.append(value if ordered else value[1])
    assert sorted(found) == plainly(seed, draw, range(count))


def test_a_stream_leaves_its_consumer_the_generators(executor):
    """Between two values they go on where they were."""
    random.seed(3)
    expected = [random.random() for _ in range(5)]
    random.seed(3)
    for options in ({}, {"batched": True, "chunk_size": 2}):
        random.seed(3)
        run = parallel(draw_all, executor=executor, seed=1, max_workers=2, **options)
        assert [random.random() for _ in run.stream(range(5))] == expected
    random.seed(5)
    random.gauss(0, 1)


class _Attentive(ThreadPoolExecutor):
    """Its caller hears of nothing before ``begun`` is set."""

    def __init__(self, workers, begun):
        super().__init__(workers)
        self.begun = begun

    def submit(self, *args, **kwargs):
        future = super().submit(*args, **kwargs)
        told = future.result

        def result(timeout=None):
            assert self.begun.wait(30)
            return told(timeout)

        future.result = result
        return future


class _Holds:
    """Its items hold the generators until the test says so, or the caller has waited for them."""

    def __init__(self, fails):
        self.fails = fails
        self.begun, self.left = threading.Event(), threading.Event()

    def __call__(self, x):
        drawn = draw(x)
        if x:
            self.begun.set()
            self.left.wait(0.3)
        elif self.fails:
            raise LookupError
        return drawn


def test_a_stream_that_is_closed_has_the_generators_back():
    """Its consumer goes on when the item that runs has given them back, not before."""
    body, before = _Holds(fails=False), random.getstate()
    run = parallel(body, executor="threads", seed=8, timeout=60, chunk_size=1)
    values = run.stream(range(9))
    next(values)
    assert body.begun.wait(30)
    values.close()
    after = random.getstate()
    body.left.set()
    assert after == before


def test_a_loop_that_fails_has_the_generators_back():
    """Also where the items behind the failure are on the threads of somebody else."""
    body, before = _Holds(fails=True), random.getstate()
    with _Attentive(2, body.begun) as pool:
        with pytest.raises(LookupError):
            parallel(body, executor=pool, seed=8, chunk_size=1)(range(9))
        after = random.getstate()
        body.left.set()
    assert after == before


def test_streams_that_measure_themselves():
    """In the consuming thread, on workers, and back."""

    def slow(x):
        if x % 50 < 25:
            sum(k * k for k in range(20000))
        return draw(x)

    expected = parallel(slow, executor="serial", seed=9)(range(200))
    assert list(parallel(slow, seed=9).stream(iter(range(200)))) == expected
    found = parallel(slow, seed=9, on_error="collect").stream(range(200), ordered=False)
    assert [value for _, value in sorted(found)] == expected
