"""Which files of the project a script's result depends on: its own, and all that it imports.

The files are read, not run, so nothing is imported. Imports by name (see `snip.study.registry`)
cannot be seen: pass the chosen files in addition. Comments, docstrings, help texts and formatting
are no code, so editing them reruns nothing.
"""

import ast
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from snip.jobs.failures import SnipError
from snip.jobs.files import sha256

PROJECT = Path(__file__).resolve().parents[3]
# What follows from a node's place or spelling.
NO_CODE = {"ctx", "kind"}


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
            raise CodeError(f"{path.relative_to(PROJECT)} cannot be parsed: {error}") from error


@cache
def code_digest(*files: str) -> str:
    """Return the SHA-256 of files and of all that the Python files among them depend on.

    Args:
        files: paths in the project.
    """
    python = code_of(*(file for file in files if file.endswith(".py")))
    digests = {file: _parsed((PROJECT / file).read_bytes(), file)[0] for file in python}
    for file in set(files) - set(python):
        digests[file] = sha256((PROJECT / file).read_bytes())
    lines = (f"{digest}  {file}" for file, digest in sorted(digests.items()))
    return sha256("\n".join(lines).encode())


def code_of(*files: str) -> tuple[str, ...]:
    """Return the files below scripts/ that some of them depend on, themselves included, sorted.

    Imports inside functions count, and so do those under `if TYPE_CHECKING:`.
    """
    found, to_read = set(), list(files)
    while to_read:
        file = to_read.pop()
        if file not in found:
            found.add(file)
            to_read += _parsed((PROJECT / file).read_bytes(), file)[1]
    return tuple(sorted(found))


@cache
def _parsed(content: bytes, file: str) -> tuple[str, list[str]]:
    """Return the SHA-256 of a file's code, and the files below scripts/ that it imports."""
    tree = ast.parse(content)
    package = ".".join(Path(file).parent.parts[1:])
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    places = [f"scripts/{name.replace('.', '/')}" for name in names]
    files = [path for place in places for path in (f"{place}.py", f"{place}/__init__.py")]
    # Packages are imported before their modules.
    files += [f"{parent}/__init__.py" for parent in Path(file).parents]
    try:
        digest = sha256(canonical(tree).encode())
    except RecursionError as error:
        raise CodeError(f"{file} is nested too deeply, expected shorter expressions") from error
    return digest, [path for path in files if (PROJECT / path).is_file()]


def canonical(node: object) -> str:
    """Return a text that is equal for equal code, whatever its comments and formatting.

    It has a syntax tree's nodes and values, but no positions, docstrings, help texts, and none of
    the empty fields, which differ between versions of Python.
    """
    match node:
        case ast.AST():
            fields = ((name, v) for name, v in ast.iter_fields(node) if name not in NO_CODE)
            texts = [f"{name}={canonical(v)}" for name, v in fields if v is not None and v != []]
            return f"{type(node).__name__}({', '.join(texts)})"
        case [*nodes]:
            return f"[{', '.join(canonical(each) for each in nodes if not _is_prose(each))}]"
    return ascii(node)


def _is_prose(node: object) -> bool:
    """Return whether a node is a docstring, another text that is a statement, or a help text."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.keyword(arg="help", value=ast.Constant(value=str())):
            return True
    return False


def checked_digest(expected: str | None, script: str, *files: str) -> str:
    """Return the digest of a script's code, and refuse other code than Snakemake planned with.

    An edit while a study runs would else give results that count as current once it is undone.

    Args:
        expected: the digest that a rule or a specification states; None, by hand: any code will do.
        script: name of the script.
        files: see `code_digest`.

    Raises:
        CodeError: the code is another.
    """
    found = code_digest(f"scripts/{script}.py", *files)
    if expected not in (None, found):
        raise CodeError(
            f"the code of {script}.py was edited after the study began: found SHA-256 {found}, "
            f"expected {expected}; run Snakemake again"
        )
    return found
