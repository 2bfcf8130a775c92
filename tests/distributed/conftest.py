"""Clusters for the tests of this folder; where the libraries are missing, they are skipped."""

from __future__ import annotations

import importlib.util

import pytest

CLUSTERS = [name for name, needs in (("dask", "distributed"), ("ray", "ray"))
            if importlib.util.find_spec(needs)]  # fmt: skip
MISSING = "needs the extras: make test-distributed"

# Deprecations inside the libraries are not ours to mend.
THEIRS = ("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")


def pytest_collection_modifyitems(items):
    """Their warnings are theirs, in this folder alone."""
    for item in items:
        if "distributed" in item.path.parent.name:
            for rule in THEIRS:
                item.add_marker(pytest.mark.filterwarnings(rule))


@pytest.fixture(scope="session", params=["dask", "ray"])
def cluster(request):
    """A cluster on this machine, by its name."""
    if request.param not in CLUSTERS:
        pytest.skip(MISSING)
    return request.param


@pytest.fixture(scope="session")
def dask():
    """The library, or a skip."""
    return pytest.importorskip("distributed", reason=MISSING)


@pytest.fixture(scope="session")
def ray():
    """The library, or a skip."""
    return pytest.importorskip("ray", reason=MISSING)
