"""What moving an item costs, guessed from one."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from clustrix.execution._weight import ARRAY, SECONDS_PER_BYTE, weigh

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize("kind", ["float64", "uint8", "datetime64[s]", "S5"])
def test_an_array_costs_its_bytes(kind):
    """And a number of NumPy is a small one."""
    array = numpy.zeros(1000, kind)
    bytes_of_both = array.nbytes + array[0].nbytes
    assert weigh(array, array[0]) == pytest.approx(2 * ARRAY + SECONDS_PER_BYTE * bytes_of_both)


def test_arrays_of_objects_are_tried():
    """One of them may not travel."""
    array = numpy.array([threading.Lock(), 1], dtype=object)
    assert weigh(array, 1) is None
    assert weigh(numpy.array([{}, 1], dtype=object), 1) is not None


def test_no_pickler_is_loaded_for_arrays_and_plain_data():
    """It would take a part of the first call."""
    code = (
        "import sys, numpy; from clustrix.execution._weight import weigh;"
        "assert weigh(numpy.zeros(3), numpy.zeros(3).sum()) and weigh(1, 'text');"
        "print('cloudpickle' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
