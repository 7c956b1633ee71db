"""Which files of the project a script's result depends on: its own, and all that it imports.

The files are read, not run, so nothing is imported. Imports by name (see `snip.study.registry`)
cannot be seen: pass the chosen files in addition.
"""

from functools import cache
from modulefinder import ModuleFinder
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
        SyntaxError: one of `files` cannot be compiled; `check_code` says which.
    """
    return tuple(sorted(set().union(*map(_code_of, files))))


@cache
def _code_of(file: str) -> frozenset[str]:
    """Return the files that one file depends on."""
    finder = ModuleFinder(path=[str(PROJECT / "scripts")])
    finder.import_hook(".".join(Path(file).relative_to("scripts").with_suffix("").parts))
    # Built-in modules have no file.
    paths = [Path(module.__file__) for module in finder.modules.values() if module.__file__]
    return frozenset(path.relative_to(PROJECT).as_posix() for path in paths)


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
    lines = [
        f"{sha256((PROJECT / file).read_bytes())}  {file}" for file in (*code_of(*python), *others)
    ]
    return sha256("\n".join(lines).encode())
