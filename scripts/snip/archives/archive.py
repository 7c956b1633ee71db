"""Archives: a study in one tar file, with all that Snakemake needs to take its results as current.

The first member, MANIFEST.json, names the study and gives the size and SHA-256 of every file.
Nothing in an archive is trusted: its files may lie below results/datasets, results/STUDY and, one
for each of them, among Snakemake's records, and nowhere else, where they could be run.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from snip.jobs.failures import SnipError
from snip.jobs.files import sealed, unsealed

MANIFEST = "MANIFEST.json"
# Bytes; a manifest has some 200 for each file.
MANIFEST_LIMIT = 1 << 28
DATASETS = "results/datasets"
RECORDS = ".snakemake/metadata"
STUDY = re.compile("(?!datasets$)[a-z0-9][a-z0-9-]*")


class ArchiveError(SnipError):
    """An archive that cannot be made or used."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says that it holds.

    Attributes:
        study: its name.
        files: for each path (size in bytes, SHA-256).
    """

    study: str
    files: dict[str, tuple[int, str]]

    @property
    def results(self) -> list[str]:
        """The paths that are not Snakemake's records."""
        return [name for name in self.files if not name.startswith(f"{RECORDS}/")]


def create(study: str, output: Path) -> None:
    """Write results/STUDY, results/datasets and their records to an uncompressed tar file.

    Links are followed: the archive holds the files that they lead to. It gets its name only after
    it has been read back as `restore` would read it.

    Raises:
        ArchiveError: there is no such study, or something that cannot be archived lies in it.
    """
    folder = f"results/{study}"
    if not STUDY.fullmatch(study) or not Path(folder).is_dir():
        raise ArchiveError(f"study folder {folder} does not exist")
    places = [Path(place) for place in (DATASETS, folder) if os.path.lexists(place)]
    found = [path for place in places for path in files_below(place)]
    left_out = [path for path in found if Path(folder, "checkpoints") in path.parents]
    results = {str(path): path for path in found if path not in set(left_out)}
    records = {record(name): local_record(name) for name in results}
    records = {name: path for name, path in records.items() if path.is_file()}
    part = output.with_name(output.name + ".part")
    try:
        write(study, results | records, part)
        with opened(part) as (manifest, archive, members):
            for name, member in members.items():
                compare(part, name, digest(archive.extractfile(member)), manifest)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    said = f"{output}: {len(results)} files and {len(records)} records of study {study}"
    print(said + (f", without {len(left_out)} checkpoints" if left_out else ""))


