"""Turn findings into a plan: the first rule that applies decides, and says so.

    said by the user ─> one lane ─> writes ─> not picklable ─> waits ─> no GIL ─> processes
         │                 │          │            │             │         │          │
     that engine        serial   serial, or     threads       threads   threads   processes
                                  threads

Pure decision: nothing runs, nothing is measured, the same call gets the same plan.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Final

from clustrix._model import Call, Finding, Machine, Options, Plan, cluster_kind, describe
from clustrix._sizes import sizes
from clustrix.analysis._batching import needs_batches
from clustrix.analysis._blocking import Look, look_for_blocking_calls
from clustrix.analysis._effects import effects_of
from clustrix.analysis._pickling import check_picklable
from clustrix.analysis._refusal import parts_of_call
from clustrix.analysis.catalogue.travel import PICKLE_CODES
from clustrix.basis._plain import PLAIN
from clustrix.functions._reads import looks_itself_up, reads

__all__ = ["PLAN_CODES", "make_plan"]

# What a worker's own import makes just as good: nothing is kept in them.
_STATELESS = (type(threading.Lock()), type(threading.RLock()), threading.local, logging.Logger)

_MANY = 100_000  # items that are not compared with each other any more

PLAN_CODES: Final = {
    "PL101": "was asked for",
    "PL102": "was asked for: the function gets whole chunks",
    "PL201": "leaves one lane",
    "PL202": "fewer than two items",
    "PL203": "already inside a worker",
    "PL301": "sets generators that threads share: items take turns there",
    "PL401": "this interpreter runs threads in parallel (no GIL)",
    "PL501": "no blocking call found",
    "PL502": "no source to read",
}


def make_plan(call: Call, options: Options, machine: Machine) -> Plan:
    """Decide how a call will run.

    Args:
        call: the loop.
        options: what the user said; it goes before everything else.
        machine: what this process may use.

    Returns:
        The plan, with the decisive finding first.

    Examples:
        >>> def fetch(url):
        ...     from urllib.request import urlopen
        ...     return urlopen(url).read()
        >>> print(make_plan(Call(fetch, ["a", "b"]), Options(), Machine(cpus=2)).engine)
        threads
    """
    batched, proof = _choose_batches(call, options)
    # A loop that measures itself can still change its mind when something refuses to travel.
    final = batched or options.timeout is not None
    engine, findings = _choose_engine(call, options, machine, ask=final)
    if options.seed is not None:
        engine, findings = _with_seed(engine, findings)
    workers, size = sizes(engine, len(call.items), options, machine)
    return Plan(
        engine=engine,
        workers=workers,
        findings=(*findings, *proof),
        function=describe(call.function),
        batched=batched,
        chunk_size=size,
        timeout=options.timeout,
    )


def _choose_engine(
    call: Call, options: Options, machine: Machine, *, ask: bool
) -> tuple[str, tuple[Finding, ...]]:
    """The rules, in order; each one that applies ends the search."""
    if machine.inside_worker:  # there are no further lanes, whatever was asked for
        return "serial", (Finding("PL203", PLAN_CODES["PL203"]),)
    said = _said_by_user(options)
    if said:
        return said[0], (*said[1], *effects_of(call))
    alone = _one_lane(call, options)
    if alone:
        return "serial", (alone,)
    effects = sorted(effects_of(call), key=lambda finding: not _needs_order(finding, call))
    shared = tuple(finding for finding in effects if finding.code.startswith("SH"))
    others = tuple(finding for finding in effects if finding not in shared)
    if shared and _needs_order(shared[0], call):
        return "serial", (*shared, *others)
    look = look_for_blocking_calls(call.function)
    if shared:
        return "threads", (*shared, *look.findings, *others)
    engine, reasons = _by_work(call, machine, look, ask)
    seeds = tuple(finding for finding in others if finding.code == "RN103")
    if seeds and engine == "threads":  # between a seed and a draw another item may have its turn
        return "processes", (*reasons, *others)
    return engine, (*reasons, *others)


def _needs_order(finding: Finding, call: Call) -> bool:
    """Whether a write comes out right only if the items run one after the other.

    An item that reads and rewrites itself is as good as alone, unless it occurs twice.
    """
    if finding.code == "SH205":
        return len(call.items) > _MANY or _meet_again(call.items)
    return finding.code.startswith("SH2")


def _meet_again(items: Sequence[object]) -> bool:
    """Whether two items are the same object, or hold one that can change."""
    if len(set(map(id, items))) < len(items):
        return True
    held = [
        id(part)
        for item in items
        if type(item) in (list, tuple)
        for part in item  # type: ignore[attr-defined]
        if type(part) not in PLAIN
    ]
    return len(set(held)) < len(held)


def _by_work(
    call: Call, machine: Machine, look: Look, ask: bool
) -> tuple[str, tuple[Finding, ...]]:
    """The rules for a function that writes to nothing that outlives the call."""
    stuck = _cannot_travel(call, ask) or _cannot_be_carried(call)
    if stuck:
        return "serial" if stuck.code == "PK110" else "threads", (stuck,)
    if look.findings:
        return "threads", look.findings
    if not machine.gil:
        return "threads", (Finding("PL401", PLAN_CODES["PL401"]),)
    if look.read == 0:
        return "processes", (Finding("PL502", f"{PLAN_CODES['PL502']}: {look.cause}"),)
    count = f"{look.read} function{'' if look.read == 1 else 's'}"
    return "processes", (Finding("PL501", f"read {count}, {PLAN_CODES['PL501']}"), *look.advice)


def _with_seed(engine: str, findings: tuple[Finding, ...]) -> tuple[str, tuple[Finding, ...]]:
    """Threads share the generators that a seed sets, so items with a seed take turns there."""
    findings = tuple(finding for finding in findings if finding.code != "RN101")  # it is settled
    if engine != "threads":
        return engine, findings
    why = findings[0].code
    if why.startswith("IO") or why == "PL401":  # threads were only the better choice
        engine = "processes"
    elif why != "PL101":
        engine = "serial"
    return engine, (*findings, Finding("PL301", PLAN_CODES["PL301"], "seed="))


def _said_by_user(options: Options) -> tuple[str, tuple[Finding, ...]] | None:
    executor = options.executor
    if not isinstance(executor, str):
        name = type(executor).__name__
        return cluster_kind(executor) or name, (
            Finding("PL101", PLAN_CODES["PL101"], f"executor={name}"),
        )
    if isinstance(executor, str) and executor != "auto":
        return executor, (Finding("PL101", PLAN_CODES["PL101"], f'executor="{executor}"'),)
    return None


def _one_lane(call: Call, options: Options) -> Finding | None:
    """Why the caller may as well do it alone.

    A time limit needs a lane that can be given up: then even one item goes to a worker.
    """
    if options.timeout is not None:
        return None
    if options.max_workers == 1:
        return Finding("PL201", PLAN_CODES["PL201"], "max_workers=1")
    if len(call.items) < 2:
        return Finding("PL202", PLAN_CODES["PL202"])
    return None


def _cannot_travel(call: Call, ask: bool) -> Finding | None:
    """The first part of the call that no pickler can send, by value or otherwise.

    Of the items the first one stands for all: they are usually alike, and the engine says which
    one could not be sent if they are not.  Unless asked, pickling methods that users wrote are
    believed: they run when the object is sent, and only then.
    """
    first = (("items[0]", item) for item in call.items[:1])
    for path, part in (*parts_of_call(call), *first):
        stuck = check_picklable(part, path, by_value=True, ask=ask)
        if stuck:
            return stuck
    return None


def _cannot_be_carried(call: Call) -> Finding | None:
    """What the function reads and that stays behind: state of modules, the program's own names.

    A worker imports the module anew.  Plain data is compared and carried there; what cannot be
    pickled may hold anything by now, and the worker's own would be a new one.  Nobody would notice
    that, so here nothing is believed.
    """
    if name := looks_itself_up(call.function):
        return Finding("PK109", PICKLE_CODES["PK109"], name)
    for read in reads(call.function):
        if isinstance(read.value, _STATELESS):
            continue
        stuck = check_picklable(read.value, f"{read.module}.{read.name}", by_value=True)
        if stuck:
            return Finding("PK108", f"{PICKLE_CODES['PK108']} (it {stuck.why})", stuck.name)
    return None


def _choose_batches(call: Call, options: Options) -> tuple[bool, tuple[Finding, ...]]:
    if options.batched is not None:
        said = (Finding("PL102", PLAN_CODES["PL102"], "batched=True"),) if options.batched else ()
        return options.batched, said
    proof = needs_batches(call.function, call.slot, call.items)
    return proof is not None, (proof,) if proof else ()
