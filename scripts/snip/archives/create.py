"""Creating an archive of a study."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from snip.archives.manifest import (
    DATASETS,
    MANIFEST,
    STUDY,
    ArchiveError,
    digest,
    digest_of,
    local_record,
    record_path,
)
from snip.archives.opening import check_digest, open_archive
from snip.jobs.files import sealed
from snip.jobs.locks import locked_outputs


def create(study: str, output: Path) -> None:
    """Write results/STUDY, results/datasets and their records to an uncompressed tar file.

    Links are followed: the archive contains the files that they lead to. Checkpoints are left out.
    The archive gets its name only after it has been read back as `restore` reads it.

    Raises:
        ArchiveError: there is no such study, it is being computed, or something in its folders
            cannot be archived.
    """
    folder = f"results/{study}"
    if not STUDY.fullmatch(study) or not Path(folder).is_dir():
        raise ArchiveError(f"study folder {folder} does not exist")
    ours = (f"{folder}/", f"{DATASETS}/")
    if being_made := sorted(name for name in locked_outputs(Path()) if name.startswith(ours)):
        raise ArchiveError(
            f"study {study} is being computed: a Snakemake makes {being_made[0]} (of "
            f"{len(being_made)} files), expected none at work; if none is: snakemake --unlock"
        )
    folders = [Path(place) for place in (DATASETS, folder) if os.path.lexists(place)]
    paths = [path for place in folders for path in _files_below(place)]
    checkpoints = {path for path in paths if Path(folder, "checkpoints") in path.parents}
    results = {str(path): path for path in paths if path not in checkpoints}
    records = {record_path(name): local_record(name) for name in results}
    records = {name: path for name, path in records.items() if path.is_file()}
    part = output.with_name(output.name + ".part")
    try:
        _write(study, results | records, part)
        with open_archive(part) as (manifest, archive, members):
            for name, member in members.items():
                check_digest(part, name, digest(archive.extractfile(member)), manifest)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    report = f"{output}: {len(results)} files and {len(records)} records of study {study}"
    print(report + (f", without {len(checkpoints)} checkpoints" if checkpoints else ""))


def _files_below(path: Path, parents: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the paths of all files below a folder in order, following links.

    Args:
        parents: the real paths of the folders above it, to detect links that form a loop.

    Raises:
        ArchiveError: a link leads nowhere or to a folder above it, something is neither a file nor
            a folder, or a name cannot be printed.
    """
    link = f"{path} is a link to {path.readlink()}" if path.is_symlink() else ""
    if not path.name.isprintable():
        raise ArchiveError(f"{str(path)!r} has a name that cannot be archived")
    if path.is_file():
        yield path
    elif path.is_dir():
        if (real := os.path.realpath(path)) in parents:
            raise ArchiveError(f"{link}, a folder above it")
        for below in sorted(path.iterdir()):
            yield from _files_below(below, (*parents, real))
    else:
        raise ArchiveError(
            f"{link}, which does not exist" if link else f"{path} is neither a file nor a folder"
        )


def _write(study: str, files: dict[str, Path], output: Path) -> None:
    """Write an archive of files, by their names in it."""
    sizes = {name: path.stat().st_size for name, path in files.items()}
    stated = {name: [sizes[name], digest_of(path)] for name, path in files.items()}
    manifest = sealed({"study": study, "files": stated})
    with tarfile.open(output, "w") as archive:
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
        for name, path in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = sizes[name], path.stat().st_mtime
            with path.open("rb") as file:
                try:
                    archive.addfile(member, file)
                except OSError as error:  # tarfile does not name the file
                    raise ArchiveError(f"{path} cannot be archived: {error}") from error