def files_below(path: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the paths of all files below a folder in order, links followed.

    Args:
        above: where the folders above it really lie.

    Raises:
        ArchiveError: a link that leads nowhere or to a folder above it, what is no file, a name
            that cannot be printed.
    """
    link = f"{path} is a link to {path.readlink()}" if path.is_symlink() else ""
    if not path.name.isprintable():
        raise ArchiveError(f"{str(path)!r} has a name that cannot be archived")
    if path.is_file():
        yield path
    elif path.is_dir():
        if (real := os.path.realpath(path)) in above:
            raise ArchiveError(f"{link}, a folder above it")
        for below in sorted(path.iterdir()):
            yield from files_below(below, (*above, real))
    else:
        raise ArchiveError(
            f"{link}, which does not exist" if link else f"{path} is neither a file nor a folder"
        )


def record(name: str, longest: int = 255) -> str:
    """Return where Snakemake keeps its record of a file.

    Args:
        longest: the length of a file name that the file system allows.
    """
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[start : start + longest - 1] for start in range(0, len(code), longest - 1)]
    return "/".join([RECORDS, *(f"@{part}" for part in parts[:-1]), parts[-1]])


def local_record(name: str) -> Path:
    """Return where Snakemake keeps its record of a file in the present folder."""
    return Path(record(name, os.pathconf(".", "PC_NAME_MAX") or 255))


def write(study: str, files: dict[str, Path], output: Path) -> None:
    """Write an archive of files, by the names that they are to have in it."""
    sizes = {name: path.stat().st_size for name, path in files.items()}
    stated = {name: [sizes[name], digest_of(path)] for name, path in files.items()}
    manifest = sealed({"study": study, "files": stated})
    with tarfile.open(output, "w") as archive:
        information = tarfile.TarInfo(MANIFEST)
        information.size = len(manifest)
        archive.addfile(information, io.BytesIO(manifest))
        for name, path in files.items():
            information = tarfile.TarInfo(name)
            information.size, information.mtime = sizes[name], path.stat().st_mtime
            with path.open("rb") as file:
                try:
                    archive.addfile(information, file)
                except OSError as error:  # which does not name the file
                    raise ArchiveError(f"{path} cannot be archived: {error}") from error


@contextlib.contextmanager
def opened(source: Path) -> Iterator[tuple[Manifest, tarfile.TarFile, dict[str, tarfile.TarInfo]]]:
    """Open an archive whose names and sizes are as they should be, before anything is unpacked.

    Raises:
        ArchiveError: here or within the context: the archive is damaged, or is not one that
            `create` would make.
    """
    try:
        # Never a compressed one, whose few bytes could become many.
        with tarfile.open(source, "r:") as archive:
            manifest = read_manifest(source, archive)
            yield manifest, archive, checked_members(source, archive, manifest)
    except (ArchiveError, FileNotFoundError):
        raise
    except Exception as error:  # a damaged header or name can raise anything
        raise ArchiveError(f"archive {source} cannot be unpacked: {error}") from error


def read_manifest(source: Path, archive: tarfile.TarFile) -> Manifest:
    """Read and check the first member."""
    first = archive.next()
    if first is not None and first.name == "SHA256SUMS":
        raise ArchiveError(
            f"archive {source} is of an earlier version, without sizes: if you trust who made it, "
            f"unpack it with `tar -xf {source}`"
        )
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
    """Refuse a manifest with a path that `create` would not have written."""
    study = manifest.study
    if not STUDY.fullmatch(study):
        raise ArchiveError(f"archive {source} is of study {study!r}, expected {STUDY.pattern}")
    records = {record(name) for name in manifest.results}
    for name in manifest.files:
        parts = PurePosixPath(name).parts
        plain = name.isprintable() and "/".join(parts) == name and ".." not in parts
        placed = name in records or name.startswith((f"{DATASETS}/", f"results/{study}/"))
        if not (plain and placed and manifest.files[name][0] >= 0):
            raise ArchiveError(
                f"archive {source} holds {name!r}, allowed: files below {DATASETS} and "
                f"results/{study}, and Snakemake's records of these"
            )
        for parent in PurePosixPath(name).parents:
            if str(parent) in manifest.files:
                raise ArchiveError(f"archive {source} holds {parent} as a file and as a folder")


def checked_members(
    source: Path, archive: tarfile.TarFile, manifest: Manifest
) -> dict[str, tarfile.TarInfo]:
    """Return the members by name, after comparing all names, kinds and sizes with the manifest."""
    members: dict[str, tarfile.TarInfo] = {}
    while (member := archive.next()) is not None:
        name = member.name
        if name not in manifest.files:
            raise ArchiveError(f"archive {source}: {name} is not in the manifest")
        if name in members:
            raise ArchiveError(f"archive {source} holds {name} twice")
        if not member.isreg() or member.issparse():
            raise ArchiveError(f"archive {source}: {name} is not a plain file")
        expected = manifest.files[name][0]
        if member.size != expected:
            raise ArchiveError(
                f"archive {source}: {name} has {member.size} bytes, expected {expected}"
            )
        members[name] = member
    for name in manifest.files:
        if name not in members:
            raise ArchiveError(f"archive {source}: {name} is missing")
    return members


def compare(source: Path, name: str, found: str, manifest: Manifest) -> None:
    """Raise an `ArchiveError` if a member has another SHA-256 than the manifest states."""
    expected = manifest.files[name][1]
    if found != expected:
        raise ArchiveError(
            f"archive {source}: {name} is altered: found SHA-256 {found}, expected {expected}"
        )


def unpack(source: Path, folder: Path) -> tuple[Manifest, dict[str, Path]]:
    """Unpack an archive into a folder, and check every file.

    Returns:
        The manifest, and where the file of each of its paths is.
    """
    unpacked = {}
    with opened(source) as (manifest, archive, members):
        for name, member in members.items():
            # By number: in a folder of ours no name can be in the way of another.
            unpacked[name] = folder / str(len(unpacked))
            with archive.extractfile(member) as content, unpacked[name].open("xb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            compare(source, name, digest_of(unpacked[name]), manifest)
            # Snakemake compares large files by time. Not every file system lets times be set.
            with contextlib.suppress(PermissionError):
                os.utime(unpacked[name], (member.mtime, member.mtime))
    return manifest, unpacked


def restore(source: Path) -> None:
    """Unpack an archive beside the project, check every file, then move them into place.

    Raises:
        ArchiveError: see `opened`; or a file is there already and differs. Nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=".") as temporary:
        manifest, unpacked = unpack(source, Path(temporary))
        there = {name for name in manifest.results if is_there(source, name, unpacked[name])}
        for name in manifest.results:
            kept = local_record(name)
            if name not in there:
                # A record of what lay here once does not hold for the restored file.
                kept.unlink(missing_ok=True)
                move(unpacked[name], Path(name))
            if record(name) in unpacked and not kept.exists():
                move(unpacked[record(name)], kept)
    restored = len(manifest.results) - len(there)
    print(
        f"{source}: study {manifest.study}: {restored} files restored, "
        f"{len(there)} were there already, with the same content"
    )


def is_there(source: Path, name: str, unpacked: Path) -> bool:
    """Return whether a file of the archive is in its place already.

    Raises:
        ArchiveError: something else is in its place, or in that of a folder above it.
    """
    path = Path(name)
    for place in (*reversed(path.parents), path):
        wanted = place.is_file() if place == path else place.is_dir()
        if not wanted and os.path.lexists(place):
            kind = "file" if place == path else "folder"
            lead = f" (a link to {place.readlink()})" if place.is_symlink() else ""
            raise ArchiveError(f"{place}{lead} is in the way of the {kind} in {source}")
    if not path.exists():
        return False
    if digest_of(path) != digest_of(unpacked):
        raise ArchiveError(f"{path} exists and differs from the one in {source}")
    return True


def move(source: Path, target: Path) -> None:
    """Move a file into place, whole or not at all, and into another file system if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError:
        part = target.with_name(f".{os.getpid()}.part")
        try:
            shutil.copyfile(source, part)
            with contextlib.suppress(PermissionError):
                os.utime(part, (source.stat().st_mtime,) * 2)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return digest(file)


def digest(file) -> str:
    """Return the SHA-256 of an open file."""
    return hashlib.file_digest(file, "sha256").hexdigest()
