"""Restoring an archive into the present folder."""

from __future__ import annotations

import filecmp
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import bagit

from snip.archives.create import STUDY, ArchiveError
from snip.datasets.sources import FETCHED

# The error that is raised says what bagit would log.
bagit.LOGGER.disabled = True


def restore(source: Path) -> None:
    """Unpack an archive into a temporary folder, check every file, then move all into place.

    Raises:
        ArchiveError: the archive is damaged, or `create` cannot have made it; or a file exists
            already and differs. Nothing was changed.
    """
    results = FETCHED.parent
    results.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=results) as folder:
        try:
            payload = _unpack(source, Path(folder))
        except ArchiveError:
            raise
        except Exception as error:  # a damaged header or name can raise anything
            raise ArchiveError(f"archive {source} cannot be restored: {error}") from error
        missing = {name: path for name, path in payload.items() if not _exists(name, path)}
        for name, path in missing.items():
            name.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, name)
    print(
        f"{source}: {len(missing)} files restored, {len(payload) - len(missing)} existed already, "
        "with the same content"
    )


def _unpack(source: Path, folder: Path) -> dict[Path, Path]:
    """Unpack an archive into a folder, and check all of it.

    Returns:
        Where each file is now, by the path that it is for.
    """
    # "r:" refuses compressed archives, whose few bytes could unpack to many.
    with tarfile.open(source, "r:") as archive:
        needed, free = sum(member.size for member in archive), shutil.disk_usage(folder).free
        if needed > free:
            raise ArchiveError(f"archive {source} needs {needed} bytes, {free} are free")
        archive.extractall(folder, filter=_plain)
    names = [path.name for path in folder.iterdir()]
    if len(names) != 1 or not STUDY.fullmatch(names[0]):
        raise ArchiveError(f"archive {source} contains {names}, expected the folder of one study")
    [study] = names
    bag = bagit.Bag(str(folder / study))
    bag.validate()
    if "sha256" not in bag.algorithms:
        raise ArchiveError(f"archive {source} has no SHA-256 of its files, expected one of each")
    payload = {
        Path(name).relative_to("data"): folder / study / name for name in bag.payload_files()
    }
    for name in payload:
        if not {FETCHED, FETCHED.parent / study} & set(name.parents):
            raise ArchiveError(
                f"archive {source} contains {str(name)!r}, allowed: files below {FETCHED} and "
                f"results/{study}"
            )
    return payload


def _plain(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Refuse what is neither file nor folder, and what tarfile's filter for data refuses."""
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise ArchiveError(f"{member.name} in the archive is not a plain file")
    return tarfile.data_filter(member, folder)


def _exists(name: Path, restored: Path) -> bool:
    """Return whether the same file is in its place already.

    Raises:
        ArchiveError: something else is in its place, or in that of a folder above it.
    """
    for folder in name.parents:
        if os.path.lexists(folder) and not folder.is_dir():
            raise ArchiveError(f"{folder} exists and is no folder, as in the archive")
    if not os.path.lexists(name):
        return False
    if not name.is_file() or not filecmp.cmp(name, restored, shallow=False):
        raise ArchiveError(f"{name} exists and differs from the one in the archive")
    return True
