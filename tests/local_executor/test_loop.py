"""`execute_loop_parallel`: chunks, order, arguments, one item, batches."""

from __future__ import annotations

import os
import threading

import pytest

from clustrix import LoopVariableError, Plan, parallel
from clustrix.local_executor import LocalExecutor
from tests.jobs import double, pid_and_thread, touch


@pytest.fixture(scope="module", params=[True, False, None], ids=["threads", "processes", "auto"])
def executor(request):
    """Each of the three settings of ``use_threads``."""
    with LocalExecutor(max_workers=2, use_threads=request.param) as executor:
        yield executor


def square(x):
    """The function of the documents."""
    return x**2


def power(base, x, exp=2):
    """The other function of the documents."""
    return (base + x) ** exp


def test_over_a_range(executor):
    """The first example of the documents."""
    results = executor.execute_loop_parallel(square, "x", range(10), chunk_size=3)
    assert results == [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]


def test_with_additional_arguments(executor):
    """The second one: positional ones in front, keywords behind."""
    results = executor.execute_loop_parallel(
        power, "x", [1, 2, 3], func_args=(10,), func_kwargs={"exp": 3}
    )
    assert results == [1331, 1728, 2197]


def test_with_every_parameter_by_keyword(executor):
    """As the guide writes it."""
    results = executor.execute_loop_parallel(
        func=power, loop_var="x", iterable=(1, 2), func_args=(0,), func_kwargs={}, chunk_size=1
    )
    assert results == [1, 4]


def test_with_every_parameter_by_position(executor):
    """In the documented order."""
    assert executor.execute_loop_parallel(power, "x", [1, 2], (1,), {"exp": 1}, 1) == [2, 3]


def seen_chunk(xs):
    """Shows the chunk."""
    return [list(xs)]


def test_the_documented_chunks(executor):
    """``range(5)`` with ``chunk_size=2``."""
    chunks = executor.execute_loop_parallel(seen_chunk, "xs", range(5), chunk_size=2, batched=True)
    assert chunks == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("count", "size"), [(100, 50), (101, 50), (7, 3), (3, 1), (2, 1), (5, 2), (4, 2)]
)
def test_the_default_chunk_size(executor, count, size):
    """``len(items) // max_workers``, and at least one."""
    chunks = executor.execute_loop_parallel(seen_chunk, "xs", list(range(count)), batched=True)
    expected = [list(range(count))[start : start + size] for start in range(0, count, size)]
    assert chunks == expected
    assert executor.explain_loop_parallel(square, "x", range(count)).chunk_size == size


def test_a_chunk_bigger_than_the_loop(executor):
    """Is the loop."""
    assert executor.execute_loop_parallel(square, "x", range(3), chunk_size=10**9) == [0, 1, 4]


@pytest.mark.parametrize("empty", [[], (), range(0), set(), iter(())], ids=repr)
def test_an_empty_iterable(executor, empty):
    """An empty list, immediately."""
    assert executor.execute_loop_parallel(square, "x", empty) == []


def test_a_single_item_runs_directly(executor):
    """In the calling thread of the calling process."""
    here = (os.getpid(), threading.get_ident())
    assert executor.execute_loop_parallel(pid_and_thread, "x", [1]) == [here]
    assert executor.execute_loop_parallel(pid_and_thread, "x", iter([1]), chunk_size=5) == [here]


def test_a_single_item_is_not_copied(executor):
    """It does not travel."""
    item = threading.Lock()
    assert executor.execute_loop_parallel(lambda x: x, "x", [item]) == [item]


@pytest.mark.parametrize(
    "iterable",
    [
        [3, 1, 2],
        (3, 1, 2),
        range(3),
        {3, 1, 2},
        {"a": 1, "b": 2},
        {"a": 1}.items(),
        "text",
        b"bytes",
    ],
    ids=repr,
)
def test_any_iterable_is_a_loop(executor, iterable):
    """Here the caller has said that it is one: text and mappings, too."""
    results = executor.execute_loop_parallel(double, "x", iterable)
    assert results == [double(x) for x in iterable]


def test_a_generator_is_a_loop(executor):
    """Without a length."""
    assert executor.execute_loop_parallel(square, "x", (i for i in range(5))) == [0, 1, 4, 9, 16]


def test_the_loop_variable_overrides_its_own_keyword(executor):
    """An entry of that name in ``func_kwargs`` is ignored."""
    kwargs = {"x": 100, "exp": 1}
    results = executor.execute_loop_parallel(power, "x", [1, 2], (0,), kwargs)
    assert results == [1, 2]
    assert kwargs == {"x": 100, "exp": 1}, "the caller's dictionary stays as it was"


