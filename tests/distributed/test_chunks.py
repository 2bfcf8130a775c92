"""How a loop is cut for a cluster, and how much of it is under way at a time."""

from __future__ import annotations

from clustrix import parallel
from clustrix.execution.chunking._portions import Portions
from tests import jobs


def sizes(portions, seconds):
    """The sizes of all chunks, when each item takes so long."""
    found = []
    for chunk in portions:
        found.append(len(chunk.items))
        portions.learn(len(chunk.items), len(chunk.items) * seconds, 0)
    return found


def test_tiny_items_travel_in_thousands():
    """Some dozens of chunks at most, whatever the cluster."""
    for workers in (2, 8):
        portions = Portions(range(100_000))
        portions.seen.workers = workers
        found = sizes(portions, 1e-6)
        assert sum(found) == 100_000
        assert len(found) < 50


def test_long_items_travel_alone():
    """So that no worker waits for another at the end."""
    assert sizes(Portions(range(30)), 1.0) == [1] * 30


def test_chunks_get_shorter_towards_the_end():
    """As long as they are worth a task."""
    portions = Portions(range(2000))
    portions.seen.workers = 4
    found = sizes(portions, 0.001)
    assert max(found) <= 200
    assert found[-1] <= 20


def test_big_items_travel_in_small_numbers():
    """Bytes count, not only seconds."""

    class Big:
        def __init__(self):
            self.array = ndarray()

    ndarray = type("ndarray", (), {"__module__": "numpy", "nbytes": 1 << 24})
    portions = Portions([Big()] * 100)
    assert max(sizes(portions, 1e-6)) == 2


def test_one_slow_item_makes_small_chunks():
    """The newest figure counts."""
    portions = Portions(range(10_000))
    portions.learn(1000, 0.001, 0)
    assert portions.size > 1000
    portions.learn(100, 10.0, 0)
    assert portions.size == 2


def test_the_scheduler_of_dask_sees_some_dozens_of_tasks(dask):
    """For a hundred thousand items."""
    with (
        dask.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        seen = Seen()
        cluster.scheduler.add_plugin(seen)
        body = parallel(jobs.double, executor=client)
        assert body(range(100_000)) == [2 * x for x in range(100_000)]
        assert 2 <= len(seen.keys) < 50
        assert seen.most < 10, "under way at a time"
        assert client.status == "running", "a client of somebody else's stays as it is"


def plugin_base():
    """The class that a scheduler's listeners have in common; a plain one without Dask."""
    try:
        from distributed.diagnostics.plugin import SchedulerPlugin
    except ImportError:
        return object
    return SchedulerPlugin


class Seen(plugin_base()):
    """Notes the tasks that a scheduler hears of."""

    name = "seen"

    def __init__(self):
        self.keys, self.live, self.most = set(), set(), 0

    def transition(self, key, start, finish, *args, **kwargs):
        """Called by the scheduler at every step of a task."""
        if start == "released" and finish in ("waiting", "queued", "processing", "no-worker"):
            self.keys.add(key)
            self.live.add(key)
            self.most = max(self.most, len(self.live))
        elif finish in ("memory", "erred", "forgotten"):
            self.live.discard(key)
