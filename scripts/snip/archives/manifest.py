"""The manifest of an archive: which files it has, and which it may have."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from snip.datasets.sources import FETCHED
from snip.jobs.failures import SnipError
from snip.jobs.files import unsealed

MANIFEST = "MANIFEST.json"
# Bytes. A manifest takes about 200 for each file.
MANIFEST_LIMIT = 1 << 28
DATASETS = FETCHED.as_posix()
RECORDS = ".snakemake/metadata"
STUDY = re.compile("(?!datasets$)[a-z0-9][a-z0-9-]*")


class ArchiveError(SnipError):
    """An archive cannot be created, or cannot be trusted."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says it contains.

    Attributes:
        study: name of the study.
        files: (size in bytes, SHA-256) of each file, by path.
    """

    study: str
    files: dict[str, tuple[int, str]]

    @property
    def results(self) -> list[str]:
        """The paths of all files except Snakemake's records."""
        return [name for name in self.files if not name.startswith(f"{RECORDS}/")]


def record_path(name: str, longest: int = 255) -> str:
    """Return the path of Snakemake's record of a file.

    Args:
        name: the file's path.
        longest: the longest file name, in bytes, that the file system allows.
    """
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[start : start + longest - 1] for start in range(0, len(code), longest - 1)]
    return "/".join([RECORDS, *(f"@{part}" for part in parts[:-1]), parts[-1]])


def local_record(name: str) -> Path:
    """Return the path of Snakemake's record of a file on this file system.

    Archives always use the names that the default of `record_path` gives.
    """
    return Path(record_path(name, os.pathconf(".", "PC_NAME_MAX") or 255))


def read_manifest(source: Path, archive: tarfile.TarFile) -> Manifest:
    """Read and check the first member of an archive.

    Raises:
        ArchiveError: there is no manifest, it is damaged or too large, or `check_paths` refuses it.
    """
    first = archive.next()
    if first is None or first.name != MANIFEST or not first.isreg():
        raise ArchiveError(f"archive {source} does not begin with {MANIFEST}")
    if first.size > MANIFEST_LIMIT:
        raise ArchiveError(
            f"archive {source}: {MANIFEST} has {first.size} bytes, allowed: {MANIFEST_LIMIT}"
        )
    try:
        content = unsealed(archive.extractfile(first).read())
        study = str(content["study"])
        files = {name: (int(size), str(sha)) for name, (size, sha) in content["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ArchiveError(f"archive {source}: {MANIFEST} cannot be read: {error}") from error
    manifest = Manifest(study, files)
    check_paths(source, manifest)
    return manifest


def check_paths(source: Path, manifest: Manifest) -> None:
    """Refuse a manifest with a path that `create` would not have written.

    Raises:
        ArchiveError: the first such path, or the study's name.
    """
    study = manifest.study
    if not STUDY.fullmatch(study):
        raise ArchiveError(f"archive {source} is of study {study!r}, expected {STUDY.pattern}")
    records = {record_path(name) for name in manifest.results}
    for name, (size, _) in manifest.files.items():
        parts = PurePosixPath(name).parts
        normal = name.isprintable() and "/".join(parts) == name and ".." not in parts
        allowed = name in records or name.startswith((f"{DATASETS}/", f"results/{study}/"))
        if not (normal and allowed and size >= 0):
            raise ArchiveError(
                f"archive {source} contains {name!r}, allowed: files below {DATASETS} and "
                f"results/{study}, and Snakemake's records of these"
            )
        for parent in PurePosixPath(name).parents:
            if str(parent) in manifest.files:
                raise ArchiveError(f"archive {source} contains {parent} as a file and as a folder")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of the file at a path."""
    with path.open("rb") as file:
        return digest(file)


def digest(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file."""
    return hashlib.file_digest(file, "sha256").hexdigest()
