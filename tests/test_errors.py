"""Everything that a user may catch."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import BrokenExecutor

import pytest

import clustrix
from clustrix import errors

KINDS = [
    (errors.LoopVariableError, TypeError, {}),
    (errors.NotPicklableError, TypeError, {"path": "args[0].lock", "item": 3}),
    (errors.WorkerDied, BrokenExecutor, {"item": 3, "exitcode": -9}),
    (errors.TaskTimeout, TimeoutError, {"item": 3, "timeout": 1.5}),
]


@pytest.mark.parametrize(("kind", "base", "attributes"), KINDS)
def test_ours_and_the_languages_own(kind, base, attributes):
    """``except ClustrixError`` catches all, and so does the usual class for each."""
    assert issubclass(kind, errors.ClustrixError)
    assert issubclass(kind, base)
    assert getattr(clustrix, kind.__name__) is kind


@pytest.mark.parametrize(("kind", "base", "attributes"), KINDS)
def test_message_and_attributes(kind, base, attributes):
    """The message is the text; the facts are attributes."""
    error = kind("message", **attributes)
    assert str(error) == "message"
    assert {name: getattr(error, name) for name in attributes} == attributes


@pytest.mark.parametrize(("kind", "base", "attributes"), KINDS)
def test_defaults(kind, base, attributes):
    """Nothing is known unless said."""
    error = kind()
    assert str(error) == ""
    assert {getattr(error, name) for name in attributes} <= {None, ""}


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
@pytest.mark.parametrize(("kind", "base", "attributes"), KINDS)
def test_errors_travel(kind, base, attributes, clone):
    """From a worker, with their facts."""
    error = clone(kind("message", **attributes))
    assert type(error) is kind
    assert str(error) == "message"
    assert {name: getattr(error, name) for name in attributes} == attributes


def test_facts_are_keyword_only():
    """A number alone says nothing."""
    for kind, _, attributes in KINDS:
        if attributes:
            with pytest.raises(TypeError):
                kind("message", 3)


def test_the_warning_is_a_user_warning():
    """It can be filtered by its class, and is no error."""
    assert issubclass(errors.SharedStateWarning, UserWarning)
    assert not issubclass(errors.SharedStateWarning, errors.ClustrixError)


def test_the_leaf_lists_all_that_it_holds():
    """No error class hides."""
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == "clustrix.errors"
    }
    assert defined == set(errors.__all__)
    assert defined <= set(clustrix.__all__)
