"""How long jobs took, from the files that Snakemake's benchmark directive writes."""

import contextlib
import time
from pathlib import Path

from snip.jobs.files import write_atomically


def job_seconds(path: Path) -> float | None:
    """Return how long a job took; None if its file is missing or not yet complete."""
    try:
        return float(path.read_text("utf-8").splitlines()[1].split("\t")[0])
    except (OSError, IndexError, ValueError):
        return None


def note_own_seconds(path: Path) -> None:
    """Write this process's processor time to a file like a job's, unless the file has a longer one.

    The time is no result, so a file that cannot be written is left out.
    """
    seconds = time.process_time()
    if seconds > (job_seconds(path) or 0):
        with contextlib.suppress(OSError):
            write_atomically(path, f"s\n{seconds:.4f}\n".encode())
