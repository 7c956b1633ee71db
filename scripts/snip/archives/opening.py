"""Opening an archive: every name, kind, size and checksum is compared with the manifest."""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

from snip.archives.manifest import ArchiveError, Manifest, read_manifest

Members = dict[str, tarfile.TarInfo]  # by name


@contextlib.contextmanager
def open_archive(source: Path) -> Iterator[tuple[Manifest, tarfile.TarFile, Members]]:
    """Open an archive after checking all names and sizes, before anything is unpacked.

    Raises:
        ArchiveError: on opening or within the context: the archive is damaged, or `create` cannot
            have made it.
        FileNotFoundError: there is no such file.
    """
    try:
        # "r:" refuses compressed archives, whose few bytes could unpack to many.
        with tarfile.open(source, "r:") as archive:
            manifest = read_manifest(source, archive)
            yield manifest, archive, _checked_members(source, archive, manifest)
    except (ArchiveError, FileNotFoundError):
        raise
    except Exception as error:  # a damaged header or name can raise anything
        raise ArchiveError(f"archive {source} cannot be unpacked: {error}") from error


def _checked_members(source: Path, archive: tarfile.TarFile, manifest: Manifest) -> Members:
    """Return the members after the manifest, which must be the plain files that it lists."""
    members: Members = {}
    while (member := archive.next()) is not None:
        name = member.name
        if name not in manifest.files:
            raise ArchiveError(f"archive {source}: {name} is not in the manifest")
        if name in members:
            raise ArchiveError(f"archive {source} contains {name} twice")
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


def check_digest(source: Path, name: str, checksum: str, manifest: Manifest) -> None:
    """Compare the SHA-256 of a member with the manifest.

    Raises:
        ArchiveError: they differ.
    """
    expected = manifest.files[name][1]
    if checksum != expected:
        raise ArchiveError(
            f"archive {source}: {name} is altered: found SHA-256 {checksum}, expected {expected}"
        )
