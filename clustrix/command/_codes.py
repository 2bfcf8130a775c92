"""Every code that `check` knows: what it means, why it matters, what to do.  Data only.

    CK1xx shared state   CK2xx the decorator itself   CK3xx what cannot travel
    CK4xx the wrong engine   CK5xx loops worth decorating   CK9xx what could not be read

Codes are never reused.  The table in ``docs/reference/command.md`` is held to this one by a test.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CODES", "Code"]


class Code(NamedTuple):
    """What a code stands for.

    Attributes:
        title: in a few words.
        severity: ``"answers"``: an answer changes, or an error comes in its place; ``"slow"``:
            the answer is right and late; ``"advice"``: something to gain; ``"unread"``: nothing
            is known of the file.
        why: the reason.
        fix: what to do.
    """

    title: str
    severity: str
    why: str
    fix: str


CODES: Final = {
    "CK101": Code(
        "shared value read and written back",
        "answers",
        "updates from several lanes overwrite each other; left to itself clustrix runs such a "
        "loop without any parallelism",
        "return the value for each item and combine the results after the loop",
    ),
    "CK102": Code(
        "write to something that outlives the call",
        "answers",
        "on processes it happens to a copy and is lost, on threads in no certain order",
        "return what is written, and let the caller put it where it belongs",
    ),
    "CK103": Code(
        "randomness that nobody seeded",
        "answers",
        "items run in no certain order, so each run draws other numbers",
        "make a generator for each item from a seed that the item determines",
    ),
    "CK104": Code(
        "generator without a seed",
        "advice",
        "its numbers differ from run to run, in the plain loop too",
        "make it from a seed that the item determines",
    ),
    "CK201": Code(
        "no such loop variable",
        "answers",
        "decorating fails with LoopVariableError",
        "name a parameter of the function, or leave loop_var out to take the first one",
    ),
    "CK202": Code(
        "unknown option",
        "answers",
        "decorating fails with TypeError",
        "see the reference of `parallel` for its options",
    ),
    "CK203": Code(
        "option with an impossible value",
        "answers",
        "decorating fails with TypeError or ValueError",
        "see the reference of `parallel` for the values that an option takes",
    ),
    "CK204": Code(
        "a function that cannot be a loop's body",
        "answers",
        "decorating a generator function fails with TypeError",
        "decorate a plain function that does the work for one item",
    ),
    "CK301": Code(
        "captured object that cannot travel",
        "answers",
        "a call on processes fails with NotPicklableError",
        'make the object inside the function, or use executor="threads"',
    ),
    "CK302": Code(
        "module object that processes cannot share",
        "answers",
        "in a script the call fails with NotPicklableError; in an imported module each worker "
        "has an object of its own",
        'make the object inside the function, or use executor="threads"',
    ),
    "CK401": Code(
        "waiting forced onto processes",
        "slow",
        "processes cost more to start and to feed than threads, and wait no faster",
        'use executor="threads", or leave executor out',
    ),
    "CK501": Code(
        "loop worth decorating",
        "advice",
        "the iterations do not depend on each other, and each call is real work",
        "decorate the function with @parallel and give it all items at once",
    ),
    "CK502": Code(
        "comprehension worth decorating",
        "advice",
        "the items do not depend on each other, and each call is real work",
        "decorate the function with @parallel and give it all items at once",
    ),
    "CK503": Code(
        "map worth decorating",
        "advice",
        "the items do not depend on each other, and each call is real work",
        "decorate the function with @parallel and give it all items at once",
    ),
    "CK504": Code(
        "decorated function called item by item",
        "advice",
        "each call has one item, so nothing runs in parallel",
        "give the function all items at once",
    ),
    "CK901": Code(
        "not Python",
        "unread",
        "the file does not parse with this version of Python",
        "check it with the version that it is written for",
    ),
    "CK902": Code(
        "cannot be read",
        "unread",
        "the file cannot be opened, or not be decoded",
        "see to its permissions, or to its encoding (PEP 263)",
    ),
    "CK903": Code(
        "too much to read",
        "unread",
        "the file is too long, or nested too deeply",
        "generated files can be left out",
    ),
    "CK904": Code(
        "check failed",
        "unread",
        "reading the file ended in an error of clustrix itself",
        "this is a mistake in clustrix: please report it, with the file",
    ),
}
