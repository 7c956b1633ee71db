"""Which files of the project a script's result depends on: its own, and all that it imports.

The files are read, not run, so nothing is imported. Imports by name (see `snip.study.registry`)
cannot be seen: pass the chosen files in addition. Comments, docstrings, help texts and formatting
are no code, so editing them reruns nothing.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from snip.jobs.failures import SnipError
from snip.jobs.files import sha256

PROJECT = Path(__file__).resolve().parents[3]


class CodeError(SnipError):
    """A file of the project is not valid Python."""


def check_code() -> None:
    """Check that every script and module can be compiled.

    Otherwise the digest of a rule's code cannot be made, and Snakemake takes the rule's results for
    files that no rule makes, and finds nothing to do.

    Raises:
        CodeError: a file cannot be compiled.
    """
    for path in sorted((PROJECT / "scripts").rglob("*.py")):
        if not path.stem.isidentifier():  # editors and file systems leave such files
            continue
        try:
            compile(path.read_bytes(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
            raise CodeError(
                f"{path.relative_to(PROJECT)}{line} cannot be parsed: "
                f"{getattr(error, 'msg', error)}"
            ) from error


def code_of(*files: str) -> tuple[str, ...]:
    """Return the files that some files below scripts/ depend on, themselves included.

    Imports inside functions count, and so do those under `if TYPE_CHECKING:`.

    Args:
        files: paths in the project.

    Returns:
        Paths in the project, sorted.

    Raises:
        SyntaxError: one of the files cannot be parsed; `check_code` says which.
    """
    found, to_read = set(), list(files)
    while to_read:
        file = to_read.pop()
        if file not in found:
            found.add(file)
            to_read += _parsed((PROJECT / file).read_bytes(), file)[1]
            # A package is imported before its modules.
            parents = Path(file).relative_to("scripts").parents
            packages = (f"scripts/{parent}/__init__.py" for parent in parents)
            to_read += [package for package in packages if (PROJECT / package).is_file()]
    return tuple(sorted(found))


@cache
def _parsed(content: bytes, file: str) -> tuple[str, list[str]]:
    """Return the SHA-256 of a file's code, and the files below scripts/ that it imports."""
    tree = ast.parse(content)
    names = [name for node in ast.walk(tree) for name in _imported(node, file)]
    places = ["scripts/" + name.replace(".", "/") for name in names]
    paths = [path for place in places for path in (f"{place}.py", f"{place}/__init__.py")]
    return (
        sha256(canonical(tree).encode()),
        [path for path in dict.fromkeys(paths) if (PROJECT / path).is_file()],
    )


def _imported(node: ast.AST, file: str) -> Iterator[str]:
    """Yield the names of what may be modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = Path(file).relative_to("scripts").parts[: -node.level] if node.level else ()
        module = ".".join([*package, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def canonical(tree: ast.Module) -> str:
    """Return a text that is equal for equal code, whatever its comments and formatting.

    It has a syntax tree's nodes and values, but no positions, docstrings, help texts, and none of
    the empty fields, which differ between versions of Python.
    """
    words: list[str] = []
    to_do: list = [tree]  # a long sum is nested more deeply than Python recurses
    while to_do:
        match to_do.pop():
            case _Word() as word:
                words.append(word)
            case ast.Constant(value=value):
                words.append(ascii(value))
            case ast.AST() as node:
                words.append(f"{type(node).__name__}(")
                to_do.append(_Word(")"))
                for name in reversed(node._fields):
                    value = getattr(node, name, None)
                    # `ctx` follows from the place.
                    if value is not None and value != [] and name != "ctx":
                        to_do += (value, _Word(f"{name}="))
            case [*nodes]:
                words.append("[")
                to_do += [_Word("]"), *(node for node in reversed(nodes) if not _is_prose(node))]
            case name:
                words.append(ascii(name))
    return " ".join(words)


class _Word(str):
    """A part of the text, not of the code."""


def _is_prose(node: object) -> bool:
    """Return whether a node is a docstring, another text that is a statement, or a help text."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.keyword(arg="help", value=ast.Constant(value=str())):
            return True
    return False


def check_unedited(expected: str | None, script: str, *files: str) -> None:
    """Refuse to work with other code than Snakemake plans with and records.

    An edit while a study runs would else give results that count as current once it is undone.

    Args:
        expected: the digest of a rule's code; None, by hand: any code will do.
        script: name of the script.
        files: see `code_digest`.

    Raises:
        CodeError: the code is another.
    """
    found = None if expected is None else code_digest(f"scripts/{script}.py", *files)
    if found != expected:
        raise CodeError(
            f"the code of {script}.py was edited after the study began: found SHA-256 {found}, "
            f"expected {expected}; run Snakemake again (by hand: without --code)"
        )


@cache
def code_digest(*files: str) -> str:
    """Return the SHA-256 of files and of all that the Python files among them depend on."""
    python = [file for file in files if file.endswith(".py")]
    others = [file for file in files if not file.endswith(".py")]
    digests = {file: _parsed((PROJECT / file).read_bytes(), file)[0] for file in code_of(*python)}
    digests |= {file: sha256((PROJECT / file).read_bytes()) for file in others}
    return sha256("\n".join(f"{digest}  {file}" for file, digest in digests.items()).encode())
