"""Parameters of every kind: positional-only, keyword-only, defaults, ``*args``, ``**kwargs``."""

from __future__ import annotations

from clustrix import parallel


def test_positional_only(executor):
    """The loop variable cannot be passed by keyword, and is not."""

    def body(a, x, /, b=3):
        return a, x, b

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run("a", [1, 2]) == [("a", 1, 3), ("a", 2, 3)]
    assert run("a", [1, 2], b=5) == [("a", 1, 5), ("a", 2, 5)]
    assert run("a", 9) == ("a", 9, 3)


def test_positional_only_with_the_same_name_in_kwargs(executor):
    """``x`` by keyword is then another argument altogether."""

    def body(x, /, **rest):
        return x, rest

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run([1, 2], x=[7]) == [(1, {"x": [7]}), (2, {"x": [7]})]
    assert run(1, x=[7]) == (1, {"x": [7]})


def test_keyword_only(executor):
    """The loop variable stands behind the star."""

    def body(a, *, x, b=2):
        return a, x, b

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run("a", x=[1, 2]) == [("a", 1, 2), ("a", 2, 2)]
    assert run("a", b=5, x=(1, 2)) == [("a", 1, 5), ("a", 2, 5)]
    assert run("a", x=9) == ("a", 9, 2)


def test_only_keywords(executor):
    """The bare decorator takes the first one."""

    def body(*, x, y=1):
        return x, y

    run = parallel(body, executor=executor, max_workers=2)
    assert run(x=[1, 2]) == [(1, 1), (2, 1)]


def test_star_args_pass_through(executor):
    """Lists among them are arguments, not loops."""

    def body(x, *rest):
        return x, rest

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run([1, 2], 3, [4, 5]) == [(1, (3, [4, 5])), (2, (3, [4, 5]))]
    assert run([1, 2]) == [(1, ()), (2, ())]


def test_only_star_args(executor):
    """The bare decorator takes what comes first, as for `max` or `print`."""

    def body(*args):
        return args

    run = parallel(body, executor=executor, max_workers=2)
    assert run([1, 2]) == [(1,), (2,)]
    assert run([1, 2], [3]) == [(1, [3]), (2, [3])]
    assert run(1, 2) == (1, 2)
    assert run() == ()


def test_star_kwargs_pass_through(executor):
    """Under any name."""

    def body(x, **rest):
        return x, rest

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run([1, 2], items=[3], self=4) == [
        (1, {"items": [3], "self": 4}),
        (2, {"items": [3], "self": 4}),
    ]
    assert run(x=[1], func=1, loop_var=2, position=3, timeout=4, batched=5, iterable=6) == [
        (1, {"func": 1, "loop_var": 2, "position": 3, "timeout": 4, "batched": 5, "iterable": 6})
    ]


def test_parameters_with_the_names_of_our_own(executor):
    """Nothing of ours leaks into a call."""

    def body(items, wrapped=1, instance=2, args=3, kwargs=4, function=5, func_args=6):
        return items, wrapped, instance, args, kwargs, function, func_args

    run = parallel(body, loop_var="items", executor=executor, max_workers=2)
    assert run([1, 2], args="a", kwargs="k") == [
        (1, 1, 2, "a", "k", 5, 6),
        (2, 1, 2, "a", "k", 5, 6),
    ]
    assert run(items=[1], wrapped="w", instance="i", function="f") == [(1, "w", "i", 3, 4, "f", 6)]


def test_loop_variable_behind_star_args(executor):
    """Only by keyword, then."""

    def body(*rest, x=0):
        return rest, x

    run = parallel(body, loop_var="x", executor=executor, max_workers=2)
    assert run(1, 2, x=[3, 4]) == [((1, 2), 3), ((1, 2), 4)]
    assert run([1, 2]) == (([1, 2],), 0)


def test_defaults_are_those_of_the_definition(executor):
    """Evaluated once, at the ``def``."""
    default = object()

    def body(x, marker=default):
        return marker is default

    run = parallel(body, loop_var="x", executor="threads", max_workers=2)
    assert run([1, 2]) == [True, True]


def test_everything_at_once(executor):
    """One of each kind."""

    def body(a, b, /, c, d=4, *e, f, g=7, **h):
        return a, b, c, d, e, f, g, h

    for name in "abcdf":
        run = parallel(body, loop_var=name, executor=executor, max_workers=2)
        args = [1, 2, 3, 4, 5]
        kwargs = {"f": 6, "i": 9}
        if name in kwargs:
            kwargs[name] = [10, 20]
            expected = [body(*args, **{**kwargs, name: x}) for x in (10, 20)]
        else:
            at = "abcd".index(name)
            expected = [body(*args[:at], x, *args[at + 1 :], **kwargs) for x in (10, 20)]
            args[at] = [10, 20]
        assert run(*args, **kwargs) == expected
