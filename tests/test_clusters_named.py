"""How a cluster is named: what is taken, what is refused, and what is said without its library."""

from __future__ import annotations

import importlib.util

import pytest

from clustrix import parallel
from clustrix._model import Options, cluster_kind
from tests.jobs import double
from tests.test_import import loaded


def class_like(name, module):
    """A class that calls itself so."""
    return type(name, (), {"__module__": module})


@pytest.mark.parametrize("said", ["dask", "ray", "dask://host:8786", "ray://host:10001"])
def test_names_and_addresses(said):
    """Are taken as they are; nobody is asked before a loop runs."""
    assert Options(executor=said).executor == said
    assert cluster_kind(said) == said.partition(":")[0]
    plan = parallel(double, executor=said).explain(range(10))
    assert (plan.engine, plan.workers, plan.chunk_size) == (said, 0, 0)
    assert str(plan).startswith(f"double(): {said}, all its workers, chunks by measured time,")


def test_what_was_said_stays():
    """The number of workers and the size of chunks."""
    plan = parallel(double, executor="dask", max_workers=3, chunk_size=5).explain(range(10))
    assert (plan.workers, plan.chunk_size) == (3, 5)
    assert "dask, 3 workers, chunks of 5 items" in str(plan)


def test_a_client_is_known_by_its_class():
    """And by those that it inherits from; nothing is imported for that."""
    client = class_like("Client", "distributed.client")
    assert cluster_kind(client()) == "dask"
    assert cluster_kind(type("Mine", (client,), {})()) == "dask"
    assert cluster_kind(class_like("Client", "redis.client")()) is None
    plan = parallel(double, executor=client()).explain(range(10))
    assert plan.engine == "dask"


@pytest.mark.parametrize(("wrong", "hint"), [
    ("dsk", "Did you mean 'dask'?"), ("rey", "Did you mean 'ray'?"),
    ("processs", "Did you mean 'processes'?"),
    ("dsk://host:1", "Did you mean 'dask://host:1'?"),
    ("tcp://host:8786", "Did you mean 'dask://host:8786'?"),
    ("dask://", "write dask://host:port"), ("ray://", "write ray://host:port"),
])  # fmt: skip
def test_mistakes_name_what_was_meant(wrong, hint):
    """Where the decorator stands."""
    with pytest.raises(ValueError, match="executor=") as caught:
        parallel(double, executor=wrong)
    assert hint in str(caught.value)


def test_other_clients_are_refused():
    """With what would be taken."""
    with pytest.raises(TypeError, match="Dask client, not Client"):
        parallel(double, executor=class_like("Client", "redis.client")())


@pytest.mark.parametrize(("name", "needs"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_library_says_how_to_get_it(name, needs):
    """The command can be copied."""
    if importlib.util.find_spec(needs):
        pytest.skip(f"{needs} is installed")
    with pytest.raises(ModuleNotFoundError, match=rf'pip install "clustrix\[{name}\]"'):
        parallel(double, executor=name)([1, 2])


def test_naming_one_imports_nothing():
    """Neither at the decorator nor for a plan."""
    program = (
        "from clustrix import parallel\n"
        "for name in ('dask', 'ray', 'dask://host:1'):\n"
        "    parallel(len, executor=name).explain(['a', 'b'])"
    )
    assert not loaded(program) & {"dask", "distributed", "ray"}
