"""Log records of items that are out of the ordinary, and handlers of the items' own."""

from __future__ import annotations

import io
import logging
import pickle
import re
import sys
import threading
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import pytest

from clustrix import parallel
from clustrix.execution.showing import _capture
from tests.scripts import output_of, run_script, soon
from tests.transcripts import at_rest

COUNT = 12
log = logging.getLogger("tests.items")

ENGINES = ["serial", "threads", "processes", "auto"]


class Keep(logging.Handler):
    """Keeps what it handles, and what that says."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Keep]:
    """The caller's handler."""
    handler, level = Keep(), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.setLevel(level)
    log.removeHandler(handler)


def run(body: Callable[..., Any], executor: Any, count: int = COUNT) -> Any:
    """All items, one at a time."""
    return parallel(body, loop_var="x", executor=executor, max_workers=2, chunk_size=1)(
        range(count)
    )


@contextmanager
def complaints() -> Iterator[io.StringIO]:
    """What is said of records that cannot be formatted; pytest's own handlers raise for them."""
    handler = logging.StreamHandler(io.StringIO())
    log.addHandler(handler)
    log.propagate = False
    try:
        with redirect_stderr(io.StringIO()) as said:
            yield said
    finally:
        log.propagate = True
        log.removeHandler(handler)


class Unsaid:
    """Nothing that can be put into words, or be sent anywhere."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __repr__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("count %d", lambda: "n/a"),
        ("count %d", lambda: ["n/a"]),
        ("count %d", threading.Lock),
        ("%s and %s", lambda: "one"),
        ("%s", Unsaid),
    ],
)
def test_a_message_that_cannot_be_made(executor: Any, text: str, make: Any) -> None:
    """The caller's handlers say so, and the item goes on."""

    def body(x: int) -> int:
        spin()
        log.error(text, make())
        return x

    with complaints() as said:
        assert run(body, executor, 3) == [0, 1, 2]
    if make is not Unsaid:  # which is words by then, where it has come from another process
        assert said.getvalue().count("--- Logging error ---") == 3
        assert f"Message: {text!r}" in said.getvalue()


def test_what_is_malformed_is_still_a_record(executor: Any, kept: Keep) -> None:
    """With its message and its arguments, for handlers that look at these."""
    seen: list[Any] = []
    kept.emit = lambda record: seen.append((record.msg, record.args))  # type: ignore[method-assign]
    with complaints():
        run(lambda x: log.warning("count %d", f"of {x}"), executor, 3)
    assert seen == [("count %d", (f"of {x}",)) for x in range(3)]


def test_no_exception_in_exc_info(executor: Any) -> None:
    """That is found out where the record is formatted."""
    wrong: Any = (1, 2)
    with complaints() as said:
        assert run(lambda x: log.error("x", exc_info=wrong), executor, 2) == [None] * 2
    assert said.getvalue().count("--- Logging error ---") == 2


FACTORY = """
    import logging, sys
    from clustrix import parallel

    class Coloured(logging.LogRecord):
        def getMessage(self):
            return str(self.msg).format(*self.args)

    def coloured(*args, **named):
        made = {kind}(*args, **named)
        made.colour = {{30: "green"}}[made.levelno]
        made.seen = made.name, made.lineno > 0, made.funcName, len(made.args)
        return made

    def body(x):
        for _ in range(100_000):
            pass
        logging.getLogger("demo").warning({message}, x, [x], extra={{"given": x}})
        logging.getLogger("demo").warning({message}, *({{"a": x}}, 1))

    if __name__ == "__main__":
        logging.setLogRecordFactory(coloured)
        logging.basicConfig(
            stream=sys.stdout, format="%(colour)s %(message)s %(seen)s %(threadName)s"
        )
        parallel(body, executor={executor!r}, max_workers=2, chunk_size=1)(range(8))
"""


@pytest.mark.parametrize("engine", ["threads", "processes", "auto"])
@pytest.mark.parametrize(
    ("kind", "message"), [("logging.LogRecord", '"%s of %s"'), ("Coloured", '"{} of {}"')]
)
def test_a_factory_of_the_callers(tmp_path: Any, engine: str, kind: str, message: str) -> None:
    """It makes each record, and is given what it would be given in the loop."""
    said = [
        output_of(FACTORY.format(kind=kind, message=message, executor=one), tmp_path)
        for one in ("serial", engine)
    ]
    assert said[0] == said[1]
    assert "green 7 of [7]" in said[1]


