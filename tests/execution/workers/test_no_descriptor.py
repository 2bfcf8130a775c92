"""A program, or a worker, that can open no further file: errors are true, and nothing hangs.

open(…), open(…), … ──> EMFILE ──> now an item fails, arrays go out, arrays come back
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.scripts import output_of, run_script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="arrays travel in pickles there")

# What lies behind the first 60 or so is the program's own.
EXHAUST = """
    import os, pickle, resource, warnings
    from clustrix import parallel
    from clustrix.errors import SharedStateWarning

    warnings.simplefilter("ignore", SharedStateWarning)
    files, closed = [], []

    def exhaust():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
        while not closed:
            files.append(os.open(os.devnull, os.O_RDONLY))

    def use_up():
        try:
            exhaust()
        except OSError:
            pass

    class Array:  # its data travel beside the pickle, as those of NumPy's do
        def __init__(self, data):
            self.data = data

        def __reduce_ex__(self, protocol):
            return Array, (pickle.PickleBuffer(self.data),)

    def close():
        closed.append(True)  # another thread may be opening some yet
        while files:
            os.close(files.pop())

    def arrays(count, size=400_000):
        return [Array(bytearray([n]) * size) for n in range(count)]
"""


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "auto"])
def test_an_item_that_can_open_no_file_fails_with_its_own_error(
    tmp_path: Path, engine: str
) -> None:
    """Not with that of what would have told about it, for which there is no descriptor either."""
    source = f"""
    @parallel(executor={engine!r}, max_workers=2)
    def open_all(n):
        exhaust()

    try:
        open_all([7, 8])
    except OSError as error:
        close()  # a thread that ends may have to load a library
        print(error.errno, error.filename, *error.__notes__)
    """
    said = "24 /dev/null clustrix: item 0 (n=7) of open_all()\n"
    assert output_of(EXHAUST + source, tmp_path) == said


def test_a_value_that_cannot_travel_is_named_by_a_worker_that_can_open_no_file(
    tmp_path: Path,
) -> None:
    """What says so has to be loaded first."""
    source = """
    @parallel(executor="processes", max_workers=2)
    def lock(n):
        import threading
        use_up()
        return threading.Lock()

    try:
        lock([7, 8])
    except TypeError as error:
        print(type(error).__name__, error.item)
    """
    assert output_of(EXHAUST + source, tmp_path) == "NotPicklableError 0\n"


def test_arrays_leave_a_program_that_can_open_no_file(tmp_path: Path) -> None:
    """Through the socket; a loop that could not send them waited for ever."""
    source = """
    @parallel(executor="processes", max_workers=2, chunk_size=1)
    def first(array):
        array.data[0] += 1  # what arrives is writable
        return array.data[0]

    assert first(arrays(2, 1)) == [1, 2]  # the workers are there, and have got no memory
    use_up()
    print(first(arrays(40)) == [n + 1 for n in range(40)])
    """
    assert output_of(EXHAUST + source, tmp_path) == "True\n"


def test_arrays_leave_a_worker_that_can_open_no_file(tmp_path: Path) -> None:
    """Also where it gets more of them than it has got memory for."""
    source = """
    @parallel(executor="processes", max_workers=2, chunk_size=1)
    def same(array, twice):
        use_up()
        return Array(array.data * 2) if twice else array

    once = [bytes(array.data) for array in arrays(40)]
    print([bytes(array.data) for array in same(arrays(40), False)] == once)
    print([bytes(array.data) for array in same(arrays(40), True)] == [one * 2 for one in once])
    """
    assert output_of(EXHAUST + source, tmp_path) == "True\nTrue\n"


def test_arrays_for_a_program_that_can_open_no_file_are_an_error(tmp_path: Path) -> None:
    """Nobody else has them, and an item does not run twice; the next loop is as good as new."""
    source = """
    @parallel(executor="processes", max_workers=2, chunk_size=1)
    def make(n, size=400_000):
        return Array(bytearray([n]) * size)

    make([1, 2], 1)  # what is needed has been loaded, and the workers are there
    use_up()
    try:
        make(range(10))
    except OSError as error:
        print(error.errno, "ulimit -n" in str(error))
    close()
    print([array.data[0] for array in make(range(10))])
    """
    done = run_script(EXHAUST + source, tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == f"24 True\n{list(range(10))}\n"
