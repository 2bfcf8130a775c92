"""Every behaviour on every engine: what can be seen of the plain loop can be seen of it."""

from __future__ import annotations

import pytest

from clustrix.testing.conformance import behaviours, run_behaviour


@pytest.mark.parametrize("behaviour", behaviours(), ids=lambda one: one.id)
def test_the_engine_behaves_as_the_loop(subject, behaviour):
    """Known limits must still be limits; one that is gone fails here until its line is removed."""
    result = run_behaviour(behaviour, subject)
    if result.status == "n/a":
        pytest.skip(result.detail)
    if result.status == "limit":
        pytest.xfail(result.detail)
    assert result.status == "pass", result.detail
