"""What a Snakemake at work is about to make."""

import contextlib
from pathlib import Path


def locked_outputs(folder: Path) -> set[str]:
    """Return the files that a Snakemake at work in `folder` will make, as its locks list them."""
    names: set[str] = set()
    for lock in folder.glob(".snakemake/locks/*.output.lock"):
        with contextlib.suppress(FileNotFoundError):  # this Snakemake has just ended
            names.update(lock.read_text("utf-8").splitlines())
    return names
