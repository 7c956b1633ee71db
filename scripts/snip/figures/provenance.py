"""Where a figure comes from: a record written into its files and read back.

A figure's PDF and PNG carry the study, a digest of the configuration that decides the figure, the
commit, the versions of Python and of the packages that computed it, and the SHA-256 of its table.
They carry no dates, so equal inputs give equal bytes.
"""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from snip.jobs.code import PROJECT
from snip.jobs.failures import SnipError
from snip.jobs.files import sha256
from snip.study.names import not_the_papers
from snip.study.spec import Spec

# Untracked files count, whatever the user's configuration says.
STATUS = ["status", "--porcelain", "--untracked-files=normal"]
FIELDS = ["Study", "Configuration", "Commit", "Tree", "Python", "torch", "numpy", "Table"]


class ProvenanceError(SnipError):
    """A figure without a record of where it comes from, or beside a table that it does not show."""


@dataclass(frozen=True)
class Origin:
    """A study, the digest of what decides a figure, and what of it is not the paper's."""

    study: str
    configuration: str
    unlike: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: Spec) -> Origin:
        """Return the origin of a figure that a specification decides."""
        return cls(spec.study, spec.digest, tuple(not_the_papers(spec)))


def record(origin: Origin, table: bytes) -> dict[str, str]:
    """Return the record of a figure that shows `table` (CSV): a text for each of FIELDS."""
    commit, tree = checkout()
    return {
        "Study": origin.study,
        "Configuration": origin.configuration,
        "Commit": commit,
        "Tree": tree,
        "Python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "Table": sha256(table),
    }


def checkout(project: Path = PROJECT) -> tuple[str, str]:
    """Return the project's commit, and `clean` or `modified`; `unknown` where git cannot tell."""
    # Git hooks set GIT_DIR and the like, for the repository whose hook it is.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str:
        # Git else refuses a clone of another user.
        safe = ["-c", f"safe.directory={project.resolve()}"]
        command = ["git", *safe, "-C", str(project), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, env=ours)
        return os.fsdecode(done.stdout).strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != project.resolve():
            return "unknown", "unknown"  # an archive, unpacked inside another project
        return git("rev-parse", "HEAD"), "modified" if git(*STATUS) else "clean"
    except (OSError, subprocess.CalledProcessError):
        return "unknown", "unknown"


def embedded(form: str, fields: dict[str, str]) -> dict[str, str | None]:
    """Return what matplotlib takes as `metadata` to write a record into a `pdf` or `png` file.

    The information dictionary of a PDF has fixed names, so the record goes into its keywords.
    """
    if form == "png":
        return {"Software": None, **fields}
    keywords = "; ".join(f"{key}: {value}" for key, value in fields.items())
    return {"CreationDate": None, "Keywords": keywords}


def read(path: Path) -> dict[str, str]:
    """Read the record of a figure file (.pdf or .png).

    Raises:
        ProvenanceError: the file cannot be read, or carries no record.
    """
    try:
        if path.suffix == ".pdf":
            from pypdf import PdfReader

            keywords = str(dict(PdfReader(path).metadata or {}).get("/Keywords", ""))
            fields = dict(part.split(": ", 1) for part in keywords.split("; ") if ": " in part)
        else:
            from PIL import Image

            with Image.open(path) as image:
                fields = {str(name): str(text) for name, text in image.info.items()}
    except Exception as error:
        raise ProvenanceError(f"figure {path} cannot be read: {error}") from error
    missing = [name for name in FIELDS if name not in fields]
    if missing:
        raise ProvenanceError(
            f"figure {path} carries no {', '.join(missing)}: expected a figure of this project"
        )
    return {name: fields[name] for name in FIELDS}


def check_table(path: Path, fields: dict[str, str]) -> Path:
    """Check that the CSV beside a figure is the table that its record states; return its path.

    Raises:
        ProvenanceError: the CSV is missing, or another table.
    """
    table = path.with_suffix(".csv")
    found = sha256(table.read_bytes()) if table.is_file() else "no file"
    if found != fields["Table"]:
        raise ProvenanceError(
            f"table {table} is not what {path.name} shows: found {found}, expected SHA-256 "
            f"{fields['Table']}"
        )
    return table