def test_the_loop_variable_may_be_any_keyword(executor):
    """One that ``**kwargs`` collects, one that is keyword-only, one that is positional-only."""
    assert executor.execute_loop_parallel(lambda **k: k, "any", [1, 2]) == [{"any": 1}, {"any": 2}]
    assert executor.execute_loop_parallel(lambda *, x: x, "x", [1, 2]) == [1, 2]
    assert executor.execute_loop_parallel(lambda x, /: x, "x", [1, 2]) == [1, 2]
    assert executor.execute_loop_parallel(lambda a, x, /: (a, x), "x", [1, 2], (0,)) == [
        (0, 1),
        (0, 2),
    ]


def test_functions_that_the_standard_pickle_refuses(executor):
    """Nested functions, lambdas, decorated functions, bound methods of local classes."""
    from clustrix import parallel

    base = 10

    def nested(x):
        return base + x

    class Local:
        def method(self, x):
            return base * x

    run = executor.execute_loop_parallel
    assert run(nested, "x", [1, 2]) == [11, 12]
    assert run(lambda x: x - base, "x", [1, 2]) == [-9, -8]
    assert run(parallel(nested), "x", [1, 2]) == [11, 12]
    assert run(Local().method, "x", [1, 2]) == [10, 20]


def test_results_may_be_lists_and_none(executor):
    """One result for each item, as returned."""
    table = [[1, 2], None, [], [[3]], ()]
    assert executor.execute_loop_parallel(lambda i: table[i], "i", range(5)) == table


def fail(x):
    """Fails for one item."""
    if x == 3:
        raise KeyError("three", x)
    return x


def test_what_the_function_raises_is_raised(executor):
    """Same type, same arguments, with a note."""
    with pytest.raises(KeyError) as caught:
        executor.execute_loop_parallel(fail, "x", range(6))
    assert caught.value.args == ("three", 3)
    assert "item 3 (x=3) of fail()" in caught.value.__notes__[0]
    assert executor.execute_loop_parallel(square, "x", range(3)) == [0, 1, 4]


def process_data(data_chunk):
    """The function of the guide: it wants many items at once."""
    return [x * 2 for x in data_chunk]


def test_the_loop_example_of_the_guide(executor):
    """A function that cannot take one item gets whole chunks, and the lists are joined."""
    results = executor.execute_loop_parallel(
        func=process_data, loop_var="data_chunk", iterable=list(range(100)), chunk_size=25
    )
    assert results == list(range(0, 200, 2))


@pytest.mark.parametrize(
    "function",
    [
        lambda xs: sum(xs),
        lambda xs: len(xs),
        lambda xs: xs[0],
        lambda xs: [x for x in xs],  # noqa: C416  (iterating is the point)
    ],
    ids=["iterates", "measures", "subscripts", "comprehends"],
)
def test_a_function_that_cannot_take_an_int_gets_chunks(executor, function):
    """Iterating, measuring and subscripting fail for a number, so it is no guess."""
    assert executor.explain_loop_parallel(function, "xs", range(10)).batched
    items = list(range(10))
    results = executor.execute_loop_parallel(function, "xs", items, chunk_size=5)
    first, second = function(items[:5]), function(items[5:])
    joined = [*first, *second] if isinstance(first, list) else [first, second]
    assert results == joined


def test_a_function_that_can_take_the_items_gets_items(executor):
    """The same function over lists is an ordinary loop."""
    results = executor.execute_loop_parallel(
        process_data, "data_chunk", [[1, 2], [3]], chunk_size=2
    )
    assert results == [[2, 4], [6]]
    assert executor.execute_loop_parallel(process_data, "data_chunk", ["ab", "c"]) == [
        ["aa", "bb"],
        ["cc"],
    ]


def test_batched_false_means_single_items(executor):
    """Then the function fails as the plain loop would."""
    with pytest.raises(TypeError, match="not iterable"):
        executor.execute_loop_parallel(process_data, "data_chunk", [1, 2], batched=False)


@pytest.mark.parametrize("how", ["auto", "threads", "processes", "serial"])
@pytest.mark.parametrize("function", [sum, lambda xs: sum(xs), lambda xs: tuple(x for x in xs)])
def test_how_a_loop_is_cut_never_shows_in_the_results(how, function):
    """Chunks that nobody asked for must give lists; else it is the plain loop's kind of error."""
    body = parallel(lambda xs: function(xs), executor=how, max_workers=2)
    with pytest.raises(TypeError):
        body(range(10))
    with pytest.raises(TypeError):
        list(body.stream(range(10)))


