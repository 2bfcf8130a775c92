"""What moving an item costs, guessed from one."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading

import pytest

from clustrix.execution.travel._weight import (
    ARRAY,
    INNER,
    LARGE,
    LIGHT,
    SECONDS_PER_BYTE,
    _tried,
    weigh,
)

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize("kind", ["float64", "uint8", "datetime64[s]", "S5"])
def test_an_array_costs_its_bytes(kind):
    """And a number of NumPy is a small one."""
    array = numpy.zeros(1000, kind)
    bytes_of_both = array.nbytes + array[0].nbytes
    assert weigh([array], [array[0]]) == pytest.approx(2 * ARRAY + SECONDS_PER_BYTE * bytes_of_both)


def test_arrays_of_objects_are_tried():
    """One of them may not travel."""
    array = numpy.array([threading.Lock(), 1], dtype=object)
    assert weigh([array], [1]) is None
    assert weigh([numpy.array([{}, 1], dtype=object)], [1]) is not None


class Pair:
    """A small record."""

    def __init__(self, left, right):
        self.left, self.right = left, right


def test_plain_data_in_a_list_costs_what_its_elements_do():
    """A tenth of that would be lost on each loop over lists of words."""
    assert weigh([[1.5] * 300], [1]) == pytest.approx(2 * LIGHT + 300 * INNER)
    assert weigh([("a", "b")], [None]) == pytest.approx(2 * LIGHT + 2 * INNER)


def test_what_is_tried_is_a_list_of_them():
    """The name of their class travels once."""
    pairs = [Pair(n, str(n)) for n in range(8)]
    sent = []

    def dumps(obj, keep):
        sent.append(obj)
        return pickle.dumps(obj, protocol=5, buffer_callback=keep)

    _tried(pairs, dumps)
    assert sent == [pairs[:1], pairs[1:]]  # none of them twice


def test_what_takes_long_is_tried_once():
    """Eight of them would take eight times as long."""
    sent = []

    def dumps(obj, keep):
        sent.append(obj)
        return pickle.dumps([str(n) for n in range(size)], protocol=5)

    size = 200_000  # many milliseconds
    assert _tried([1, 2, 3], dumps) > LARGE
    assert sent == [[1]]


def test_what_the_standard_pickle_refuses_is_tried_with_cloudpickle():
    """And what both refuse cannot travel."""
    assert weigh([lambda: 1], [1]) > 0
    assert weigh([1], [threading.Lock()]) is None


def test_no_pickler_is_loaded_for_what_the_standard_one_takes():
    """It would take a part of the first call."""
    code = (
        "import sys, numpy, datetime; from clustrix.execution.travel._weight import weigh;"
        "assert weigh([numpy.zeros(3)], [numpy.zeros(3).sum()]) and weigh([1], ['text']);"
        "assert weigh([{'day': datetime.date(2020, 1, 2)}], [{1, 2}]);"
        "print('cloudpickle' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
