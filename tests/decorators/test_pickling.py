"""Decorated functions travel as functions do."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

from clustrix import parallel
from tests.decorators import targets
from tests.decorators.targets import Offset, Tool


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "name", ["square", "factorial", "squares_below", "wrapped_outside", "wrapped_inside"]
)
def test_importable_functions_pickle_by_name(name, protocol):
    """With the standard pickle; the very object comes back."""
    function = getattr(targets, name)
    packed = pickle.dumps(function, protocol)
    assert pickle.loads(packed) is function
    assert len(packed) < 100


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["scale", "make", "make_too"])
def test_bound_methods_pickle_with_their_owner(name, protocol):
    """As bound methods do."""
    bound = getattr(Tool(4), name)
    assert pickle.loads(pickle.dumps(bound, protocol))([1, 2]) == bound([1, 2])


@pytest.mark.parametrize("name", ["scale", "helper", "helper_too", "make", "make_too"])
def test_what_the_class_gives_pickles(name):
    """Functions, static methods and class methods, through the class."""
    function = getattr(Tool, name)
    back = pickle.loads(pickle.dumps(function))
    args = (Tool(4),) if name == "scale" else ()
    assert back(*args, [1, 2]) == function(*args, [1, 2])


def test_instances_with_decorated_methods_pickle():
    """Nothing of the decoration is stored on them."""
    assert pickle.loads(pickle.dumps(Tool(4))).scale([1]) == [7]
    assert pickle.loads(pickle.dumps(Offset(4))).add([1]) == [5]
    assert copy.deepcopy(Offset(4)).add([1]) == [5]


def test_sent_to_a_worker_and_called_there():
    """By another decorated function: the inner call is the plain loop."""
    assert targets.apply([targets.square, targets.factorial], 4) == [16, 24]
    assert targets.apply([targets.square, targets.factorial], [3, 4]) == [[9, 16], [6, 24]]
    assert targets.apply([Tool(1).scale, Tool.make, Tool.helper], [1, 2]) == [
        [4, 7],
        [("Tool", 3), ("Tool", 6)],
        [2, 3],
    ]


def test_sent_to_a_process_pool_of_the_standard_library():
    """Which knows nothing of us."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(targets.square, 5).result() == 25
        assert pool.submit(targets.square, [1, 2, 3]).result() == [1, 4, 9]
        assert pool.submit(Tool(1).scale, [1, 2]).result() == [4, 7]


def test_returned_from_a_worker():
    """It comes back as the caller's own object."""
    body = parallel(lambda x: targets.square, executor="processes", max_workers=2)
    assert body([1, 2]) == [targets.square, targets.square]
    assert body([1, 2])[0] is targets.square


def test_local_ones_pickle_no_better_than_local_functions():
    """The standard pickle refuses both, and says why."""
    body = parallel(lambda x: x)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(body)


def test_local_ones_are_sent_to_a_worker_by_value():
    """In arguments, too."""

    @parallel(loop_var="x", executor="processes", max_workers=2)
    def triple(x):
        return 3 * x

    assert targets.apply([triple, triple], 5) == [15, 15]
    assert targets.apply([triple, targets.square], [1, 2]) == [[3, 6], [1, 4]]


def test_cloudpickle_carries_them_too():
    """Anybody's cloudpickle, for importable ones."""
    import cloudpickle

    assert pickle.loads(cloudpickle.dumps(targets.square)) is targets.square
