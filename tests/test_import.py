"""``import clustrix`` costs next to nothing: a list of modules, not a stopwatch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.scripts import environment

HEAVY = {
    "asyncio",
    "cloudpickle",
    "concurrent.futures.process",
    "concurrent.futures.thread",
    "ctypes",
    "dask",
    "email",
    "http",
    "inspect",
    "logging",
    "matplotlib",
    "multiprocessing",
    "numpy",
    "pandas",
    "pdb",
    "ray",
    "requests",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "tqdm",
    "unittest",
    "urllib",
    "wrapt",
    "xml",
}
# What no ordinary call needs, on any engine.
OPTIONAL = HEAVY & {
    "asyncio",
    "dask",
    "matplotlib",
    "multiprocessing",
    "numpy",
    "pandas",
    "ray",
    "requests",
    "sqlite3",
    "tqdm",
    "unittest",
}


def loaded(program, bare="pass"):
    """The modules that a program has loaded at its end, beyond those of a bare one."""
    program += "\nimport sys; print(*sys.modules)"

    def modules(source):
        command = [sys.executable, "-c", source]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=True
        )
        return set(done.stdout.split())

    return modules(program) - modules(f"{bare}\nimport sys; print(*sys.modules)")


def test_the_import_loads_nothing_heavy():
    """Not even what a call will need."""
    assert not loaded("import clustrix") & HEAVY


def test_the_import_loads_only_the_door():
    """The rooms open when somebody knocks."""
    rooms = {name for name in loaded("import clustrix") if name.startswith("clustrix.")}
    assert rooms <= {"clustrix.basis", "clustrix.basis._lazy"}


def test_an_error_class_alone_opens_no_room():
    """``from clustrix import WorkerDied`` needs the leaf that has it."""
    names = loaded("from clustrix import WorkerDied")
    assert "clustrix.errors" in names
    assert not {"clustrix.execution", "clustrix.analysis", "clustrix.decorators"} & names


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "auto"])
def test_a_call_loads_nothing_that_it_does_not_need(engine):
    """NumPy and asyncio are for those who use them."""
    program = (
        "from clustrix import parallel\n"
        f"body = parallel(len, executor={engine!r}, max_workers=2)\n"
        "assert body(['a', 'bc', '']) == [1, 2, 0]"
    )
    assert not loaded(program, "import wrapt") & OPTIONAL


# What takes longer to load than a worker may take for its first small task.
LATER = HEAVY | {
    "array",
    "ast",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "linecache",
    "operator",
    "pickle",
    "re",
    "reprlib",
    "selectors",
    "signal",
    "struct",
    "threading",
    "tokenize",
    "traceback",
    "typing",
    "weakref",
}
WORKER = """
from clustrix import LocalExecutor, parallel
{before}
with LocalExecutor(max_workers=2) as executor:
    ask = "' '.join(__import__('sys').modules)"
    found = executor.execute_loop_parallel(eval, "source", [ask] * 2, position=0, chunk_size=1)
print(found[0])
raise SystemExit
"""


def test_a_worker_loads_little_before_it_answers():
    """Logs, warnings and the rest are relayed without what makes them."""
    names = loaded(WORKER.format(before=""))
    assert "clustrix.execution.workers._worker" in names
    assert not names & LATER


def test_what_the_caller_has_loaded_is_not_loaded_for_that():
    """Time limits of sockets and keys of `multiprocessing` wait until somebody needs them."""
    names = loaded(WORKER.format(before="import logging, multiprocessing, socket"))
    assert not names & LATER


SIMPLE = """
from clustrix import parallel

def helper(x):
    return x + 1

@parallel(executor={engine!r}, max_workers=2)
def body(x):
    return helper(x) * 2

assert body(range(4)) == [2, 4, 6, 8]
"""


ASKED = """
ask = "' '.join(__import__('sys').modules)"
print(parallel(eval, executor="processes", max_workers=2)([ask] * 2)[0])
raise SystemExit
"""


def test_a_worker_loads_as_little_for_a_simple_function_of_a_program():
    """It is made from its code and what it names; that is all."""
    names = loaded(SIMPLE.format(engine="processes") + ASKED)
    assert "clustrix.execution.travel._made" in names
    assert not names & LATER


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "auto"])
def test_a_simple_function_of_a_program_is_sent_without_cloudpickle(engine):
    """Nor is its source read."""
    names = loaded(SIMPLE.format(engine=engine), "import wrapt")
    assert not names & {"cloudpickle", "clustrix.analysis._walk", "clustrix.analysis.catalogue"}


def test_the_decorator_loads_what_every_call_needs():
    """Streams, futures, progress and async loops come when somebody asks."""
    names = loaded("from clustrix import parallel", "import wrapt")
    assert "clustrix.execution.workers._processes" in names  # 3 ms, a tenth of a first loop on them
    late = (
        "_adaptive_stream",
        "_async",
        "_cluster",
        "_futures",
        "_recovery",
        "_stream",
        "_transport",
    )
    assert not {name for name in names if name.rpartition(".")[2] in late}
    assert not {name for name in names if name.startswith("clustrix.analysis.")}
    assert not names & {"clustrix._progress", "clustrix.calling._async_loop", "shutil", "socket"}


FIRST = """
from clustrix import parallel

def inner(x):
    return x * x

def first_call(items):
    return parallel(inner)(items)

import sys
before = set(sys.modules)
first_call([1] * 100)
print("new:", *set(sys.modules) - before)
"""


def test_a_first_call_that_finishes_here_loads_nothing(tmp_path):
    """It would take longer than a loop of some milliseconds."""
    program = tmp_path / "program.py"
    program.write_text(FIRST)
    command = [sys.executable, str(program)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["new:"]


def test_unknown_names_are_attribute_errors():
    """As in any module, with `hasattr` and ``from … import``."""
    import clustrix

    assert not hasattr(clustrix, "nothing_of_the_kind")
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        clustrix.nothing_of_the_kind  # noqa: B018  (asking is the point)
    with pytest.raises(ImportError):
        from clustrix import nothing_of_the_kind  # noqa: F401
