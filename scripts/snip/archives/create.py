"""Creating an archive of a study."""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import bagit

from snip.datasets.sources import FETCHED
from snip.jobs.failures import SnipError
from snip.jobs.locks import locked_outputs

# A study's name.
STUDY = re.compile("(?!datasets$)[a-z0-9][a-z0-9-]*")


class ArchiveError(SnipError):
    """An archive cannot be created, or cannot be trusted."""


def create(study: str, output: Path) -> None:
    """Write results/STUDY and results/datasets as a bag, STUDY, in an uncompressed tar file.

    Links are followed: the archive contains the files that they lead to. Checkpoints are left out.

    Raises:
        ArchiveError: there is no such study, it is being computed, or something in its folders
            cannot be copied: a link leads nowhere, say.
    """
    results = Path("results", study)
    if not STUDY.fullmatch(study) or not results.is_dir():
        raise ArchiveError(f"study folder {results} does not exist")
    places = [FETCHED, results] if FETCHED.exists() else [results]
    for name in sorted(locked_outputs(Path())):
        if any(Path(name).is_relative_to(place) for place in places):
            raise ArchiveError(
                f"study {study} is being computed: a Snakemake makes {name}, expected none at "
                "work; if none is: snakemake --unlock"
            )
    # Not in /tmp, which may be too small.
    with tempfile.TemporaryDirectory(prefix=".archive-", dir=results.parent) as folder:
        bag, part = Path(folder, study), Path(folder, f"{study}.tar")
        try:
            for place in places:
                left_out = shutil.ignore_patterns("checkpoints")
                shutil.copytree(place, bag / place, ignore=left_out)
        except shutil.Error as error:
            path, _, reason = error.args[0][0]
            raise ArchiveError(f"{path} cannot be archived: {reason}") from error
        except RecursionError as error:
            raise ArchiveError(f"{results} has a link to a folder above it") from error
        files = bagit.make_bag(str(bag), checksums=["sha256"]).payload_entries()
        with tarfile.open(part, "w") as archive:
            archive.add(bag, study)
        shutil.move(part, output)
    print(f"{output}: {len(files)} files of study {study}, without checkpoints")
