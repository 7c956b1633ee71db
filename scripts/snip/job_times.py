"""How long jobs took, from the files that Snakemake's benchmark directive writes."""

from pathlib import Path


def job_seconds(path: Path) -> float | None:
    """Return how long a job took; None if its file is missing or not whole (yet)."""
    try:
        return float(path.read_text().splitlines()[1].split("\t")[0])
    except (OSError, IndexError, ValueError):
        return None
