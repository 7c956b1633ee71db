"""The files of the project that a script's result depends on: those it imports, and they import.

They are found by reading, not by running, so finding them imports nothing. A file that is chosen
by name (see `snip.study.registry`) is to be given beside the script.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from snip.jobs.failures import SnipError
from snip.jobs.files import sha256

PROJECT = Path(__file__).resolve().parents[3]


class CodeError(SnipError):
    """A file of the project that is no Python."""


def check_code() -> None:
    """Check that every script and module can be parsed.

    Snakemake takes a result whose rule cannot tell its inputs for a file that nobody makes, and
    would find nothing to be done.

    Raises:
        CodeError: one cannot.
    """
    for path in sorted((PROJECT / "scripts").rglob("*.py")):
        if path.stem.isidentifier():  # not what editors and file systems leave
            _parsed(path)


@cache
def _parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise CodeError(
            f"{path.relative_to(PROJECT)}{line} cannot be parsed: {getattr(error, 'msg', error)}"
        ) from error


@cache
def code_of(*files: str) -> tuple[str, ...]:
    """Return the paths, in the project, of files below scripts/ and of all that they import.

    Imports within functions count, those for type checkers alone do not.
    """
    found: set[Path] = set()
    ahead = [PROJECT / file for file in files]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += _imported(path)
    return tuple(sorted(path.relative_to(PROJECT).as_posix() for path in found))


@cache
def _imported(path: Path) -> list[Path]:
    """Return the project's files that Python runs for one file: its package and its imports."""
    files = [path.with_name("__init__.py")]
    for name in _modules(_parsed(path)):
        module = PROJECT / "scripts" / name.replace(".", "/")
        files += [module.with_suffix(".py"), module / "__init__.py"]
    return [file for file in files if file.exists()]


def _modules(tree: ast.AST) -> Iterator[str]:
    """Yield the names that may be modules among those imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield from _with_packages(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        else:
            yield from _modules(node)


def _with_packages(name: str) -> Iterator[str]:
    """Yield `a`, `a.b`, `a.b.c` for `a.b.c`: importing the last runs them all."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


@cache
def code_digest(*files: str) -> str:
    """Return the SHA-256 of files, and of all that those among them that are Python import."""
    python = [file for file in files if file.endswith(".py")]
    others = [file for file in files if not file.endswith(".py")]
    sums = [
        f"{sha256((PROJECT / file).read_bytes())} {file}" for file in (*code_of(*python), *others)
    ]
    return sha256("\n".join(sums).encode())
