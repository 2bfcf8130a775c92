"""Survey the standard library of the Python that runs this: every file, every function.

    python examples/survey_stdlib.py [how many files]

Each file is tokenized and parsed, and the cyclomatic complexity of each of its functions is
counted.  The function that does it is an ordinary one for one file; `@parallel` lets it take
all files at once.  Reading the files is quick and happens before; what remains is computing.
"""

from __future__ import annotations

import ast
import io
import platform
import sys
import sysconfig
import time
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clustrix import parallel

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DECISIONS = (
    *(ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Assert),
    *(ast.comprehension, ast.match_case),
)
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Function(NamedTuple):
    """One function: its cyclomatic complexity, its length in lines, and where it is."""

    complexity: int
    lines: int
    name: str
    line: int


class Survey(NamedTuple):
    """The figures of one file; ``problem`` says why there are none."""

    lines: int
    code: int = 0
    comments: int = 0
    functions: tuple[Function, ...] = ()
    most_complex: Function | None = None
    problem: str = ""


@parallel(chunk_size=16)  # files differ much in length: small chunks even that out
def survey(source: bytes) -> Survey:
    """Tokenize and parse one file."""
    lines = source.count(b"\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old escapes in old files are no concern of ours
            tree = ast.parse(source)
        kinds = Counter(token.type for token in tokenize.tokenize(io.BytesIO(source).readline))
    except (SyntaxError, tokenize.TokenError, ValueError) as error:
        return Survey(lines, problem=type(error).__name__)
    functions = tuple(measure(tree))
    code = sum(count for kind, count in kinds.items() if kind not in LAYOUT)
    comments = kinds[tokenize.COMMENT]
    return Survey(lines, code - comments, comments, functions, max(functions, default=None))


def measure(tree: ast.Module) -> Iterator[Function]:
    """Each function of a file, also those inside classes and other functions."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        if isinstance(node, FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(complexity(node), length, prefix + node.name, node.lineno)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            prefix += node.name + "."
        waiting.extend((prefix, child) for child in ast.iter_child_nodes(node))


def complexity(function: ast.AST) -> int:
    """Independent paths through a function: one, and one more for each decision in it."""
    paths = 1
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, FUNCTIONS):
            continue  # counted for itself
        if isinstance(node, ast.BoolOp):
            paths += len(node.values) - 1
        elif isinstance(node, DECISIONS):
            paths += 1
        if isinstance(node, ast.comprehension):
            paths += len(node.ifs)
        waiting.extend(ast.iter_child_nodes(node))
    return paths


def main() -> int:
    """Survey the library twice, in a loop and in parallel, and compare."""
    library = Path(sysconfig.get_path("stdlib"))
    installed = {"site-packages", "dist-packages"}
    paths = sorted(p for p in library.rglob("*.py") if installed.isdisjoint(p.parts))
    if len(sys.argv) > 1:
        paths = paths[:: max(1, len(paths) // int(sys.argv[1]))]
    sources = [path.read_bytes() for path in paths]
    size = sum(map(len, sources)) / 1e6
    print(
        f"The library of Python {platform.python_version()}: {len(paths):,} files, {size:.1f} MB.\n"
    )
    print(survey.explain(sources))
    print("\nFirst in a plain loop, then in parallel ...\n", flush=True)

    began = time.perf_counter()
    in_a_loop = [survey.__wrapped__(source) for source in sources]
    loop_seconds = time.perf_counter() - began

    began = time.perf_counter()
    in_parallel = survey(sources)
    parallel_seconds = time.perf_counter() - began

    names = [str(path.relative_to(library)) for path in paths]
    show(dict(zip(names, in_parallel, strict=True)))
    ratio = loop_seconds / parallel_seconds
    same = in_parallel == in_a_loop
    print(f"plain loop   {loop_seconds:6.2f} s")
    print(f"in parallel  {parallel_seconds:6.2f} s, {ratio:.2f} times as fast")
    print("both gave identical results" if same else "THE RESULTS DIFFER")
    return 0 if same else 1


def show(surveys: dict[str, Survey]) -> None:
    """Print the most complex functions and the sums."""
    ranking = sorted(
        ((function, file) for file, one in surveys.items() for function in one.functions),
        key=lambda entry: (-entry[0].complexity, entry[1], entry[0].line),
    )
    print("complexity  lines  function")
    for function, file in ranking[:15]:
        where = f"{file}:{function.line}"
        print(f"{function.complexity:10}{function.lines:7}  {function.name:34} {where}")
    good = [one for one in surveys.values() if not one.problem]
    mean = sum(function.complexity for function, _ in ranking) / len(ranking)
    print(
        f"\n{sum(one.lines for one in good):,} lines, {sum(one.code for one in good):,} tokens of "
        f"code, {sum(one.comments for one in good):,} comments;\n"
        f"{len(ranking):,} functions, of complexity {mean:.1f} on average."
    )
    problems = Counter(one.problem for one in surveys.values() if one.problem)
    kinds = ", ".join(f"{count} x {kind}" for kind, count in problems.most_common())
    print(f"Files that are not valid Python, most of them on purpose: {kinds or 'none'}.\n")


sys.exit(main())
