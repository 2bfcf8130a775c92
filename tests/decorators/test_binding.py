"""Binding agrees with the language: every shape of signature, every kind of call."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustrix import parallel
from tests.strategies import arguments, function_of, keywords, loop_names, signatures, values


def outcome(function, *args, **kwargs):
    """What a call gives: a value, or an error of the call itself."""
    try:
        return "value", function(*args, **kwargs)
    except TypeError as error:
        return "error", str(error)


def replace_loop(signature, name, args, kwargs, value):
    """The same call with another value for the loop variable; ``None`` if it has none there."""
    parameter = signature.parameters[name]
    if name in kwargs and parameter.kind is not parameter.POSITIONAL_ONLY:
        return args, {**kwargs, name: value}
    positional = [
        p.name
        for p in signature.parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if name not in positional or positional.index(name) >= len(args):
        return None
    at = positional.index(name)
    return (*args[:at], value, *args[at + 1 :]), kwargs


@settings(max_examples=300)
@given(
    signature=signatures(),
    args=arguments,
    kwargs=keywords,
    items=st.lists(values, min_size=1, max_size=4),
    data=st.data(),
)
def test_a_loop_is_the_loop_of_plain_calls(signature, args, kwargs, items, data):
    """Right calls give its values; wrong calls give the error that Python gives."""
    plain = function_of(signature)
    name = data.draw(st.sampled_from(loop_names(signature)))
    body = parallel(plain, loop_var=name, executor="serial")
    parts = replace_loop(signature, name, args, kwargs, items)
    if parts is None:
        assert outcome(body, *args, **kwargs) == outcome(plain, *args, **kwargs)
        return
    calls = [replace_loop(signature, name, args, kwargs, item) for item in items]
    each = [outcome(plain, *one_args, **one_kwargs) for one_args, one_kwargs in calls]
    failed = next((result for result in each if result[0] == "error"), None)
    expected = failed or ("value", [value for _, value in each])
    assert outcome(body, *parts[0], **parts[1]) == expected


@settings(max_examples=150)
@given(signature=signatures(), args=arguments, kwargs=keywords, data=st.data())
def test_a_single_item_is_the_plain_call(signature, args, kwargs, data):
    """With the same errors, in the same words."""
    plain = function_of(signature)
    name = data.draw(st.sampled_from(loop_names(signature)))
    body = parallel(plain, loop_var=name)
    assert outcome(body, *args, **kwargs) == outcome(plain, *args, **kwargs)


@given(signature=signatures(), args=arguments, kwargs=keywords, data=st.data())
def test_what_signature_bind_accepts_is_accepted(signature, args, kwargs, data):
    """And what it refuses is refused."""
    name = data.draw(st.sampled_from(loop_names(signature)))
    body = parallel(function_of(signature), loop_var=name, executor="serial")
    assert inspect.signature(body) == signature
    parts = replace_loop(signature, name, args, kwargs, [1, 2]) or (args, kwargs)
    try:
        inspect.signature(body).bind(*parts[0], **parts[1])
    except TypeError:
        with pytest.raises(TypeError):
            body(*parts[0], **parts[1])
    else:
        assert isinstance(body(*parts[0], **parts[1]), list)


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_wrong_calls_fail_alike_on_every_engine(engine):
    """Before any worker is asked."""

    def body(x, y, *, z):
        return x, y, z

    run = parallel(body, loop_var="x", executor=engine)
    for args, kwargs in [
        (([1, 2],), {}),
        (([1, 2], 1), {}),
        (([1, 2], 1, 2), {"z": 1}),
        (([1, 2], 1), {"z": 1, "w": 1}),
        (([1, 2], 1), {"z": 1, "x": [1]}),
        (([1, 2], 1), {"z": 1, "y": 1}),
    ]:
        assert outcome(run, *args, **kwargs) == outcome(body, *args, **kwargs)
        assert outcome(run, *args, **kwargs)[0] == "error"


def test_a_type_error_of_the_body_is_not_a_wrong_call(executor):
    """It comes from inside, and says which item."""

    @parallel(loop_var="x", executor=executor, max_workers=2)
    def body(x):
        return x + 1

    with pytest.raises(TypeError) as caught:
        body([1, "2"])
    assert "item 1 (x='2') of" in caught.value.__notes__[0]