def test_chunks_that_gave_no_lists_say_what_to_do():
    """For each of them somebody may have meant one result."""

    def total(xs):
        return sum(x for x in xs)

    said = r"total\(\) cannot take.*returned int, not a list.*batched=True or chunk_size="
    with pytest.raises(LoopVariableError, match=said):
        parallel(total)(range(10))
    assert parallel(total, batched=True, chunk_size=5)(range(10)) == [10, 35]


def test_batched_true_means_whole_chunks(executor):
    """Also where nothing proves it; what is no list is one result for the chunk."""
    results = executor.execute_loop_parallel(
        lambda xs: tuple(xs), "xs", [[1], [2], [3]], chunk_size=2, batched=True
    )
    assert results == [([1], [2]), ([3],)]


def test_a_batch_of_one(executor):
    """A single item in a batched loop is still a chunk."""
    assert executor.execute_loop_parallel(process_data, "data_chunk", [21]) == [42]
    assert executor.execute_loop_parallel(process_data, "data_chunk", [21], batched=True) == [42]


MISTAKES = [
    ({"chunk_size": 0}, ValueError, "chunk_size"),
    ({"chunk_size": -1}, ValueError, "chunk_size"),
    ({"chunk_size": 2.0}, TypeError, "chunk_size"),
    ({"chunk_size": "2"}, TypeError, "chunk_size"),
    ({"chunk_size": True}, TypeError, "chunk_size"),
    ({"timeout": 0}, ValueError, "timeout"),
    ({"timeout": -1}, ValueError, "timeout"),
    ({"timeout": "1"}, TypeError, "timeout"),
    ({"batched": 1}, TypeError, "batched"),
    ({"loop_var": "y"}, LoopVariableError, "'y'"),
    ({"loop_var": 5}, TypeError, "loop_var"),
    ({"loop_var": None}, TypeError, "loop_var"),
    ({"func": 5}, TypeError, "func"),
    ({"iterable": 5}, TypeError, "int"),
    ({"func_args": 5}, TypeError, "int"),
    ({"func_kwargs": 5}, TypeError, "int"),
    ({"position": -1}, ValueError, "position"),
    ({"position": 9}, ValueError, "position"),
    ({"position": True}, ValueError, "position"),
]


@pytest.mark.parametrize(("mistake", "kind", "match"), MISTAKES, ids=lambda x: str(x))
@pytest.mark.parametrize("count", [3, 1, 0])
def test_a_mistake_is_an_error_before_anything_runs(
    executor, mistake, kind, match, count, tmp_path
):
    """Whether the loop is long, short or empty: nothing has run, nothing has been read."""
    trace, drawn = tmp_path / "trace", []

    def items():
        for i in range(count):
            drawn.append(i)
            yield i

    call = {
        "func": touch,
        "loop_var": "x",
        "iterable": items(),
        "func_kwargs": {"path": str(trace)},
        **mistake,
    }
    with pytest.raises(kind, match=match):
        executor.execute_loop_parallel(**call)
    assert not trace.exists()
    assert drawn == []


def test_a_wrong_loop_variable_says_what_there_is(executor):
    """The names of the parameters."""
    with pytest.raises(LoopVariableError, match="x, path"):
        executor.execute_loop_parallel(touch, "y", [1, 2])


def test_explaining_runs_nothing(executor, tmp_path):
    """It returns a plan that reads as an explanation, the same every time."""
    trace = tmp_path / "trace"
    arguments = (touch, "x", range(10), (), {"path": str(trace)})
    plan = executor.explain_loop_parallel(*arguments)
    assert isinstance(plan, Plan)
    assert executor.explain_loop_parallel(*arguments) == plan
    assert plan.function == "touch"
    assert plan.findings
    assert not trace.exists()


def test_explaining_refuses_iterators(executor):
    """Looking at one would use it up."""
    items = iter([1, 2, 3])
    with pytest.raises(TypeError, match="iterator"):
        executor.explain_loop_parallel(square, "x", items)
    assert list(items) == [1, 2, 3]


def test_the_plan_is_what_happens(executor):
    """The engine that it names is the engine that runs, unless it says that it will measure."""
    plan = executor.explain_loop_parallel(pid_and_thread, "x", range(8))
    if executor.use_threads is None:
        assert "PL601" in {finding.code for finding in plan.findings}
        return
    where = executor.execute_loop_parallel(pid_and_thread, "x", range(8))
    processes = {process for process, _ in where}
    assert (processes == {os.getpid()}) == (plan.engine in ("serial", "threads"))
    assert ({thread for _, thread in where} == {threading.get_ident()}) == (plan.engine == "serial")
