"""Restoring an archive into the present folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from snip.archives.manifest import ArchiveError, Manifest, digest_of, local_record, record_path
from snip.archives.opening import check_digest, open_archive


def restore(source: Path) -> None:
    """Unpack an archive into a temporary folder, check every file, then move all into place.

    Raises:
        ArchiveError: see `open_archive`; or a file exists already and differs. Nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=".") as temporary:
        manifest, unpacked = _unpack(source, Path(temporary))
        existing = {name for name in manifest.results if _exists(source, name, unpacked[name])}
        for name in manifest.results:
            record = local_record(name)
            if name not in existing:
                # An old record of this file name does not describe the restored file.
                record.unlink(missing_ok=True)
                _move(unpacked[name], Path(name))
            if record_path(name) in unpacked and not record.exists():
                _move(unpacked[record_path(name)], record)
    print(
        f"{source}: study {manifest.study}: {len(manifest.results) - len(existing)} files "
        f"restored, {len(existing)} existed already, with the same content"
    )


def _unpack(source: Path, folder: Path) -> tuple[Manifest, dict[str, Path]]:
    """Unpack an archive into a folder, and check every file.

    Returns:
        The manifest, and where each file is now, by its path in the manifest.
    """
    unpacked: dict[str, Path] = {}
    with open_archive(source) as (manifest, archive, members):
        for name, member in members.items():
            # Numbered names keep all files in this folder, and distinct.
            path = unpacked[name] = folder / str(len(unpacked))
            with archive.extractfile(member) as content, path.open("xb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            check_digest(source, name, digest_of(path), manifest)
            # Snakemake compares large files by time. Not every file system lets us set it.
            with contextlib.suppress(PermissionError):
                os.utime(path, (member.mtime, member.mtime))
    return manifest, unpacked


def _exists(source: Path, name: str, unpacked: Path) -> bool:
    """Return whether a file of the archive is already in its place.

    Raises:
        ArchiveError: something else is in its place, or in that of a folder above it.
    """
    path = Path(name)
    for place in (*reversed(path.parents), path):
        right_kind = place.is_file() if place == path else place.is_dir()
        if not right_kind and os.path.lexists(place):
            kind = "file" if place == path else "folder"
            link = f" (a link to {place.readlink()})" if place.is_symlink() else ""
            raise ArchiveError(f"{place}{link} is in the way of the {kind} in {source}")
    if not path.exists():
        return False
    if digest_of(path) != digest_of(unpacked):
        raise ArchiveError(f"{path} exists and differs from the one in {source}")
    return True


def _move(source: Path, target: Path) -> None:
    """Move a file into place, whole or not at all, even to another file system."""
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
