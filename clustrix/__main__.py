"""The door from the command line: ``python -m clustrix explain | check | doctor``.

arguments ─> one function of `clustrix.command` ─> exit status

0  all is well       1  something changes answers, or is broken       2  asked wrongly
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import clustrix

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments; ``None`` for those of the process.

    Returns:
        The exit status.
    """
    arguments = _parser().parse_args(argv)
    from clustrix import command

    try:
        if arguments.command == "explain":
            status = command.explain(arguments.target, arguments.items)
        elif arguments.command == "check":
            status = command.check(arguments.paths, arguments.format)
        else:
            status = command.doctor(arguments.format)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough; nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clustrix", description="Explain, check and diagnose parallel loops."
    )
    parser.add_argument("--version", action="version", version=f"clustrix {clustrix.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    explain = commands.add_parser(
        "explain",
        help="how the loop over a function would run, and why",
        description="Import a module and print the plan for a loop over one of its functions.",
        epilog="Exit status: 0, or 2 when there is nothing to explain.",
    )
    explain.add_argument(
        "target",
        metavar="package.module:function",
        help="as it would be imported; a method is package.module:Class.method",
    )
    explain.add_argument(
        "--items", type=_count, default=1000, metavar="N", help="items in the loop (default: 1000)"
    )

    check = commands.add_parser(
        "check",
        help="mistakes in decorated functions, and loops worth decorating",
        description="Read source files without importing them.",
        epilog="Exit status: 0; 1 when something would change answers; 2 when a path is missing. "
        "A comment '# clustrix: ignore[CODE]' silences its line.",
    )
    check.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of files")
    check.add_argument("--format", choices=("text", "json", "github"), default="text")

    doctor = commands.add_parser(
        "doctor",
        help="whether this machine and this Python are fit for it",
        description="Look at the machine, start workers and measure them.",
        epilog="Exit status: 0, or 1 when something is broken.",
    )
    doctor.add_argument("--format", choices=("text", "json"), default="text")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be an integer greater than 0, not {text!r}")
    return number


if __name__ == "__main__":
    sys.exit(main())
