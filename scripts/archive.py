"""Archive a study, or restore one, so that Snakemake knows its results as current.

  python scripts/archive.py create --study paper --output paper.tar
  python scripts/archive.py restore paper.tar

The archive holds the study's results, the data sets it was made from, Snakemake's records of how
files were made, and the SHA-256 of every member. Restoring checks them all before a file is moved
into place, and overwrites nothing that differs.
"""

import hashlib
import io
import shutil
import tarfile
import tempfile
from pathlib import Path

from snip import command
from snip.errors import SnipError

MANIFEST = "SHA256SUMS"
RECORDS = Path(".snakemake/metadata")


class ArchiveError(SnipError):
    """An archive that cannot be made or used."""


def create(study: str, output: Path) -> None:
    """Write results/STUDY, results/datasets and their records to an uncompressed tar file."""
    folder = Path("results") / study
    if not folder.is_dir():
        raise ArchiveError(f"study folder {folder} does not exist")
    places = (Path("results/datasets"), folder, RECORDS)
    members = sorted(p for place in places for p in place.rglob("*") if p.is_file())
    members = [path for path in members if "checkpoints" not in path.parts]
    sums = "".join(f"{digest(path)}  {path}\n" for path in members).encode()
    part = output.with_name(output.name + ".part")
    with tarfile.open(part, "w") as archive:
        information = tarfile.TarInfo(MANIFEST)
        information.size = len(sums)
        archive.addfile(information, io.BytesIO(sums))
        for path in members:
            archive.add(path)
    part.replace(output)
    print(f"{output}: {len(members)} files of study {study}")


def restore(source: Path) -> None:
    """Unpack an archive beside the project, check every file, then move them into place."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=".") as temporary:
        folder = Path(temporary)
        try:
            with tarfile.open(source) as archive:
                archive.extractall(folder, filter="data")
        except Exception as error:  # a damaged header or name can raise anything
            raise ArchiveError(f"archive {source} cannot be unpacked: {error}") from error
        members = verified(source, folder)
        for path in members:
            if path.exists() and digest(path) != digest(folder / path):
                if RECORDS in path.parents:
                    continue  # the record of a file that is here already
                raise ArchiveError(f"{path} exists and differs from the one in {source}")
        for path in members:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / path, path)
    print(f"{source}: {len(members)} files restored")


def verified(source: Path, folder: Path) -> list[Path]:
    """Return the archive's members after checking each against the manifest."""
    if not (folder / MANIFEST).is_file():
        raise ArchiveError(f"archive {source} has no {MANIFEST}")
    expected = {}
    for line in (folder / MANIFEST).read_text(errors="replace").splitlines():
        checksum, _, name = line.partition("  ")
        expected[Path(name)] = checksum
    found = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()} - {Path(MANIFEST)}
    for path in sorted(found ^ set(expected)):
        where = "is not in the manifest" if path in found else "is missing"
        raise ArchiveError(f"archive {source}: {path} {where}")
    for path, checksum in expected.items():
        if (actual := digest(folder / path)) != checksum:
            raise ArchiveError(
                f"archive {source}: {path} is altered: found SHA-256 {actual}, expected {checksum}"
            )
    return list(expected)


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    parser = command.parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("create", help="write an archive")
    making.add_argument("--study", required=True)
    making.add_argument("--output", type=Path, required=True)
    using = commands.add_parser("restore", help="unpack an archive")
    using.add_argument("archive", type=Path)
    options = parser.parse_args()
    if options.command == "create":
        create(options.study, options.output)
    else:
        restore(options.archive)


if __name__ == "__main__":
    command.run(main)
