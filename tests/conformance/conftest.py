"""The engines that the suite runs on; one more is one more entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clustrix.testing.conformance import ENGINES, Subject, make_subject

SUBJECTS = ("plain", *ENGINES)


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request: Any) -> Iterator[Subject]:
    """Each engine in turn, for a whole module."""
    made = make_subject(request.param)
    yield made
    made.close()