def test_a_factory_runs_once_for_each_record(executor: Any, kept: Keep) -> None:
    """One argument that is a dictionary is the arguments; what `extra` has given stays."""
    before, made = logging.getLogRecordFactory(), []

    def factory(*args: Any, **named: Any) -> Any:
        record = before(*args, **named)
        if record.name == log.name:
            made.append(record.getMessage())
        return record

    def body(x: int) -> None:
        log.warning("%(a)s", {"a": x}, extra={"given": x})

    logging.setLogRecordFactory(factory)
    try:
        run(body, executor, 4)
    finally:
        logging.setLogRecordFactory(before)
    assert sorted(made) == kept.said == [str(x) for x in range(4)]
    assert [(one.args, one.given) for one in kept.records] == [({"a": x}, x) for x in range(4)]


def test_records_have_no_attributes_of_ours(executor: Any, kept: Keep) -> None:
    """Formatters of JSON show all there are."""

    def body(x: int) -> None:
        changing = [x]
        log.info("item %s", changing)
        changing.append(x)

    run(body, executor, 4)
    usual = {*vars(logging.LogRecord("", 0, "", 0, "", (), None)), "message"}
    assert [set(vars(one)) for one in kept.records] == [usual] * 4
    assert kept.said == [f"item [{x}]" for x in range(4)]
    assert {type(one) for one in kept.records} == {logging.LogRecord}


def test_a_handler_may_send_records_on(executor: Any, kept: Keep) -> None:
    """Copies and pickles of them, and a filter may rewrite them."""

    def rewrite(record: Any) -> bool:
        sent.append(pickle.loads(pickle.dumps(record)))
        record.msg = f"rewritten: {record.msg}"
        return True

    sent: list[Any] = []
    kept.addFilter(rewrite)
    run(lambda x: log.info("item %s", [x]), executor, 3)
    assert [one.getMessage() for one in sent] == [f"item [{x}]" for x in range(3)]
    assert kept.said == [f"rewritten: item [{x}]" for x in range(3)]


# ---- handlers of the items' own -------------------------------------------------------------


@contextmanager
def handled_by(handler: logging.Handler, logger: logging.Logger = log) -> Iterator[None]:
    """For a while."""
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def spin() -> None:
    """Take long enough for the loop to be shared."""
    for _ in range(100_000):
        pass


def test_a_file_for_each_item(executor: Any, kept: Keep, tmp_path: Path) -> None:
    """It has the records of that item, and the caller's handlers have them, too."""

    def body(x: int) -> str:
        file = logging.FileHandler(tmp_path / f"{x}.log")
        with handled_by(file):
            log.info("item %s", x)
            spin()
            log.info("still %s", [x])
        file.close()
        return (tmp_path / f"{x}.log").read_text()

    expected = [f"item {x}\nstill [{x}]\n" for x in range(COUNT)]
    assert run(body, executor) == expected
    assert "".join(f"{one}\n" for one in kept.said) == "".join(expected)


def test_a_handler_that_captures(executor: Any, kept: Keep) -> None:
    """Its level, the filters, the level of the logger and the ways up count in the lane."""

    def body(x: int) -> Any:
        low, high, root = Keep(), Keep(), Keep()
        high.setLevel(logging.ERROR)
        low.addFilter(lambda record: record.args != ("not",))
        with handled_by(low), handled_by(high), handled_by(root, logging.root):
            for word in ("this", "not"):
                log.info("item %s", word)
            log.error("error")
            log.debug("never")
            logging.getLogger("tests.items.below").info("below")
        log.info("after")
        return low.said, high.said, root.said

    low, high, root = (
        ["item this", "error", "below"],
        ["error"],
        ["item this", "item not", "error", "below"],
    )
    assert run(body, executor, 6) == [(low, high, root)] * 6
    assert kept.said == [*root, "after"] * 6


def test_assert_logs_in_items(engine: str, kept: Keep) -> None:
    """It puts its own list of handlers in place: the caller's get nothing meanwhile."""

    def body(x: int) -> Any:
        with unittest.TestCase().assertLogs(log, "INFO") as caught:
            log.info("item %s", x)
        log.info("after %s", x)
        return caught.output

    width = 1 if engine == "threads" else 2  # threads share the list, as everywhere
    f = parallel(body, executor=engine, max_workers=width, chunk_size=1)
    assert f(range(6)) == [[f"INFO:tests.items:item {x}"] for x in range(6)]
    assert kept.said == [f"after {x}" for x in range(6)]


def test_without_propagation_the_ways_up_are_closed(engine: str) -> None:
    """For as long as the item says so, with a handler of its own."""

    def body(x: int) -> Any:
        mine, logger = Keep(), logging.getLogger("tests.items.closed")
        with handled_by(mine, logger):
            logger.propagate = False
            logger.error("inside")
            logger.propagate = True
        logger.error("outside")
        return mine.said

    above = Keep()
    f = parallel(body, executor=engine, max_workers=1, chunk_size=1)
    with handled_by(above):
        assert f(range(4)) == [["inside"]] * 4
    assert above.said == ["outside"] * 4


