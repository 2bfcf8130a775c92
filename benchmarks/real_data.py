"""Is work on texts and records shared out where it pays, and left alone where moving costs more?"""

from __future__ import annotations

from benchmarks._row import Job, Row, computing


def _texts(steps: float) -> Job:
    from benchmarks.data_work import counted, texts

    return Job(counted, texts(400))


def _records(steps: float) -> Job:
    from benchmarks.data_work import bodies, moved

    return Job(moved, bodies(3_000))


def _words(steps: float) -> Job:
    from benchmarks.data_work import known_words, word_lists

    return Job(known_words, word_lists(1_000))


ROWS = (
    Row(
        "texts", "400 texts of 20 kB, searched", _texts, computing(400), headline=True, beside=True
    ),
    Row("records", "3,000 records, computed with", _records, computing(3_000), beside=True),
    Row("words", "1,000 lists of 300 words", _words, computing(1_000), beside=True),
)