def test_filters_of_the_logger_count_once(executor: Any, kept: Keep) -> None:
    """Also where a handler of the item's own has to know at once."""
    seen: list[str] = []

    def body(x: int) -> int:
        mine = Keep()
        with handled_by(mine):
            log.info("item %s", x)
        return len(mine.said)

    def odd(record: Any) -> bool:
        seen.append(record.getMessage())
        return bool(record.args[0] % 2)

    log.addFilter(odd)
    try:
        values = run(body, executor, 4)
    finally:
        log.removeFilter(odd)
    assert sorted(seen) == [f"item {x}" for x in range(4)]
    assert kept.said == ["item 1", "item 3"]
    if executor in ("serial", "threads"):  # elsewhere the caller's filter is not
        assert values == [0, 1, 0, 1]


@pytest.mark.parametrize("executor", ["serial", "threads", "their threads"], indirect=True)
def test_a_handler_that_items_and_their_caller_add(executor: Any) -> None:
    """In turn: it is an item's, and then the caller's."""
    shared = Keep()

    def body(x: int) -> None:
        if x < 2:
            with handled_by(shared):
                log.warning("item %s", x)
        else:
            log.warning("item %s", x)

    parallel(body, loop_var="x", executor=executor, max_workers=1, chunk_size=1)(range(2))
    shared.said.clear()
    with handled_by(shared):
        parallel(body, loop_var="x", executor=executor, max_workers=2)(range(2, 6))
    assert shared.said == [f"item {x}" for x in range(2, 6)]


def test_what_stands_in_is_no_shared_state_of_the_item() -> None:
    """While another loop runs, the methods of `logging` are still those of `logging` to read."""

    def body(x: int) -> int:
        mine = Keep()
        with handled_by(mine):
            log.warning("item %s", x)
        return len(mine.said)

    _capture.hold(body)
    try:
        assert run(body, "processes", 3) == [1, 1, 1]  # and no SharedStateWarning
    finally:
        _capture.release(body)


CONFIGURES = """
    import logging, sys
    from clustrix import parallel

    def body(x):
        for _ in range(100_000):
            pass
        {configure}
        logging.getLogger("demo").info("info %d", x)
        logging.getLogger("demo").warning("warning %d", x)

    if __name__ == "__main__":
        {first}
        parallel(body, executor={executor!r}, max_workers=2, chunk_size=1)(range(8))
"""
BASIC = 'logging.basicConfig(level="INFO", format="%(name)s %(levelname)s %(message)s")'
UNLESS = "logging.root.handlers or logging.root.addHandler(logging.StreamHandler())"


@pytest.mark.parametrize("engine", ["threads", "processes", "auto"])
@pytest.mark.parametrize("configure", [BASIC, UNLESS])
@pytest.mark.parametrize("first", ["pass", 'logging.basicConfig(format="first: %(message)s")'])
def test_items_that_set_up_logging(tmp_path: Any, engine: str, configure: str, first: str) -> None:
    """Nothing is shown twice, and what the caller has set up comes before that."""
    width = "1" if engine == "threads" else "2"  # else two items may set it up, as everywhere
    source = CONFIGURES.replace("max_workers=2", f"max_workers={width}")
    quiet = "-Wignore::clustrix.SharedStateWarning"
    said = [
        run_script(
            source.format(configure=configure, first=first, executor=one), tmp_path, "file", quiet
        ).stderr
        for one in ("serial", engine)
    ]
    assert said[0] == said[1]
    assert len(re.findall("warning", said[1])) >= 8


def test_a_handler_that_an_item_leaves_behind(tmp_path: Any) -> None:
    """In the caller's process it is the caller's then, and gets the records in order."""
    source = f"""
        import logging
        from clustrix import parallel

        log = logging.getLogger("demo")

        def body(x):
            if not log.handlers:
                log.addHandler(logging.FileHandler("all.log"))
            log.warning("item %d", x)

        if __name__ == "__main__":
            parallel(body, executor="threads", max_workers=1, chunk_size=1)(range({COUNT}))
            log.warning("the end")
            print(open("all.log").read(), end="")
    """
    assert output_of(source, tmp_path) == "".join(f"item {x}\n" for x in range(COUNT)) + "the end\n"


def test_logging_is_as_it_was_afterwards() -> None:
    """Nothing of ours stays in its classes, once the last lane has left."""
    places = [(logging.Logger, "handle"), (logging.Logger, "addHandler"), (logging, "basicConfig")]
    places.append((logging.Handler, "__init__"))

    def found() -> list[Any]:
        classes = [vars(sys.modules["logging"])[name] for name in ("Logger", "Handler")]
        return classes + [getattr(place, name) for place, name in places]

    at_rest()
    before = found()
    for engine in ENGINES:
        run(lambda x: log.info("%s", x), engine)
    assert soon(lambda: found() == before)  # a loop does not wait for threads without work
